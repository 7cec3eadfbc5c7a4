"""Uncouples records; the records themselves stay."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from integration_admin.management.commandline import (
    COULD_NOT_RUN,
    MappingCommand,
    company_of,
    finish,
    ids_of,
    refusing,
)
from syncjobs.progress import in_foreground
from syncjobs.runs.synchronize import find_mapping
from syncjobs.runs.uncouple import uncouple_records


class Command(MappingCommand):
    help = "Uncouple records: both stay, and Dataverse rows no longer name the company."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("mapping", metavar="MAPPING", help="such as CUSTOMER")
        parser.add_argument("ids", nargs="*", metavar="ID", help="ids of either side")
        parser.add_argument("--all", action="store_true", dest="everything")

    def handle(
        self, *_args: Any, mapping: str, ids: list[str], everything: bool, **options: Any
    ) -> None:
        if bool(ids) == everything:
            message = "Name the records, or take all: manage.py uncouple MAPPING ID… | --all"
            raise CommandError(message, returncode=COULD_NOT_RUN)
        named = None if everything else ids_of(ids)
        company = company_of(options["company"])
        systems = self.reach(company)
        with refusing():
            name = find_mapping(company, mapping).name
            run = in_foreground(
                company, job="uncouple", description=f"Uncouple {name}", mapping_name=name
            )
            with run as progress:
                report = uncouple_records(company, name, named, progress=progress, systems=systems)
        self.show([report], as_json=options["as_json"], as_list=False)
        finish([report])
