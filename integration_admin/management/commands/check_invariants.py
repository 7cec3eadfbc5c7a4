"""Proves that no change was lost: every version is applied, parked with a cause, or superseded."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from connections.models import Company
from integration_admin.management.commandline import (
    WITH_FAILURES,
    MappingCommand,
    company_of,
    refusing,
)
from syncjobs.progress import in_foreground
from syncjobs.runs.invariants import Violation, violations
from syncjobs.runs.sweep import sweep_mapping
from syncjobs.runs.synchronize import Systems, find_mapping, run_order
from syncjobs.sweeping import JOB, told


class Command(MappingCommand):
    help = (
        "Look at the id, time and version of every record and say what was missed; best while no "
        "run is under way. Exit status: 0 all is well, 1 something is not, 2 could not look."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("mappings", nargs="*", metavar="MAPPING", help="such as CUSTOMER")
        parser.add_argument(
            "--repair", action="store_true", help="let the mappings look at what was missed first"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        company = company_of(options["company"])
        systems = self.reach(company)
        with refusing():
            names = [find_mapping(company, name).name for name in options["mappings"]]
            names = names or run_order(company)
            if options["repair"]:
                self._repair(company, names, systems, as_json=options["as_json"])
            found = [v for name in names for v in violations(company, name, systems=systems)]
        self._tell(company, names, found, as_json=options["as_json"])
        if found:
            sys.exit(WITH_FAILURES)

    def _repair(
        self, company: Company, names: Sequence[str], systems: Systems, *, as_json: bool
    ) -> None:
        with in_foreground(company, job=JOB, description="Sweep") as progress:
            swept = [
                one
                for name in names
                for one in sweep_mapping(company, name, systems=systems, progress=progress)
            ]
            progress.log(told(swept))
        if not as_json:
            self.stdout.write(told(swept))

    def _tell(
        self, company: Company, names: Sequence[str], found: Sequence[Violation], *, as_json: bool
    ) -> None:
        if as_json:
            content = [{**asdict(one), "record": one.record and str(one.record)} for one in found]
            facts = {"company": company.name, "mappings": list(names), "violations": content}
            self.stdout.write(json.dumps(facts, indent=2))
            return
        for one in found:
            self.stdout.write(f"{one.mapping}, {one.rule}: {one.message}")
        if not found:
            self.stdout.write(f"All is well in {len(names)} mappings.")
