"""Who is in which team: the platform fills the default team of a business unit by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from sandbox.dataverse import refusals
from sandbox.schema import Table
from sandbox.store import DATAVERSE, Row

if TYPE_CHECKING:
    from sandbox.dataverse.model import Model
    from sandbox.dataverse.security import Security
    from sandbox.store import Store

NAMESPACE = UUID("3f0ad0c1-5d1c-5c59-9d52-0a3c5f7f2a10")
MEMBERSHIP = "teammembership"
READ_WRITE = 0  # how a person signs in
ADD = (400, "0x8004830B", "Can't add members to the default business unit team")
REMOVE = (400, "0x8004830C", "Can't remove members from the default business unit team")


def check(security: Security, user: str, team: Row, table: Table, *, remove: bool) -> None:
    """Refuse who may not change the team, and whoever tries with a default team."""
    security.demand(user, "Write", table)
    if team["isdefault"]:
        status, code, text = REMOVE if remove else ADD
        raise refusals.RefusalError(status, code, f"{text} (TeamId = {team['teamid']}).")


def settle(store: Store, model: Model, users: Iterable[Mapping[str, Any]]) -> None:
    """Put people into the default team of their business unit, and out of another's.

    Applications are left out, though the platform takes them in too: a role that is taken from the
    integration user would otherwise still reach it through its team.
    """
    teams = model.tables["team"]
    where = '"isdefault" = 1'
    defaults = store.select(DATAVERSE, teams, ["teamid", "businessunitid"], where, [])
    team_of = {row["businessunitid"]: row["teamid"] for row in defaults}
    for user in users:
        if user.get("applicationid") or user.get("accessmode") != READ_WRITE:
            continue
        _leave(store, model, user, set(team_of.values()))
        if team := team_of.get(user.get("businessunitid")):
            _join(store, model, user["systemuserid"], team)


def _leave(store: Store, model: Model, user: Mapping[str, Any], teams: set[str]) -> None:
    table = model.tables[MEMBERSHIP]
    where, bound = '"systemuserid" = ?', [user["systemuserid"]]
    for row in store.select(DATAVERSE, table, [table.key, "teamid"], where, bound):
        if row["teamid"] in teams:
            store.delete(DATAVERSE, table, row[table.key])


def _join(store: Store, model: Model, user: str, team: str) -> None:
    table = model.tables[MEMBERSHIP]
    row = {
        table.key: str(uuid5(NAMESPACE, f"{team}/{user}")),
        "teamid": team,
        "systemuserid": user,
        "versionnumber": store.next_version(),
    }
    store.insert(DATAVERSE, table, row)
