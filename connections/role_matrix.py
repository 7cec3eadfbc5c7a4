"""The security roles of the solution and their privileges: required, granted, missing, extra."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from connections import redeploy
from connections.redeploy import SolutionState
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
    holders: tuple[tuple[str, bool], ...]
    missing: tuple[str, ...]
    tables: tuple[tuple[str, tuple[str, ...]], ...]  # table, and a word for each column

    @property
    def is_unassigned(self) -> bool:
        return not all(has_it for _, has_it in self.holders)

    @property
    def is_wrong(self) -> bool:
        return self.is_deployed is False or bool(self.missing) or self.is_unassigned


def matrix(target: Manifest, state: SolutionState | None) -> list[RoleRow]:
    """Return the roles, those that lack something first."""
    rows = [_row(role, state) for one in target.chain for role in one.roles]
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
            (str(holder), deployed is not None and deployed.id in holder.roles)
            for holder in holders
        ),
        missing=missing,
        tables=tuple(_tables(role, deployed)),
    )


def _tables(role: Role, deployed: Role | None) -> Iterable[tuple[str, tuple[str, ...]]]:
    wanted = _cells(role.privileges)
    there = _cells(deployed.privileges) if deployed else {}
    for table in sorted({*wanted, *there}, key=str.casefold):
        cells = wanted.get(table, set()), there.get(table, set())
        yield table, tuple(_word(column, *cells, looked=deployed is not None) for column in COLUMNS)


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
