"""Filters of a mapping: stored as lists, read as conditions, shown as a sentence.

A stored filter is a list of rows `[column, operator, value, …]` (E-1.9), joined with *and*.
`$currentCompanyId` stands for the company's row in Dataverse; a row that names it is left out while
there is none (E-1.40). The column `<lookup>type` compares what table a lookup points to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.systems import Column, Condition, Kind, Lookup, Operator, Record, Table, Value

CURRENT_COMPANY = "$currentCompanyId"
BLANKS = (None, "", " ")
EMPTY_IS_A_TEXT = frozenset({Kind.TEXT, Kind.CODE, Kind.ENUM})
VALUES_NEEDED = {Operator.IS_NULL: 0, Operator.NOT_NULL: 0}  # others take one, IN any number


def conditions(
    stored: object, table: Table, *, company_row: UUID | None = None
) -> tuple[Condition, ...]:
    """Return the filter as the systems take it; raise ConfigurationError if it cannot be read."""
    return tuple(
        _typed(row, table, company_row)
        for row in parse(stored, table.caption or table.name)
        if company_row is not None or CURRENT_COMPANY not in row.values
    )


def parse(stored: object, name: str = "") -> tuple[Condition, ...]:
    """Return the stored rows as conditions, values as they were entered."""
    if not isinstance(stored, list):
        raise _unreadable(name, stored)
    return tuple(_row(row, name) for row in stored)


def stored(rows: Iterable[Condition]) -> list[list[Any]]:
    """Return conditions as they are stored."""
    return [[row.column, str(row.operator), *(_storable(v) for v in row.values)] for row in rows]


def _storable(value: Value) -> str | int | bool | None:
    match value:
        case None | str() | bool() | int():
            return value
        case Lookup(_, row_id):
            return str(row_id)
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _row(row: object, name: str) -> Condition:
    match row:
        case [str(column), str(operator), *values] if column and operator in set(Operator):
            condition = Condition(column, Operator(operator), tuple(map(_entered, values)))
            wanted = VALUES_NEEDED.get(condition.operator, 1)
            if len(values) == wanted or (condition.operator == Operator.IN and values):
                return condition
    raise _unreadable(name, row)


def _entered(value: object) -> Value:
    """Return what a row compares with; anything but text, number, Yes or No shows as text."""
    return value if isinstance(value, str | int | None) else str(value)


def _unreadable(name: str, row: object) -> ConfigurationError:
    message = f"The filter on {name} cannot be read: {row!r}. Correct it on the mapping's card."
    return ConfigurationError(message, cause=Cause.BAD_FILTER)


def _typed(row: Condition, table: Table, company_row: UUID | None) -> Condition:
    column = column_of(row.column, table)
    if column is None:
        message = (
            f"The filter on {table.caption or table.name} names the field {row.column}, which does "
            "not exist. Correct it on the mapping's card."
        )
        raise ConfigurationError(message, cause=Cause.BAD_FILTER)
    values: list[Value] = []
    for value in row.values:
        entered = str(company_row) if value == CURRENT_COMPANY else value
        try:
            values.append(typed(entered, column))
        except (ValueError, InvalidOperation) as error:
            message = (
                f"The filter on {table.caption or table.name} compares "
                f"{column.caption or column.name} with {entered!r}, which it cannot hold."
            )
            raise ConfigurationError(message, cause=Cause.BAD_FILTER) from error
    return Condition(row.column, row.operator, tuple(values))


def column_of(name: str, table: Table) -> Column | None:
    """Return the column; `<lookup>type` is a text, though no system lists it."""
    found = table.columns.get(name)
    if found is None and name.endswith("type"):
        lookup = table.columns.get(name.removesuffix("type"))
        if lookup is not None and lookup.kind == Kind.LOOKUP:
            return Column(name, Kind.TEXT, f"{lookup.caption or lookup.name} Type")
    return found


def typed(entered: Value | float, column: Column) -> Value:
    """Return a value that a person or a file entered as the column's kind; may raise ValueError."""
    if entered is None or (entered == "" and column.kind not in EMPTY_IS_A_TEXT):
        return None
    return _TYPED[column.kind](entered, column)


def _as_boolean(entered: object, _: Column) -> Value:
    if isinstance(entered, bool):
        return entered
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    return (
        known[str(entered).strip().lower()] if str(entered).lower() in known else _refuse(entered)
    )


def _refuse(entered: object) -> Value:
    message = f"{entered!r} does not fit"
    raise ValueError(message)


def _as_option(entered: object, column: Column) -> Value:
    """E-2.4: the number, else the label."""
    if isinstance(entered, int | bool):
        return int(entered)
    text = str(entered).strip()
    if text == "":
        return None
    if text.lstrip("-").isdigit():
        return int(text)
    labels = {label.casefold(): number for number, label in column.options.items()}
    return labels[text.casefold()] if text.casefold() in labels else _refuse(entered)


def _as_member(entered: object, column: Column) -> Value:
    """E-2.4: the member's name, else its ordinal."""
    text = str(entered)
    members = {member.casefold().strip(): member for member in column.members}
    found = members.get(text.casefold().strip())
    if found is not None or not column.members:
        return found if found is not None else text
    if text.isdigit() and int(text) < len(column.members):
        return column.members[int(text)]
    return _refuse(entered)


def _as_datetime(entered: object, _: Column) -> Value:
    moment = datetime.fromisoformat(str(entered))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _as_lookup(entered: object, column: Column) -> Value:
    return Lookup(next(iter(column.targets), ""), UUID(str(entered)))


_TYPED: Mapping[Kind, Callable[[Any, Column], Value]] = {
    Kind.TEXT: lambda entered, _: str(entered),
    Kind.CODE: lambda entered, _: str(entered).strip().upper(),
    Kind.INTEGER: lambda entered, _: int(str(entered)),
    Kind.DECIMAL: lambda entered, _: Decimal(str(entered)),
    Kind.BOOLEAN: _as_boolean,
    Kind.DATE: lambda entered, _: date.fromisoformat(str(entered)),
    Kind.DATETIME: _as_datetime,
    Kind.GUID: lambda entered, _: UUID(str(entered)),
    Kind.ENUM: _as_member,
    Kind.OPTION: _as_option,
    Kind.LOOKUP: _as_lookup,
}


# Is a record in the map?


def matches(record: Record, rows: Iterable[Condition]) -> bool:
    """Whether the record satisfies every condition (E-1.37)."""
    return all(_holds(_present(record, row.column), row) for row in rows)


def _present(record: Record, column: str) -> Value:
    if column in record.values:
        return record.values[column]
    pointed = record.values.get(column.removesuffix("type"))
    return pointed.table if column.endswith("type") and isinstance(pointed, Lookup) else None


def _holds(present: Value, row: Condition) -> bool:
    match row.operator:
        case Operator.IS_NULL:
            return present in BLANKS
        case Operator.NOT_NULL:
            return present not in BLANKS
        case Operator.EQ | Operator.IN:
            return any(_equal(present, value) for value in row.values)
        case Operator.NE:
            return not any(_equal(present, value) for value in row.values)
        case Operator.CONTAINS:
            return str(row.values[0]).casefold() in str(present or "").casefold()
        case Operator.STARTS_WITH:
            return str(present or "").casefold().startswith(str(row.values[0]).casefold())
        case _:
            return _ordered(present, row)


def _equal(present: Value, wanted: Value) -> bool:
    if present in BLANKS or wanted in BLANKS:
        return present in BLANKS and wanted in BLANKS
    if isinstance(present, str) and isinstance(wanted, str):
        return present.casefold() == wanted.casefold()
    if isinstance(present, Lookup) and isinstance(wanted, Lookup):
        return present.id == wanted.id
    return present == wanted


def _ordered(present: Value, row: Condition) -> bool:
    wanted: Any = row.values[0]
    given: Any = present
    if given in BLANKS:
        return False
    try:
        match row.operator:
            case Operator.GT:
                return bool(given > wanted)
            case Operator.GE:
                return bool(given >= wanted)
            case Operator.LT:
                return bool(given < wanted)
            case _:
                return bool(given <= wanted)
    except TypeError:
        return False


# For people

_PHRASES = {
    Operator.EQ: "is",
    Operator.NE: "is not",
    Operator.GT: "is greater than",
    Operator.GE: "is at least",
    Operator.LT: "is less than",
    Operator.LE: "is at most",
    Operator.IN: "is",
    Operator.CONTAINS: "contains",
    Operator.STARTS_WITH: "starts with",
    Operator.IS_NULL: "is blank",
    Operator.NOT_NULL: "is not blank",
}


def sentence(rows: object, noun: str, columns: Mapping[str, Column] | None = None) -> str:
    """Return the filter as people say it, like *Every customer where Blocked is blank*.

    Takes conditions or a stored filter; `columns` lend their captions and option labels.
    """
    given = rows if isinstance(rows, tuple) else parse(rows, noun)
    if not given:
        return f"Every {noun}."
    phrases = [_phrase(row, (columns or {}).get(row.column)) for row in given]
    return f"Every {noun} where {_listed(phrases, 'and')}."


def _phrase(row: Condition, column: Column | None) -> str:
    name = column.caption if column and column.caption else _spoken(row.column)
    if row.operator in VALUES_NEEDED:
        return f"{name} {_PHRASES[row.operator]}"
    values = [_value(value, column) for value in row.values]
    return f"{name} {_PHRASES[row.operator]} {_listed(values, 'or')}"


def _value(value: Value, column: Column | None) -> str:
    if value in BLANKS:
        return "blank"
    if value == CURRENT_COMPANY or (isinstance(value, Lookup) and value.table == "bcbi_company"):
        return "this company"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if column is not None and isinstance(value, int) and value in column.options:
        return column.options[value]
    return str(value.id if isinstance(value, Lookup) else value)


def _spoken(name: str) -> str:
    """Return a column's name as words, where no caption is known: unitPrice -> Unit Price."""
    words: list[str] = []
    for letter in name.replace("bcbi_", "").replace("_", " "):
        if letter.isupper() and words and not words[-1].isupper():
            words.append(" ")
        words.append(letter)
    text = "".join(words)
    return text[:1].upper() + text[1:]


def _listed(parts: Sequence[str], word: str) -> str:
    if len(parts) == 1:
        return parts[0]
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"
