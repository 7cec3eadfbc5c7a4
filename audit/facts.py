"""What a record was and is, as the audit log keeps it: only what differs, and never a secret."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models

Facts = dict[str, Any]
SECRET = re.compile(r"secret|password|private_key|access_key|token|digest", re.IGNORECASE)
MISSING = object()


def kind_of(of: models.Model | type[models.Model]) -> str:
    """Return what the audit log calls a record, or the records of a model."""
    return str(of._meta.verbose_name)


def facts_of(row: models.Model, names: Collection[str] | None = None) -> Facts:
    """Return the fields of a row under their names; of a relation its key."""
    return {
        field.name: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key and (names is None or field.name in names)
    }


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Facts, Facts]:
    """Return what was and what is, of that which differs; of a secret only that it changed."""
    was: Facts = {}
    now: Facts = {}
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name, MISSING), after.get(name, MISSING)
        if old == new:
            continue
        if _is_secret(name, old) or _is_secret(name, new):
            old, new = _of_secret(old, new)
        if old is not MISSING:
            was[name] = plain(old)
        if new is not MISSING:
            now[name] = plain(new)
    return was, now


def plain(value: Any) -> Any:
    """Return a value as JSON holds it; what is not plain data shows only whether it is there."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case UUID() | Decimal():
            return str(value)
        case Mapping():
            return {
                str(key): _set(item) if _is_secret(str(key), item) else plain(item)
                for key, item in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
        case _:
            return _set(value)


def _is_secret(name: str, value: Any) -> bool:
    """By its name, or since it is no plain data, as sealed secrets are not."""
    if value is None or value is MISSING or isinstance(value, bool | int):
        return False
    plain_kinds = (str, float, datetime, date, time, UUID, Decimal, Mapping, list, tuple, set)
    return SECRET.search(name) is not None or not isinstance(value, (*plain_kinds, frozenset))


def _of_secret(old: Any, new: Any) -> tuple[Any, Any]:
    before = MISSING if old is MISSING else _set(old)
    if new is MISSING:
        return before, MISSING
    return before, "replaced" if old is not MISSING and old and new else _set(new)


def _set(value: Any) -> str:
    return "set" if value else "not set"
