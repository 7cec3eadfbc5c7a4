"""Solutions: what a package holds, and what installing it or taking it away changes."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5
from xml.etree import ElementTree as Xml

from sandbox import identities, schema
from sandbox.dataverse.planting import plant
from sandbox.dataverse.security import VERBS, privilege_id, privilege_name
from sandbox.store import DATAVERSE, Row, seconds, sql_name

if TYPE_CHECKING:
    from sandbox.dataverse.service import Dataverse

NAMESPACE = UUID("5b0d3d0c-7a53-5d52-8c55-1f6f5a3d7c11")
SHIPPED = schema.DATA / "solution"
SHIPPED_BASE = schema.DATA / "base_solution"
INSTALLED = "dataverse:solutions"  # unique name to what a package brought
DEEPEST = {"Basic": 1, "Local": 2, "Deep": 4, "Global": 8}


class SolutionError(Exception):
    """A package that cannot be installed; the text is what the platform says."""


@dataclass(frozen=True, slots=True)
class Role:
    """A security role of a package: privileges by name, each as deep as it reaches."""

    id: str
    name: str
    privileges: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Content:
    """What a package brings."""

    unique_name: str
    friendly_name: str
    version: str
    managed: bool
    roles: tuple[Role, ...]
    tables: tuple[str, ...]


def read(package: bytes) -> Content:
    """Return what a zip holds."""
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            names = {name.lower(): name for name in archive.namelist()}
            parts = [archive.read(names[n]) for n in ("solution.xml", "customizations.xml")]
    except (zipfile.BadZipFile, KeyError) as error:
        raise SolutionError(
            "The import file is invalid. It must be a .zip with solution.xml and "
            "customizations.xml."
        ) from error
    return parsed(*parts)


@cache
def shipped(folder: Path = SHIPPED) -> Content:
    """Return a solution of the integration as an environment has it that was set up before."""
    return parsed(
        (folder / "solution.xml").read_bytes(), (folder / "customizations.xml").read_bytes()
    )


def parsed(solution: bytes, customizations: bytes) -> Content:
    """Return what the two files of a package say."""
    if any(mark in part for part in (solution, customizations) for mark in (b"<!DOC", b"<!ENT")):
        raise SolutionError("The import file contains a document type declaration.")
    try:
        manifest = Xml.fromstring(solution).find("SolutionManifest")  # noqa: S314
        content = Xml.fromstring(customizations)  # noqa: S314
    except Xml.ParseError as error:
        raise SolutionError(f"The import file is invalid. XML: {error}.") from error
    if manifest is None or not manifest.findtext("UniqueName"):
        raise SolutionError("The import file is invalid. The solution manifest is missing.")
    label = manifest.find("LocalizedNames/LocalizedName")
    name = str(manifest.findtext("UniqueName"))
    return Content(
        name,
        name if label is None else label.get("description", name),
        manifest.findtext("Version") or "1.0",
        manifest.findtext("Managed") == "1",
        tuple(_role(entry) for entry in content.iterfind("Roles/Role")),
        tuple(
            (e.findtext("Name") or "").lower()
            for e in content.iterfind("Entities/Entity")
            if e.find("EntityInfo/entity[@unmodified='1']") is None  # that one only gets columns
        ),
    )


def _role(entry: Any) -> Role:
    given = entry.iterfind("RolePrivileges/RolePrivilege")
    depths = tuple((str(p.get("name")), DEEPEST.get(str(p.get("level")), 8)) for p in given)
    return Role(str(UUID(entry.get("id"))), str(entry.get("name")), depths)


# Installing


def install(environment: Dataverse, content: Content, *, by: str) -> None:
    """Bring tables, privileges and roles; what roles held before is replaced."""
    unknown = [name for name in content.tables if name not in schema.dataverse()]
    if unknown:
        raise SolutionError(f"This sandbox cannot create the table '{unknown[0]}'.")
    known = _installed(environment)
    environment.model.bring(content.tables)
    _plant_privileges(environment, content.tables)
    for role in content.roles:
        _write_role(environment, role, managed=content.managed)
    _write_solution(environment, content, by)
    known[content.unique_name.lower()] = {
        "roles": [role.id for role in content.roles],
        "tables": list(content.tables),
    }
    environment.store.set_meta(INSTALLED, json.dumps(known))
    environment.security.forget()


def take_away(environment: Dataverse, names: tuple[str, ...]) -> None:
    """Uninstall the solutions named that are there."""
    store, table = environment.store, environment.model.tables["solution"]
    for name in names:
        for row in store.select(DATAVERSE, table, list(table.columns), '"uniquename" = ?', [name]):
            uninstall(environment, row)


def uninstall(environment: Dataverse, row: Row) -> None:
    """Take a solution away with its roles and its tables, and all that is in them."""
    known = _installed(environment)
    brought = known.pop(str(row["uniquename"]).lower(), {"roles": [], "tables": []})
    for role in brought["roles"]:
        for name in ("roleprivileges", "systemuserroles", "teamroles"):
            _delete(environment, name, "roleid", role)
        _delete(environment, "role", "roleid", role)
    for table in brought["tables"]:
        if any(table in other["tables"] for other in known.values()):
            continue
        for verb in VERBS:
            lost = privilege_id(privilege_name(verb, table))
            _delete(environment, "roleprivileges", "privilegeid", lost)
            _delete(environment, "privilege", "privilegeid", lost)
        _delete(environment, table, "", "")
        _forget_references(environment, table)
        environment.model.take_away([table])
    _delete(environment, "solution", "solutionid", row["solutionid"])
    environment.store.set_meta(INSTALLED, json.dumps(known))
    environment.security.forget()


def _installed(environment: Dataverse) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(environment.store.get_meta(INSTALLED) or "{}")
    return kept


def _delete(environment: Dataverse, name: str, column: str, value: str) -> None:
    store, table = environment.store, environment.model.tables[name]
    where, bound = (f'"{column}" = ?', [value]) if column else ("", [])
    for row in store.select(DATAVERSE, table, [table.key], where, bound):
        store.delete(DATAVERSE, table, row[table.key])


def _forget_references(environment: Dataverse, table: str) -> None:
    """Columns that lead nowhere but to the table go with it, and with what is in them."""
    store = environment.store
    for other in environment.model.tables.values():
        for column in other.columns.values():
            if column.targets == (table,):
                store.connection.execute(
                    f'UPDATE {sql_name(DATAVERSE, other)} SET "{column.name}" = NULL'  # noqa: S608
                )


def _plant_privileges(environment: Dataverse, tables: tuple[str, ...]) -> None:
    store, table = environment.store, environment.model.tables["privilege"]
    rows = [
        {"privilegeid": privilege_id(name), "name": name, "accessright": 1 << index}
        for given in tables
        for index, verb in enumerate(VERBS)
        for name in [privilege_name(verb, given)]
        if store.get(DATAVERSE, table, privilege_id(name)) is None
    ]
    plant(environment, "privilege", rows)


def _write_role(environment: Dataverse, role: Role, *, managed: bool) -> None:
    store, table = environment.store, environment.model.tables["role"]
    values = {"name": role.name, "ismanaged": int(managed)}
    if store.get(DATAVERSE, table, role.id) is None:
        place = {
            "roleid": role.id,
            "businessunitid": identities.BUSINESS_UNIT_ID,
            "organizationid": identities.ORGANIZATION_ID,
            "parentrootroleid": role.id,
        }
        plant(environment, "role", [values | place])
    else:
        stamps = {
            "modifiedon": seconds(store.now(DATAVERSE)),
            "versionnumber": store.next_version(),
        }
        store.update(DATAVERSE, table, role.id, values | stamps)
    _delete(environment, "roleprivileges", "roleid", role.id)
    plant(environment, "roleprivileges", [_grant(environment, role, *p) for p in role.privileges])


def _grant(environment: Dataverse, role: Role, privilege: str, depth: int) -> Row:
    store, table = environment.store, environment.model.tables["privilege"]
    found = store.select(DATAVERSE, table, ["privilegeid"], '"name" = ?', [privilege])
    if not found:
        raise SolutionError(
            f"The privilege {privilege} of the role {role.name} does not exist in this "
            "organization."
        )
    return {
        "roleprivilegeid": str(uuid5(NAMESPACE, f"{role.id}/{privilege}")),
        "roleid": role.id,
        "privilegeid": found[0]["privilegeid"],
        "privilegedepthmask": depth,
    }


def _write_solution(environment: Dataverse, content: Content, by: str) -> None:
    store, table = environment.store, environment.model.tables["solution"]
    where = '"uniquename" = ?'
    found = store.select(DATAVERSE, table, ["solutionid", "version"], where, [content.unique_name])
    now = seconds(store.now(DATAVERSE))
    values = {
        "friendlyname": content.friendly_name,
        "version": content.version,
        "ismanaged": int(content.managed),
        "isvisible": 1,
        "updatedon": now,
    }
    if found:
        if _numbers(content.version) < _numbers(found[0]["version"]):
            raise SolutionError(
                f"The solution {content.unique_name} is installed in the newer version "
                f"{found[0]['version']}."
            )
        stamps = {"modifiedon": now, "versionnumber": store.next_version()}
        store.update(DATAVERSE, table, found[0]["solutionid"], values | stamps)
        return
    identity = str(uuid5(NAMESPACE, content.unique_name.lower()))
    names = {"solutionid": identity, "uniquename": content.unique_name, "installedon": now}
    plant(environment, "solution", [values | names], by=by)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))
