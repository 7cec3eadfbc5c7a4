"""Values of Business Central: how they are stored, sent and compared; there are no nulls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sandbox.business_central import refusals
from sandbox.schema import Column, Table, Type
from sandbox.store import milliseconds

EMPTY_ID = "00000000-0000-0000-0000-000000000000"
EMPTY_DATE, EMPTY_TIME = "0001-01-01", "0001-01-01T00:00:00Z"
BLANKS: dict[Type, Any] = {
    Type.STRING: "",
    Type.INTEGER: 0,
    Type.DECIMAL: 0,
    Type.BOOLEAN: 0,
    Type.DATETIME: EMPTY_TIME,
    Type.DATE: EMPTY_DATE,
    Type.GUID: EMPTY_ID,
}
EDM = {
    Type.STRING: "Edm.String",
    Type.INTEGER: "Edm.Int32",
    Type.DECIMAL: "Edm.Decimal",
    Type.BOOLEAN: "Edm.Boolean",
    Type.DATETIME: "Edm.DateTimeOffset",
    Type.DATE: "Edm.Date",
    Type.GUID: "Edm.Guid",
    Type.ENUM: "Edm.String",
}
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
UNFIT = re.compile(r"\W")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # no text of a database
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)")
LARGEST_INTEGER = 2**31 - 1
LARGEST_DECIMAL = 10**18


@cache
def blanks(table: Table) -> Mapping[str, Any]:
    """Return an empty row of a table."""
    empty = {column.name: blank(column) for column in table.columns.values()}
    fixed = table.extra.get("fixedFilter") or ()
    return empty | {entry["field"]: entry["value"] for entry in fixed}


def blank(column: Column) -> Any:
    """Return what an empty field holds; an enumeration starts with its first value."""
    if column.type == Type.ENUM:
        return column.members[0] if column.members else ""
    return BLANKS[column.type]


def is_code(column: Column) -> bool:
    """Say whether a field is a Code: stored in capitals, without blanks around it."""
    return column.declared == "Code"


def encoded(member: str) -> str:
    """Return the name of an enumeration value as OData writes it."""
    return UNFIT.sub(lambda found: f"_x{ord(found[0]):04x}_", member)


def decoded(text: str) -> str:
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def stored(column: Column, value: Any) -> Any:
    """Return a value of a body as it is stored; raises RefusalError."""
    if value is None:
        return blank(column)
    match column.type:
        case Type.STRING:
            return _text(column, value)
        case Type.ENUM:
            return _member(column, value)
        case Type.BOOLEAN:
            if not isinstance(value, bool):
                raise refusals.wrong_type(value, EDM[column.type])
            return int(value)
        case Type.INTEGER | Type.DECIMAL:
            return _number(column, value)
        case _:
            return _parsed(column, value)


def _text(column: Column, value: Any) -> str:
    if not isinstance(value, str):
        raise refusals.wrong_type(value, EDM[column.type])
    if UNSTORABLE.search(value):
        raise refusals.wrong_type(ascii(value), EDM[column.type])
    text = value.strip().upper() if is_code(column) else value
    if column.max_length is not None and len(text) > column.max_length:
        raise refusals.too_long(text, column.max_length)
    return text


def _member(column: Column, value: Any) -> str:
    if not isinstance(value, str):
        raise refusals.wrong_type(value, EDM[column.type])
    member = decoded(value)
    if member in column.members:
        return member
    if not member.strip() and " " in column.members:
        return " "
    raise refusals.wrong_type(value, f"Microsoft.NAV.{column.name}")


def _number(column: Column, value: Any) -> int | float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or (column.type == Type.INTEGER and not isinstance(value, int)):
        raise refusals.wrong_type(value, EDM[column.type])
    limit = LARGEST_INTEGER if column.type == Type.INTEGER else LARGEST_DECIMAL
    if not -limit <= value <= limit:  # NaN fails here too
        raise refusals.wrong_type(value, EDM[column.type])
    return int(value) if value == int(value) else float(value)


def _parsed(column: Column, value: Any) -> str:
    if not isinstance(value, str):
        raise refusals.wrong_type(value, EDM[column.type])
    try:
        if column.type == Type.GUID:
            return str(UUID(value))
        if column.type == Type.DATE:
            return date.fromisoformat(value).isoformat()
        return moment(value)
    except ValueError as error:
        raise refusals.wrong_type(value, EDM[column.type]) from error


def moment(text: str) -> str:
    """Return a time in the form that is stored; raises ValueError."""
    if TIME.fullmatch(text) is None:
        raise ValueError(text)
    parsed = datetime.fromisoformat(text).astimezone(UTC)
    return EMPTY_TIME if parsed.year == 1 else milliseconds(parsed)
