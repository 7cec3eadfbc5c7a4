"""Proves that the audit log is as it was written, or names the first entry that is not."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from audit import chain

BROKEN = 1


class Command(BaseCommand):
    help = (
        "Look at every entry of the audit log and its place in the chain. The head that is printed "
        "may be noted elsewhere and given with --head later: then the end is proven, too. "
        "Exit status: 0 all is as it was written, 1 something is not."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--head", default="", help="a head that was printed before")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *_args: Any, head: str, as_json: bool, **_options: Any) -> None:
        found = chain.check(head)
        if as_json:
            self.stdout.write(json.dumps(asdict(found), indent=2))
        elif found.broken:
            self.stderr.write(found.broken)
        else:
            self.stdout.write(
                f"{found.entries} entries are as they were written; {found.unsealed} wait for "
                f"their seal; {found.removed} older ones were removed by retention."
            )
            self.stdout.write(f"Head: {found.head}")
        if found.broken:
            sys.exit(BROKEN)
