"""The plan of a redeploy: what is missing, and which steps bring it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from connections.causes import Cause
from connections.redeploy import (
    SALES_PRO,
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
from connections.solution.manifest import Manifest, Role

TARGET = package.shipped().manifest
BASE = package.shipped_base().manifest
[BASE_ROLE] = BASE.roles
ROLES = {role.id: role for role in (BASE_ROLE, *TARGET.roles)}
ALL = frozenset(role.id for role in ROLES.values() if is_assigned(role))
HEALTHY = SolutionState(
    base=BASE.version,
    installed=TARGET.version,
    roles=ROLES,
    tables=frozenset((*BASE.tables, *TARGET.tables)),
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


@pytest.mark.parametrize(
    ("state", "imported"),
    [
        (replace(HEALTHY, installed=None), [TARGET]),
        (replace(HEALTHY, installed=(0, 9)), [TARGET]),
        (replace(HEALTHY, base=(0, 9, 9, 9)), [BASE]),
        (replace(HEALTHY, base=None, installed=None), [BASE, TARGET]),
    ],
)
def test_a_missing_or_older_solution_is_imported_the_base_first(
    state: SolutionState, imported: list[Manifest]
) -> None:  # E-9.11, E-9.30
    *imports, published = plan_redeploy(state, TARGET)

    assert published == Publish()
    names = [step.solution for step in imports if isinstance(step, ImportSolution)]
    assert names == [solution.unique_name for solution in imported]
    assert len(imports) == len(names)


@pytest.mark.parametrize("force", [True, False])
def test_a_newer_solution_stays_whatever_its_role_lacks(force: bool) -> None:
    roles = {**ROLES, BASE_ROLE.id: replace(BASE_ROLE, privileges=frozenset())}
    state = replace(HEALTHY, base=(9, 1), installed=(9, 1), roles=roles)

    assert list(plan_redeploy(state, TARGET, force=force)) == []
    assert {found.cause for found in shortfalls(state, TARGET)} == {Cause.ROLES}


def test_a_current_solution_is_imported_when_a_person_wants_it() -> None:
    steps = list(plan_redeploy(HEALTHY, TARGET, force=True))

    assert [step.solution for step in steps if isinstance(step, ImportSolution)] == [
        TARGET.unique_name
    ]


@pytest.mark.parametrize(
    "state",
    [
        without_privilege("prvWriteProduct", "Integration User"),
        replace(HEALTHY, tables=frozenset()),
        replace(HEALTHY, roles={BASE_ROLE.id: BASE_ROLE}),
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


def test_the_role_of_sales_pro_is_given_where_it_is_deployed() -> None:  # E-9.32
    role = Role(SALES_PRO, "Dynamics 365 Business Central Integration Sales Pro", frozenset())
    state = replace(HEALTHY, roles={**HEALTHY.roles, role.id: role})

    steps = [step for step in plan_redeploy(state, TARGET) if isinstance(step, AssignRole)]

    assert [(step.role, step.to.kind) for step in steps] == [
        (role, HolderKind.USER),
        (role, HolderKind.TEAM),
    ]
    assert {found.name for found in shortfalls(state, TARGET)} == {role.name}


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
        BASE.unique_name,
        TARGET.unique_name,
        *BASE.tables,
        *TARGET.tables,
        *(role.name for role in ROLES.values()),
        "integration user",
        "owning team",
    }
