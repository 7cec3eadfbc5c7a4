"""Connects a company with Business Central and Dataverse, from a file or from a running sandbox."""

from __future__ import annotations

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connections.checks import Check
from connections.errors import IntegrationError
from integration_admin import connecting, descriptions
from integration_admin.connecting import Outcome
from integration_admin.descriptions import Description
from syncjobs import clock

COULD_NOT_RUN = 2
UNCHANGED = "Nothing was changed: the connection goes on as it was."
FORMAT = """
The file is TOML; what is left out stays as it is (docs/configure.md says more):

  [company]
  business_central_id = "00000000-0000-0000-0000-000000000000"

  [business_central]
  server_address = "https://api.businesscentral.dynamics.com/v2.0/<tenant>/<environment>"
  tenant = "contoso.onmicrosoft.com"
  client_id = "00000000-0000-0000-0000-000000000000"
  client_secret = {env = "BC_CLIENT_SECRET"}      # or {file = "path"}, or the text itself

  [dataverse]
  server_address = "https://contoso.crm4.dynamics.com"
  tenant = "contoso.onmicrosoft.com"
  authentication_type = "Certificate"             # or ClientSecret, Password, AD, IFD, OAuth
  client_id = "00000000-0000-0000-0000-000000000000"
  certificate = {file = "integration.pem"}
  private_key = {file = "integration.key"}
  consent = true                                  # that data leaves Business Central; asked once

  [sales]
  enabled = true

  [deployment]                                    # a System Administrator, for redeploys only
  client_id = "00000000-0000-0000-0000-000000000000"
  client_secret = {env = "DEPLOYMENT_CLIENT_SECRET"}
"""


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Connect a company: save the connection set-ups, test the connections, enable them, "
        "create the default mappings and jobs that are missing. Safe to repeat."
    )

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> Any:
        parser = super().create_parser(prog_name, subcommand, **options)
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = FORMAT
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("--file", type=Path, help="a TOML file that describes the connection")
        source.add_argument(
            "--sandbox",
            action="store_true",
            help="the running sandbox that the SANDBOX_… variables describe",
        )
        parser.add_argument(
            "--sales",
            action="store_true",
            help="enable Dynamics 365 Sales, its mappings and jobs too",
        )
        parser.add_argument("--no-jobs", action="store_true", help="create no job queue entries")
        parser.add_argument("--hold", action="store_true", help="create the entries on hold")
        parser.add_argument(
            "--reset-mappings",
            action="store_true",
            help="put mappings that are there back to their defaults too; couplings stay",
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")

    def handle(
        self,
        *_args: Any,
        file: Path | None = None,
        no_jobs: bool = False,
        hold: bool = False,
        sales: bool = False,
        reset_mappings: bool = False,
        as_json: bool = False,
        **_options: Any,
    ) -> None:
        try:
            description = _described(file)
            outcome = connecting.connect(
                description,
                now=clock.now(),
                jobs=not no_jobs,
                start=not hold,
                sales=sales,
                reset_mappings=reset_mappings,
            )
        except IntegrationError as error:
            raise CommandError(error.message, returncode=COULD_NOT_RUN) from error
        self.stdout.write(json.dumps(_facts(outcome), indent=2) if as_json else _told(outcome))
        if outcome.failed:
            raise CommandError(_advice(outcome), returncode=COULD_NOT_RUN)


def _described(file: Path | None) -> Description:
    return descriptions.read_file(file) if file else descriptions.from_environment()


def _advice(outcome: Outcome) -> str:
    check = outcome.failed[0]
    advice = f"{check.side}, {check.name}: {check.sentence} {check.cure}".strip()
    return advice if outcome.saved else f"{advice} {UNCHANGED}"


def _mark(check: Check) -> str:
    if check.lacking:
        return "lacks "
    return "ok    " if check.passed else "failed"


def _told(outcome: Outcome) -> str:
    lines = [
        f"{_mark(check)}  {check.side}, {check.name}: {check.sentence}" for check in outcome.checks
    ]
    if outcome.mappings is not None:
        lines.append(
            f"{outcome.company} is connected: {outcome.mappings}; {outcome.jobs} new jobs."
        )
    return "\n".join(lines)


def _facts(outcome: Outcome) -> dict[str, Any]:
    company, summary = outcome.company, outcome.mappings
    return {
        "company": company.name,
        "business_central_id": str(company.business_central_id),
        "dataverse_company_id": str(company.dataverse_company_id or "") or None,
        "connected": summary is not None,
        "saved": outcome.saved,
        "checks": [
            {
                "side": check.side,
                "name": check.name,
                "passed": check.passed,
                "sentence": check.sentence,
                "cure": check.cure,
                "code": check.code,
                "milliseconds": check.milliseconds,
            }
            for check in outcome.checks
        ],
        "company_row_created": outcome.created_row,
        "mappings_created": list(summary.created) if summary else [],
        "mappings_reset": list(summary.reset) if summary else [],
        "mappings_kept": list(summary.kept) if summary else [],
        "jobs_created": outcome.jobs,
    }
