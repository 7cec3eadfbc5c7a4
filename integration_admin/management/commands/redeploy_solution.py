"""Puts the integration solution, its security roles and their privileges back."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connections import deployment
from connections.models import Company, Redeployment
from connections.terms import RedeployResult
from integration_admin.management.administrator import add_sign_in, identity_of
from integration_admin.management.commandline import (
    COULD_NOT_RUN,
    WITH_FAILURES,
    company_of,
    refusing,
)
from syncjobs import clock, redeploying
from syncjobs.progress import in_foreground
from syncjobs.terms import Trigger


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Redeploy the integration solution: import it where it is missing, outdated or changed, "
        "publish, assign the security roles, verify the privileges. Job queue entries wait "
        "meanwhile. Signs in as the stored deployment identity; another one is used once and not "
        "stored. Exit status: 0 done, 1 done with something missing, 2 could not run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", help="name of the company, where there are several")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
        parser.add_argument(
            "--force", action="store_true", help="import even if the solution is current"
        )
        parser.add_argument(
            "--roles-only", action="store_true", help="import nothing, only put roles back"
        )
        add_sign_in(parser)
        parser.add_argument(
            "--package", type=Path, metavar="ZIP",
            help="keep this package instead of the shipped one from now on",
        )  # fmt: skip
        parser.add_argument(
            "--shipped", action="store_true", help="go back to the package that is shipped"
        )

    def handle(self, *_args: Any, as_json: bool = False, **options: Any) -> None:
        company = company_of(options["company"])
        with refusing():
            _choose_package(company, options)
            identity = identity_of(company, options)
            with in_foreground(
                company,
                job=redeploying.JOB,
                description=redeploying.DESCRIPTION,
                trigger=Trigger.COMMAND,
            ) as progress:
                record = redeploying.run(
                    company,
                    identity,
                    progress=progress,
                    force=options["force"],
                    roles_only=options["roles_only"],
                )
        self.stdout.write(json.dumps(_facts(record), indent=2) if as_json else _told(record))
        if record.result != RedeployResult.DONE:
            sys.exit(WITH_FAILURES)


def _choose_package(company: Company, options: dict[str, Any]) -> None:
    if options["shipped"]:
        deployment.use_shipped(company)
    path: Path | None = options["package"]
    if path is None:
        return
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"The package {path} cannot be read: {error.strerror}."
        raise CommandError(message, returncode=COULD_NOT_RUN) from error
    deployment.upload(company, content, now=clock.now())


def _told(record: Redeployment) -> str:
    lines = [f"{number}  {sentence}" for number, sentence in record.steps]
    lines += [f"!  {name}: {sentence}" for name, sentence, _ in record.problems]
    return "\n".join([*lines, f"{record.get_result_display()}."])


def _facts(record: Redeployment) -> dict[str, Any]:
    return {
        "company": record.company.name,
        "run": record.run_id,
        "result": record.result,
        "solution": record.solution,
        "from_version": record.from_version,
        "to_version": record.to_version,
        "signed_in_as": record.signed_in_as,
        "steps": [{"step": number, "sentence": sentence} for number, sentence in record.steps],
        "problems": [
            {"name": name, "sentence": sentence, "code": code}
            for name, sentence, code in record.problems
        ],
    }
