"""Starts the console's processes and keeps them running until Ctrl-C."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from integration_admin import ports, processes
from integration_admin.processes import REFUSALS
from integration_admin.supervisor import Supervisor, say


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Start Redis (unless REDIS_URL names one), pages, workers and scheduler, and keep them "
        "running. Environment: HOST, PORT, WEB_CONCURRENCY, WORKERS."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-migrate", action="store_true", help="leave the database as it is")

    def handle(self, *_args: Any, no_migrate: bool, **_options: Any) -> None:
        try:
            _serve(is_migrated=no_migrate)
        except REFUSALS as error:
            self.stderr.write(str(error))
            sys.exit(2)


def _another(port: int) -> str:
    return f"Choose another: PORT={ports.next_to(port)} make run"


def _serve(*, is_migrated: bool) -> None:
    host, port = os.environ.get("HOST", "") or ports.LOOPBACK, processes.number("PORT", 8000)
    workers = processes.number("WORKERS", 1)
    address = f"http://{host}:{port}"
    with processes.only_console(settings.VAR_DIR, address), Supervisor() as supervisor:
        ports.require(port, "the console", _another(port), host=host)
        processes.start_redis(supervisor)
        if not is_migrated:
            processes.migrate(supervisor)
        processes.start_console(supervisor, host=host, port=port, workers=workers)
        say(f"\nThe console answers at {address}")
        if not settings.PLAIN_HTTP:
            say("People reach it through a proxy that speaks https; PLAIN_HTTP=1 does without.")
        say("Ctrl-C stops it.\n")
        supervisor.watch()
    say("Stopped.")
