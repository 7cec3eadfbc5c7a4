"""`python -m benchmarks`: measures everything in one run and prints it beside the budgets."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import measures, printing
from benchmarks.measures import Findings
from benchmarks.sandbox import free_ports
from benchmarks.stages import FROM, TO, Stages

FEW, RECORDS, MANY = 1_000, 10_000, 20_000
ITEMS = 50_000
FULL_RECORDS, FULL_MANY = 100_000, 200_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the status says only whether it could be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="also 100,000 records, 200,000 couplings"
    )
    parser.add_argument("--records", type=int, default=RECORDS, help="of a first load")
    parser.add_argument("--items", type=int, default=ITEMS, help="with three prices each")
    options = parser.parse_args(arguments)
    os.environ.pop("DATABASE_URL", None)  # each state has a database of its own
    os.environ.pop("REDIS_URL", None)
    directory, began = Path(tempfile.mkdtemp(prefix="bench-")), time.monotonic()
    printing.setting("SQLite")
    try:
        stages = Stages(directory, free_ports())
        findings = measure(stages, options.records, options.items, full=options.full)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    printing.budgets(findings)
    printing.say(f"It took {(time.monotonic() - began) / 60:.1f} minutes.")
    return 0


def measure(stages: Stages, records: int, items: int, *, full: bool) -> Findings:
    """Measure everything, and print each part when it is there."""
    findings = Findings()
    for amount in (records, FULL_RECORDS) if full else (records,):
        for way in (TO, FROM):
            load = measures.first_load(stages, way, amount)
            findings.loads.append(load)
            printing.first_load(load)
    findings.bad_rows = measures.bad_rows(stages, records)
    printing.bad_rows(findings.bad_rows)
    findings.goods = measures.goods(stages, items)
    printing.goods(findings.goods)
    for couplings in (FEW, MANY, FULL_MANY) if full else (FEW, MANY):
        run, loaded = measures.coupled(stages, couplings)
        findings.coupled.append(run)
        if couplings == FEW:
            findings.planning = measures.planning(stages, loaded)
        stages.drop(loaded)
    printing.coupled(findings.coupled)
    printing.planning(findings)
    return findings


if __name__ == "__main__":
    raise SystemExit(main())
