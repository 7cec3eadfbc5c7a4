"""How Business Central writes values: in answers, in bodies and in filters; it knows no nulls."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from typing import Any
from uuid import UUID

from connections.systems import Column, Kind, Value

EMPTY_DATE = "0001-01-01"
EMPTY_TIME = "0001-01-01T00:00:00Z"
EMPTY_ID = "00000000-0000-0000-0000-000000000000"
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
UNFIT = re.compile(r"\W")

Decoder = Callable[[Any], Value]


def named(text: str) -> str:
    """Return the member of an enumeration that a name on the wire stands for."""
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def wire_name(member: str) -> str:
    """Return the name of a member on the wire; the blank one is _x0020_."""
    return UNFIT.sub(lambda found: f"_x{ord(found[0]):04X}_", member or " ")


# Answers


def _member(value: Any) -> Value:
    return named(value) if value else " "


def _decimal(value: Any) -> Value:
    return value if isinstance(value, Decimal) else Decimal(str(value or 0))


def _integer(value: Any) -> Value:
    return int(value or 0)


def _boolean(value: Any) -> Value:
    return bool(value)


def _date(value: Any) -> Value:
    return None if not value or value == EMPTY_DATE else date.fromisoformat(value)


def moment(value: Any) -> datetime | None:
    """Return a point in time, None for the empty one."""
    if not value or value.startswith(EMPTY_DATE):
        return None
    return datetime.fromisoformat(value)


def _id(value: Any) -> Value:
    return None if not value or value == EMPTY_ID else UUID(value)


TEXTS = frozenset({Kind.TEXT, Kind.CODE})  # need no decoder: null is ""
DECODERS: Mapping[Kind, Decoder] = {
    Kind.ENUM: _member,
    Kind.DECIMAL: _decimal,
    Kind.INTEGER: _integer,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _date,
    Kind.DATETIME: moment,
    Kind.GUID: _id,
}
EMPTY: Mapping[Kind, Value] = {
    Kind.TEXT: "",
    Kind.CODE: "",
    Kind.ENUM: " ",
    Kind.DECIMAL: Decimal(0),
    Kind.INTEGER: 0,
    Kind.BOOLEAN: False,
}


# Bodies


def json_text(column: Column, value: Value) -> str:
    """Return a value as JSON text; a Decimal keeps every digit."""
    value = EMPTY.get(column.kind) if value is None else value
    match value:
        case str() if column.kind == Kind.ENUM:
            return encode_basestring_ascii(wire_name(value))
        case str():
            return encode_basestring_ascii(value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return f"{value:f}"
        case _:
            return f'"{_plain(column, value)}"'


# Filters


def literal(column: Column, value: Value) -> str:
    """Return a value as a filter compares with it; None compares with the empty value."""
    value = EMPTY.get(column.kind) if value is None else value
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return f"{value:f}"
        case str():
            return quoted(_comparable(column, value))
        case _:
            return _plain(column, value)


def quoted(text: str) -> str:
    """Return a text between apostrophes."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _comparable(column: Column, text: str) -> str:
    if column.kind == Kind.ENUM:
        return wire_name(text)
    return text.strip().upper() if column.kind == Kind.CODE else text


def _plain(column: Column, value: Value) -> str:
    match value:
        case datetime():
            return time_text(value)
        case date() if column.kind == Kind.DATETIME:
            return f"{value.isoformat()}T00:00:00Z"
        case date():
            return value.isoformat()
        case None if column.kind == Kind.DATE:
            return EMPTY_DATE
        case None if column.kind == Kind.DATETIME:
            return EMPTY_TIME
        case None:
            return EMPTY_ID
        case _:
            return str(value)


def time_text(value: datetime) -> str:
    """Return a time in UTC with milliseconds, which is all that Business Central keeps."""
    text = value.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
