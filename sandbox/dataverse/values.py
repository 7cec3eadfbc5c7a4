"""Values of columns: from JSON into the store and back."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sandbox.dataverse import refusals
from sandbox.schema import Column, Type

STATES: dict[str, dict[int, tuple[int, ...]]] = {
    "account": {0: (1,), 1: (2,)},
    "contact": {0: (1,), 1: (2,)},
    "product": {0: (1,), 1: (2,), 2: (0,), 3: (3,)},
    "opportunity": {0: (1, 2), 1: (3,), 2: (4, 5)},
    "quote": {0: (1,), 1: (2, 3), 2: (4,), 3: (5, 6, 7)},
    "salesorder": {0: (1, 2), 1: (3,), 2: (4,), 3: (100001, 100002), 4: (100003,)},
    "invoice": {0: (1, 2, 4, 5, 6), 1: (3, 7), 2: (100001, 100002), 3: (100003,)},
    "pricelevel": {0: (100001,), 1: (100002,)},
    "asyncoperation": {0: (0,), 1: (10,), 2: (20,), 3: (30, 31, 32)},
}
FIRST_DAY, LAST_DAY = date(1753, 1, 1), date(9999, 12, 30)
DEFAULT_STATES: dict[int, tuple[int, ...]] = {0: (1,), 1: (2,)}
STATE_LABELS = {0: "Active", 1: "Inactive"}
REQUIRED: dict[str, tuple[str, ...]] = {
    "account": ("name",),
    "contact": ("lastname",),
    "transactioncurrency": (
        "isocurrencycode",
        "currencyname",
        "currencysymbol",
        "currencyprecision",
        "exchangerate",
    ),
    "product": ("name", "productnumber", "quantitydecimal", "defaultuomid", "defaultuomscheduleid"),
    "uomschedule": ("name",),
    "uom": ("name", "quantity", "uomscheduleid"),
    "pricelevel": ("name",),
    "productpricelevel": ("pricelevelid", "productid", "uomid"),
    "opportunity": ("name",),
    "salesorder": ("name", "customerid", "pricelevelid"),
    "quote": ("name", "customerid", "pricelevelid"),
    "invoice": ("name", "customerid", "pricelevelid"),
    "invoicedetail": ("invoiceid",),
    "salesorderdetail": ("salesorderid",),
    "quotedetail": ("quoteid",),
    "systemuser": ("firstname", "lastname", "internalemailaddress", "businessunitid"),
    "team": ("name", "businessunitid"),
    "role": ("name", "businessunitid"),
    "businessunit": ("name",),
    "bcbi_company": ("bcbi_name", "bcbi_externalid"),
    "nav_connection": ("nav_name",),
}


def stored(column: Column, value: Any, entity_set: str, options: Mapping[int, str]) -> Any:
    """Return a JSON value as the store keeps it; raises RefusalError where it does not fit."""
    if value is None:
        return None
    match column.type:
        case Type.STRING:
            return _text(column, value, entity_set)
        case Type.INTEGER | Type.DECIMAL:
            return _number(column, value, entity_set)
        case Type.OPTION:
            return _option(column, value, entity_set, options)
        case Type.BOOLEAN:
            return _boolean(column, value, entity_set)
        case Type.DATETIME | Type.DATE:
            return _moment(column, value, entity_set)
        case _:
            return _guid(column, value, entity_set)


def _option(column: Column, value: Any, entity_set: str, options: Mapping[int, str]) -> int:
    number = _integer(column, value, entity_set)
    if options and number not in options:
        raise refusals.not_an_option(column.name, number)
    return number


def _boolean(column: Column, value: Any, entity_set: str) -> int:
    if not isinstance(value, bool):
        raise _wrong_type(column, value, entity_set)
    return int(value)


def _guid(column: Column, value: Any, entity_set: str) -> str:
    try:
        return str(UUID(str(value)))
    except ValueError as error:
        raise _wrong_type(column, value, entity_set) from error


def _text(column: Column, value: Any, entity_set: str) -> str:
    if not isinstance(value, str):
        raise _wrong_type(column, value, entity_set)
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise _wrong_type(column, value, entity_set)  # half a character
    if column.max_length and len(value) > column.max_length:
        raise refusals.too_long(column.name, column.max_length)
    return value


def _integer(column: Column, value: Any, entity_set: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong_type(column, value, entity_set)
    return value


def _number(column: Column, value: Any, entity_set: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong_type(column, value, entity_set)
    if column.type == Type.INTEGER and not isinstance(value, int):
        raise _wrong_type(column, value, entity_set)
    low = column.minimum if column.minimum is not None else -922337203685477
    high = column.maximum if column.maximum is not None else 922337203685477
    if column.declared != "BigInt" and not low <= value <= high:
        text = (
            f"A validation error occurred. The value of '{column.name}' is outside the valid "
            f"range. Accepted Values: {low:g}-{high:g}"
        )
        raise refusals.RefusalError(400, "0x80044330", text)
    return value


def _moment(column: Column, value: Any, entity_set: str) -> str:
    if not isinstance(value, str):
        raise _wrong_type(column, value, entity_set)
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            day = date.fromisoformat(value)
            _check_day(column, day)
            return str(day) if column.type == Type.DATE else f"{day}T00:00:00Z"
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise _wrong_type(column, value, entity_set) from error
    if column.type == Type.DATE or moment.tzinfo is None:
        raise _wrong_type(column, value, entity_set)
    _check_day(column, moment.date())
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _check_day(column: Column, day: date) -> None:
    """The platform's calendar has a first and a last day."""
    if not FIRST_DAY <= day <= LAST_DAY:
        text = f"The value of '{column.name}' is outside the supported range of dates."
        raise refusals.RefusalError(400, "0x80040239", text)


def _wrong_type(column: Column, value: Any, entity_set: str) -> refusals.RefusalError:
    kind = {Type.GUID: "Edm.Guid", Type.LOOKUP: "Edm.Guid", Type.BOOLEAN: "Edm.Boolean"}.get(
        column.type, f"Edm.{column.type.value.capitalize()}"
    )
    text = (
        f"InnerException : Cannot convert the literal '{str(value)[:60]}' to the expected type "
        f"'{kind}' for property '{column.name}'."
    )
    return refusals.payload(entity_set, text)


def shown(column: Column, value: Any) -> Any:
    """Return a stored value as JSON has it."""
    if value is None:
        return None
    if column.type == Type.BOOLEAN:
        return bool(value)
    if column.type == Type.DECIMAL and isinstance(value, float) and value.is_integer():
        return int(value) if abs(value) < 1e15 else value
    return value


def property_name(column: Column) -> str:
    """Return what a column is called in answers: lookups by their value."""
    return f"_{column.name}_value" if column.type == Type.LOOKUP else column.name


def states_of(table: str) -> dict[int, tuple[int, ...]]:
    return STATES.get(table, DEFAULT_STATES)
