"""Redeploying the integration solution: what is missing, and the steps that bring it there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from connections.causes import Cause
from connections.solution.manifest import Manifest, Role, Version, is_older, shown

BASE_ROLE = UUID("a2b18661-9ff5-e911-a812-000d3a0b9028")  # E-9.12
ADMINISTRATOR = UUID("8c8d4f51-a72b-e511-80d9-3863bb349780")  # E-9.23
USER = UUID("6f960e32-a72b-e511-80d9-3863bb349780")
SALES_PRO = UUID("2f92fbbd-2d13-461a-895f-27c13f789fdb")  # of Microsoft's companion (E-9.32)
ASSIGNED_NAMES = frozenset(
    {
        "dynamics 365 business central integration administrator",
        "dynamics 365 business central integration user",
    }
)


class HolderKind(StrEnum):
    """Who gets the roles (E-9.32)."""

    USER = "integration user"
    TEAM = "owning team"


@dataclass(frozen=True, slots=True)
class Holder:
    """The integration user or the owning team, with the roles it has, by the id at the root."""

    kind: HolderKind
    id: UUID
    name: str
    business_unit: UUID | None
    roles: frozenset[UUID]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class SolutionState:
    """What Dataverse holds now."""

    base: Version | None
    installed: Version | None
    roles: Mapping[UUID, Role]
    tables: frozenset[str]
    holders: tuple[Holder, ...]
    without_user: str = ""  # the connection's application, where it has no user yet

    def version_of(self, solution: Manifest) -> Version | None:
        """Return the version of a solution that is installed."""
        return self.base if solution.is_base else self.installed

    def deployed(self, role: Role) -> Role | None:
        """Return the role as it is there: by its id, else by its name."""
        if role.id in self.roles:
            return self.roles[role.id]
        name = role.name.casefold()
        return next((r for r in self.roles.values() if r.name.casefold() == name), None)


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Something that is not as the package wants it; `name` is what a person looks for."""

    cause: Cause
    name: str
    sentence: str
    holder: HolderKind | None = None  # who lacks a role


@dataclass(frozen=True, slots=True)
class ImportSolution:
    """Import a package over whatever is installed."""

    solution: str
    version: Version
    reason: str


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish what the import changed."""


@dataclass(frozen=True, slots=True)
class CreateUser:
    """Make the user of the connection's application, which has none (E-9.12)."""

    client_id: str


@dataclass(frozen=True, slots=True)
class AssignRole:
    """Give a security role to the integration user or the owning team."""

    role: Role
    to: Holder


Step = ImportSolution | Publish | CreateUser | AssignRole


def is_assigned(role: Role) -> bool:
    """Whether a role goes to the integration user and its team; others are for sellers (C-0705)."""
    given = (ADMINISTRATOR, USER, BASE_ROLE, SALES_PRO)
    return role.id in given or role.name.casefold() in ASSIGNED_NAMES


# What is missing


def shortfalls(state: SolutionState, target: Manifest) -> Iterator[Shortfall]:
    """Yield everything that is not as it should be, the solutions first."""
    for solution in target.chain:
        yield from _solution_shortfalls(state, solution)
    for solution in target.chain:
        yield from _role_shortfalls(state, solution)
    yield from _holder_shortfalls(state, target)


def _solution_shortfalls(state: SolutionState, target: Manifest) -> Iterator[Shortfall]:
    if reason := _is_outdated(state, target):
        yield Shortfall(Cause.SOLUTION, target.unique_name, reason)
    for table in target.tables:
        if table not in state.tables:
            sentence = f"The table {table} of the solution {target.unique_name} is missing."
            yield Shortfall(Cause.SOLUTION, table, sentence)


def _is_outdated(state: SolutionState, target: Manifest) -> str:
    installed = state.version_of(target)
    if installed is None:
        return f"The solution {target.unique_name} is not installed."
    if is_older(installed, target.version):
        return (
            f"The solution {target.unique_name} is installed in version {shown(installed)}; "
            f"version {shown(target.version)} is needed."
        )
    return ""


def _role_shortfalls(state: SolutionState, target: Manifest) -> Iterator[Shortfall]:
    for role in target.roles:
        deployed = state.deployed(role)
        if deployed is None:
            sentence = f"The security role {role.name} does not exist."
            yield Shortfall(Cause.ROLES, role.name, sentence)
            continue
        held = {name.casefold() for name in deployed.privileges}
        for name in sorted(role.privileges):
            if name.casefold() not in held:
                sentence = f"The security role {role.name} lacks the privilege {name}."
                yield Shortfall(Cause.ROLES, name, sentence)


def _holder_shortfalls(state: SolutionState, target: Manifest) -> Iterator[Shortfall]:
    for holder, role in _missing_assignments(state, target):
        sentence = f"The {holder} lacks the security role {role.name}."
        yield Shortfall(Cause.ROLES, role.name, sentence, holder.kind)
    for kind in HolderKind:
        if not any(holder.kind == kind for holder in state.holders):
            sentence = f"There is no {kind} that could have the security roles."
            yield Shortfall(Cause.ROLES, kind, sentence, kind)


def _missing_assignments(state: SolutionState, target: Manifest) -> Iterator[tuple[Holder, Role]]:
    brought = (role for solution in target.chain for role in solution.roles if is_assigned(role))
    roles = [there for role in brought if (there := state.deployed(role))]
    if SALES_PRO in state.roles:
        roles.append(state.roles[SALES_PRO])
    for holder in state.holders:
        for role in roles:
            if role.id not in holder.roles:
                yield holder, role


# What to do


def plan_redeploy(
    state: SolutionState, target: Manifest, *, force: bool = False, roles_only: bool = False
) -> Iterator[Step]:
    """Yield the steps to the target; none when everything is there already.

    What the target requires is imported first, where it is missing or older; what is newer there
    than a package stays as it is.
    Roles that are to be assigned but come with the import, and those of a user that is made, are
    planned once these are there.
    """
    imports = () if roles_only else tuple(_imports(state, target, force=force))
    yield from imports
    if imports:
        yield Publish()
    if state.without_user:
        yield CreateUser(state.without_user)
    for holder, role in _missing_assignments(state, target):
        yield AssignRole(role, holder)


def _imports(state: SolutionState, target: Manifest, *, force: bool) -> Iterator[ImportSolution]:
    for solution in target.chain:
        if reason := _reason_to_import(state, solution, force=force and solution is target):
            yield ImportSolution(solution.unique_name, solution.version, reason)


def _reason_to_import(state: SolutionState, target: Manifest, *, force: bool) -> str:
    """Return why an import is needed: it also puts roles and privileges back (E-9.34)."""
    installed = state.version_of(target)
    if installed is not None and is_older(target.version, installed):
        return ""
    for found in (*_solution_shortfalls(state, target), *_role_shortfalls(state, target)):
        return found.sentence
    return "The import was asked for." if force else ""
