"""Couplings: looked up for a page of records, and told how it went; few statements a page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from msgspec import Struct

from connections.models import Company
from connections.systems import Lookup, Record, Value, Values
from mappings.encoding import decoded, encoded
from mappings.models import Coupling, OptionCoupling, PendingCoupling
from mappings.sides import BUSINESS_CENTRAL, DATAVERSE, Columns, other, side_of, sides
from mappings.spec import DirectedMapping, Link, Mark
from mappings.terms import Direction, SynchResult, UpdateConflictResolution
from mappings.upserts import upsert

# What the index coupling_to_retry holds: SQLite uses it only where it is asked for in these words.
WAITS = next(i.condition for i in Coupling._meta.indexes if i.name == "coupling_to_retry") or Q()
NAME_LENGTH = 160
ERROR_LENGTH = 500


def links(company: Company, mapping: DirectedMapping, ids: Collection[UUID]) -> dict[UUID, Link]:
    """Return the couplings of these source records, in one query."""
    source, destination = sides(mapping.direction)
    found = Coupling.objects.filter(
        company=company, mapping_name=mapping.name, **{f"{source.id}__among": ids}
    )
    merges = mapping.update_conflict_resolution == UpdateConflictResolution.MERGE
    if not merges:
        found = found.defer("base")
    return {
        getattr(row, source.id): _link(row, source, destination, with_base=merges) for row in found
    }


def _link(row: Coupling, source: Columns, destination: Columns, *, with_base: bool) -> Link:
    return Link(
        destination_id=getattr(row, destination.id),
        source=_mark(row, source, with_base=with_base),
        destination=_mark(row, destination, with_base=with_base),
        failed=getattr(row, destination.result) == SynchResult.FAILURE,
        failed_back=getattr(row, source.result) == SynchResult.FAILURE,
        agreed=getattr(row, destination.result) == SynchResult.SUCCESS,
        error=getattr(row, destination.error),
        error_version=getattr(row, destination.error_version),
        due=getattr(row, destination.owed),
        due_back=getattr(row, source.owed),
        skipped=row.skipped,
        incarnation=row.incarnation,
    )


def _mark(row: Coupling, side: Columns, *, with_base: bool) -> Mark:
    base = decoded(row.base.get(side.base, {})) if with_base else {}
    return Mark(getattr(row, side.at), getattr(row, side.version), base)


def to_retry(company: Company, mapping: DirectedMapping) -> Iterator[UUID]:
    """Yield the coupled records that failed or are owed, whatever their time says (E-3.10)."""
    source, destination = sides(mapping.direction)
    waiting = Coupling.objects.filter(
        WAITS,
        Q(**{destination.result: SynchResult.FAILURE}) | Q(**{destination.owed: True}),
        company=company,
        mapping_name=mapping.name,
        skipped=False,
    )
    yield from waiting.values_list(source.id, flat=True).iterator()


def waiting(company: Company, mapping: DirectedMapping) -> Iterator[UUID]:
    """Yield the source records that failed before they had a partner (repairs E-3.15)."""
    found = parked(company, mapping).filter(skipped=False)
    yield from found.values_list("record_id", flat=True).iterator()


def parked(company: Company, mapping: DirectedMapping) -> QuerySet[PendingCoupling]:
    """Select what is parked of a direction: records that failed before they had a partner."""
    return PendingCoupling.objects.filter(
        company=company, mapping_name=mapping.name, direction=mapping.direction
    )


def coupled(
    company: Company, mapping_name: str, side: Columns, ids: Collection[UUID]
) -> dict[UUID, UUID]:
    """Return the partner of each of these records of one side that has one."""
    rows = Coupling.objects.filter(
        company=company, mapping_name=mapping_name, **{f"{side.id}__among": ids}
    )
    return dict(rows.values_list(side.id, other(side).id))


Agreed = tuple[Values, Values]  # of source and destination


def agreed(company: Company, mapping: DirectedMapping, ids: Collection[UUID]) -> dict[UUID, Agreed]:
    """Return, by source record, the values that it and its partner last agreed on."""
    source, destination = sides(mapping.direction)
    rows = Coupling.objects.filter(
        company=company, mapping_name=mapping.name, **{f"{source.id}__among": ids}
    )
    found = rows.values_list(source.id, "base")
    return {
        record_id: (decoded(base.get(source.base, {})), decoded(base.get(destination.base, {})))
        for record_id, base in found
    }


def by_key(
    company: Company, names: Collection[str], keys: Collection[str]
) -> dict[tuple[str, str], UUID]:
    """Return the Dataverse rows coupled to Business Central records with these codes."""
    rows = Coupling.objects.filter(
        company=company, mapping_name__in=names, business_central_key__among=keys
    )
    # A number may have been given again, while the coupling of the deleted record is still there.
    found = rows.order_by("pk").values_list("mapping_name", "business_central_key", "dataverse_id")
    return {(name, key): row_id for name, key, row_id in found}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the reference fields of a page point to: codes, and rows of Dataverse."""

    tables: Mapping[str, str]  # mapping name -> Dataverse table
    codes: Mapping[str, Collection[str]]
    rows: Mapping[str, Collection[UUID]]
    options: Mapping[str, Collection[Value]]  # of option mappings: codes and option values


def references(company: Company, wanted: Wanted) -> dict[tuple[str, Value], Value]:
    """Return, both ways, what those codes and rows are called on the other side: two queries."""
    result: dict[tuple[str, Value], Value] = {}
    condition = Q(pk__in=[])
    for name, codes in wanted.codes.items():
        condition |= Q(mapping_name=name, business_central_key__among=codes)
    for name, rows in wanted.rows.items():
        condition |= Q(mapping_name=name, dataverse_id__among=rows)
    if any(wanted.codes.values()) or any(wanted.rows.values()):
        found = Coupling.objects.filter(condition, company=company).order_by("pk")
        for name, key, row_id in found.values_list(
            "mapping_name", "business_central_key", "dataverse_id"
        ):
            lookup = Lookup(wanted.tables[name], row_id)
            result[name, key] = lookup
            result[name, lookup] = key
    options = Q(pk__in=[])
    for name, values in wanted.options.items():
        keys = [value for value in values if isinstance(value, str)]
        numbers = [value for value in values if isinstance(value, int)]
        options |= Q(mapping_name=name, business_central_key__in=keys)
        options |= Q(mapping_name=name, option_value__in=numbers)
    if any(wanted.options.values()):
        mapped = OptionCoupling.objects.filter(options, company=company)
        for name, key, value in mapped.values_list(
            "mapping_name", "business_central_key", "option_value"
        ):
            result[name, key] = value
            result[name, value] = key
    return result


class Agreement(Struct, frozen=True):
    """A source and a destination that now agree, as far as one direction goes.

    `destination_seen` is False when the destination changed since what was noted of it. The bases
    are the agreed values, where they are others than those of the two records.
    """

    source: Record
    destination: Record
    key: str = ""
    name: str = ""
    incarnation: int = 0
    source_mark: Mark | None = None  # in place of the source's own time and version
    source_base: Mapping[str, Value] | None = None
    destination_seen: bool = True
    destination_base: Mapping[str, Value] | None = None
    owes: bool = False  # the other direction still has something to carry


def agree(
    company: Company, mapping: DirectedMapping, agreements: Collection[Agreement], job: UUID
) -> None:
    """Couple the pairs, or note how far both sides have come: one upsert."""
    source, destination = sides(mapping.direction)
    fields = [
        (field.source.name, field.destination.name)
        for field in mapping.fields
        if field.bidirectional and field.source is not None
    ]
    fields += mapping.shared
    names = [name for name, _ in fields], [name for _, name in fields]
    upsert(
        Coupling,
        (
            source.id,
            destination.id,
            source.at,
            source.version,
            destination.at,
            destination.version,
            source.owed,
            "business_central_key",
            "name",
            "base",
            "incarnation",
        ),
        [_agreed(item, source, destination, names) for item in agreements],
        fixed={
            "company": company.pk,
            "mapping_name": mapping.name,
            destination.result: SynchResult.SUCCESS,
            destination.job: job,
        },
        unique=("company", "mapping_name", source.id),
        update=_NOTED[mapping.direction == Direction.FROM_INTEGRATION_TABLE],
    )


def _noted(source: Columns, destination: Columns) -> list[str]:
    return [
        destination.id,
        "business_central_key",
        "name",
        source.at,
        source.version,
        destination.at,
        destination.version,
        destination.result,
        destination.job,
        destination.error,
        destination.error_version,
        destination.owed,
        source.owed,
        "cause",
        "base",
        "incarnation",
        "skipped",
        "skipped_at",
    ]


_NOTED = (_noted(BUSINESS_CENTRAL, DATAVERSE), _noted(DATAVERSE, BUSINESS_CENTRAL))


def _agreed(
    item: Agreement,
    source: Columns,
    destination: Columns,
    names: tuple[Sequence[str], Sequence[str]],
) -> tuple[Any, ...]:
    here = item.source.values if item.source_base is None else item.source_base
    there = item.destination.values if item.destination_base is None else item.destination_base
    base = {
        source.base: encoded(here, names[0]),
        destination.base: encoded(there, names[1]),
    }
    noted = item.source_mark or Mark(item.source.modified_at, item.source.version)
    reached = Mark()
    if item.destination_seen:
        reached = Mark(item.destination.modified_at, item.destination.version)
    return (
        item.source.id,
        item.destination.id,
        noted.at,
        noted.version,
        reached.at,
        reached.version,
        item.owes or not item.destination_seen,
        item.key[:100],
        item.name[:NAME_LENGTH],
        base,
        item.incarnation,
    )


class Failure(Struct, frozen=True):
    """A coupled record that failed in one direction."""

    source: Record
    link: Link
    message: str
    cause: str
    skips: bool = False


def fail(
    company: Company,
    mapping: DirectedMapping,
    failures: Collection[Failure],
    job: UUID,
    now: datetime,
) -> None:
    """Mark the couplings of these records as failed: one upsert (E-3.80)."""
    source, destination = sides(mapping.direction)
    rows = []
    for failure in failures:
        values: dict[str, Any] = {
            source.id: failure.source.id,
            destination.id: failure.link.destination_id,
            destination.result: SynchResult.FAILURE,
            destination.job: job,
            destination.error: failure.message[:ERROR_LENGTH],
            destination.error_version: failure.source.version,
        }
        rows.append(
            Coupling(
                company=company,
                mapping_name=mapping.name,
                cause=failure.cause,
                skipped=failure.skips,
                skipped_at=now if failure.skips else None,
                **values,
            )
        )
    Coupling.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["company", "mapping_name", source.id],
        update_fields=[
            destination.result,
            destination.job,
            destination.error,
            destination.error_version,
            "cause",
            "skipped",
            "skipped_at",
        ],
    )


def owe(company: Company, mapping: DirectedMapping, ids: Collection[UUID]) -> None:
    """Let the other direction look at the partners of these source records, whatever their time."""
    source, _ = sides(mapping.direction)
    Coupling.objects.filter(
        company=company, mapping_name=mapping.name, **{f"{source.id}__among": ids}
    ).update(**{source.owed: True})


def look_again(company: Company, mapping: DirectedMapping, ids: Collection[UUID]) -> None:
    """Let the same direction look at these source records again, whatever their time."""
    source, destination = sides(mapping.direction)
    Coupling.objects.filter(
        company=company, mapping_name=mapping.name, **{f"{source.id}__among": ids}
    ).update(**{destination.owed: True})


def forget(company: Company, mapping: DirectedMapping, ids: Iterable[UUID]) -> None:
    """Remove the couplings of these source records."""
    source, _ = sides(mapping.direction)
    Coupling.objects.filter(
        company=company, mapping_name=mapping.name, **{f"{source.id}__in": list(ids)}
    ).delete()


__all__ = [
    "BUSINESS_CENTRAL",
    "DATAVERSE",
    "Agreed",
    "Agreement",
    "Columns",
    "Failure",
    "Wanted",
    "agree",
    "agreed",
    "by_key",
    "coupled",
    "fail",
    "forget",
    "links",
    "look_again",
    "other",
    "owe",
    "parked",
    "references",
    "side_of",
    "sides",
    "to_retry",
    "waiting",
]
