"""Converts the value of a field for its destination, and tells whether that is there already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from connections.causes import Cause
from connections.systems import Column, Kind, Lookup, Record, Value
from mappings import captions
from mappings.spec import FieldTransfer
from mappings.terms import TooLong
from mappings.transformations import TransformationError
from syncjobs.engine.conversion import (
    BLANKS,
    KEEP,
    NO_DATE,
    Keep,
    TransferError,
    caption,
    convert,
    invalid,
    render,
    rounded,
)

# (name of a mapping, what the source calls a record) -> what the destination calls it.
References = Mapping[tuple[str, Value], Value]

OWNER_COLUMN = "ownerid"
TEXTS = frozenset({Kind.TEXT, Kind.CODE})


class Transferred(NamedTuple):
    """What is to be written, and what a person should know of it."""

    value: Value | Keep
    warning: str = ""


_KEPT = Transferred(KEEP)


def transfer(
    field: FieldTransfer, source: Record, existing: Record | None, references: References
) -> Transferred:
    """Return what the destination field is to hold; raise TransferError if it cannot be told."""
    column = field.source
    if column is None:
        return Transferred(field.constant)  # E-2.4
    value = source.values.get(column.name)
    if field.transformation is not None:
        value = _transformed(field, column, value)
    if field.refers_to:
        return _referred(field, column, value, existing, references)
    converted = convert(value, column, field.destination)
    if converted is KEEP:
        name = f"{render(value)!r} is not among the values of {caption(field.destination)}"
        return Transferred(KEEP, f"{name}, so that field was left alone.")  # E-3.54
    if converted is None and field.not_null:
        return _KEPT  # E-2.7
    limit = field.destination.max_length
    if limit is None or not isinstance(converted, str) or len(converted) * 2 <= limit:
        return Transferred(converted)
    return _fitted(field, converted, limit)


def _transformed(field: FieldTransfer, column: Column, value: Value) -> Value:
    """E-2.15, E-2.17: the rule works on text, and its result is read as the source's own kind."""
    assert field.transformation is not None
    try:
        text = field.transformation.apply(_plain(value))
    except TransformationError as error:
        message = f"{caption(column)}: {error}"
        raise TransferError(message, cause=Cause.VALUE_INVALID) from error
    if column.kind in TEXTS:
        return text or (None if value is None else "")
    # Options and lookups are read as text again further on, by name.
    if column.kind in (Kind.ENUM, Kind.OPTION, Kind.LOOKUP):
        return text
    read = convert(text, column, column)
    return None if read is KEEP else read


def _plain(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.id) if isinstance(value, Lookup) else render(value)


def _fitted(field: FieldTransfer, text: str, limit: int) -> Transferred:
    """E-3.53: a text is cut with a warning; a key that does not fit would name something else."""
    if _units(text) <= limit:
        return Transferred(text)
    name = caption(field.destination)
    if field.too_long == TooLong.FAIL or field.destination.kind == Kind.CODE:
        message = f"{text!r} is too long for {name}, which takes {limit} characters; shorten it."
        raise TransferError(message, cause=Cause.VALUE_TOO_LONG)
    return Transferred(cut(text, limit), f"{name} was cut to {limit} characters.")


def cut(text: str, limit: int) -> str:
    """Return as much of the text as fits; both systems count UTF-16 units."""
    text = text[:limit]
    while _units(text) > limit:
        text = text[:-1]
    return text


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


# References


def _referred(
    field: FieldTransfer,
    column: Column,
    value: Value,
    existing: Record | None,
    references: References,
) -> Transferred:
    """E-3.56 to E-3.64: what a record points to is called otherwise on the other side."""
    if isinstance(value, Lookup) and column.name == OWNER_COLUMN and value.table != "systemuser":
        return _KEPT  # E-3.57: a team is nobody's salesperson
    is_code = column.kind in TEXTS  # a blank code may have a row: the local currency (E-3.58)
    key = "" if value is None and is_code else value
    found = None if key is None else references.get((field.refers_to, key))
    if found is None and isinstance(key, str):
        key = key.strip().upper()
        found = references.get((field.refers_to, key))
    if found is None and key in BLANKS:
        return _nothing(field, column, existing, references)
    if found is not None:
        return Transferred(found)
    if field.clear_on_failure:  # E-3.62
        return _KEPT if field.not_null else Transferred(_blank(field.destination))
    raise _uncoupled(field, column, key)


def _nothing(
    field: FieldTransfer, column: Column, existing: Record | None, references: References
) -> Transferred:
    """Return what stands for an empty reference (E-3.60, E-3.61)."""
    if field.not_null:
        return _KEPT  # E-2.7
    if field.clear_on_failure and column.kind == Kind.LOOKUP and existing is not None:
        present = existing.values.get(field.destination.name)
        if present not in BLANKS and (field.refers_to, present) not in references:
            return _KEPT  # E-3.64: what Sales cannot know of is not taken away
    return Transferred(_blank(field.destination))


def _blank(column: Column) -> Value:
    return "" if column.kind in TEXTS else None


def _uncoupled(field: FieldTransfer, column: Column, key: Value) -> TransferError:
    waits_for = (field.refers_to, key)
    if Kind.OPTION in (column.kind, field.destination.kind):
        message = (
            f"{caption(column)} {render(key)} must be mapped to a value of "
            f"{caption(field.destination)} under {field.refers_to}."
        )
        return TransferError(message, cause=Cause.OPTION_NOT_MAPPED, waits_for=waits_for)
    if isinstance(key, Lookup):
        message = (
            f"{unnamed(key)} that {caption(column)} points to must be coupled under "
            f"{field.refers_to}."
        )
    else:
        table = next(iter(field.destination.targets), "")
        row = captions.integration_table(table) if table else "row of Sales"
        message = (
            f"{caption(column)} {render(key)} must be coupled to a {row} under {field.refers_to}."
        )
    return TransferError(message, cause=Cause.NOT_COUPLED, waits_for=waits_for)


def unnamed(lookup: Lookup) -> str:
    """Return what a row is called as long as nobody looked up its name."""
    return f"The {captions.integration_table(lookup.table)} {lookup.id}"


# Comparison


def same(field: FieldTransfer, converted: Value | Keep, present: Value) -> bool:
    """Whether the destination shows already what would be written (E-3.50, E-3.52)."""
    if converted is KEEP or converted == present:
        return True
    if _is_blank(present) and _is_blank(converted):
        return True
    destination, source = field.destination, field.source
    if isinstance(converted, str) and isinstance(present, str):
        return _same_text(converted, present, source, destination)
    if isinstance(converted, Decimal) or isinstance(present, Decimal):
        return _same_number(converted, present, source, destination)
    if source is not None and Kind.DATE in (source.kind, destination.kind):
        return _day(converted) == _day(present)
    return alike(converted, present)


def _is_blank(value: Value | Keep) -> bool:
    return value is None or (isinstance(value, str) and value in BLANKS)


def _same_text(converted: str, present: str, source: Column | None, destination: Column) -> bool:
    if destination.kind == Kind.CODE:
        return converted.strip().upper() == present.strip().upper()
    shorter = _shorter(source, destination)
    if shorter is not None:
        converted, present = cut(converted, shorter), cut(present, shorter)
    return converted == present or _lines(converted) == _lines(present)


def _shorter(source: Column | None, destination: Column) -> int | None:
    """E-3.50: of texts with different declared lengths only what both can hold is compared."""
    if source is None or source.max_length is None or destination.max_length is None:
        return destination.max_length
    return min(source.max_length, destination.max_length)


def _same_number(
    converted: Value, present: Value, source: Column | None, destination: Column
) -> bool:
    if not _is_number(converted) or not _is_number(present):
        return False
    places = [destination.precision, source.precision if source else None]
    known = [number for number in places if number is not None]
    coarser = min(known) if known else None
    return rounded(Decimal(str(converted)), coarser) == rounded(Decimal(str(present)), coarser)


def _is_number(value: Value) -> bool:
    return isinstance(value, Decimal | int) and not isinstance(value, bool)


def _day(value: Value) -> date | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).date()
    return value if isinstance(value, date) and value != NO_DATE else None


def alike(one: Value, other: Value) -> bool:
    """Whether two values of a column are equal, as far as both systems can tell."""
    if one == other or (_is_blank(one) and _is_blank(other)):
        return True
    match one, other:
        case str(), str():
            return _lines(one) == _lines(other)
        case datetime(), datetime():  # Dataverse keeps whole seconds
            return one.replace(microsecond=0) == other.replace(microsecond=0)
        case (Lookup(_, first), UUID() as second) | (UUID() as second, Lookup(_, first)):
            return first == second
        case _:
            return False


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


__all__ = [
    "KEEP",
    "Keep",
    "References",
    "TransferError",
    "Transferred",
    "alike",
    "cut",
    "invalid",
    "render",
    "same",
    "transfer",
    "unnamed",
]
