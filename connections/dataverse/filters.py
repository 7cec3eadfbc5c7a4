"""Says conditions in OData as Dataverse understands it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from connections.causes import Cause
from connections.dataverse.metadata import Described
from connections.dataverse.rows import MODIFIED_BY, MODIFIED_ON, moment_text, property_of
from connections.errors import ConfigurationError
from connections.odata.escaping import Escapes
from connections.systems import Column, Condition, Kind, Lookup, Operator, Selection, Value

MOST_VALUES = 1000  # in one list
encoded = Escapes("$,()/=@:;'!*~")  # a query option's value; these signs may stand bare
UNLISTED = re.compile(r'["\\\[\]\x00-\x1f]')  # what may not stand in a list of double-quoted values
WILDCARDS = str.maketrans({"[": "[[]", "%": "[%]", "_": "[_]"})
BLANK = (None, "")


def filter_of(described: Described, selection: Selection) -> str:
    """Return the $filter of a selection, "" if it takes every row."""
    parts = [condition_text(described, condition) for condition in selection.conditions]
    if selection.changed_after is not None:
        parts.append(f"{MODIFIED_ON} gt {moment_text(selection.changed_after)}")
    if selection.not_modified_by is not None:
        parts.append(f"_{MODIFIED_BY}_value ne {selection.not_modified_by}")
    return joined(parts)


def joined(parts: Iterable[str]) -> str:
    return " and ".join(part for part in parts if part)


def condition_text(described: Described, condition: Condition) -> str:
    """Return one condition."""
    column = described.table.columns.get(condition.column)
    if column is None:
        return _target_text(described, condition)
    name = property_of(column)
    value = condition.values[0] if condition.values else None
    match condition.operator:
        case Operator.IN:
            return any_of(column, condition.values)
        case Operator.CONTAINS | Operator.STARTS_WITH:
            text = _text(str(value).translate(WILDCARDS))
            return f"{condition.operator}({name},{text})"
        case Operator.IS_NULL:
            return f"{name} eq null"
        case Operator.NOT_NULL:
            return f"{name} ne null"
        case Operator.NE if value not in BLANK:
            return f"({name} ne {literal(column, value)} or {name} eq null)"
        case _:
            return f"{name} {condition.operator} {literal(column, value)}"


def any_of(column: Column, values: Collection[Value]) -> str:
    """Return that a column holds one of the values; None among them means "or empty"."""
    name = property_of(column)
    given = [value for value in values if value not in BLANK]
    texts = [_listed(value) for value in given]
    listed = [text for text in texts if not UNLISTED.search(text)]
    single = given
    if len(listed) > 1:
        single = [v for v, text in zip(given, texts, strict=True) if UNLISTED.search(text)]
    parts = [f"{name} eq {literal(column, value)}" for value in single]
    if len(listed) > 1:
        array = '["' + '","'.join(listed) + '"]'
        listing = f"PropertyName='{column.name}',PropertyValues={array}"
        parts.insert(0, f"Microsoft.Dynamics.CRM.In({listing})")
    if len(given) < len(values):
        parts.append(f"{name} eq null")
    return parts[0] if len(parts) == 1 else f"({' or '.join(parts)})"


def chunks(
    column: Column, values: Collection[Value], room: int, *, most: int = MOST_VALUES
) -> Iterator[str]:
    """Yield conditions that together ask for all values, each no longer than there is room."""
    chunk: list[Value] = []
    length = 0
    for value in values:
        cost = _length(column, value)
        if chunk and (length + cost > room or len(chunk) == most):
            yield any_of(column, chunk)
            chunk, length = [], 0
        chunk.append(value)
        length += cost
    if chunk:
        yield any_of(column, chunk)


def _length(column: Column, value: Value) -> int:
    """Return how long a value is at most, once it is percent-encoded."""
    if isinstance(value, UUID | Lookup):
        return 36 + len("%22,%22")
    text = str(value or "")
    if text.isascii() and text.isalnum():
        return len(text) + len("%22,%22")
    return 3 * len(text.encode("utf-8", "surrogatepass")) + len(column.name) + 20


def literal(column: Column, value: Value) -> str:
    """Return a constant as a filter takes it."""
    if value in BLANK:
        return "null"
    if isinstance(value, str):
        if column.kind == Kind.TEXT:
            return _text(value)
        if column.kind in (Kind.GUID, Kind.LOOKUP):
            return str(_identity(column, value))
        raise _unfit(column, value)
    return _listed(value)


def _identity(column: Column, value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError as error:
        raise _unfit(column, value) from error


def _unfit(column: Column, value: object) -> ConfigurationError:
    message = (
        f"A filter compares {column.caption or column.name} with {value!r}; it cannot hold that."
    )
    return ConfigurationError(message, cause=Cause.BAD_FILTER)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _listed(value: Value) -> str:
    """Return a value as it stands in a list: without its quotes."""
    match value:
        case Lookup(_, row):
            return str(row)
        case bool():
            return "true" if value else "false"
        case datetime():
            return moment_text(value)
        case Decimal():
            return format(value, "f")
        case _:
            return str(value)


def _target_text(described: Described, condition: Condition) -> str:
    """Return that a lookup points to certain tables: `parentcustomeridtype eq account`."""
    lookup = described.table.columns.get(condition.column.removesuffix("type"))
    if lookup is None or lookup.kind != Kind.LOOKUP or not condition.column.endswith("type"):
        message = f"A filter names {described.name}.{condition.column}, which does not exist."
        raise ConfigurationError(message, cause=Cause.BAD_FILTER)
    tables = [str(value) for value in condition.values if value not in BLANK]
    name = property_of(lookup)
    others = [target for target in lookup.targets if target not in tables]
    match condition.operator:
        case Operator.EQ | Operator.IN:
            return _points_to(described, lookup, tables)
        case Operator.NE:
            return f"({_points_to(described, lookup, others)} or {name} eq null)"
        case Operator.IS_NULL:
            return f"{name} eq null"
        case Operator.NOT_NULL:
            return f"{name} ne null"
        case _:
            message = f"A filter on {condition.column} can only compare with eq, ne and in."
            raise ConfigurationError(message, cause=Cause.BAD_FILTER)


def _points_to(described: Described, lookup: Column, tables: Sequence[str]) -> str:
    parts = []
    for target in tables:
        if target not in lookup.targets:
            raise _unfit(lookup, target)
        key = described.target_keys.get(target, f"{target}id")
        parts.append(f"{described.binding(lookup, target)}/{key} ne null")
    if not parts:
        return f"{property_of(lookup)} eq null"
    return parts[0] if len(parts) == 1 else f"({' or '.join(parts)})"
