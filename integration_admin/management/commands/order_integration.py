"""Switches sales order integration on or off, in Sales and here."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from connections.models import SalesConnectionSetup
from integration_admin import enabling
from integration_admin.management.administrator import add_sign_in, identity_of
from integration_admin.management.commandline import company_of, refusing
from syncjobs import clock


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Switch sales order integration on or off: the organization's switch in Sales, then the "
        "mappings and jobs here. Signs in as the stored deployment identity, which has to be "
        "System Administrator; another one is used once and not stored. Off is refused while "
        "submitted orders wait. Exit status: 0 done, 2 could not run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=("on", "off"))
        parser.add_argument("--company", help="name of the company, where there are several")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
        add_sign_in(parser)

    def handle(self, *_args: Any, act: str, as_json: bool = False, **options: Any) -> None:
        company = company_of(options["company"])
        with refusing():
            switched, summary, jobs = enabling.switch_orders(
                company, on=act == "on", sign_in=identity_of(company, options), now=clock.now()
            )
        row = SalesConnectionSetup.objects.get(company=company)
        facts = {
            "company": company.name,
            "sales_order_model": row.sales_order_model,
            "set_in_sales": switched.set_in_sales,
            "signed_in_as": switched.signed_in_as,
            "mappings_created": list(summary.created),
            "mappings_removed": list(summary.removed),
            "jobs_created": jobs,
        }
        told = f"{switched.sentence} {summary}; {jobs} job queue entries created."
        self.stdout.write(json.dumps(facts, indent=2) if as_json else told)
