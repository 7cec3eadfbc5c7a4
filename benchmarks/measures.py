"""What is measured, one function for each question; states are in `stages`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import children
from benchmarks.sandbox import Sandbox
from benchmarks.stages import (
    FROM,
    TO,
    Stages,
    accounts,
    customers,
    edit_account,
    edit_customers,
    items,
    with_bad_rows,
)

EDITS = 100
BAD = 10
PRICES = 3  # of an item, each in a currency of its own
# What items and their prices need to be in Sales first.
BEFORE_ITEMS = ("CURRENCY", "UNIT OF MEASURE")


@dataclass(frozen=True)
class Measured:
    """What one client cost itself, and both systems."""

    client: dict[str, Any]
    systems: dict[str, Any]
    records: int = 0

    @property
    def cpu(self) -> float:
        """CPU seconds of the client's process."""
        return float(self.client["user"] + self.client["system"])

    @property
    def seconds(self) -> float:
        return float(self.client["seconds"])

    def requests(self, system: str) -> int:
        return int(self.systems[system]["requests"])

    def minutes(self, system: str) -> float:
        return float(self.systems[system]["accounted_seconds"]) / 60

    @property
    def accounted_minutes(self) -> float:
        """The systems work side by side: the slower one is what a run takes."""
        return max(self.minutes("dataverse"), self.minutes("bc"))


@dataclass(frozen=True)
class FirstLoad:
    """Strangers carried to the other side, by the engine and by those it is compared with."""

    direction: str
    records: int
    engine: Measured
    bare: Measured
    microsoft: Measured | None = None


@dataclass(frozen=True)
class Coupled:
    """Runs over a number of coupled customers."""

    couplings: int
    incremental: Measured
    idle: Measured


@dataclass(frozen=True)
class Goods:
    """Items with prices in several currencies, carried to Sales for the first time.

    Price groups bring their prices along (E-8.60).
    """

    products: Measured
    prices: Measured


@dataclass
class Findings:
    """Everything that was measured."""

    loads: list[FirstLoad] = field(default_factory=list)
    planning: dict[str, dict[str, Any]] = field(default_factory=dict)
    coupled: list[Coupled] = field(default_factory=list)
    bad_rows: Measured | None = None
    goods: Goods | None = None


def _client(module: str, sandbox: Sandbox, records: int, **order: Any) -> Measured:
    sandbox.forget()
    told = children.run(module, sandbox, **order)
    return Measured(told, sandbox.stats(), records)


def engine(sandbox: Sandbox, records: int, *, mapping: str = "CUSTOMER", **order: Any) -> Measured:
    """Run the engine on a sandbox's directory."""
    return _client("engine", sandbox, records, verb="synchronize", mapping=mapping, **order)


def first_load(stages: Stages, direction: str, records: int) -> FirstLoad:
    """Carry customers, or accounts, over to the other side for the first time."""
    seed = customers(records) if direction == TO else accounts(records)
    prepared, record = stages.prepared(seed), stages.file()
    named = str(record)
    with stages.on_copy(prepared) as sandbox:
        ours = engine(sandbox, records, mode="full", direction=direction, record=named)
    with stages.on_copy(prepared) as sandbox:
        bare = _client("bare", sandbox, records, record=named)
    theirs = None
    if direction == TO:
        with stages.on_copy(prepared) as sandbox:
            theirs = _client("microsoft", sandbox, records, record=named)
    record.unlink()
    stages.drop(prepared)
    return FirstLoad(direction, records, ours, bare, theirs)


def bad_rows(stages: Stages, records: int) -> Measured:
    """Carry customers over of whom ten are refused."""
    prepared = stages.prepared(with_bad_rows(records, BAD))
    with stages.on(prepared) as sandbox:
        ours = engine(sandbox, records, mode="full", direction=TO)
    stages.drop(prepared)
    return ours


def goods(stages: Stages, amount: int) -> Goods:
    """Carry items over, then their price lists with all prices."""
    prepared, prices = stages.prepared(items(amount, PRICES), with_sales=True), amount * PRICES
    first = {"mode": "full", "direction": TO}
    with stages.on(prepared) as sandbox:
        for mapping in BEFORE_ITEMS:
            engine(sandbox, 0, mapping=mapping, **first)
        found = Goods(
            products=engine(sandbox, amount, mapping="ITEM-PRODUCT", **first),
            prices=engine(sandbox, prices, mapping="CUSTPRCGRP-PRICE", **first),
        )
    stages.drop(prepared)
    return found


def coupled(stages: Stages, couplings: int) -> tuple[Coupled, Path]:
    """Run over coupled customers: after a hundred edits, and after nothing happened.

    One edit a side and a run bring both watermarks past the first load, as in a company where
    people work; a new load alone would be read again for as long as nothing else changes.
    """
    prepared = stages.prepared(customers(couplings))
    with stages.on(prepared) as sandbox:
        engine(sandbox, couplings, mode="full", direction=TO)
        edit_customers(sandbox, 1, 1, "before")
        edit_account(sandbox)
        engine(sandbox, 0, mode="modified")
        edit_customers(sandbox, EDITS, couplings // EDITS, "after")
        incremental = engine(sandbox, EDITS, mode="modified")
        idle = engine(sandbox, 0, mode="modified")
    return Coupled(couplings, incremental, idle), prepared


def planning(stages: Stages, loaded: Path) -> dict[str, dict[str, Any]]:
    """Plan pages of coupled customers, without anything else."""
    with stages.on(loaded) as sandbox:
        return {way: children.run("planning", sandbox, direction=way) for way in (TO, FROM)}
