"""Find for Deleted: couplings that lost a record, found before it is missed (E-4.47)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from connections.causes import Cause
from connections.models import Company
from connections.systems import Record, Side
from mappings import captions, directed, pairing
from mappings.filters import matches
from mappings.models import Coupling, IntegrationTableMapping
from mappings.terms import CouplingKind, DeletionConflictResolution, Direction, SynchResult
from syncjobs import clock, leases
from syncjobs.engine.change import Rules
from syncjobs.runs import guard
from syncjobs.runs.context import Context, Progress, Silent
from syncjobs.runs.gather import Gatherer
from syncjobs.runs.guard import MassChangeError
from syncjobs.runs.phases import lease_name
from syncjobs.runs.synchjobs import FROM, TO
from syncjobs.runs.synchronize import Systems, Watched, context_of, find_mapping, systems_of

PAGE = 1000
NOTED = {  # what is noted of the direction in which the record that is left would be carried
    TO: ("last_synch_crm_result", "last_crm_error"),
    FROM: ("last_synch_result", "last_error"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """How many couplings were looked at, and what was found of them."""

    looked_at: int = 0
    one_gone: int = 0  # held back, or left to the mapping's rule for deletions
    both_gone: int = 0  # there is nothing left to couple: deleted (E-4.48)
    outside: int = 0  # the record left the filter of a one-way mapping: held back

    def __add__(self, other: Found) -> Found:
        return Found(
            self.looked_at + other.looked_at,
            self.one_gone + other.one_gone,
            self.both_gone + other.both_gone,
            self.outside + other.outside,
        )

    @property
    def any(self) -> bool:
        return bool(self.one_gone or self.both_gone or self.outside)

    def __str__(self) -> str:
        looked = f"{self.looked_at} coupling{'' if self.looked_at == 1 else 's'} looked at"
        if not self.any:
            return f"{looked}; both records of each are there."
        parts = (
            (self.one_gone, "lost one of their records"),
            (self.both_gone, "lost both"),
            (self.outside, "name a record that left the filter"),
        )
        told = ", ".join(f"{number} {what}" for number, what in parts if number)
        return f"{looked}; {told}."


def find_deleted(
    company: Company,
    name: str,
    *,
    systems: Systems | None = None,
    progress: Progress | None = None,
    now: Callable[[], datetime] = clock.now,
) -> Found:
    """Hold back the couplings of a mapping that lost a record, and delete those that lost both.

    Where the mapping says what to do about a deletion its next run does it (E-3.32, E-3.33). Raises
    MassChangeError, and changes nothing, where so much seems lost that something else is wrong.
    """
    row = find_mapping(company, name)
    both, listener = systems or systems_of(company, progress), progress or Silent()
    with leases.hold(lease_name(row), leases.me()) as held:
        context = context_of(company, both, Watched(listener, held), now)
        total, pages = Found(), []
        for lost in _search(context, row):
            total += lost.found
            _guard(row, total)
            pages.append(lost)
            context.progress.advance(total.looked_at)
        for lost in pages:
            with transaction.atomic():
                context.progress.confirm()
                lost.note(row, context.clock())
    return total


def _guard(row: IntegrationTableMapping, found: Found) -> None:
    """Stop where an environment, a company or a right to read is another one than before."""
    number = found.one_gone + found.both_gone
    if not guard.stops(row, number):
        return
    message = (
        f"{row.name}: at least {number} couplings seem to have lost a record, more than the "
        f"{row.guard_percent} % that the mass-change guard allows. None of them was changed. See "
        "whether the environment, the company and what the integration user may read are still the "
        "same; if the records were deleted, raise the guard of the mapping and look again."
    )
    raise MassChangeError(message, records=number, coupled=found.looked_at)


def count_deleted(
    company: Company,
    name: str,
    *,
    systems: Systems | None = None,
    progress: Progress | None = None,
) -> Found:
    """Count what `find_deleted` would find; nothing is changed (E-3.30)."""
    row = find_mapping(company, name)
    both, listener = systems or systems_of(company, progress), progress or Silent()
    context = context_of(company, both, listener, clock.now)
    return sum((lost.found for lost in _search(context, row)), Found())


@dataclass(frozen=True, slots=True)
class _Lost:
    """The couplings of a page that are no longer whole, by what they lost."""

    looked_at: int
    in_business_central: Sequence[Coupling]
    in_dataverse: Sequence[Coupling]
    everything: Sequence[Coupling]
    outside: Sequence[Coupling]

    @property
    def found(self) -> Found:
        one = len(self.in_business_central) + len(self.in_dataverse)
        return Found(self.looked_at, one, len(self.everything), len(self.outside))

    def note(self, row: IntegrationTableMapping, now: datetime) -> None:
        local, remote = captions.table(row.table), captions.integration_table(row.integration_table)
        gone = "The coupled {} was deleted."
        _hold(row, self.in_business_central, FROM, Cause.DELETED, gone.format(local), now)
        _hold(row, self.in_dataverse, TO, Cause.DELETED, gone.format(remote), now)
        left = f"The {local} left the filter of the mapping."
        _hold(row, self.outside, TO, Cause.OUTSIDE, left, now)
        pairing.remove([coupling.pk for coupling in self.everything])


def _hold(
    row: IntegrationTableMapping,
    rows: Sequence[Coupling],
    way: Direction,
    cause: Cause,
    message: str,
    now: datetime,
) -> None:
    """Mark couplings as failed the way that the record which is left would go."""
    has_rule = row.deletion_conflict_resolution != DeletionConflictResolution.NONE
    is_settled = cause == Cause.DELETED and has_rule and way in directed.directions(row)
    result, error = NOTED[way]
    for coupling in rows:
        setattr(coupling, result, SynchResult.FAILURE)
        setattr(coupling, error, message)
        coupling.cause = cause
        coupling.skipped = not is_settled
        coupling.skipped_at = now if coupling.skipped else None
    Coupling.objects.bulk_update(rows, [result, error, "cause", "skipped", "skipped_at"])


def _search(context: Context, row: IntegrationTableMapping) -> Iterator[_Lost]:
    """Yield, page by page, the couplings that are no longer whole; options have no rows to lose."""
    if row.kind == CouplingKind.OPTION:
        return
    ways = directed.directions(row)
    mapping = directed.directed(row, ways[0], context.business_central, context.dataverse)
    gatherer = Gatherer(context, mapping, Rules())
    # What left the filter by its state still takes part (E-3.93).
    conditions = gatherer.beyond_state if ways == (TO,) else ()
    columns = tuple(condition.column for condition in conditions)
    mine = Coupling.objects.filter(company=context.company, mapping_name=row.name).defer("base")
    context.progress.start(f"{row.name}, find for deleted", mine.count())
    last = 0
    while page := list(mine.filter(pk__gt=last).order_by("pk")[:PAGE]):
        context.progress.check()
        last = page[-1].pk
        local = _there(context, Side.BUSINESS_CENTRAL, row.table, page, columns)
        remote = _there(context, Side.DATAVERSE, row.integration_table, page, ())
        here = [coupling for coupling in page if coupling.business_central_id in local]
        gone = [coupling for coupling in page if coupling.business_central_id not in local]
        yield _Lost(
            looked_at=len(page),
            in_business_central=[c for c in gone if c.dataverse_id in remote],
            in_dataverse=[c for c in here if c.dataverse_id not in remote],
            everything=[c for c in gone if c.dataverse_id not in remote],
            outside=[
                c
                for c in here
                if c.dataverse_id in remote
                and not matches(local[c.business_central_id], conditions)
            ],
        )


def _there(
    context: Context, side: Side, table: str, page: Sequence[Coupling], columns: Collection[str]
) -> dict[UUID, Record]:
    ids = [c.business_central_id if side == Side.BUSINESS_CENTRAL else c.dataverse_id for c in page]
    return context.system(side).get(table, ids, tuple(columns))
