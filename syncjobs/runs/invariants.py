"""What must hold at rest: every version in scope is applied, parked or superseded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from connections.models import Company
from mappings import couplings, directed
from mappings.models import Coupling, IntegrationTableMapping, Intent
from mappings.terms import CouplingKind
from syncjobs import clock
from syncjobs.runs.context import Silent
from syncjobs.runs.phase import way
from syncjobs.runs.sweep import Look
from syncjobs.runs.synchronize import Systems, context_of, find_mapping, systems_of


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

    Reads ids, times and versions of every record in the filters, and writes nothing: what a run
    leaves alone on purpose is planned to tell it apart.
    """
    row = find_mapping(company, name)
    if row.kind == CouplingKind.OPTION:
        return []
    found = [*_doubly_coupled(row), *_unknown_outcomes(row)]
    context = context_of(company, systems or systems_of(company), Silent(), now)
    for direction in directed.directions(row):
        found += _lost(Look(context, row, direction))
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


def _lost(look: Look) -> Iterator[Violation]:
    """At rest every version in scope is applied, parked or superseded."""
    mapping = look.mapping
    for record in look.hidden():
        message = (
            f"{mapping.source_table} {record.id} changed on {record.modified_at} and was neither "
            f"carried {way(mapping)} nor parked with a cause."
        )
        yield Violation("nothing is lost", mapping.name, message, record.id)


__all__ = ["Violation", "violations"]
