"""Values as JSON and back: short to store, and every kind comes back as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from connections.systems import Lookup, Value

Encoded = str | int | bool | list[str] | None
AS_THEY_ARE = frozenset({str, int, bool, type(None)})


def encoded(values: Mapping[str, Value], names: Iterable[str] | None = None) -> dict[str, Encoded]:
    """Return the values, or those of some names, as JSON takes them.

    What JSON lacks becomes a list with its kind first.
    """
    found: dict[str, Any] = (
        dict(values) if names is None else {name: values.get(name) for name in names}
    )
    for name, value in found.items():
        if type(value) not in AS_THEY_ARE:
            found[name] = encode(value)
    return found


def decoded(values: Mapping[str, Any]) -> dict[str, Value]:
    """Return the values that were encoded."""
    return {name: decode(value) for name, value in values.items()}


def encode(value: Value) -> Encoded:
    match value:
        case Lookup():  # first, since most are
            return ["row", value.table, str(value.id)]
        case None | str() | bool() | int():
            return value
        case Decimal():
            return ["decimal", str(value)]
        case datetime():
            return ["datetime", value.astimezone(UTC).isoformat()]
        case date():
            return ["date", value.isoformat()]
        case UUID():
            return ["id", str(value)]


def decode(value: object) -> Value:
    match value:
        case None | str() | bool() | int():
            return value
        case [str(kind), *texts] if kind in _DECODERS:
            return _DECODERS[kind](*texts)
        case _:
            message = f"{value!r} is no encoded value"
            raise ValueError(message)


_DECODERS: Mapping[str, Callable[..., Value]] = {
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "id": UUID,
    "row": lambda table, row_id: Lookup(table, UUID(row_id)),
}
