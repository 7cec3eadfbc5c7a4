"""Starts the console beside a sandbox, ready to look at."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from integration_admin import demo
from integration_admin.processes import REFUSALS


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Start everything with a sandbox that plays Business Central and Dynamics 365 Sales. "
        "Environment: PORT, SANDBOX_PORTS, VAR_DIR."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="throw the demo's data away first")

    def handle(self, *_args: Any, reset: bool, **_options: Any) -> None:
        try:
            demo.run(starts_over=reset)
        except REFUSALS as error:
            self.stderr.write(str(error))
            sys.exit(2)
