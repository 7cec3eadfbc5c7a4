"""Writes noted before they are made, and what is found of them after a crash."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from connections.causes import Cause
from connections.systems import Create, Record, Update, Values
from mappings import couplings
from mappings.encoding import decoded, encoded
from mappings.models import Intent
from mappings.spec import DirectedMapping, Mark
from mappings.upserts import upsert
from syncjobs.engine.change import Change, Fail, Insert, Modify
from syncjobs.engine.values import alike
from syncjobs.runs import adoption
from syncjobs.runs.apply import Outcome
from syncjobs.runs.context import Context
from syncjobs.runs.gather import Gatherer

PAGE = 500
NOTED = [
    "source_version",
    "source_modified_at",
    "destination_id",
    "destination_version",
    "creates",
    "incarnation",
    "values",
    "noted_at",
]


def note(
    context: Context,
    mapping: DirectedMapping,
    changes: Sequence[Change],
    writes: Sequence[Create | Update],
) -> Collection[UUID]:
    """Note what is about to be written, under the id it will have: one upsert.

    Returns the source records that have an intent now.
    """
    written = [change for change in changes if isinstance(change, Insert | Modify)]
    rows = [_intended(change, write) for change, write in zip(written, writes, strict=True)]
    upsert(
        Intent,
        (
            "source_id",
            "source_version",
            "source_modified_at",
            "destination_id",
            "destination_version",
            "creates",
            "incarnation",
            "values",
        ),
        rows,
        fixed={
            "company": context.company.pk,
            "mapping_name": mapping.name,
            "direction": mapping.direction,
            "noted_at": context.clock(),
        },
        unique=("company", "mapping_name", "direction", "source_id"),
        update=NOTED,
    )
    return [row[0] for row in rows]


def _intended(change: Insert | Modify, write: Create | Update) -> tuple[Any, ...]:
    creates = isinstance(change, Insert)
    return (
        change.source.id,
        change.source.version,
        change.source.modified_at,
        change.id if isinstance(change, Insert) else change.destination.id,
        "" if isinstance(change, Insert) else change.destination.version,
        creates,
        change.incarnation if isinstance(change, Insert) else 0,
        encoded(write.values),
    )


def forget(context: Context, mapping: DirectedMapping, source_ids: Collection[UUID]) -> None:
    """Drop the intents of records whose outcome is remembered."""
    if source_ids:
        Intent.objects.filter(
            company=context.company,
            mapping_name=mapping.name,
            direction=mapping.direction,
            source_id__among=source_ids,
        ).delete()


@dataclass(slots=True)
class Recovered:
    """What an earlier run left behind: what arrived, and what must be planned again."""

    outcomes: list[Outcome] = field(default_factory=list)
    again: list[UUID] = field(default_factory=list)
    sources: list[UUID] = field(default_factory=list)
    # Sources that are gone, after we wrote to their partner: our name may hide a user's edit there.
    orphaned: list[UUID] = field(default_factory=list)


def recover(gatherer: Gatherer) -> Iterator[Recovered]:
    """Look up every write whose outcome is not known, before anything is repeated."""
    context, mapping = gatherer.context, gatherer.mapping
    waiting = Intent.objects.filter(
        company=context.company, mapping_name=mapping.name, direction=mapping.direction
    ).order_by("pk")
    last = 0
    while page := list(waiting.filter(pk__gt=last)[:PAGE]):
        last = page[-1].pk
        yield _look_up(gatherer, page)


def _look_up(gatherer: Gatherer, page: Sequence[Intent]) -> Recovered:
    context, mapping = gatherer.context, gatherer.mapping
    sources = {record.id: record for record in gatherer.reread([i.source_id for i in page])}
    there = _destinations(gatherer, page)
    left = _left_behind(gatherer, [i for i in page if i.creates and i.source_id not in there])
    recovered = Recovered(sources=[intent.source_id for intent in page])
    agreed = couplings.agreed(context.company, mapping, recovered.sources)
    for intent in page:
        source, records = sources.get(intent.source_id), left.get(intent.source_id, [])
        record = there.get(intent.source_id) or (records[0] if records else None)
        if source is None and record is not None and not intent.creates:
            recovered.orphaned.append(intent.source_id)
        if source is None or record is None or not _arrived(intent, record):
            recovered.again.append(intent.source_id)
        elif len(records) > 1:
            recovered.outcomes.append(_undecided(gatherer, source, len(records)))
        else:
            _, before = agreed.get(intent.source_id, ({}, {}))
            recovered.outcomes.append(_outcome(gatherer, intent, source, record, before))
    return recovered


def _destinations(gatherer: Gatherer, page: Sequence[Intent]) -> dict[UUID, Record]:
    """Return, by source, the rows that the intents name, and that no other record has by now."""
    mapping, columns = gatherer.mapping, gatherer.destination_columns
    ids = [intent.destination_id for intent in page]
    found = gatherer.destination.get(mapping.destination_table, ids, columns)
    _, side = couplings.sides(mapping.direction)
    owners = couplings.coupled(gatherer.context.company, mapping.name, side, found)
    return {
        intent.source_id: found[intent.destination_id]
        for intent in page
        if intent.destination_id in found
        and owners.get(intent.destination_id, intent.source_id) == intent.source_id
    }


def _left_behind(gatherer: Gatherer, intents: Sequence[Intent]) -> adoption.Left:
    description = gatherer.destination.describe(gatherer.mapping.destination_table)
    if description.takes_id or not intents:
        return {}
    return adoption.left_behind(gatherer, intents)


def _undecided(gatherer: Gatherer, source: Record, number: int) -> Outcome:
    mapping = gatherer.mapping
    message = (
        f"The answer to the creation of a {mapping.destination_caption} was lost, and {number} of "
        f"them hold what was sent. Couple this {mapping.source_caption} with the right one, or "
        "retry it to create another."
    )
    return Outcome(Fail(source, message, Cause.AMBIGUOUS, final=True))


def _arrived(intent: Intent, record: Record) -> bool:
    """Whether the write was carried out, as far as the row tells."""
    if intent.creates:
        return True
    if record.version == intent.destination_version:
        return False
    return _holds(record, decoded(intent.values))


def _holds(record: Record, values: Values) -> bool:
    """Whether a record holds values, as far as its columns were read."""
    present = record.values
    return all(alike(present[name], value) for name, value in values.items() if name in present)


def _outcome(
    gatherer: Gatherer, intent: Intent, source: Record, record: Record, agreed: Values
) -> Outcome:
    """What arrived is noted as of then: later edits on either side are still to be carried."""
    values = decoded(intent.values)
    seen = _is_as_we_left_it(gatherer, record, values, agreed)
    # What the plan knew of the other direction is lost, so that one looks again.
    owes = gatherer.mapping.two_way
    change: Insert | Modify
    if intent.creates:
        # What Sales holds as we created it nobody has touched.
        owes = owes and gatherer.destination.me is None
        change = Insert(source, record.id, (), intent.incarnation, owes=owes)
    else:
        change = Modify(source, record, (), owes=owes)
    mark = Mark(intent.source_modified_at, intent.source_version)
    return Outcome(change, record, ours=seen, source_mark=mark, wrote=values)


def _is_as_we_left_it(gatherer: Gatherer, record: Record, values: Values, agreed: Values) -> bool:
    """Whether nobody changed a record since our write, as far as both directions carry it.

    Dataverse names the last author. In Business Central the fields copied both ways have to hold
    what was written, or agreed before: else an edit in Sales would collide with our own write.
    """
    me = gatherer.destination.me
    if not _holds(record, values):
        return False
    if me is not None or not gatherer.mapping.two_way:
        return me is not None and record.modified_by == me
    shared = [f.destination.name for f in gatherer.mapping.fields if f.bidirectional]
    return _holds(record, {name: values.get(name, agreed.get(name)) for name in shared})


__all__ = ["Recovered", "forget", "note", "recover"]
