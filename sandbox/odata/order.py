"""Sorting and paging by cookie: a page begins behind the last row of the one before."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.odata.errors import QueryError


@dataclass(frozen=True, slots=True)
class Key:
    """One column of an order, as SQL."""

    sql: str
    column: str
    descending: bool = False


def order_by(keys: Sequence[Key]) -> str:
    """Return the ORDER BY of these keys; empty values are lowest."""
    return "ORDER BY " + ", ".join(f"{k.sql} {'DESC' if k.descending else 'ASC'}" for k in keys)


def behind(keys: Sequence[Key], values: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return the condition for rows that come after these values in the order."""
    alternatives: list[str] = []
    parameters: list[Any] = []
    for index, key in enumerate(keys):
        equal = []
        for earlier, value in zip(keys[:index], values, strict=False):
            equal.append(f"{earlier.sql} IS ?")
            parameters.append(value)
        parameters += [] if values[index] is None else [values[index]]
        equal.append(_after(key, values[index]))
        alternatives.append("(" + " AND ".join(equal) + ")")
    return "(" + " OR ".join(alternatives) + ")", parameters


def _after(key: Key, value: Any) -> str:
    if value is None:
        return "0" if key.descending else f"{key.sql} IS NOT NULL"
    if key.descending:
        return f"({key.sql} < ? OR {key.sql} IS NULL)"
    return f"{key.sql} > ?"


def cookie(payload: dict[str, Any]) -> str:
    """Pack what the next page needs to know."""
    return base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")


def opened(text: str) -> dict[str, Any]:
    """Unpack a cookie; raises QueryError."""
    try:
        padded = text + "=" * (-len(text) % 4)
        payload = json.loads(base64.urlsafe_b64decode(padded))
    except ValueError as error:
        message = "The skip token is malformed."
        raise QueryError(message) from error
    if not isinstance(payload, dict):
        message = "The skip token is malformed."
        raise QueryError(message)
    return payload
