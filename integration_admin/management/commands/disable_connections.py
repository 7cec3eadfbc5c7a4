"""Disables the connections of all companies, for good or until they are restored."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from connections.models import Company
from integration_admin import restoring
from integration_admin.management.commandline import company_of
from syncjobs import clock


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Disable the connections, Sales before Dataverse, and put their jobs on hold. With "
        "--restore, as before an upgrade, they are tested and enabled again when the console "
        "starts the next time, or with restore_connections."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", help="name of the company; without it all companies")
        parser.add_argument("--restore", action="store_true", help="enable them again afterwards")
        parser.add_argument("--reason", default="", help="why, for those who look at the set-ups")

    def handle(
        self,
        *_args: Any,
        company: str | None = None,
        restore: bool = False,
        reason: str = "",
        **_options: Any,
    ) -> None:
        for one in [company_of(company)] if company else Company.objects.order_by("name"):
            told = reason or (restoring.UPGRADE if restore else "")
            held = restoring.rest(one, now=clock.now(), reason=told, restore=restore)
            self.stdout.write(f"{one}: disabled; {held} job queue entries are on hold.")
