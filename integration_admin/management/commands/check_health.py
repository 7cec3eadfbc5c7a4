"""Looks at everything a synchronization needs, and names what is wrong."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand

from connections.health import State
from connections.models import Company
from integration_admin.management.commandline import COULD_NOT_RUN, WITH_FAILURES, company_of
from syncjobs import checkup
from syncjobs.models import HealthCheck

STATUS = {State.HEALTHY: 0, State.WRONG: WITH_FAILURES, State.UNKNOWN: COULD_NOT_RUN}
MARKS = {
    State.HEALTHY: "ok     ",
    State.ATTENTION: "note   ",
    State.WRONG: "wrong  ",
    State.UNKNOWN: "unknown",
}


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Check the health of the connections and of the console. "
        "Exit status: 0 healthy, 1 something is wrong, 2 could not look."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", help="name of the company, where there are several")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
        parser.add_argument(
            "--only", nargs="+", choices=checkup.KEYS, default=(), metavar="GROUP",
            help=f"look at these only: {', '.join(checkup.KEYS)}",
        )  # fmt: skip

    def handle(self, *_args: Any, as_json: bool = False, **options: Any) -> None:
        company = company_of(options["company"])
        rows = checkup.look(company, only=options["only"])
        if as_json:
            self.stdout.write(json.dumps(_facts(company, rows), indent=2))
        else:
            for row in rows:
                self.stdout.write(_told(row))
        if status := STATUS[checkup.state_of(rows)]:
            sys.exit(status)


def _told(row: HealthCheck) -> str:
    cure = f" {row.cure}" if row.state != State.HEALTHY and row.cure else ""
    since = "" if row.is_well else f" (since {row.since:%Y-%m-%d %H:%M} UTC)"
    return f"{MARKS[State(row.state)]}  {row.side}, {row.name}: {row.sentence}{cure}{since}"


def _facts(company: Company, rows: Sequence[HealthCheck]) -> dict[str, Any]:
    state = checkup.state_of(rows)
    return {
        "company": company.name,
        "state": state,
        "healthy": state == State.HEALTHY,
        "wrong": [name for row in rows if not (row.is_well or row.is_silent) for name in row.names],
        "checks": [
            {
                "group": row.group,
                "side": row.side,
                "name": row.name,
                "state": row.state,
                "since": row.since.isoformat(),
                "sentence": row.sentence,
                "cure": row.cure,
                "code": row.code,
                "names": row.names,
                "is_silent": row.is_silent,
                "milliseconds": row.milliseconds,
            }
            for row in rows
        ],
    }
