"""The plan of a redeploy: what is missing, and which steps bring it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from connections.causes import Cause
from connections.redeploy import (
    BASE_ROLE,
    BASE_SOLUTION,
    AssignRole,
    Holder,
    HolderKind,
    ImportSolution,
    Publish,
    SolutionState,
    is_assigned,
    plan_redeploy,
    shortfalls,
)
from connections.solution import package
from connections.solution.manifest import Role

TARGET = package.shipped().manifest
BASE = Role(BASE_ROLE, "Business Central Dataverse Integration", frozenset())
ALL = frozenset({BASE_ROLE, *(role.id for role in TARGET.roles if is_assigned(role))})
HEALTHY = SolutionState(
    base=(1, 2, 0, 0),
    installed=TARGET.version,
    roles={role.id: role for role in (BASE, *TARGET.roles)},
    tables=frozenset(TARGET.tables),
    holders=(
        Holder(HolderKind.USER, UUID(int=1), "Integration", UUID(int=9), ALL),
        Holder(HolderKind.TEAM, UUID(int=2), "BCI", UUID(int=9), ALL),
    ),
)


def role_named(end: str) -> Role:
    return next(role for role in TARGET.roles if role.name.endswith(end))


def without_privilege(name: str, end: str) -> SolutionState:
    role = role_named(end)
    lacking = replace(role, privileges=role.privileges - {name})
    return replace(HEALTHY, roles={**HEALTHY.roles, role.id: lacking})


def without_role(kind: HolderKind, end: str) -> SolutionState:
    holders = tuple(
        replace(h, roles=h.roles - {role_named(end).id}) if h.kind == kind else h
        for h in HEALTHY.holders
    )
    return replace(HEALTHY, holders=holders)


def test_nothing_is_done_where_everything_is_there() -> None:
    assert list(plan_redeploy(HEALTHY, TARGET)) == []
    assert list(shortfalls(HEALTHY, TARGET)) == []


@pytest.mark.parametrize("installed", [None, (0, 9), (0, 9, 9, 9)])
def test_a_missing_or_older_solution_is_imported_and_published(
    installed: tuple[int, ...] | None,
) -> None:
    steps = list(plan_redeploy(replace(HEALTHY, installed=installed), TARGET))

    assert [type(step) for step in steps] == [ImportSolution, Publish]


def test_a_newer_solution_stays() -> None:
    assert list(plan_redeploy(replace(HEALTHY, installed=(9, 1)), TARGET)) == []


def test_a_current_solution_is_imported_when_a_person_wants_it() -> None:
    steps = list(plan_redeploy(HEALTHY, TARGET, force=True))

    assert isinstance(steps[0], ImportSolution)


@pytest.mark.parametrize(
    "state",
    [
        without_privilege("prvWriteProduct", "Integration User"),
        replace(HEALTHY, tables=frozenset()),
        replace(HEALTHY, roles={BASE_ROLE: BASE}),
    ],
)
def test_what_only_an_import_brings_back_is_imported(state: SolutionState) -> None:
    assert isinstance(next(plan_redeploy(state, TARGET)), ImportSolution)


def test_a_retry_of_the_roles_imports_nothing() -> None:
    state = without_role(HolderKind.TEAM, "Integration User")

    steps = list(plan_redeploy(replace(state, installed=None), TARGET, roles_only=True))

    assert [type(step) for step in steps] == [AssignRole]


def test_a_role_that_a_holder_lacks_is_assigned_to_it_only() -> None:
    [step] = plan_redeploy(without_role(HolderKind.TEAM, "Integration Administrator"), TARGET)

    assert isinstance(step, AssignRole)
    assert step.to.kind == HolderKind.TEAM
    assert step.role.name.endswith("Integration Administrator")


def test_the_role_for_sellers_goes_to_nobody() -> None:
    nobody = tuple(replace(holder, roles=frozenset()) for holder in HEALTHY.holders)

    steps = list(plan_redeploy(replace(HEALTHY, holders=nobody), TARGET))

    assert len(steps) == 6
    assert not any("Availability" in s.role.name for s in steps if isinstance(s, AssignRole))


def test_a_role_is_known_by_its_name_where_its_id_is_another() -> None:
    role = role_named("Availability User")
    other = replace(role, id=UUID(int=77))
    roles = {identity: r for identity, r in HEALTHY.roles.items() if identity != role.id}

    assert not list(shortfalls(replace(HEALTHY, roles={**roles, other.id: other}), TARGET))


def test_a_missing_privilege_is_named_with_its_role() -> None:
    state = without_privilege("prvWriteProduct", "Integration User")

    [found] = shortfalls(state, TARGET)

    assert (found.cause, found.name) == (Cause.ROLES, "prvWriteProduct")
    assert "Integration User lacks the privilege prvWriteProduct" in found.sentence


def test_privileges_are_compared_whatever_their_case() -> None:
    role = role_named("Integration User")
    lower = replace(role, privileges=frozenset(name.lower() for name in role.privileges))

    assert not list(shortfalls(replace(HEALTHY, roles={**HEALTHY.roles, role.id: lower}), TARGET))


def test_whatever_is_missing_is_named() -> None:
    nothing = SolutionState(None, None, {}, frozenset(), ())

    names = {found.name for found in shortfalls(nothing, TARGET)}

    assert names == {
        BASE_SOLUTION,
        TARGET.unique_name,
        *TARGET.tables,
        *(role.name for role in TARGET.roles),
        "integration user",
        "owning team",
    }
