"""Looks at everything a synchronization needs, and names what is wrong."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from connections import health
from connections.health import Finding, State
from connections.models import Company
from integration_admin.management.commandline import COULD_NOT_RUN, WITH_FAILURES, company_of
from syncjobs.redeploy_checks import check_redeploys

STATUS = {State.HEALTHY: 0, State.WRONG: WITH_FAILURES, State.UNKNOWN: COULD_NOT_RUN}
MARKS = {State.HEALTHY: "ok     ", State.WRONG: "wrong  ", State.UNKNOWN: "unknown"}


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Check the health of the connections. "
        "Exit status: 0 healthy, 1 something is wrong, 2 could not look."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", help="name of the company, where there are several")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")

    def handle(self, *_args: Any, as_json: bool = False, **options: Any) -> None:
        company = company_of(options["company"])
        found = [*health.check_health(company), *check_redeploys(company)]
        if as_json:
            self.stdout.write(json.dumps(_facts(company, found), indent=2))
        else:
            for finding in found:
                self.stdout.write(_told(finding))
        if status := STATUS[health.state_of(found)]:
            sys.exit(status)


def _told(finding: Finding) -> str:
    cure = f" {finding.cure}" if finding.state != State.HEALTHY and finding.cure else ""
    return f"{MARKS[finding.state]}  {finding.side}, {finding.name}: {finding.sentence}{cure}"


def _facts(company: Company, found: list[Finding]) -> dict[str, Any]:
    state = health.state_of(found)
    return {
        "company": company.name,
        "state": state,
        "healthy": state == State.HEALTHY,
        "wrong": [name for finding in found for name in finding.names],
        "checks": [
            {
                "side": finding.side,
                "name": finding.name,
                "state": finding.state,
                "sentence": finding.sentence,
                "cure": finding.cure,
                "code": finding.code,
                "names": list(finding.names),
                "milliseconds": finding.milliseconds,
            }
            for finding in found
        ],
    }
