"""The sweep: proves from ids, times and versions that no change stayed behind the watermark.

A deletion is none of its business: it is found where the record that is left is processed, or by
`deleted`, and is never carried over by itself (E-3.30).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from connections.models import Company
from connections.systems import Record, Selection, Side
from mappings import couplings, directed
from mappings.filters import matches
from mappings.models import IntegrationTableMapping
from mappings.spec import DirectedMapping, Link
from mappings.terms import CouplingKind, Direction
from syncjobs import clock
from syncjobs.engine.change import Change, Ignore, Skip, Unchanged
from syncjobs.engine.plan import plan
from syncjobs.engine.watermark import is_late
from syncjobs.models import Sweep
from syncjobs.runs.context import Context, Progress, Silent
from syncjobs.runs.gather import Gatherer
from syncjobs.runs.order import Order
from syncjobs.runs.phase import way
from syncjobs.runs.phases import Phases
from syncjobs.runs.synchjobs import WATERMARKS
from syncjobs.runs.synchronize import (
    Systems,
    context_of,
    find_mapping,
    synchronize_mapping,
    systems_of,
)

# The largest pages that each system gives: nothing but ids, times and versions is in them.
PAGES = {Side.BUSINESS_CENTRAL: 20_000, Side.DATAVERSE: 5_000}
CHUNK = 1_000  # records that are planned together


def sweep_mapping(
    company: Company,
    name: str,
    *,
    systems: Systems | None = None,
    progress: Progress | None = None,
    now: Callable[[], datetime] = clock.now,
) -> list[Sweep]:
    """Find what no run has seen, let the mapping look at it, and note the result of each direction.

    Raises what `synchronize_mapping` raises; what was found then is found again by the next sweep.
    """
    row = find_mapping(company, name)
    if row.kind == CouplingKind.OPTION:  # every run looks at every option
        return []
    both, listener = systems or systems_of(company, progress), progress or Silent()
    context = context_of(company, both, listener, now)
    looks = [Look(context, row, direction) for direction in directed.directions(row)]
    hidden = {
        look.mapping.direction: tuple(record.id for record in look.hidden()) for look in looks
    }
    for look in looks:
        if number := len(hidden[look.mapping.direction]):
            changes = f"{number} change{'s were' if number > 1 else ' was'}"
            listener.log(f"{name}: {changes} never looked at ({way(look.mapping)}).")
    if any(hidden.values()):
        synchronize_mapping(company, name, also=hidden, progress=progress, systems=systems, now=now)
    return [_noted(look, hidden[look.mapping.direction]) for look in looks]


def _noted(look: Look, hidden: Sequence[UUID]) -> Sweep:
    context, mapping = look.context, look.mapping
    left = sum(1 for _ in look.unsettled_of(hidden)) if hidden else 0
    noted, _ = Sweep.objects.update_or_create(
        company=context.company,
        mapping_name=mapping.name,
        direction=mapping.direction,
        defaults={
            "swept_at": context.clock(),
            "looked_at": look.looked_at,
            "hidden": len(hidden),
            "left": left,
        },
    )
    return noted


class Look:
    """One direction of a mapping, as a sweep looks at it; it writes nothing."""

    def __init__(
        self, context: Context, row: IntegrationTableMapping, direction: Direction
    ) -> None:
        self.context = replace(context, plans_only=True)
        phases = Phases(self.context, row, Order(directions=(direction,)))
        self.mapping: DirectedMapping = phases.directed(direction)
        self.gatherer = Gatherer(self.context, self.mapping, phases.rules)
        self.side = self.mapping.source_side
        self.watermark: datetime | None = getattr(row, WATERMARKS[direction])
        self.looked_at = 0

    def unsettled(self) -> Iterator[Record]:
        """Yield the records whose version is neither applied, nor parked, nor superseded."""
        if self.watermark is None:
            return  # the next run reads everything
        selection = Selection(
            self.mapping.source_table,
            self._columns(),
            self.gatherer.beyond_state,
            page_size=PAGES[self.side],
        )
        for page in self.gatherer.source.read(selection):
            self.context.progress.check()
            self.looked_at += len(page)
            yield from self._unsettled(page)

    def unsettled_of(self, ids: Collection[UUID]) -> Iterator[Record]:
        """Yield those of these records that are not settled now."""
        found = self.gatherer.source.get(self.mapping.source_table, list(ids), self._columns())
        yield from self._unsettled(list(found.values()))

    def hidden(self) -> list[Record]:
        """Return what a run would do something about, had it seen it.

        What it would leave alone on purpose is told apart by planning it.
        """
        gatherer = self.gatherer
        ids = [record.id for record in self.unsettled()]
        found = []
        for start in range(0, len(ids), CHUNK):
            records = gatherer.reread(ids[start : start + CHUNK])
            planned = plan(self.mapping, gatherer.batch(records), gatherer.rules)
            found += [change.source for change in planned.changes if _does_something(change)]
        return found

    def _columns(self) -> tuple[str, ...]:
        return tuple(condition.column for condition in self.gatherer.state)

    def _unsettled(self, page: Sequence[Record]) -> Iterator[Record]:
        # No run will read these by their time.
        old = [r for r in page if is_late(self.side, self.watermark, r.modified_at)]
        for start in range(0, len(old), CHUNK):
            few = old[start : start + CHUNK]
            ids = [record.id for record in few]
            links = couplings.links(self.context.company, self.mapping, ids)
            strangers = [record_id for record_id in ids if record_id not in links]
            found = couplings.parked(self.context.company, self.mapping)
            found = found.filter(record_id__among=strangers)
            parked = set(found.values_list("record_id", flat=True))
            yield from (r for r in few if not self._is_settled(r, links.get(r.id), parked))

    def _is_settled(self, record: Record, link: Link | None, parked: Collection[UUID]) -> bool:
        """Whether this version is applied, parked or superseded."""
        if link is not None:
            return link.skipped or link.failed or link.due or not link.source.is_behind(record)
        return (
            record.id in parked
            or self.mapping.synch_only_coupled_records
            or not matches(record, self.gatherer.state)
            or self._is_ours(record)
        )

    def _is_ours(self, record: Record) -> bool:
        """E-3.8: what the integration user wrote last is not synchronized."""
        me = self.gatherer.source.me
        return self.side == Side.DATAVERSE and me is not None and record.modified_by == me


def _does_something(change: Change) -> bool:
    match change:
        case Unchanged() | Ignore():
            return False
        case Skip():
            return change.yields
        case _:
            return True
