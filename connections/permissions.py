"""Who may what in Dataverse, as it was last read: roles, who has them, solutions (P08)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from connections import deployment, solution_reading
from connections.models import Company, DataverseConnectionSetup, PermissionReport
from connections.odata import Client
from connections.redeploy import HolderKind, SolutionState
from connections.solution.manifest import Role
from connections.solution.package import Package
from connections.solution_host import ADMINISTRATOR_TEMPLATE, ROLE_COLUMNS, SolutionHost, root_of

ACCOUNT_COLUMNS = (
    "fullname,internalemailaddress,isdisabled,islicensed,applicationid,accessmode,isintegrationuser"
)
ACCESS_MODES = {
    0: "Read-Write",
    1: "Administrative",
    2: "Read",
    3: "Support User",
    4: "Non-interactive",
    5: "Delegated Admin",
}
UNIT = "businessunitid($select=name)"


@dataclass(frozen=True, slots=True)
class Account:
    """The integration user (C-0801)."""

    name: str
    email: str
    is_disabled: bool
    is_licensed: bool
    is_application: bool  # which needs no licence
    access_mode: str
    business_unit: str
    is_administrator: bool
    roles: tuple[Role, ...]  # its own, and through its teams; an administrator's are not read


@dataclass(frozen=True, slots=True)
class Team:
    """The owning team, with the names of its roles."""

    name: str
    business_unit: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Solution:
    """A solution that is installed (C-0804)."""

    unique_name: str
    friendly_name: str
    version: str
    installed_at: datetime | None
    is_managed: bool


@dataclass(frozen=True, slots=True)
class Permissions:
    """All that the page of security roles tells."""

    state: SolutionState
    account: Account | None
    team: Team | None
    solutions: tuple[Solution, ...]
    names: Mapping[str, Mapping[str, str]]  # of the privileges, by table and access


def look(company: Company, tables: Collection[str], *, now: datetime) -> Permissions:
    """Read what Dataverse holds now, and keep it (C-0808)."""
    package = deployment.package_of(company)

    def read(client: Client, row: DataverseConnectionSetup) -> Permissions:
        state = solution_reading.state_through(client, company, row, package.manifest)
        return _Reading(client, package, state).everything(tables)

    found = solution_reading.as_whoever_may(company, read)
    kept = {"checked_at": now, "found": msgspec.to_builtins(found, str_keys=True)}
    PermissionReport.objects.update_or_create(company=company, defaults=kept)
    return found


def last(company: Company) -> tuple[Permissions | None, datetime | None]:
    """Return what was read last and when; what another release kept in another shape is gone."""
    row = PermissionReport.objects.filter(company=company).first()
    if row is None:
        return None, None
    try:
        return msgspec.convert(row.found, Permissions, str_keys=True), row.checked_at
    except msgspec.ValidationError:
        return None, None


class _Reading:
    def __init__(self, client: Client, package: Package, state: SolutionState) -> None:
        self.client = client
        self.state = state
        self.manifest = package.manifest
        self.host = SolutionHost(client)

    def everything(self, tables: Collection[str]) -> Permissions:
        state = self.state
        holders = {holder.kind: holder.id for holder in state.holders}
        user, team = holders.get(HolderKind.USER), holders.get(HolderKind.TEAM)
        return Permissions(
            state=state,
            account=self._account(user, state.roles) if user else None,
            team=self._team(team) if team else None,
            solutions=tuple(self._solutions()),
            names=self._names(tables),
        )

    def _account(self, user: UUID, known: Mapping[UUID, Role]) -> Account:
        path = f"systemusers({user})?$select={ACCOUNT_COLUMNS}&$expand={UNIT}"
        told = self.client.get(path).object()
        path = f"systemusers({user})/systemuserroles_association?$select={ROLE_COLUMNS}"
        given = list(self.client.rows(path))
        inner = f"teamroles_association($select={ROLE_COLUMNS})"
        path = f"systemusers({user})/teammembership_association?$select=name&$expand={inner}"
        for team in self.client.rows(path):
            given += team["teamroles_association"]
        is_administrator = any(
            role.get("_roletemplateid_value") == ADMINISTRATOR_TEMPLATE for role in given
        )
        roots = {} if is_administrator else {root_of(role): str(role["name"]) for role in given}
        mode = int(told.get("accessmode") or 0)
        return Account(
            name=str(told.get("fullname") or ""),
            email=str(told.get("internalemailaddress") or ""),
            is_disabled=bool(told.get("isdisabled")),
            is_licensed=bool(told.get("islicensed")),
            is_application=told.get("applicationid") is not None,
            access_mode=ACCESS_MODES.get(mode, str(mode)),
            business_unit=_unit(told),
            is_administrator=is_administrator,
            roles=tuple(
                known.get(root) or Role(root, name, self.host.privileges(root))
                for root, name in roots.items()
            ),
        )

    def _team(self, team: UUID) -> Team:
        expand = f"{UNIT},teamroles_association($select=name)"
        told = self.client.get(f"teams({team})?$select=name&$expand={expand}").object()
        names = sorted(str(role["name"]) for role in told["teamroles_association"])
        return Team(str(told["name"]), _unit(told), tuple(names))

    def _solutions(self) -> Iterator[Solution]:
        wanted = " or ".join(f"uniquename eq '{one.unique_name}'" for one in self.manifest.chain)
        columns = "uniquename,friendlyname,version,installedon,ismanaged"
        for row in self.client.rows(f"solutions?$select={columns}&$filter={wanted}"):
            yield Solution(
                unique_name=str(row["uniquename"]),
                friendly_name=str(row.get("friendlyname") or ""),
                version=str(row["version"]),
                installed_at=_moment(row.get("installedon")),
                is_managed=bool(row.get("ismanaged")),
            )

    def _names(self, tables: Collection[str]) -> dict[str, dict[str, str]]:
        """Ask the metadata: what a privilege is called does not follow from its table."""
        wanted = " or ".join(f"LogicalName eq '{table}'" for table in sorted(tables))
        if not wanted:
            return {}
        path = f"EntityDefinitions?$select=LogicalName,Privileges&$filter={wanted}"
        return {
            str(row["LogicalName"]): {
                str(one["PrivilegeType"]): str(one["Name"]) for one in row["Privileges"]
            }
            for row in self.client.rows(path)
        }


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _unit(row: Mapping[str, Any]) -> str:
    return str((row.get("businessunitid") or {}).get("name") or "")
