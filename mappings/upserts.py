"""Writes many rows in one statement: new ones are inserted, those that are there updated.

Django's `bulk_create` does the same with an object for each row and several calls for each value,
which costs more than all the rest of a synchronization.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any

import msgspec
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, models

Prepare = Callable[[Any], Any]
POSTGRESQL_PARAMETERS = 60_000  # its protocol takes 65,535


def upsert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    fixed: Mapping[str, Any],
    unique: Sequence[str],
    update: Sequence[str],
) -> None:
    """Write rows of values for `columns`; `fixed` holds what all of them share.

    A field that is named nowhere gets its default. Where a row with the same `unique` fields is
    there already, its `update` fields are written.
    """
    if not rows:
        return
    shared = {**_defaults(model, {*columns, *fixed}), **fixed}
    prepared: list[Iterable[Any]] = [
        map(_preparation(model, name), values)
        for name, values in zip(columns, zip(*rows, strict=True), strict=True)
    ]
    prepared += [repeat(_preparation(model, name)(value)) for name, value in shared.items()]
    names = [_quoted(model, name) for name in (*columns, *shared)]
    written = ", ".join(f"{name} = EXCLUDED.{name}" for name in _all_quoted(model, update))
    table = _ops().quote_name(model._meta.db_table)
    head = f"INSERT INTO {table} ({', '.join(names)}) VALUES "  # noqa: S608 - names of ours
    tail = f" ON CONFLICT ({', '.join(_all_quoted(model, unique))}) DO UPDATE SET {written}"
    _execute(head, tail, list(zip(*prepared, strict=False)), len(names))


def _execute(head: str, tail: str, rows: Sequence[Sequence[Any]], width: int) -> None:
    connection = connections[DEFAULT_DB_ALIAS]
    marks = f"({','.join(['%s'] * width)})"
    with connection.cursor() as cursor:
        most = _most_parameters() // width
        for start in range(0, len(rows), most):
            chunk = rows[start : start + most]
            values = ",".join([marks] * len(chunk))
            cursor.execute(f"{head}{values}{tail}", list(chain.from_iterable(chunk)))


def _most_parameters() -> int:
    """Return how many parameters a statement takes; Django knows what old SQLites took."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor == "sqlite":
        most: int = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        return most
    return POSTGRESQL_PARAMETERS


def _defaults(model: type[models.Model], given: set[str]) -> dict[str, Any]:
    return {
        field.name: field.get_default()
        for field in model._meta.concrete_fields
        if field.name not in given and not field.primary_key
    }


def _preparation(model: type[models.Model], name: str) -> Prepare:
    """Return what turns a field's values into parameters: what Django does, without its detours."""
    field = model._meta.get_field(name)
    is_sqlite = connections[DEFAULT_DB_ALIAS].vendor == "sqlite"
    match field:
        case models.CharField() if not field.null:
            return str  # of an enumeration its value
        case models.UUIDField() if is_sqlite:
            return _hexadecimal
        case models.JSONField() if is_sqlite and field.encoder is None:
            return _json
        case models.DateTimeField() if is_sqlite and _writes_utc():
            return _utc
        case models.DateTimeField():
            adapt: Prepare = _ops().adapt_datetimefield_value
            return adapt
        case models.BooleanField() | models.IntegerField():
            return _as_it_is
        case models.Field():
            connection = connections[DEFAULT_DB_ALIAS]
            return lambda value: field.get_db_prep_save(value, connection)
        case _:
            message = f"{name} is no column of {model.__name__}."
            raise TypeError(message)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _hexadecimal(value: Any) -> Any:
    return None if value is None else value.hex


def _writes_utc() -> bool:
    connection = connections[DEFAULT_DB_ALIAS]
    return settings.USE_TZ and connection.timezone_name == "UTC"


def _utc(value: datetime | None) -> str | None:
    """Return a moment as Django writes it to SQLite."""
    if value is None:
        return None
    utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return utc.isoformat(" ").removesuffix("+00:00")


def _as_it_is(value: Any) -> Any:
    return value


def _quoted(model: type[models.Model], name: str) -> str:
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)
    return str(_ops().quote_name(field.column))


def _all_quoted(model: type[models.Model], names: Iterable[str]) -> list[str]:
    return [_quoted(model, name) for name in names]


def _ops() -> Any:
    return connections[DEFAULT_DB_ALIAS].ops
