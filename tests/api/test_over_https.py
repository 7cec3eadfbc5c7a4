"""The operations that ask both systems, against the running sandbox."""

from __future__ import annotations

from uuid import UUID

import pytest

from audit.models import AuditEntry
from audit.terms import Act
from connections import setup
from connections.models import Company
from connections.systems import Create
from integration_admin.roles import Role
from mappings.models import Coupling
from tests.api.conftest import Program, program_of
from tests.connected import connected, trusting
from tests.pages.factory import make_user
from tests.running_sandbox import RunningSandbox

__all__ = ["connected", "trusting"]


@pytest.fixture
def program(connected: Company) -> Program:
    return program_of(make_user(Role.OPERATOR))


def pair(company: Company) -> tuple[UUID, UUID]:
    """Make a customer and an account that are not coupled."""
    systems = setup.systems_of(company)
    customer = UUID("00000000-0000-4000-8000-000000000001")
    account = UUID("00000000-0000-4000-8000-000000000002")
    local = systems.business_central.write(
        "customers", [Create(customer, {"displayName": "Adatum"})], ()
    )
    remote = systems.dataverse.write("account", [Create(account, {"name": "Adatum"})], ())
    assert [one.error for one in (*local, *remote)] == [None, None]
    return customer, account


def test_connections_are_tested(program: Program) -> None:
    answer = program.post("/connections/test")

    assert answer.status == 200
    assert {check["side"] for check in answer.json["checks"]} == {"Business Central", "Dataverse"}
    assert [check for check in answer.json["checks"] if not check["passed"]] == []


def test_a_preview_says_what_a_run_would_do_and_writes_nothing(
    program: Program, connected: Company, sandbox: RunningSandbox
) -> None:
    customer, _ = pair(connected)

    answer = program.post(
        "/mappings/CUSTOMER/preview", {"mode": "full", "direction": "to", "limit": 10}
    )

    inserted = [
        change
        for phase in answer.json["phases"]
        for change in phase["changes"]
        if change["action"] == "Inserted"
    ]
    assert answer.status == 200
    assert [change["source_id"] for change in inserted] == [str(customer)]
    assert {"field": "name", "before": None, "after": "Adatum"} in inserted[0]["diffs"]
    assert Coupling.objects.count() == 0


def test_two_records_are_coupled_and_uncoupled(program: Program, connected: Company) -> None:
    customer, account = pair(connected)
    body = {
        "mapping": "CUSTOMER",
        "business_central_id": str(customer),
        "dataverse_id": str(account),
    }

    made = program.post("/couplings", body)
    released = program.post("/couplings/uncouple", {"ids": [made.json["id"]]})

    assert made.status == 201
    assert made.json["name"] == "Adatum"
    assert released.json == {"count": 1}
    acts = AuditEntry.objects.filter(act__in=(Act.COUPLED, Act.UNCOUPLED)).order_by("pk")
    assert [(entry.act, entry.source) for entry in acts] == [
        (Act.COUPLED, "API"),
        (Act.UNCOUPLED, "API"),
    ]
    assert acts[1].before["dataverse_id"] == str(account)


def test_a_record_that_is_not_there_is_not_coupled(program: Program, connected: Company) -> None:
    customer, _ = pair(connected)
    body = {
        "mapping": "CUSTOMER",
        "business_central_id": str(customer),
        "dataverse_id": "00000000-0000-4000-8000-0000000000ff",
    }

    answer = program.post("/couplings", body)

    assert (answer.status, answer.json["code"]) == (409, "E-COUPLED")
    assert not Coupling.objects.exists()
