"""Security roles and tables with their privileges: required, granted, missing, extra."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connections import redeploy
from connections.permissions import Permissions
from connections.redeploy import Holder, SolutionState
from connections.solution.manifest import Manifest, Role

ACCESS = ("Create", "Read", "Write", "Delete", "AppendTo", "Append", "Assign", "Share")
PRIVILEGE = re.compile(rf"prv({'|'.join(ACCESS)})(\w+)")
COLUMNS = ("Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign", "Share")
OTHER = "Other"


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role of the package, as it is there and as it should be."""

    name: str
    is_assigned: bool  # goes to the integration user and the owning team; else to sellers
    is_deployed: bool | None  # None: nobody has looked
    holders: tuple[tuple[Holder, bool], ...]
    missing: tuple[str, ...]
    tables: tuple[tuple[str, tuple[str, ...]], ...]  # table, and a word for each column

    @property
    def lacking_tables(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return tuple(row for row in self.tables if "missing" in row[1])

    @property
    def is_unassigned(self) -> bool:
        return not all(has_it for _, has_it in self.holders)

    @property
    def is_wrong(self) -> bool:
        return self.is_deployed is False or bool(self.missing) or self.is_unassigned


def matrix(target: Manifest, state: SolutionState | None) -> list[RoleRow]:
    """Return the roles, those that lack something first."""
    roles = [role for one in target.chain for role in one.roles]
    if state and redeploy.SALES_PRO in state.roles:
        roles.append(state.roles[redeploy.SALES_PRO])
    rows = [_row(role, state) for role in roles]
    return sorted(rows, key=lambda row: (not row.is_wrong, row.name))


def _row(role: Role, state: SolutionState | None) -> RoleRow:
    deployed = state.deployed(role) if state else None
    held = {name.casefold() for name in deployed.privileges} if deployed else set()
    assigned = redeploy.is_assigned(role)
    holders = state.holders if state and assigned else ()
    missing = (
        tuple(sorted(name for name in role.privileges if name.casefold() not in held))
        if deployed
        else ()
    )
    return RoleRow(
        name=role.name,
        is_assigned=assigned,
        is_deployed=None if state is None else deployed is not None,
        holders=tuple(
            (holder, deployed is not None and deployed.id in holder.roles) for holder in holders
        ),
        missing=missing,
        tables=tuple(_tables(role, deployed, looked=state is not None)),
    )


def _tables(
    role: Role, deployed: Role | None, *, looked: bool
) -> Iterable[tuple[str, tuple[str, ...]]]:
    wanted = _cells(role.privileges)
    there = _cells(deployed.privileges) if deployed else {}
    for table in sorted({*wanted, *there}, key=str.casefold):
        cells = wanted.get(table, set()), there.get(table, set())
        yield table, tuple(_word(column, *cells, looked=looked) for column in COLUMNS)


def _cells(privileges: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name in privileges:
        match = PRIVILEGE.fullmatch(name)
        table, access = (match[2], match[1]) if match else (name, "Read")
        found.setdefault(table, set()).add(access)
    return found


def _word(column: str, wanted: set[str], there: set[str], *, looked: bool) -> str:
    if not looked:
        return "required" if column in wanted else ""
    if column in wanted:
        return "granted" if column in there else "missing"
    return "extra" if column in there else ""


# The tables of the mappings


@dataclass(frozen=True, slots=True)
class Need:
    """The access that mappings need to a table, and which ones they are."""

    table: str
    access: frozenset[str]
    mappings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableRow:
    """A table that mappings use, as the integration user may use it."""

    table: str
    words: tuple[str, ...]  # one for each column
    missing: tuple[str, ...]  # names of privileges
    needed_by: tuple[str, ...]  # mappings
    granted_by: tuple[str, ...]  # roles

    @property
    def cells(self) -> Iterable[tuple[str, str]]:
        return zip(COLUMNS, self.words, strict=True)


def compared(
    target: Manifest, needs: Iterable[Need], found: Permissions | None
) -> tuple[list[RoleRow], list[TableRow]]:
    """Return the roles of the package and the tables of the mappings, as they are there."""
    return matrix(target, found.state if found else None), of_mappings(needs, found)


def counts(roles: Sequence[RoleRow], tables: Sequence[TableRow]) -> dict[str, int]:
    """Return how many there are, and how many lack something, for the audit log."""
    return {
        "roles": len(roles),
        "roles not right": sum(row.is_wrong for row in roles),
        "tables": len(tables),
        "tables not right": sum(bool(row.missing) for row in tables),
    }


def of_mappings(needs: Iterable[Need], permissions: Permissions | None) -> list[TableRow]:
    """Return the tables, those first where something is missing."""
    if permissions is None:
        rows = [_unseen(need) for need in needs]
    else:
        rows = [_seen(need, permissions) for need in needs]
    return sorted(rows, key=lambda row: (not row.missing, row.table))


def _unseen(need: Need) -> TableRow:
    words = tuple("required" if column in need.access else "" for column in COLUMNS)
    return TableRow(need.table, words, (), need.mappings, ())


def _seen(need: Need, permissions: Permissions) -> TableRow:
    account = permissions.account
    names = permissions.names.get(need.table) or {
        access: f"prv{access}{need.table.capitalize()}" for access in need.access
    }
    has_all = account is not None and account.is_administrator
    roles = account.roles if account else ()
    givers = {
        access: [role.name for role in roles if role.gives(name)] for access, name in names.items()
    }
    there = set(names) if has_all else {access for access, given in givers.items() if given}
    wanted = set(need.access & names.keys())  # not every table can be assigned
    words = tuple(_word(column, wanted, there, looked=True) for column in COLUMNS)
    missing = tuple(sorted(names[access] for access in wanted - there))
    granted_by = sorted({name for given in givers.values() for name in given})
    return TableRow(need.table, words, missing, need.mappings, tuple(granted_by))
