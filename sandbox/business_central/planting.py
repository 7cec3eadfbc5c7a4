"""Puts rows in by the hundred thousand, past HTTP, but stamped like any other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sandbox import identities
from sandbox.business_central.values import blanks
from sandbox.store import BUSINESS_CENTRAL, milliseconds

if TYPE_CHECKING:
    from sandbox.business_central.service import BusinessCentral

AT_ONCE = 5000  # rows that stand in memory together
STAMPS = ("lastModifiedDateTime", "systemModifiedAt", "systemCreatedAt")


def plant(
    environment: BusinessCentral,
    table_name: str,
    rows: Iterable[Mapping[str, Any]],
    *,
    by: str = identities.CLIENT_ID,
    at: datetime | None = None,
) -> None:
    """Insert rows of stored values: codes in capitals, members by name, yes and no as 1 and 0.

    What a row leaves out is blank; an id is made where it names none. Times are `at` (now) unless
    the row brings its own as text. No rule runs: a company contact is a row of its own, as is its
    relation to a customer or vendor.
    """
    store, table = environment.store, environment.tables[table_name]
    moment = milliseconds(at or store.now(BUSINESS_CENTRAL))
    defaults: dict[str, Any] = {**blanks(table), "__created": moment, "__by": by}
    defaults |= {name: moment for name in STAMPS if name in table.columns}
    width = len(defaults)

    def complete(row: Mapping[str, Any]) -> dict[str, Any]:
        if None in row.values():
            row = {name: value for name, value in row.items() if value is not None}
        merged = {**defaults, **row}
        if len(merged) != width:
            message = f"{table_name} has no {sorted(set(row) - set(defaults))}."
            raise ValueError(message)
        merged["id"] = row.get("id") or str(uuid4())
        merged["__version"] = store.next_version()
        return merged

    waiting = iter(rows)
    with store.transaction():
        while batch := [complete(row) for row in islice(waiting, AT_ONCE)]:
            store.insert_many(BUSINESS_CENTRAL, table, batch)
    environment.forget()
