"""Change tracking: delta tokens, and what happened since one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from sandbox.dataverse import refusals
from sandbox.dataverse.model import Model
from sandbox.schema import Table
from sandbox.store import DATAVERSE, Row, Store

TOKEN = re.compile(r"(\d+)!(\d\d/\d\d/\d{4} \d\d:\d\d:\d\d)")
STAMP = "%m/%d/%Y %H:%M:%S"
DEFAULT_DAYS = 7
REFUSED = frozenset({"$filter", "$orderby", "$expand", "$top"})


def check_options(options: dict[str, str]) -> None:
    """Refuse what cannot be combined with change tracking."""
    refused = REFUSED & set(options)
    if refused:
        raise refusals.url(f"{', '.join(sorted(refused))} cannot be used with change tracking.")


def token(store: Store, version: int) -> str:
    """Return the token that stands for everything up to a version."""
    return f"{version}!{store.now(DATAVERSE):{STAMP}}"


def opened(store: Store, model: Model, text: str) -> int:
    """Return the version of a delta token, which lives as long as the organization says."""
    found = TOKEN.fullmatch(text)
    if found is None:
        raise refusals.url("The delta token is malformed.")
    try:
        made = datetime.strptime(found[2], STAMP).replace(tzinfo=UTC)
    except ValueError as error:
        raise refusals.url("The delta token is malformed.") from error
    [organization] = store.select(
        DATAVERSE, model.tables["organization"], ["expirechangetrackingindays"]
    ) or [{}]
    days = organization.get("expirechangetrackingindays") or DEFAULT_DAYS
    if store.now(DATAVERSE) - made >= timedelta(days=days):
        text = "Version stamp associated with the client has expired. Please perform a full sync."
        raise refusals.RefusalError(400, "0x80044352", text)
    return int(found[1])


def deletions(store: Store, table: Table, since: int, origin: str) -> list[Row]:
    """Return what was deleted since a version and did not come back."""
    base = f"{origin}/api/data/v9.2/$metadata#{table.entity_set}/$deletedEntity"
    return [
        {"@odata.context": base, "id": key, "reason": "deleted"}
        for key in store.deleted_since(DATAVERSE, table, since)
    ]
