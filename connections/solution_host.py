"""Dataverse as far as the integration solution goes: its state, an import, roles."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from typing import Any
from uuid import UUID

from connections import integration_user
from connections.causes import Cause
from connections.errors import (
    ConfigurationError,
    RecordExistsError,
    RecordMissingError,
)
from connections.models import SignIn
from connections.odata import Client, LostAnswerError, Request
from connections.redeploy import SALES_PRO, Holder, HolderKind, SolutionState
from connections.solution.manifest import (
    BASE_NAME,
    Manifest,
    PackageError,
    Role,
    Version,
    version_of,
)

ADMINISTRATOR_TEMPLATE = "627090ff-40a3-4053-8790-584edc5be201"  # E-9.16
FINISHED, SUCCEEDED, CANCELED = 3, 30, 32
ROLE_COLUMNS = "roleid,name,_businessunitid_value,_parentrootroleid_value,_roletemplateid_value"
RESULT = re.compile(r'<result\b[^>]*\bresult="(\w+)"(?:[^>]*\berrortext="([^"]*)")?')
JSON = {"Content-Type": "application/json"}
SETS = {
    HolderKind.USER: ("systemusers", "systemuserroles_association", "fullname"),
    HolderKind.TEAM: ("teams", "teamroles_association", "name"),
}
IMPORT = 203  # operationtype of an asynchronous operation


@dataclass(frozen=True, slots=True)
class ImportState:
    """How far an import is."""

    progress: float
    finished: bool = False
    failure: str = ""


class SolutionHost:
    """Speaks with Dataverse's Web API as whoever the client signs in."""

    def __init__(self, client: Client) -> None:
        self.client = client

    # Looking

    def state(
        self,
        target: Manifest,
        *,
        user: UUID | None = None,
        team: UUID | None,
        sign_in: SignIn | None = None,
    ) -> SolutionState:
        """Return what is there of a package and of the one it requires, and who has their roles."""
        versions = self.versions((BASE_NAME, target.unique_name))
        holder = self.holder(HolderKind.USER, user) if user else None
        without_user = ""
        if holder is None and sign_in is not None:
            known = integration_user.find(self.client, sign_in)
            holder = self.holder(HolderKind.USER, known.id) if known else None
            if known is None and integration_user.signs_in_as_application(sign_in):
                without_user = sign_in.client_id
        holders = [holder, self.holder(HolderKind.TEAM, team) if team else None]
        return SolutionState(
            base=versions.get(BASE_NAME.lower()),
            installed=versions.get(target.unique_name.lower()),
            roles=self._roles([role for one in target.chain for role in one.roles]),
            tables=self._tables([table for one in target.chain for table in one.tables]),
            holders=tuple(holder for holder in holders if holder is not None),
            without_user=without_user,
        )

    def version(self) -> str:
        """Return the version of the environment."""
        return str(self._one("RetrieveVersion()")["Version"])

    def installed(self, solution: str) -> Version | None:
        """Return the version of a solution that is installed, None if it is not."""
        return self.versions((solution,)).get(solution.lower())

    def versions(self, names: Iterable[str]) -> dict[str, Version]:
        wanted = " or ".join(f"uniquename eq '{name}'" for name in names)
        rows = self.client.rows(f"solutions?$select=uniquename,version&$filter={wanted}")
        return {str(row["uniquename"]).lower(): version_of(str(row["version"])) for row in rows}

    def _roles(self, wanted_roles: Iterable[Role]) -> dict[UUID, Role]:
        """Return the roles of the packages, and that of Sales Pro, as they are at the root."""
        names = [f"name eq '{role.name.replace(chr(39), chr(39) * 2)}'" for role in wanted_roles]
        ids = [f"roleid eq {one}" for one in (*(role.id for role in wanted_roles), SALES_PRO)]
        wanted = " or ".join((*ids, *names))
        rows = self.client.rows(f"roles?$select={ROLE_COLUMNS}&$filter={wanted}")
        roots = [row for row in rows if root_of(row) == UUID(row["roleid"])]
        return {
            (root := UUID(row["roleid"])): Role(root, str(row["name"]), self.privileges(root))
            for row in roots
        }

    def privileges(self, role: UUID) -> frozenset[str]:
        """Return the names of the privileges that a role gives."""
        path = f"roles({role})/roleprivileges_association?$select=name"
        return frozenset(str(row["name"]) for row in self.client.rows(path))

    def _tables(self, names: Iterable[str]) -> frozenset[str]:
        wanted = " or ".join(f"LogicalName eq '{name}'" for name in names)
        if not wanted:
            return frozenset()
        rows = self.client.rows(f"EntityDefinitions?$select=LogicalName&$filter={wanted}")
        return frozenset(str(row["LogicalName"]) for row in rows)

    def holder(self, kind: HolderKind, identity: UUID) -> Holder | None:
        """Return the user or the team with its roles; None where it is gone."""
        entity_set, association, name = SETS[kind]
        try:
            row = self._one(f"{entity_set}({identity})?$select={name},_businessunitid_value")
        except RecordMissingError:
            return None
        path = f"{entity_set}({identity})/{association}?$select={ROLE_COLUMNS}"
        roles = frozenset(root_of(role) for role in self.client.rows(path))
        unit = row.get("_businessunitid_value")
        return Holder(kind, identity, str(row[name]), UUID(unit) if unit else None, roles)

    def check_administrator(self) -> str:
        """Return who signs in; refuse whoever is no System Administrator."""
        me = UUID(str(self._one("WhoAmI")["UserId"]))
        name = str(self._one(f"systemusers({me})?$select=fullname")["fullname"])
        path = f"systemusers({me})/systemuserroles_association?$select={ROLE_COLUMNS}"
        rows = self.client.rows(path)
        if not any(row.get("_roletemplateid_value") == ADMINISTRATOR_TEMPLATE for row in rows):
            message = f"{name} is not System Administrator in this environment."
            raise ConfigurationError(message, cause=Cause.NOT_ADMINISTRATOR)
        return name

    def check_generation(self, target: Manifest) -> None:
        """Refuse a package that was made for a newer Dynamics 365 than this one."""
        version = version_of(self.version())
        if version[:2] < target.generation[:2]:
            message = (
                f"The package is for Dynamics 365 {'.'.join(map(str, target.generation))}, the "
                f"environment has version {'.'.join(map(str, version))}."
            )
            raise PackageError(message)

    # Importing

    def is_importing(self) -> bool:
        """Whether a solution is being imported now, by whomever."""
        wanted = f"operationtype eq {IMPORT} and statecode ne {FINISHED}"
        return bool(self.client.rows(f"asyncoperations?$select=statecode&$filter={wanted}"))

    def begin(self, content: bytes, job: UUID) -> UUID | None:
        """Begin an import under an id of ours; None when it had begun already."""
        if self.has_job(job):
            return None
        staged = self._post("StageSolution", {"CustomizationFile": _text(content)})
        results = staged.get("StageSolutionResults") or {}
        _check_staged(results)
        parameters = {"StageSolutionUploadId": results.get("StageSolutionUploadId")}
        body = {
            "OverwriteUnmanagedCustomizations": True,
            "PublishWorkflows": True,
            "ComponentParameters": [],
            "SolutionParameters": parameters,
            "ImportJobId": str(job),
        }
        try:
            return UUID(str(self._post("ImportSolutionAsync", body)["AsyncOperationId"]))
        except (RecordExistsError, LostAnswerError):
            if self.has_job(job):
                return None
            raise

    def has_job(self, job: UUID) -> bool:
        """Whether an import was begun under this id."""
        try:
            self._one(f"importjobs({job})?$select=importjobid")
        except RecordMissingError:
            return False
        return True

    def look(self, job: UUID, operation: UUID | None) -> ImportState:
        """Return how far an import is, by its operation, or by its job where that was lost."""
        row = self._one(f"importjobs({job})?$select=progress,completedon,data")
        progress = float(row.get("progress") or 0)
        if operation is None:
            return _told(row, progress)
        columns = "statecode,statuscode,message,friendlymessage"
        told = self._one(f"asyncoperations({operation})?$select={columns}")
        if told.get("statecode") != FINISHED:
            return ImportState(progress)
        if told.get("statuscode") == SUCCEEDED:
            return ImportState(100.0, finished=True)
        reason = told.get("friendlymessage") or told.get("message")
        if told.get("statuscode") == CANCELED:
            reason = reason or "Somebody canceled the import."
        return ImportState(progress, finished=True, failure=str(reason or "No reason was given."))

    def publish(self) -> None:
        """Publish what was changed."""
        self._post("PublishAllXml", {})

    # Roles

    def assign(self, role: Role, holder: Holder) -> None:
        """Give a role to a user or team: the copy of the role in its business unit."""
        entity_set, association, _ = SETS[holder.kind]
        path = f"{entity_set}({holder.id})/{association}/$ref"
        address = f"{self.client.root}roles({self._copy(role, holder)})"
        try:
            self._post(path, {"@odata.id": address})
        except RecordExistsError:
            return

    def _copy(self, role: Role, holder: Holder) -> UUID:
        if holder.business_unit is None:
            return role.id
        there = f"_businessunitid_value eq {holder.business_unit}"
        same = f"_parentrootroleid_value eq {role.id}"
        rows = self.client.rows(f"roles?$select=roleid&$filter={there} and {same}")
        return UUID(rows[0]["roleid"]) if rows else role.id

    # Requests

    def _one(self, path: str) -> dict[str, Any]:
        return self.client.get(path).object()

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = Request("POST", path, json.dumps(body).encode(), JSON)
        answer = self.client.send(request)
        return answer.object() if answer.body else {}


def root_of(row: dict[str, Any]) -> UUID:
    return UUID(str(row.get("_parentrootroleid_value") or row["roleid"]))


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _check_staged(results: dict[str, Any]) -> None:
    missing = results.get("MissingDependencies") or []
    if results.get("StageSolutionUploadId") and not missing:
        return
    told = [str(item.get("Message") or "") for item in results.get("SolutionValidationResults", [])]
    reason = " ".join(filter(None, told)) or f"{len(missing)} components are missing there."
    message = f"Dynamics 365 Sales does not take the package. {reason}"
    raise ConfigurationError(message, cause=Cause.IMPORT_FAILED)


def _told(row: dict[str, Any], progress: float) -> ImportState:
    if not row.get("completedon"):
        return ImportState(progress)
    found = RESULT.search(str(row.get("data") or ""))
    if found and found[1] != "failure":
        return ImportState(100.0, finished=True)
    reason = unescape(found[2] or "") if found else ""
    return ImportState(progress, finished=True, failure=reason or "No reason was given.")
