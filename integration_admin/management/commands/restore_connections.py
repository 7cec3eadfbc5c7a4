"""Tests and enables again the connections that were disabled to be restored."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from connections.models import Company
from integration_admin import restoring
from integration_admin.management.commandline import WITH_FAILURES, company_of
from syncjobs import clock


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Test the connections that disable_connections --restore disabled, and enable them with "
        "their jobs. Exit status: 0 done, 1 something is in the way, 2 could not run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", help="name of the company; without it all companies")

    def handle(self, *_args: Any, company: str | None = None, **_options: Any) -> None:
        is_whole = True
        for one in [company_of(company)] if company else Company.objects.order_by("name"):
            restored = restoring.restore(one, now=clock.now())
            self.stdout.write(f"{one}: {restored}")
            for found in restored.in_the_way:
                self.stdout.write(f"  {found.code} {found.sentence} {found.cure}".rstrip())
                is_whole = False
        if not is_whole:
            sys.exit(WITH_FAILURES)
