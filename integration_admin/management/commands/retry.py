"""Lets skipped records be synchronized again by the next run."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from integration_admin.management.commandline import (
    COULD_NOT_RUN,
    MappingCommand,
    company_of,
    ids_of,
    refusing,
)
from mappings import pairing
from syncjobs.runs.synchronize import find_mapping


class Command(MappingCommand):
    help = "Let the next run synchronize skipped records again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("mappings", nargs="*", metavar="MAPPING", help="such as CUSTOMER")
        parser.add_argument("--all", action="store_true", dest="everything")
        parser.add_argument(
            "--id", nargs="+", action="extend", default=[], dest="ids", metavar="ID",
            help="only these records, by the id of either side",
        )  # fmt: skip

    def handle(
        self, *_args: Any, mappings: list[str], everything: bool, ids: list[str], **options: Any
    ) -> None:
        if bool(mappings) == everything:
            message = "Name the mappings, or take all: manage.py retry MAPPING… | --all"
            raise CommandError(message, returncode=COULD_NOT_RUN)
        company = company_of(options["company"])
        named = ids_of(ids) or None
        with refusing():
            names = [find_mapping(company, name).name for name in mappings]
        if everything and named is None:
            count = pairing.retry_all(company)
        else:
            count = pairing.retry_mappings(company, names or None, ids=named)
        if options["as_json"]:
            self.stdout.write(json.dumps({"retried": count}))
        else:
            self.stdout.write(f"{count} skipped record(s) will be synchronized again.")
