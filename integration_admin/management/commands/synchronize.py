"""Synchronizes mappings in the foreground and prints what was counted."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError

from connections.errors import ConfigurationError, IntegrationError
from connections.models import Company
from integration_admin.management.commandline import (
    COULD_NOT_RUN,
    MappingCommand,
    company_of,
    finish,
    ids_of,
    refusing,
)
from mappings.terms import Direction
from syncjobs.leases import BusyError, StaleWorkerError
from syncjobs.progress import CancelledError, in_foreground
from syncjobs.runs.order import Order
from syncjobs.runs.report import Report
from syncjobs.runs.synchronize import (
    OF_ONE_MAPPING,
    Systems,
    find_mapping,
    preview_mapping,
    run_order,
    synchronize_mapping,
)
from syncjobs.terms import Mode, Trigger

WAYS = {"to": Direction.TO_INTEGRATION_TABLE, "from": Direction.FROM_INTEGRATION_TABLE}


class Command(MappingCommand):
    help = (
        "Synchronize mappings now. "
        "Exit status: 0 done, 1 done with failed records, 2 could not run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("mappings", nargs="*", metavar="MAPPING", help="such as CUSTOMER")
        parser.add_argument(
            "--all", action="store_true", dest="everything", help="all, dependencies first"
        )
        parser.add_argument(
            "--mode",
            choices=[str(mode) for mode in Mode],
            default=str(Mode.MODIFIED),
            help="modified (default); full: every record, creates the missing partner; "
            "unconditional: writes unchanged records too",
        )
        parser.add_argument(
            "--direction", choices=sorted(WAYS), help="to or from Dataverse; both if not given"
        )
        parser.add_argument(
            "--id", nargs="+", action="extend", default=[], dest="ids", metavar="ID",
            help="only these records, by the id of either side",
        )  # fmt: skip
        parser.add_argument(
            "--create", action="store_true", help="create the missing partner in a modified run"
        )
        parser.add_argument(
            "--confirm", action="store_true", help="let a run pass the mass-change guard"
        )
        parser.add_argument("--dry-run", action="store_true", help="plan and write nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        company = company_of(options["company"])
        names = _names(company, options)
        systems = self.reach(company)
        direction = options["direction"]
        order = Order(
            mode=Mode(options["mode"]),
            directions=(WAYS[direction],) if direction else None,
            ids=ids_of(options["ids"]) or None,
            create=options["create"],
            confirmed=options["confirm"],
            trigger=Trigger.COMMAND,
        )
        several = options["everything"] or len(names) > 1
        reports, problems = [], []
        for name in names:
            try:
                reports.append(_run(company, name, order, systems, dry_run=options["dry_run"]))
            except (IntegrationError, BusyError, CancelledError, StaleWorkerError) as error:
                if not several or not _concerns_one(error):
                    self._show_some(reports, options)
                    with refusing():
                        raise
                problems.append(f"{name}: {error}")
        self.show(reports, as_json=options["as_json"], as_list=several)
        finish(reports, problems)

    def _show_some(self, reports: Sequence[Report], options: dict[str, Any]) -> None:
        """Show what was done before nothing more could be done."""
        if reports:
            self.show(reports, as_json=options["as_json"], as_list=True)


def _names(company: Company, options: dict[str, Any]) -> list[str]:
    given = options["mappings"]
    if bool(given) == options["everything"]:
        message = "Name the mappings, or take all: manage.py synchronize MAPPING… | --all"
        raise CommandError(message, returncode=COULD_NOT_RUN)
    if options["everything"]:
        given = run_order(company)
        if not given:
            message = f"{company} has no mappings. Use the default synchronization setup first."
            raise CommandError(message, returncode=COULD_NOT_RUN)
    if options["ids"] and len(given) != 1:
        message = "Records named with --id belong to one mapping: name that one only."
        raise CommandError(message, returncode=COULD_NOT_RUN)
    with refusing():
        return [find_mapping(company, name).name for name in given]


def _concerns_one(error: Exception) -> bool:
    """Whether the other mappings may run nevertheless."""
    if isinstance(error, ConfigurationError):
        return error.cause in OF_ONE_MAPPING
    return isinstance(error, BusyError)


def _run(company: Company, name: str, order: Order, systems: Systems, *, dry_run: bool) -> Report:
    if dry_run:
        return preview_mapping(company, name, order, systems=systems).report
    run = in_foreground(
        company, job="synchronize", description=f"Synchronize {name}", mapping_name=name
    )
    with run as progress:
        return synchronize_mapping(
            company,
            name,
            mode=order.mode,
            directions=order.directions,
            ids=order.ids,
            create=order.create,
            confirmed=order.confirmed,
            progress=progress,
            trigger=order.trigger,
            systems=systems,
        )
