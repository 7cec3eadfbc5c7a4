"""Planning only: the pure `plan` on pages of coupled customers, all 22 fields mapped and filled."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

import django

from benchmarks.children import measured, order

if TYPE_CHECKING:
    from connections.systems import Record, Value
    from mappings.spec import DirectedMapping, FieldTransfer
    from syncjobs.engine.change import Batch

FIELDS = 22
ENOUGH = 1.5  # CPU seconds for each case
CODE, OPTION, ROW = "DOMESTIC", 7, UUID(int=7)


def gathered(way: str) -> tuple[DirectedMapping, Batch]:
    """Return the mapping of customers with every field enabled, and a page of coupled records."""
    from connections import setup
    from connections.models import Company
    from mappings.terms import Direction, FieldStatus
    from syncjobs import clock
    from syncjobs.runs.context import Silent
    from syncjobs.runs.gather import Gatherer
    from syncjobs.runs.order import Order
    from syncjobs.runs.phases import Phases
    from syncjobs.runs.synchronize import context_of, find_mapping

    company = Company.objects.get()
    row = find_mapping(company, "CUSTOMER")
    row.fields.update(status=FieldStatus.ENABLED)
    context = context_of(company, setup.systems_of(company), Silent(), clock.now)
    phases = Phases(context, row, Order())
    mapping = phases.directed(Direction(way))
    # Some fields go one way only: the first ones are taken again, so that both ways have as many.
    mapping = replace(mapping, fields=tuple(islice(cycle(mapping.fields), FIELDS)))
    gatherer = Gatherer(context, mapping, phases.rules)
    sources = next(iter(gatherer.source.read(gatherer.selection())))
    return mapping, filled(mapping, gatherer.batch(sources))


def filled(mapping: DirectedMapping, batch: Batch) -> Batch:
    """Return the page with a value in every mapped field of both sides, all of them agreeing."""
    given: dict[str, Value] = {}
    references = dict(batch.references)
    for field in mapping.fields:
        if field.source is None:
            continue
        value, other = _pair(field)
        given.setdefault(field.source.name, value)
        if field.refers_to:
            references |= {(field.refers_to, value): other, (field.refers_to, other): value}
    sources = tuple(
        replace(
            r, values={k: v or given.get(k, v) for k, v in r.values.items()} | _missing(r, given)
        )
        for r in batch.sources
    )
    moved = replace(batch, sources=_moved(sources), references=references)
    return replace(moved, destinations=_agreeing(mapping, moved))


def _missing(record: Record, given: dict[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in given.items() if name not in record.values}


def _pair(field: FieldTransfer) -> tuple[Value, Value]:
    """Return a value of the source and what it is called in the destination."""
    from connections.systems import Column, Kind, Lookup

    def of(column: Column) -> Value:
        match column.kind:
            case Kind.LOOKUP:
                return Lookup(column.targets[0], ROW)
            case Kind.OPTION | Kind.INTEGER | Kind.DECIMAL:
                return OPTION
            case _:
                return CODE

    assert field.source is not None
    return of(field.source), of(field.destination)


def _moved(sources: tuple[Record, ...]) -> tuple[Record, ...]:
    later = timedelta(hours=1)
    return tuple(replace(r, version="moved", modified_at=r.modified_at + later) for r in sources)


def _agreeing(mapping: DirectedMapping, batch: Batch) -> dict[UUID, Record]:
    """Return the destinations as they are once the page is carried out."""
    from syncjobs.engine.change import Modify
    from syncjobs.engine.plan import plan

    destinations = dict(batch.destinations)
    for change in plan(mapping, batch).changes:
        if isinstance(change, Modify):
            values = {diff.field: diff.after for diff in change.diffs}
            held = change.destination
            destinations[held.id] = replace(held, values={**held.values, **values})
    return destinations


def edited(batch: Batch, column: str) -> Batch:
    """Return the page after somebody changed one field of every record."""
    return replace(
        batch,
        sources=tuple(replace(r, values={**r.values, column: "Edited"}) for r in batch.sources),
    )


def rate(work: Callable[[], Any], records: int) -> float:
    """Return records a CPU second in the best of many rounds: others use the cores too."""
    best, ends = float("inf"), time.process_time() + ENOUGH
    while time.process_time() < ends:
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return records / best


def main() -> None:
    """Plan pages each way."""
    asked = order()
    django.setup()
    from syncjobs.engine.change import Rules
    from syncjobs.engine.plan import plan

    mapping, batch = gathered(asked["direction"])
    column = next(f.source.name for f in mapping.fields if f.source and f.source.kind == "text")
    cases = {
        "agree": batch,
        "modify": edited(batch, column),
        "insert": replace(batch, links={}, destinations={}),
    }
    rates, kinds = {}, {}
    creating = Rules(create_missing=True)
    with measured() as costs:
        for name, page in cases.items():
            kinds[name] = sorted({type(c).__name__ for c in plan(mapping, page, creating).changes})
            rates[name] = rate(lambda page=page: plan(mapping, page, creating), len(page.sources))  # type: ignore[misc]
    costs.figures = {"fields": len(mapping.fields), "rates": rates, "kinds": kinds}
    costs.tell()


if __name__ == "__main__":
    main()
