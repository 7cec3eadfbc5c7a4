"""Publishes the item availability service to Sales, tries it, exchanges its key."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser
from datetime import date
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connections import item_availability
from connections.item_availability import Trial
from connections.models import Company, SalesConnectionSetup
from integration_admin.management.commandline import COULD_NOT_RUN, company_of, refusing
from syncjobs import clock

KEY = "ITEM_AVAILABILITY_ACCESS_KEY"


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Let sellers see in Sales how many items there are: publish stores URL, user and key of "
        "Business Central's web service in Sales, try asks it with what stands in Sales, rotate "
        "exchanges the key, unpublish takes everything away. A key is never shown. Exit status: "
        "0 done, 2 could not run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=("publish", "try", "rotate", "unpublish"))
        parser.add_argument("--company", help="name of the company, where there are several")
        parser.add_argument(
            "--user-name", default="", help="a user of Business Central that has an access key"
        )
        parser.add_argument(
            "--url", default="", help="where the service is, if not at the company's own address"
        )
        parser.add_argument(
            "--key-expires", type=date.fromisoformat, help="when the key ends, as 2027-01-31"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")

    def handle(self, *_args: Any, act: str, as_json: bool = False, **options: Any) -> None:
        company = company_of(options["company"])
        with refusing():
            trial = _carry_out(act, company, options)
        row = SalesConnectionSetup.objects.get(company=company)
        facts = _facts(row, trial)
        self.stdout.write(json.dumps(facts, indent=2) if as_json else _told(facts, trial))


def _carry_out(act: str, company: Company, options: dict[str, Any]) -> Trial | None:
    match act:
        case "publish":
            return item_availability.publish(
                company,
                user_name=options["user_name"],
                access_key=_key(),
                url=options["url"],
                expires_on=options["key_expires"],
                now=clock.now(),
            )
        case "rotate":
            item_availability.published(company)  # before anybody is asked for a key
            return item_availability.rotate(
                company, access_key=_key(), expires_on=options["key_expires"], now=clock.now()
            )
        case "unpublish":
            item_availability.unpublish(company)
            return None
        case _:
            return item_availability.try_as_sales(company)


def _key() -> str:
    if kept := os.environ.get(KEY):
        return kept
    if not sys.stdin.isatty():
        message = f"A web service access key is needed. Put it into the variable {KEY}."
        raise CommandError(message, returncode=COULD_NOT_RUN)
    return getpass("Web service access key: ")


def _facts(row: SalesConnectionSetup, trial: Trial | None) -> dict[str, Any]:
    age = item_availability.age_of_key(row, clock.now())
    found = trial.found if trial else None
    return {
        "company": row.company.name,
        "enabled": row.item_availability_service_enabled,
        "url": row.odata_url,
        "user_name": row.odata_user_name,
        "key_age_days": age.days if age is not None else None,
        "milliseconds": round(trial.seconds * 1000) if trial else None,
        "item": found.item if found else None,
        "inventory": str(found.inventory) if found else None,
    }


def _told(facts: dict[str, Any], trial: Trial | None) -> str:
    if trial is None:
        return "Sales has the item availability service no more."
    age = facts["key_age_days"]
    return f"{trial.url}\n{trial.sentence} The key is {age} days old."
