"""The budgets of the house, and whether what was measured keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.measures import Coupled, Findings, FirstLoad, Goods, Measured
from benchmarks.stages import TO

CREATE_MINUTES = 4.7  # for 100,000 records with CreateMultiple
RECORDS_A_CPU_SECOND = 3_000
PLANNED_A_CPU_SECOND = 30_000
DATAVERSE_A_RECORD, BC_A_RECORD = 0.01, 0.03
WALL = 2.0  # times the bare client
IDLE_REQUESTS = 2  # a side
CLEAN_REQUESTS, BAD_REQUESTS = 100, 400  # to Dataverse, for 10,000 records
PEAK_MB = 250
SAME_TIME = 1.2


@dataclass(frozen=True)
class Verdict:
    """One figure beside its budget."""

    what: str
    figure: str
    budget: str
    met: bool


def verdicts(findings: Findings) -> Iterator[Verdict]:
    """Yield every figure that has a budget."""
    for load in findings.loads:
        yield from _of_load(load)
    if findings.goods is not None:
        yield from _of_goods(findings.goods)
    if findings.bad_rows is not None:
        bad = findings.bad_rows
        most = BAD_REQUESTS * bad.records // 10_000
        requests = bad.requests("dataverse")
        what = f"{bad.records:,} customers, ten of them refused: requests to Dataverse"
        yield Verdict(what, f"{requests}", f"<= {most}", requests <= most)
    for way, told in findings.planning.items():
        for case in ("agree", "modify"):
            rate = told["rates"][case]
            what = f"planned a CPU second, {told['fields']} fields, all {case}, {_way(way)}"
            floor = PLANNED_A_CPU_SECOND
            yield Verdict(what, f"{rate:,.0f}", f">= {floor:,}", rate >= floor)
    yield from _of_coupled(findings.coupled)


def _of_load(load: FirstLoad) -> Iterator[Verdict]:
    ours, way, records = load.engine, _way(load.direction), load.records
    name = f"first load {way}"
    if load.direction == TO:
        minutes, most = ours.accounted_minutes, CREATE_MINUTES * records / 100_000
        met = minutes <= most
        yield Verdict(f"{name}: accounted minutes", f"{minutes:.3f}", f"<= {most:.3f}", met)
        requests, limit = ours.requests("dataverse"), CLEAN_REQUESTS * records // 10_000
        what = f"{name}: requests to Dataverse"
        yield Verdict(what, f"{requests}", f"<= {limit}", requests <= limit)
    yield from _shares(name, ours)
    yield _rate(name, ours)
    ratio = ours.seconds / load.bare.seconds
    yield Verdict(
        f"{name}: wall, times the bare client", f"{ratio:.2f}", f"<= {WALL}", ratio <= WALL
    )
    yield _memory(name, ours)


def _of_goods(found: Goods) -> Iterator[Verdict]:
    names = {
        f"{found.products.records:,} items": found.products,
        f"their {found.prices.records:,} prices": found.prices,
    }
    for name, ours in names.items():
        yield from _shares(name, ours)
        yield _memory(name, ours)
    yield _rate(f"their {found.prices.records:,} prices", found.prices)


def _shares(name: str, ours: Measured) -> Iterator[Verdict]:
    for system, most in (("dataverse", DATAVERSE_A_RECORD), ("bc", BC_A_RECORD)):
        share = ours.requests(system) / ours.records
        what = f"{name}: requests a record to {NAMES[system]}"
        yield Verdict(what, f"{share:.4f}", f"<= {most}", share <= most)


def _rate(name: str, ours: Measured) -> Verdict:
    rate, floor = ours.records / ours.cpu, RECORDS_A_CPU_SECOND
    return Verdict(f"{name}: records a CPU second", f"{rate:,.0f}", f">= {floor:,}", rate >= floor)


def _memory(name: str, ours: Measured) -> Verdict:
    peak = ours.client["peak_mb"]
    return Verdict(f"{name}: peak memory", f"{peak:.0f} MB", f"<= {PEAK_MB} MB", peak <= PEAK_MB)


def _of_coupled(runs: list[Coupled]) -> Iterator[Verdict]:
    for run in runs:
        for system in ("dataverse", "bc"):
            requests = run.idle.requests(system)
            what = f"idle run at {run.couplings:,} couplings: requests to {NAMES[system]}"
            yield Verdict(what, f"{requests}", f"<= {IDLE_REQUESTS}", requests <= IDLE_REQUESTS)
    for one, other in pairwise(runs):
        name = f"100 changes at {other.couplings:,} couplings"
        few, many = one.incremental, other.incremental
        asked = [(m.requests("dataverse"), m.requests("bc")) for m in (few, many)]
        budget = f"as at {one.couplings:,}"
        what = f"{name}: requests to both"
        yield Verdict(what, _pair(*asked[1]), f"{budget}: {_pair(*asked[0])}", asked[0] == asked[1])
        sql = [m.client["statements"] for m in (few, many)]
        yield Verdict(
            f"{name}: SQL statements", f"{sql[1]}", f"{budget}: {sql[0]}", sql[0] == sql[1]
        )
        ratio = many.cpu / few.cpu
        what = f"{name}: CPU seconds, times those at {one.couplings:,}"
        yield Verdict(what, f"{ratio:.2f}", f"<= {SAME_TIME}", ratio <= SAME_TIME)


def _pair(one: int, other: int) -> str:
    return f"{one} + {other}"


NAMES = {"dataverse": "Dataverse", "bc": "Business Central"}


def _way(direction: str) -> str:
    return "to Sales" if direction == TO else "from Sales"
