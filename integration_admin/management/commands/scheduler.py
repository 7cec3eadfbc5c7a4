"""Starts a scheduler, which rings due job queue entries."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from integration_admin.housekeeping import Housekeeping
from syncjobs import leases
from syncjobs.scheduler import EVERY, LEADS_FOR, Scheduler, run


class Command(BaseCommand):
    requires_system_checks = ()  # a scheduler serves no pages
    help = "Ring due job queue entries; a second scheduler waits until the first is gone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--every", type=float, default=EVERY.total_seconds(), help="seconds between two looks"
        )
        parser.add_argument(
            "--leads-for",
            type=float,
            default=LEADS_FOR.total_seconds(),
            help="seconds without a sign of life after which another scheduler takes over",
        )

    def handle(self, *_args: Any, every: float, leads_for: float, **_options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        scheduler = Scheduler(
            leases.me(),
            timedelta(seconds=leads_for),
            chore=Housekeeping(),
        )
        run(scheduler, stop, every=timedelta(seconds=every))
