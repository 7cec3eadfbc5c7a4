"""Turns a value of one column into a value of another, kind by kind (E-3.53, E-3.54)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache
from typing import Final
from uuid import UUID

from connections.causes import Cause
from connections.systems import Column, Kind, Lookup, Value


class TransferError(ValueError):
    """A value has no counterpart on the other side: its record fails, with the others going on.

    `waits_for` names a mapping and what must be coupled under it before the record can go through.
    """

    def __init__(
        self, message: str, *, cause: Cause, waits_for: tuple[str, Value] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.waits_for = waits_for

    @property
    def lacks(self) -> Lookup | None:
        """The Dataverse row that must be coupled first."""
        found = self.waits_for[1] if self.waits_for else None
        return found if isinstance(found, Lookup) else None


class Keep(Enum):
    """The value of a field that is not written; the destination keeps what it has."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP

BLANKS = (None, "", " ")  # " " is Business Central's blank option
NO_DATE = date.min  # how Business Central's API writes an empty date
NUMBERS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
ORDINAL = re.compile(r"-?[0-9]{1,10}")
MOST_DIGITS = 60
INTEGER_RANGE = (Decimal(-(2**31)), Decimal(2**31 - 1))


def convert(value: Value, source: Column, destination: Column) -> Value | Keep:
    """Return the value as the destination's kind; raise TransferError if it cannot be one.

    Lengths are left alone; who decides between cutting and failing comes later.
    """
    return _CONVERSIONS[destination.kind](value, source, destination)


def caption(column: Column) -> str:
    """Return what people call the column."""
    return column.caption or column.name


def render(value: Value) -> str:
    """Return the value as people and texts know it."""
    match value:
        case None:
            return ""
        case bool():
            return "Yes" if value else "No"
        case Decimal():
            return format(value.normalize(), "f")
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Lookup():
            return f"{value.table} {value.id}"
        case _:
            return str(value)


def rounded(number: Decimal, places: int | None) -> Decimal:
    """Round half away from zero, as both systems do."""
    return number if places is None else number.quantize(_unit(places), rounding=ROUND_HALF_UP)


@lru_cache(maxsize=32)
def _unit(places: int) -> Decimal:
    return Decimal(1).scaleb(-places)


def invalid(value: Value, destination: Column, wanted: str) -> TransferError:
    message = f"{render(value)!r} cannot be written to {caption(destination)}: {wanted}."
    return TransferError(message, cause=Cause.VALUE_INVALID)


def _to_text(value: Value, source: Column, _destination: Column) -> Value:
    if value is None:
        return ""
    if value == "":
        return None  # "" is blank in Business Central only, and None in Dataverse only
    if source.kind == Kind.OPTION and isinstance(value, int):
        return source.options.get(value, str(value))
    if source.kind == Kind.ENUM and value == " ":
        return None
    return value if isinstance(value, str) else render(value)


def _to_code(value: Value, source: Column, destination: Column) -> Value:
    text = _to_text(value, source, destination)
    return text.strip().upper() if isinstance(text, str) else ""


def _number(value: Value, destination: Column) -> Decimal:
    match value:
        case Decimal() | int():
            number = Decimal(value)
        case None | "":
            return Decimal(0)
        case str():
            try:
                number = Decimal(value.strip() or "0")
            except InvalidOperation as error:
                raise invalid(value, destination, "it is not a number") from error
        case _:
            raise invalid(value, destination, "it is not a number")
    if not number.is_finite():
        raise invalid(value, destination, "it is not a number")
    if abs(number.adjusted()) > MOST_DIGITS:  # written out it could fill the memory
        raise invalid(str(value)[:MOST_DIGITS], destination, "it has too many digits")
    return number


def _checked(
    number: Decimal, destination: Column, low: Decimal | None, high: Decimal | None
) -> None:
    if (low is not None and number < low) or (high is not None and number > high):
        bounds = f"it must be between {render(low) or '…'} and {render(high) or '…'}"
        raise invalid(number, destination, bounds)


def _to_decimal(value: Value, _source: Column, destination: Column) -> Value:
    number = _number(value, destination)
    _checked(number, destination, destination.minimum, destination.maximum)
    try:
        return rounded(number, destination.precision)
    except InvalidOperation as error:
        raise invalid(value, destination, "it has too many digits") from error


def _to_integer(value: Value, _source: Column, destination: Column) -> Value:
    number = _number(value, destination)
    low, high = INTEGER_RANGE
    _checked(
        number,
        destination,
        low if destination.minimum is None else destination.minimum,
        high if destination.maximum is None else destination.maximum,
    )
    if number != number.to_integral_value():
        raise invalid(value, destination, "it is not a whole number")
    return int(number)


def _to_boolean(value: Value, _source: Column, destination: Column) -> Value:
    match value:
        case None | "":
            return False
        case bool():
            return value
        case int() | Decimal():
            return value != 0
        case str() if value.strip().lower() in NUMBERS:
            return NUMBERS[value.strip().lower()]
        case _:
            raise invalid(value, destination, "it is neither Yes nor No")


def _moment(value: Value, destination: Column) -> datetime | None:
    """Read a point in time; an empty one is None, whatever its system writes for it."""
    match value:
        case None | "":
            return None
        case datetime():
            moment = value
        case date():
            moment = datetime.combine(value, time(), UTC)
        case str():
            try:
                moment = datetime.fromisoformat(value.strip())
            except ValueError as error:
                raise invalid(value, destination, "it is not a date") from error
        case _:
            raise invalid(value, destination, "it is not a date")
    if moment.date() == NO_DATE:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _to_date(value: Value, _source: Column, destination: Column) -> Value:
    if isinstance(value, date) and not isinstance(value, datetime):
        return None if value == NO_DATE else value
    moment = _moment(value, destination)
    return moment.date() if moment else None


def _to_datetime(value: Value, _source: Column, destination: Column) -> Value:
    return _moment(value, destination)


def _to_guid(value: Value, _source: Column, destination: Column) -> Value:
    match value:
        case None | "":
            return None
        case UUID():
            return value
        case Lookup(_, row_id):
            return row_id
        case str():
            try:
                return UUID(value.strip())
            except ValueError as error:
                raise invalid(value, destination, "it is not an id") from error
        case _:
            raise invalid(value, destination, "it is not an id")


def _label(value: Value, source: Column) -> str:
    """Return the name that an option or a member goes by, for finding it on the other side."""
    if isinstance(value, int) and not isinstance(value, bool):
        return source.options.get(value, str(value))
    return render(value).strip()


def _folded(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _to_enum(value: Value, source: Column, destination: Column) -> Value | Keep:
    """E-3.54: the ordinal, else the name; what is not found is not written."""
    members = destination.members
    if value in BLANKS:
        blank = next((member for member in members if not member.strip()), None)
        return blank if blank is not None else (members[0] if members else "")
    label = _label(value, source)
    if ORDINAL.fullmatch(label) and 0 <= int(label) < len(members):
        return members[int(label)]
    wanted = _folded(label)
    return next((member for member in members if _folded(member) == wanted), KEEP)


def _to_option(value: Value, source: Column, destination: Column) -> Value | Keep:
    """E-3.54: the number, else the label; what is not found is not written."""
    options = destination.options
    if value in BLANKS:
        return None
    if isinstance(value, bool):
        return int(value)
    label = _label(value, source)
    if ORDINAL.fullmatch(label):
        number = int(label)
        return number if number in options or not options else KEEP
    wanted = _folded(label)
    return next((number for number, name in options.items() if _folded(name) == wanted), KEEP)


def _to_lookup(value: Value, source: Column, destination: Column) -> Value:
    """E-3.63: only a mapping knows which row a value points to."""
    if value in BLANKS:
        return None
    if isinstance(value, Lookup):
        return value
    message = (
        f"The field mapping of {caption(source)} must be told which mapping couples the rows of "
        f"{' or '.join(destination.targets) or caption(destination)} before it can be transferred."
    )
    raise TransferError(message, cause=Cause.NOT_MAPPED)


_CONVERSIONS: Mapping[Kind, Callable[[Value, Column, Column], Value | Keep]] = {
    Kind.TEXT: _to_text,
    Kind.CODE: _to_code,
    Kind.INTEGER: _to_integer,
    Kind.DECIMAL: _to_decimal,
    Kind.BOOLEAN: _to_boolean,
    Kind.DATE: _to_date,
    Kind.DATETIME: _to_datetime,
    Kind.GUID: _to_guid,
    Kind.ENUM: _to_enum,
    Kind.OPTION: _to_option,
    Kind.LOOKUP: _to_lookup,
}
