"""What people notice: an edit on either side arrives, alone, and nobody's edit is lost."""

from __future__ import annotations

import io
import json
import threading
import time
from typing import Any

import pytest
import requests
from django.core.management import call_command

from connections.models import Company
from mappings.models import IntegrationTableMapping
from mappings.terms import UpdateConflictResolution
from syncjobs.runs.synchronize import synchronize_mapping
from syncjobs.terms import Action, Mode
from tests.connected import connected, trusting
from tests.running_sandbox import Caller, RunningSandbox

__all__ = ["connected", "trusting"]

NUMBER = 40


@pytest.fixture
def coupled(connected: Company, sandbox: RunningSandbox) -> Company:
    """A company with coupled customers, at rest."""
    for number in range(NUMBER):
        _accepted(sandbox.bc.post("customers", _customer(number)))
    synchronize_mapping(connected, "CUSTOMER", mode=Mode.FULL)
    return connected


def _customer(number: int) -> dict[str, str]:
    return {"displayName": f"Adatum {number}", "email": f"a{number}@adatum.example"}


def _accepted(answer: requests.Response) -> requests.Response:
    assert answer.ok, answer.text
    return answer


def synchronized(name: str, *options: str) -> dict[str, Any]:
    """Return what the command prints."""
    printed = io.StringIO()
    call_command("synchronize", name, *options, "--json", stdout=printed)
    report: dict[str, Any] = json.loads(printed.getvalue())
    return report


def moved(report: dict[str, Any]) -> dict[str, int]:
    """Return what was written in each direction."""
    return {job["direction"]: job["inserted"] + job["modified"] for job in report["jobs"]}


def account(sandbox: RunningSandbox, name: str) -> dict[str, Any]:
    [row] = sandbox.dataverse.get(f"accounts?$filter=name eq '{name}'").json()["value"]
    found: dict[str, Any] = row
    return found


def customer(sandbox: RunningSandbox, name: str) -> dict[str, Any]:
    [row] = sandbox.bc.get(f"customers?$filter=displayName eq '{name}'").json()["value"]
    found: dict[str, Any] = row
    return found


def edit_account(caller: Caller, row: dict[str, Any], **values: str) -> None:
    headers = {"If-Match": "*"}
    _accepted(caller.patch(f"accounts({row['accountid']})", values, headers=headers))


def edit_customer(caller: Caller, row: dict[str, Any], **values: str) -> None:
    _accepted(caller.patch(f"customers({row['id']})", values, headers={"If-Match": "*"}))


def test_after_an_edit_on_each_side_exactly_those_two_move(
    coupled: Company, sandbox: RunningSandbox
) -> None:
    edit_customer(sandbox.bc, customer(sandbox, "Adatum 1"), city="Oslo")
    edit_account(sandbox.dataverse, account(sandbox, "Adatum 2"), address1_city="Bergen")

    report = synchronized("CUSTOMER")

    assert moved(report) == {"to": 1, "from": 1}
    assert account(sandbox, "Adatum 1")["address1_city"] == "Oslo"
    assert customer(sandbox, "Adatum 2")["city"] == "Bergen"
    assert moved(synchronized("CUSTOMER")) == {"to": 0, "from": 0}


def test_an_edit_made_as_the_integration_user_does_not_arrive(  # E-3.8
    coupled: Company, sandbox: RunningSandbox
) -> None:
    row = account(sandbox, "Adatum 1")
    edit_account(sandbox.integration_dataverse, row, address1_city="Bergen")

    report = synchronized("CUSTOMER")

    assert moved(report) == {"to": 0, "from": 0}
    assert customer(sandbox, "Adatum 1")["city"] == ""


def test_an_edit_made_during_our_bulk_write_arrives(
    coupled: Company, sandbox: RunningSandbox
) -> None:
    """While our write of forty rows is held back, a seller edits one of them."""
    mappings = IntegrationTableMapping.objects.filter(name="CUSTOMER")
    mappings.update(update_conflict_resolution=UpdateConflictResolution.MERGE)
    for number in range(NUMBER):
        edit_customer(sandbox.bc, customer(sandbox, f"Adatum {number}"), city="Oslo")
    row = account(sandbox, "Adatum 7")
    sandbox.faults(
        [
            {
                "system": "dataverse",
                "method": "POST",
                "path": r"\$batch",
                "action": "delay",
                "delay_ms": 800,
                "every": 1,
            }
        ]
    )
    seller = threading.Thread(target=_edit_while_held_back, args=(sandbox, row))
    seller.start()

    synchronized("CUSTOMER", "--confirm")
    seller.join()
    sandbox.faults([])
    synchronized("CUSTOMER")

    there, here = account(sandbox, "Adatum 7"), customer(sandbox, "Adatum 7")
    assert there["telephone1"] == here["phoneNumber"] == "+47 555 0101"
    assert there["address1_city"] == here["city"] == "Oslo"
    assert moved(synchronized("CUSTOMER")) == {"to": 0, "from": 0}


def _edit_while_held_back(sandbox: RunningSandbox, row: dict[str, Any]) -> None:
    deadline = time.monotonic() + 120
    while not any(fault["struck"] for fault in sandbox.control("GET", "faults")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    edit_account(sandbox.dataverse, row, telephone1="+47 555 0101")


def test_a_creation_that_somebody_edits_at_once_is_not_taken_for_ours(
    connected: Company, sandbox: RunningSandbox
) -> None:
    """Between our bulk creation and its reading a seller edits a new row: her edit arrives."""
    for number in range(NUMBER):
        _accepted(sandbox.bc.post("customers", _customer(number)))
    sandbox.faults(
        [
            {
                "system": "dataverse",
                "method": "POST",
                "path": "CreateMultiple",
                "action": "delay_after_commit",
                "delay_ms": 1000,
                "times": 1,
            }
        ]
    )
    seller = threading.Thread(target=_edit_when_created, args=(sandbox, "Adatum 7"))
    seller.start()

    synchronize_mapping(connected, "CUSTOMER", mode=Mode.FULL)
    seller.join()
    again = synchronize_mapping(connected, "CUSTOMER")
    last = synchronize_mapping(connected, "CUSTOMER")

    assert customer(sandbox, "Adatum 7")["phoneNumber"] == "+47 555 0101"
    assert account(sandbox, "Adatum 7")["telephone1"] == "+47 555 0101"
    assert again.count(Action.FAILED) == 0
    assert last.idle


def _edit_when_created(sandbox: RunningSandbox, name: str) -> None:
    deadline = time.monotonic() + 120
    while True:
        rows = sandbox.dataverse.get(f"accounts?$filter=name eq '{name}'").json()["value"]
        if rows:
            break
        assert time.monotonic() < deadline
        time.sleep(0.01)
    edit_account(sandbox.dataverse, rows[0], telephone1="+47 555 0101")
