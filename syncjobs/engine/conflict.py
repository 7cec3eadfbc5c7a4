"""What happens when both sides changed: E-3.41 to E-3.43, and the merge of fields."""

from __future__ import annotations

from dataclasses import dataclass

from connections.systems import Record, Values
from mappings.spec import DirectedMapping, FieldTransfer, Link
from mappings.terms import UpdateConflictResolution
from syncjobs.engine.change import Diffs


@dataclass(frozen=True, slots=True)
class Overwrite:
    """The source wins, or nothing collides: write these fields."""

    diffs: Diffs
    owes: bool  # the destination keeps changes of its own for the other direction
    leaves: tuple[str, ...] = ()  # its fields among them that are copied both ways


@dataclass(frozen=True, slots=True)
class Yield:
    """The destination wins: this direction leaves the record alone."""


@dataclass(frozen=True, slots=True)
class Collide:
    """Nobody was told who wins: a person must decide on this field."""

    field: FieldTransfer


Verdict = Overwrite | Yield | Collide


def resolve(
    mapping: DirectedMapping, source: Record, destination: Record, link: Link, diffs: Diffs
) -> Verdict:
    """Decide on a record that changed on both sides since the last agreement."""
    fields = contested(mapping, diffs)
    if not fields or not mapping.two_way:
        return Overwrite(diffs, owes=mapping.two_way and mapping.answers_back)
    if mapping.source_wins:
        return Overwrite(diffs, owes=mapping.answers_back)
    match mapping.update_conflict_resolution:
        case UpdateConflictResolution.NONE:
            return Collide(fields[0])
        case UpdateConflictResolution.MERGE:
            return _merge(fields, source, destination, link, diffs)
        case _:
            return Yield()


def contested(mapping: DirectedMapping, diffs: Diffs) -> list[FieldTransfer]:
    """Return the fields that differ and are copied both ways (E-3.41)."""
    differing = {diff.field for diff in diffs}
    return [
        field
        for field in mapping.fields
        if field.bidirectional and field.destination.name in differing
    ]


def _merge(
    fields: list[FieldTransfer],
    source: Record,
    destination: Record,
    link: Link,
    diffs: Diffs,
) -> Verdict:
    """Three-way against the base: different fields merge, the same field collides."""
    theirs = set()
    for field in fields:
        if field.source is None:
            continue
        if not _moved(destination, field.destination.name, link.destination.values):
            continue
        if _moved(source, field.source.name, link.source.values):
            return Collide(field)
        theirs.add(field.destination.name)
    mine = tuple(diff for diff in diffs if diff.field not in theirs)
    return Overwrite(mine, owes=True, leaves=tuple(sorted(theirs)))


def _moved(record: Record, column: str, base: Values) -> bool:
    """Whether a field left its agreed value; without one it must be assumed."""
    if column not in base:
        return True
    agreed, present = base[column], record.values.get(column)
    return present != agreed and not (present in (None, "") and agreed in (None, ""))
