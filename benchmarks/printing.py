"""Prints what was measured as tables that can be read across and pasted into a document."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.budgets import verdicts
from benchmarks.measures import PRICES, Coupled, Findings, FirstLoad, Goods, Measured
from benchmarks.stages import TO
from syncjobs.terms import Action

NOTHING = "-"


def say(text: str = "") -> None:
    """Print a line at once, since some take minutes."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; the first column is words, the others are figures."""
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    for row in (head, ["-" * width for width in widths], *rows):
        first, *others = row
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        say(f"| {' | '.join(cells)} |")
    say()


def setting(database: str) -> None:
    """Print where and with what all this was measured."""
    load = os.getloadavg()[0]
    say(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {_processor()}, {os.cpu_count()} cores,")
    say(f"Python {platform.python_version()}, {database}; load {load:.1f} when it began.")
    say("Engine, sandbox and Redis share these cores, so that wall times say little by themselves;")
    say("ratios within one run and counted figures do. Processor time grows, too, when others load")
    say("the cores. CPU is user and system time of the client's process alone.")
    say()


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def first_load(load: FirstLoad) -> None:
    """Print one direction: the engine beside those it is compared with."""
    way = "Business Central -> Sales" if load.direction == TO else "Sales -> Business Central"
    say(f"## First load, {way}: {load.records:,} customers")
    say()
    columns = {"engine": load.engine, "bare client": load.bare}
    if load.microsoft is not None:
        columns["Microsoft's SDK"] = load.microsoft
    rows = [_load_row(name, columns.values()) for name in LOAD_ROWS]
    table(["", *columns], rows)
    others = load.bare.client["other_statuses"]
    say(
        f"The bare client sent {load.bare.client['requests']} recorded requests again over "
        f"{load.bare.client['at_once']} connection(s); {others} were answered with another status."
    )
    if load.microsoft is not None:
        say("Microsoft's SDK only creates the rows in Dataverse, a thousand in a call: it reads no")
        say("customers, looks for no duplicates, reads nothing back and keeps no couplings.")
    say()


def _load_row(name: str, clients: Iterable[Measured]) -> list[str]:
    return [name, *(LOAD_ROWS[name](client) for client in clients)]


def _told(measured: Measured, name: str) -> str:
    return str(measured.client.get(name, NOTHING))


def _strain(measured: Measured) -> str:
    strain = measured.client.get("strain")
    return NOTHING if strain is None else f"{strain:.2f}"


def _undisturbed(measured: Measured) -> str:
    strain = measured.client.get("strain")
    return NOTHING if strain is None else f"{measured.records / measured.cpu * strain:,.0f}"


def _a_page(measured: Measured) -> str:
    pages = measured.client.get("pages")
    return f"{measured.client['statements'] / pages:.1f}" if pages else NOTHING


LOAD_ROWS: Mapping[str, Callable[[Measured], str]] = {
    "requests to Dataverse": lambda m: f"{m.requests('dataverse')}",
    "requests to Business Central": lambda m: f"{m.requests('bc')}",
    "accounted minutes, Dataverse": lambda m: f"{m.minutes('dataverse'):.3f}",
    "accounted minutes, Business Central": lambda m: f"{m.minutes('bc'):.3f}",
    "peak concurrency, Dataverse": lambda m: f"{m.systems['dataverse']['peak_concurrency']}",
    "peak concurrency, Business Central": lambda m: f"{m.systems['bc']['peak_concurrency']}",
    "wall seconds": lambda m: f"{m.seconds:.2f}",
    "records a second": lambda m: f"{m.records / m.seconds:,.0f}",
    "CPU seconds (user + system)": lambda m: f"{m.client['user']:.2f} + {m.client['system']:.2f}",
    "records a CPU second": lambda m: f"{m.records / m.cpu:,.0f}",
    "peak memory, MB": lambda m: f"{m.client['peak_mb']:.0f}",
    "a fixed loop, times its best": _strain,
    "records a CPU second, had that been 1": _undisturbed,
    "pages": lambda m: _told(m, "pages"),
    "SQL statements": lambda m: _told(m, "statements"),
    "SQL statements a page": _a_page,
}


def goods(found: Goods) -> None:
    """Print items and their prices side by side."""
    items, prices = found.products.records, found.prices.records
    say(f"## First load, Business Central -> Sales: {items:,} items with {prices:,} prices")
    say()
    columns = {
        "ITEM-PRODUCT": found.products,
        "CUSTPRCGRP-PRICE with its prices": found.prices,
    }
    rows = [_load_row(name, columns.values()) for name in LOAD_ROWS]
    rows += [
        [str(action).lower(), *(_count(m, action) for m in columns.values())]
        for action in (Action.INSERTED, Action.FAILED)
    ]
    table(["", *columns], rows)
    say(f"Every item has {PRICES} prices, each in a currency of its own, in a price list of a")
    say("customer price group. A product is written three times: created, priced in the automatic")
    say("price list, and published. The price lists bring their prices along.")
    say()


def _count(measured: Measured, action: Action) -> str:
    return f"{measured.client['counts'].get(str(action), 0):,}"


def coupled(runs: Sequence[Coupled]) -> None:
    """Print runs over coupled customers, few and many."""
    say("## Runs over coupled customers, both directions")
    say()
    columns = [
        (f"{name} at {run.couplings:,}", measured)
        for run in runs
        for name, measured in (("100 changes", run.incremental), ("idle", run.idle))
    ]
    rows = [
        ["requests to Dataverse", *(f"{m.requests('dataverse')}" for _, m in columns)],
        ["requests to Business Central", *(f"{m.requests('bc')}" for _, m in columns)],
        ["SQL statements", *(_told(m, "statements") for _, m in columns)],
        ["wall seconds", *(f"{m.seconds:.2f}" for _, m in columns)],
        ["CPU seconds", *(f"{m.cpu:.2f}" for _, m in columns)],
        ["peak memory, MB", *(f"{m.client['peak_mb']:.0f}" for _, m in columns)],
        ["records modified", *(str(m.client["counts"].get("Modified", 0)) for _, m in columns)],
    ]
    table(["", *(name for name, _ in columns)], rows)


def planning(findings: Findings) -> None:
    """Print how many records the planner decides about."""
    say("## Planning only: records a CPU second, both sides given, every field filled")
    say()
    rows = [
        [
            f"{way} ({told['fields']} fields)",
            *(f"{told['rates'][case]:,.0f}" for case in ("agree", "modify", "insert")),
        ]
        for way, told in findings.planning.items()
    ]
    table(["", "nothing differs", "one field differs", "new record"], rows)


def bad_rows(measured: Measured) -> None:
    """Print what ten refused customers cost."""
    counts = measured.client["counts"]
    say(f"## {measured.records:,} customers of whom Dataverse refuses ten (a key is taken)")
    say()
    figures = [
        ["inserted", str(counts.get("Inserted", 0))],
        ["failed", str(counts.get("Failed", 0))],
        ["requests to Dataverse", str(measured.requests("dataverse"))],
        ["accounted minutes", f"{measured.accounted_minutes:.3f}"],
        ["CPU seconds", f"{measured.cpu:.2f}"],
    ]
    table(["", "engine"], figures)


def budgets(findings: Findings) -> None:
    """Print every figure that has a budget, and whether it keeps it."""
    say("## Budgets")
    say()
    rows = [[v.what, v.figure, v.budget, "met" if v.met else "NOT MET"] for v in verdicts(findings)]
    table(["", "measured", "budget", ""], rows)
