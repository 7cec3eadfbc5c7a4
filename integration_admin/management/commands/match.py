"""Couples the records of mappings that match, and prints how many."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from integration_admin.management.commandline import MappingCommand, company_of, finish, refusing
from syncjobs.progress import in_foreground
from syncjobs.runs.match import match_mapping
from syncjobs.runs.synchronize import find_mapping
from syncjobs.terms import Trigger


class Command(MappingCommand):
    help = "Couple the records of mappings that match by the fields chosen for it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("mappings", nargs="+", metavar="MAPPING", help="such as CUSTOMER")

    def handle(self, *_args: Any, mappings: list[str], **options: Any) -> None:
        company = company_of(options["company"])
        systems = self.reach(company)
        reports = []
        with refusing():
            names = [find_mapping(company, name).name for name in mappings]
            for name in names:
                run = in_foreground(
                    company, job="match", description=f"Couple {name}", mapping_name=name
                )
                with run as progress:
                    report = match_mapping(
                        company, name, progress=progress, trigger=Trigger.COMMAND, systems=systems
                    )
                reports.append(report)
        self.show(reports, as_json=options["as_json"], as_list=len(names) > 1)
        finish(reports)
