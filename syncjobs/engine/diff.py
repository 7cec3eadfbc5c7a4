"""Compares a source record with its destination, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connections.systems import Record, Value, Values
from mappings.spec import DirectedMapping, FieldTransfer
from syncjobs.engine.change import Diffs, FieldDiff, References
from syncjobs.engine.values import KEEP, Transferred, same, transfer


@dataclass(frozen=True, slots=True)
class Comparison:
    """The fields to write, and what a person should know of how they were converted."""

    diffs: Diffs
    warnings: tuple[str, ...] = ()


def compare(
    mapping: DirectedMapping, source: Record, destination: Record, references: References
) -> Comparison:
    """Return the destination fields that differ from what the source says (E-3.40, E-3.52)."""
    diffs: list[FieldDiff] = []
    warnings: list[str] = []
    present, given = destination.values, source.values
    for field in mapping.fields:
        column = field.source
        before = present.get(field.destination.name)
        if field.is_plain and column is not None and given.get(column.name) == before:
            continue
        if not field.destination.updatable:
            continue
        result = transfer(field, source, destination, references)
        if result.value is KEEP or same(field, result.value, before):
            continue
        diffs.append(FieldDiff(field.destination.name, before, result.value))
        if result.warning:
            warnings.append(result.warning)
    return Comparison(tuple(diffs), tuple(warnings))


def initial(
    mapping: DirectedMapping, source: Record, references: References
) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Return the fields of a record that is to be created (E-3.40), and warnings.

    Empty fields are left out.
    """
    values: dict[str, Value] = dict(mapping.insert_defaults)
    warnings: list[str] = []
    given = source.values
    for field in mapping.fields:
        destination, column = field.destination, field.source
        if not destination.creatable:
            continue
        if field.is_text and column is not None:  # most are, and most of those are blank or short
            text = given.get(column.name)
            if not text:
                continue
            if isinstance(text, str) and len(text) <= field.surely_fits:
                values[destination.name] = text
                continue
        elif field.refers_to and _is_blank(field, given, references):
            continue
        _add(values, warnings, field, transfer(field, source, None, references))
    return values, tuple(warnings)


def _add(
    values: dict[str, Value], warnings: list[str], field: FieldTransfer, result: Transferred
) -> None:
    if result.value is KEEP or _is_empty(result.value):
        return
    values[field.destination.name] = result.value
    if result.warning:
        warnings.append(result.warning)


def _is_empty(value: Value) -> bool:
    """Whether there is nothing to write; a Decimal is slow to compare with a text."""
    return value is None or (isinstance(value, str) and not value)


def _is_blank(field: FieldTransfer, given: Values, references: References) -> bool:
    """Whether a reference is blank and no row stands for that, as one does for LCY (E-3.58)."""
    if field.source is None or given.get(field.source.name) not in (None, ""):
        return False
    return field.transformation is None and (field.refers_to, "") not in references


def everything(
    mapping: DirectedMapping, source: Record, destination: Record, references: References
) -> Diffs:
    """Return all mapped fields, changed or not: an unconditional run writes them (E-1.50)."""
    diffs = []
    for field in mapping.fields:
        if not field.destination.updatable:
            continue
        result = transfer(field, source, destination, references)
        if result.value is not KEEP:
            before = destination.values.get(field.destination.name)
            diffs.append(FieldDiff(field.destination.name, before, result.value))
    return tuple(diffs)


def created(values: Values, derived: Values) -> Diffs:
    """Return what a new record will hold; what its entity derives stands over the fields."""
    kept = {name: value for name, value in values.items() if name not in derived}
    added = {name: value for name, value in derived.items() if not _is_empty(value)}
    return tuple(FieldDiff(name, None, value) for name, value in {**kept, **added}.items())


def with_derived(diffs: Diffs, derived: Mapping[str, Value], present: Mapping[str, Value]) -> Diffs:
    """Let what an entity derives stand over what the fields say, where it differs."""
    if not derived:
        return diffs
    kept = [diff for diff in diffs if diff.field not in derived]
    added = [
        FieldDiff(name, present.get(name), value)
        for name, value in derived.items()
        if not _is_blank_or_same(present.get(name), value)
    ]
    return (*kept, *added) if added or len(kept) < len(diffs) else diffs


def _is_blank_or_same(before: Value, after: Value) -> bool:
    return before == after or (before in (None, "") and after in (None, ""))
