"""Puts rows in by the hundred thousand, past HTTP, but stamped like any other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox import identities
from sandbox.dataverse import membership
from sandbox.dataverse.values import states_of
from sandbox.dataverse.writing import switches
from sandbox.store import DATAVERSE, Row, seconds

if TYPE_CHECKING:
    from sandbox.dataverse.service import Dataverse


def plant(
    environment: Dataverse,
    table_name: str,
    rows: Iterable[Mapping[str, Any]],
    *,
    by: str = identities.SYSTEM_USER_ID,
    at: datetime | None = None,
) -> None:
    """Insert rows of stored values: lookups as ids, `<column>__t` beside polymorphic ones.

    Each row names its key. State, owner, stamps and version are filled in where a row lacks them.
    """
    store = environment.store
    table = environment.model.tables[table_name]
    moment = seconds(at or store.now(DATAVERSE))
    defaults: Row = {}
    for name in ("createdon", "modifiedon"):
        defaults[name] = moment
    for name in ("createdby", "modifiedby"):
        defaults[name] = by
    if "statecode" in table.columns and "statuscode" in table.columns:
        defaults |= {"statecode": 0, "statuscode": states_of(table.name)[0][0]}
    defaults |= dict.fromkeys(switches(table.name), 0)
    complete = []
    columns: dict[str, None] = dict.fromkeys([table.key, *defaults, "versionnumber"])
    for row in rows:
        merged = {**defaults, **row}
        if "ownerid" in table.columns:
            _own(table.columns, merged, by)
        merged["versionnumber"] = store.next_version()
        columns |= dict.fromkeys(merged)
        complete.append(merged)
    store.insert_many(
        DATAVERSE, table, ({name: row.get(name) for name in columns} for row in complete)
    )
    if table.name == "systemuser":
        membership.settle(store, environment.model, complete)
        environment.security.forget()


def _own(columns: Mapping[str, Any], row: Row, by: str) -> None:
    if row.get("ownerid") is None:
        row["ownerid"], row["ownerid__t"] = by, "systemuser"
    kind = row.setdefault("ownerid__t", "systemuser")
    for name, owner in (("owninguser", "systemuser"), ("owningteam", "team")):
        if name in columns:
            row[name] = row["ownerid"] if kind == owner else None
