"""Each role × each operation gives exactly the stated answer (C-4029)."""

from __future__ import annotations

from typing import Any

import pytest

from integration_admin.api import door
from integration_admin.api.door import api
from integration_admin.roles import ROLES, Right, Role
from mappings.models import Coupling, IntegrationTableMapping
from syncjobs.models import HealthCheck, JobQueueEntry, Run, SynchJob
from tests.api.conftest import Program, program_of
from tests.pages.factory import Past, make_user

# What each operation asks for (console.md 2), said here once more, apart from the code.
RIGHTS = {
    "GET /companies": Right.VIEW_CONSOLE,
    "GET /connections": Right.VIEW_CONNECTION,
    "POST /connections/test": Right.TEST_CONNECTION,
    "POST /connections/restore": Right.CHANGE_CONNECTION,
    "POST /connections/configure": Right.CHANGE_CONNECTION,
    "POST /connections/dataverse/enable": Right.CHANGE_CONNECTION,
    "POST /connections/dataverse/disable": Right.CHANGE_CONNECTION,
    "POST /connections/sales/enable": Right.CHANGE_CONNECTION,
    "POST /connections/sales/disable": Right.CHANGE_CONNECTION,
    "GET /health": Right.VIEW_CONSOLE,
    "POST /health/check": Right.TEST_CONNECTION,
    "POST /health/checks/{id}/silence": Right.TEST_CONNECTION,
    "DELETE /health/checks/{id}/silence": Right.TEST_CONNECTION,
    "GET /security-roles": Right.VIEW_ROLES,
    "POST /security-roles/check": Right.TEST_CONNECTION,
    "GET /redeploys": Right.VIEW_ROLES,
    "GET /redeploys/plan": Right.TEST_CONNECTION,
    "POST /redeploys": Right.REDEPLOY_SOLUTION,
    "DELETE /deployment-identity": Right.MANAGE_SECRETS,
    "POST /default-setup/preview": Right.RESET_CONFIGURATION,
    "POST /default-setup": Right.RESET_CONFIGURATION,
    "GET /item-availability": Right.VIEW_CONNECTION,
    "POST /item-availability/publish": Right.CHANGE_CONNECTION,
    "POST /item-availability/rotate": Right.CHANGE_CONNECTION,
    "POST /item-availability/try": Right.TEST_CONNECTION,
    "POST /item-availability/unpublish": Right.CHANGE_CONNECTION,
    "GET /encryption": Right.MANAGE_SECRETS,
    "POST /encryption/rotate": Right.MANAGE_SECRETS,
    "GET /mappings": Right.VIEW_MAPPING,
    "GET /mappings/{name}": Right.VIEW_MAPPING,
    "POST /mappings/synchronize": Right.RUN_SYNC,
    "POST /mappings/{name}/synchronize": Right.RUN_SYNC,
    "POST /mappings/{name}/match": Right.MANAGE_COUPLINGS,
    "POST /mappings/{name}/preview": Right.PREVIEW,
    "GET /couplings": Right.VIEW_COUPLING,
    "POST /couplings": Right.COUPLE_RECORD,
    "GET /couplings/{id}": Right.VIEW_COUPLING,
    "DELETE /couplings/{id}": Right.MANAGE_COUPLINGS,
    "POST /couplings/uncouple": Right.MANAGE_COUPLINGS,
    "POST /couplings/delete": Right.MANAGE_COUPLINGS,
    "POST /couplings/retry": Right.RETRY_RECORD,
    "POST /couplings/retry-all": Right.RETRY_ALL,
    "POST /couplings/find-deleted": Right.RETRY_ALL,
    "POST /couplings/synchronize": Right.RETRY_RECORD,
    "GET /runs": Right.VIEW_LOG,
    "GET /runs/{id}": Right.VIEW_LOG,
    "POST /runs/{id}/cancel": Right.RUN_JOB,
    "GET /synch-jobs": Right.VIEW_LOG,
    "GET /synch-jobs/{id}": Right.VIEW_LOG,
    "GET /errors": Right.VIEW_LOG,
    "GET /errors/causes": Right.VIEW_LOG,
    "POST /errors/retry": Right.RETRY_RECORD,
    "GET /audit-log": Right.VIEW_AUDIT,
    "GET /job-queue": Right.VIEW_JOB,
    "GET /job-queue/{id}": Right.VIEW_JOB,
    "POST /job-queue/{id}/run-now": Right.RUN_JOB,
    "POST /job-queue/{id}/hold": Right.RUN_JOB,
    "POST /job-queue/{id}/ready": Right.RUN_JOB,
    "POST /job-queue/{id}/restart": Right.RUN_JOB,
    "GET /lists": Right.VIEW_CONSOLE,
    "GET /lists/{list_name}/export": Right.EXPORT,
    "GET /openapi.json": Right.VIEW_CONSOLE,
}
MAY = (200, 202, 404, 409, 422)  # done, or refused for another reason than a right
ROWS: dict[str, Any] = {
    "couplings": Coupling,
    "runs": Run,
    "synch-jobs": SynchJob,
    "job-queue": JobQueueEntry,
    "health": HealthCheck,
}


def path_of(operation: str) -> tuple[str, str]:
    """Return method and path of an operation, for a row that is there."""
    method, _, path = operation.partition(" ")
    if "{id}" in path:
        row = ROWS[path.split("/")[1]].objects.first()
        assert row is not None
        path = path.replace("{id}", str(row.pk))
    path = path.replace("{list_name}", "couplings")
    mapping = IntegrationTableMapping.objects.filter(name="CUSTOMER")
    return method, path.replace("{name}", mapping.get().name if "{name}" in path else "")


def operations() -> set[str]:
    """Return the operations behind every address, also those the document leaves out."""
    return {
        f"{method} {path}"
        for router in api._get_bound_routers()
        for path, view in router.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    }


def test_every_operation_is_known_to_this_matrix() -> None:
    assert operations() == set(RIGHTS)


def test_no_address_of_the_api_is_beside_the_operations() -> None:
    patterns, _, _ = door.addresses()

    named = {pattern.name for pattern in patterns}

    operations = {operation for operation in named if operation not in ("root", "nothing")}
    functions = {
        operation.view_func.__name__
        for router in api._get_bound_routers()
        for view in router.path_operations.values()
        for operation in view.operations
    }
    assert operations <= functions


def test_nobody_gets_in(past: Past) -> None:
    couplings, runs = Coupling.objects.count(), Run.objects.count()

    for operation in RIGHTS:
        answer = Program().call(*path_of(operation), {})
        assert (answer.status, answer.json["code"]) == (401, "E-UNAUTHENTICATED"), operation

    assert (Coupling.objects.count(), Run.objects.count()) == (couplings, runs)


def test_each_operation_asks_for_its_own_right() -> None:
    """Rights can be given singly, so one that the same roles hold is still another one."""
    asked = {
        f"{method} {path}": {
            getattr(callback, "right", None) for callback in operation.auth_callbacks
        }
        for router in api._get_bound_routers()
        for path, view in router.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    }

    assert asked == {operation: {right} for operation, right in RIGHTS.items()}


@pytest.mark.parametrize("role", Role)
def test_each_role_may_call_exactly_what_its_rights_say(past: Past, role: Role) -> None:
    program = program_of(make_user(role))

    for operation, right in RIGHTS.items():
        answer = program.call(*path_of(operation), {} if "POST" in operation else None)
        if right in ROLES[role]:
            assert answer.status in MAY, (operation, answer.json)
        else:
            assert (answer.status, answer.json["code"]) == (403, "E-FORBIDDEN"), operation
            assert right.codename in answer.json["sentence"]


def test_a_right_is_asked_for_before_the_input_is_looked_at(viewer: Program) -> None:
    answer = viewer.post("/couplings", {"nonsense": True})

    assert answer.status == 403


def test_a_full_run_needs_the_right_for_full_runs(past: Past) -> None:
    user = make_user(Role.VIEWER, "val")
    user.user_permissions.add(*_permissions("run_sync"))
    program = program_of(user)

    modified = program.post("/mappings/CUSTOMER/synchronize", {})
    full = program.post("/mappings/CUSTOMER/synchronize", {"mode": "full", "confirmed": True})
    agreed = program.post("/mappings/CUSTOMER/synchronize", {"confirmed": 400})

    assert modified.status == 202
    assert (agreed.status, agreed.json["code"]) == (403, "E-FORBIDDEN")
    assert (full.status, full.json["code"]) == (403, "E-FORBIDDEN")


def _permissions(*codenames: str) -> Any:
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(codename__in=codenames)


def test_support_retries_at_most_a_hundred(support: Program, operator: Program) -> None:
    many = {"ids": list(range(1, 102))}

    refused = support.post("/couplings/retry", many)

    assert (refused.status, refused.json["code"]) == (422, "E-TOO-MANY")
    assert operator.post("/couplings/retry", many).status == 200
