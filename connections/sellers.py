"""Sellers: who has the role for item availability, who lacks what opening needs (C-0805)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from connections.odata import Client
from connections.redeploy import is_assigned
from connections.solution.manifest import Manifest, Role
from connections.solution_host import ADMINISTRATOR_TEMPLATE

V = TypeVar("V")
# What a person needs in Sales to open a record in Business Central from there.
NEEDED = {
    "prvReadNav_connection": "read the Business Central connection",
    "prvReadNav_defaultconnection": "read the default connection",
    "prvWriteNav_defaultconnection": "change the default connection",
    "prvDeleteNav_defaultconnection": "delete the default connection",
}
PEOPLE = "isdisabled eq false and islicensed eq true and isintegrationuser eq false"
USER_ROLES, TEAMS = "systemuserroles_association", "teammembership_association"
TEAM_ROLES, PRIVILEGES = "teamroles_association", "roleprivileges_association"


@dataclass(frozen=True, slots=True)
class Seller:
    """A person who uses Sales; `roles` are ids at the root, of its own and of its teams."""

    id: UUID
    name: str
    email: str
    has_role: bool  # the one for item availability
    through: str  # the team that gives it, "" where it is the person's own
    missing: tuple[str, ...]  # privileges, as NEEDED names them
    is_administrator: bool

    @property
    def lacks(self) -> bool:
        return bool(self.missing)

    @property
    def missing_words(self) -> tuple[str, ...]:
        return tuple(NEEDED[name] for name in self.missing)


@dataclass(frozen=True, slots=True)
class Grants:
    """What a role gives: the needed privileges, or everything."""

    name: str
    root: UUID
    privileges: frozenset[str]
    is_administrator: bool


def role_of_sellers(target: Manifest) -> Role | None:
    """Return the role of the package that sellers are given by hand."""
    return next((role for role in target.roles if not is_assigned(role)), None)


def read(client: Client, target: Manifest) -> list[Seller]:
    """Ask for the people, their teams and what their roles give: three questions."""
    wanted = " or ".join(f"name eq '{name}'" for name in NEEDED)
    roles = client.rows(
        "roles?$select=roleid,name,_parentrootroleid_value,_roletemplateid_value"
        f"&$expand={PRIVILEGES}($select=name;$filter={wanted})",
    )
    teams = client.rows(f"teams?$select=teamid,name&$expand={TEAM_ROLES}($select=roleid)")
    people = client.rows(
        f"systemusers?$select=systemuserid,fullname,internalemailaddress&$filter={PEOPLE}"
        f"&$expand={USER_ROLES}($select=roleid),{TEAMS}($select=teamid)",
    )
    return sellers(people, teams, _grants(roles), role_of_sellers(target))


def _grants(rows: Iterable[Mapping[str, Any]]) -> dict[str, Grants]:
    return {
        str(row["roleid"]): Grants(
            name=str(row["name"]),
            root=UUID(str(row.get("_parentrootroleid_value") or row["roleid"])),
            privileges=frozenset(str(one["name"]).casefold() for one in row[PRIVILEGES]),
            is_administrator=row.get("_roletemplateid_value") == ADMINISTRATOR_TEMPLATE,
        )
        for row in rows
    }


def sellers(
    people: Sequence[Mapping[str, Any]],
    teams: Sequence[Mapping[str, Any]],
    grants: Mapping[str, Grants],
    wanted: Role | None,
) -> list[Seller]:
    """Return the people by name, those first who lack something."""
    given = {
        str(team["teamid"]): (
            str(team["name"]),
            [
                grants[str(role["roleid"])]
                for role in team[TEAM_ROLES]
                if str(role["roleid"]) in grants
            ],
        )
        for team in teams
    }
    found = [_seller(person, given, grants, wanted) for person in people]
    return sorted(found, key=lambda one: (not one.lacks, one.name.casefold(), str(one.id)))


def _known(rows: Iterable[Mapping[str, Any]], key: str, found: Mapping[str, V]) -> list[V]:
    return [found[str(row[key])] for row in rows if str(row[key]) in found]


def _seller(
    person: Mapping[str, Any],
    teams: Mapping[str, tuple[str, list[Grants]]],
    grants: Mapping[str, Grants],
    wanted: Role | None,
) -> Seller:
    own = _known(person[USER_ROLES], "roleid", grants)
    memberships = _known(person[TEAMS], "teamid", teams)
    every = [*own, *(role for _, roles in memberships for role in roles)]
    is_administrator = any(role.is_administrator for role in every)
    held = {name for role in every for name in role.privileges}
    lacking = () if is_administrator else (n for n in NEEDED if n.casefold() not in held)
    is_own = wanted is not None and any(role.root == wanted.id for role in own)
    through = (
        ""
        if is_own or wanted is None
        else next(
            (name for name, roles in memberships if any(role.root == wanted.id for role in roles)),
            "",
        )
    )
    email = str(person.get("internalemailaddress") or "")
    return Seller(
        id=UUID(str(person["systemuserid"])),
        name=str(person.get("fullname") or email),
        email=email,
        has_role=is_own or bool(through),
        through=through,
        missing=tuple(lacking),
        is_administrator=is_administrator,
    )
