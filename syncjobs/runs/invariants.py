"""What must hold at rest: every version in scope is applied, parked or superseded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from connections.models import Company
from connections.systems import Record, Selection, Side
from mappings import couplings, directed
from mappings.models import Coupling, IntegrationTableMapping, Intent, PendingCoupling
from mappings.spec import DirectedMapping, Link
from mappings.terms import CouplingKind, Direction
from syncjobs import clock
from syncjobs.engine.entities import entity_of
from syncjobs.engine.watermark import BOUNDARY
from syncjobs.runs.context import Context, Silent
from syncjobs.runs.synchjobs import WATERMARKS
from syncjobs.runs.synchronize import Systems, context_of, find_mapping, systems_of

PAGE = 5000


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that may not be so; `record` is the source record, if it is about one."""

    rule: str
    mapping: str
    message: str
    record: UUID | None = None


def violations(
    company: Company,
    name: str,
    *,
    systems: Systems | None = None,
    now: Callable[[], datetime] = clock.now,
) -> list[Violation]:
    """Return what does not hold for a mapping while no run is at it; an empty list is good.

    Reads ids, times and versions of every record in the filters, and writes nothing.
    """
    row = find_mapping(company, name)
    if row.kind == CouplingKind.OPTION:
        return []
    found = [*_doubly_coupled(row), *_unknown_outcomes(row)]
    context = context_of(company, systems or systems_of(company), Silent(), now)
    for way in directed.directions(row):
        mapping = directed.directed(row, way, context.business_central, context.dataverse)
        found += _Sweep(context, row, mapping).run()
    return found


def _doubly_coupled(row: IntegrationTableMapping) -> Iterator[Violation]:
    """At most one coupling per mapping and id on either side."""
    mine = Coupling.objects.filter(company=row.company, mapping_name=row.name)
    for side in (couplings.BUSINESS_CENTRAL, couplings.DATAVERSE):
        twice = mine.values(side.id).annotate(times=Count("pk")).filter(times__gt=1)
        for found in twice:
            message = f"{found[side.id]} is coupled {found['times']} times."
            yield Violation("one coupling", row.name, message, found[side.id])


def _unknown_outcomes(row: IntegrationTableMapping) -> Iterator[Violation]:
    """At rest every write is accounted for; a run looks up what is left, so run once more."""
    for intent in Intent.objects.filter(company=row.company, mapping_name=row.name):
        message = f"The outcome of a write for {intent.source_id} is not known yet."
        yield Violation("no open intent", row.name, message, intent.source_id)


class _Sweep:
    """Looks at every source record of one direction."""

    def __init__(
        self, context: Context, row: IntegrationTableMapping, mapping: DirectedMapping
    ) -> None:
        self.context = context
        self.row = row
        self.mapping = mapping
        self.entity = entity_of(mapping)
        self.side = mapping.source_side
        self.watermark: datetime | None = getattr(row, WATERMARKS[mapping.direction])

    def run(self) -> Iterator[Violation]:
        source = self.context.system(self.side)
        columns: tuple[str, ...] = ()
        selection = Selection(
            self.mapping.source_table, columns, self.mapping.source_filter, page_size=PAGE
        )
        for page in source.read(selection):
            yield from self._page(page)

    def _page(self, page: Sequence[Record]) -> Iterator[Violation]:
        ids = [record.id for record in page]
        links = couplings.links(self.context.company, self.mapping, ids)
        parked = set(
            PendingCoupling.objects.filter(
                company=self.context.company,
                mapping_name=self.mapping.name,
                direction=self.mapping.direction,
                record_id__in=ids,
            ).values_list("record_id", flat=True)
        )
        for record in page:
            if not self._is_settled(record, links.get(record.id), parked=record.id in parked):
                way = "to" if self.mapping.direction == Direction.TO_INTEGRATION_TABLE else "from"
                message = (
                    f"{self.mapping.source_table} {record.id} changed on {record.modified_at} and "
                    f"was neither carried {way} Sales nor parked with a cause."
                )
                yield Violation("nothing is lost", self.mapping.name, message, record.id)

    def _is_settled(self, record: Record, link: Link | None, *, parked: bool) -> bool:
        """Whether this version is applied, parked, superseded, or still ahead of the watermark."""
        if self.watermark is None or record.modified_at > self.watermark - BOUNDARY[self.side]:
            return True  # the next run reads it
        if link is not None:
            return link.skipped or link.failed or link.due or not link.source.is_behind(record)
        return parked or self.mapping.synch_only_coupled_records or self._is_ours(record)

    def _is_ours(self, record: Record) -> bool:
        """E-3.8: what the integration user wrote last is not synchronized."""
        me = self.context.system(self.side).me
        return self.side == Side.DATAVERSE and me is not None and record.modified_by == me


__all__ = ["Violation", "violations"]
