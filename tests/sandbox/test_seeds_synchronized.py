"""The first full synchronization of `cronus`: troubles fail as told, all else goes through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from connections.models import Company, SalesConnectionSetup
from mappings.reset import use_default_synchronization_setup
from sandbox.seeds.cronus import odd
from syncjobs.models import SynchError
from syncjobs.runs.synchronize import synchronize_mapping
from syncjobs.terms import Action, Mode
from tests.connected import connect, trusting
from tests.running_sandbox import RunningSandbox

__all__ = ["trusting"]
MAPPINGS = (
    "SALESPEOPLE",
    "CURRENCY",
    "PAYMENT TERMS",
    "SHIPMENT METHOD",
    "SHIPPING AGENT",
    "CUSTOMER",
    "VENDOR",
    "CONTACT",
    "UNIT OF MEASURE",
    "ITEM-PRODUCT",
    "RESOURCE-PRODUCT",
    "CUSTPRCGRP-PRICE",
    "SALESPRC-PRODPRICE",
    "OPPORTUNITY",
)
Seen = set[tuple[str, str]]


@pytest.fixture
def company(
    transactional_db: None, trusting: Settings, sandbox: RunningSandbox
) -> Iterator[Company]:
    sandbox.reset("cronus")
    company = connect(sandbox)
    SalesConnectionSetup.objects.filter(company=company).update(is_enabled=True)
    company = Company.objects.get(pk=company.pk)
    use_default_synchronization_setup(company)
    yield company
    sandbox.reset("empty")


def ids_of(error: SynchError) -> set[str]:
    return {str(i) for i in (error.business_central_id, error.dataverse_id) if i}


def expected(sandbox: RunningSandbox, outcome: str) -> Seen:
    troubles: list[dict[str, Any]] = sandbox.control("GET", "troubles")
    return {
        (t["id"], t["cause"])
        for t in troubles
        if t["outcome"] == outcome and t["mapping"] in MAPPINGS
    }


def met(sandbox: RunningSandbox, *, warnings: bool) -> tuple[Seen, list[str]]:
    """Return which troubles came up with which cause, and errors of records that are none."""
    troubled = {t["id"] for t in sandbox.control("GET", "troubles")}
    seen: Seen = set()
    others = []
    for error in SynchError.objects.filter(warning=warnings):
        ids = ids_of(error) & troubled
        seen |= {(i, error.cause) for i in ids}
        if not ids:
            others.append(f"{error.cause} {error.record_name}: {error.message}")
    return seen, others


def test_only_the_troubles_fail_and_a_second_run_changes_nothing(
    company: Company, sandbox: RunningSandbox
) -> None:
    first = [synchronize_mapping(company, name, mode=Mode.FULL) for name in MAPPINGS]

    assert met(sandbox, warnings=False) == (expected(sandbox, "fails"), [])
    assert met(sandbox, warnings=True) == (expected(sandbox, "cut with a warning"), [])
    assert sum(report.count(Action.INSERTED) for report in first) > 500
    assert sum(report.count(Action.COUPLED) for report in first[5:6]) == 40
    assert coupled_not_made_twice(sandbox)
    assert without_company(sandbox) == [("Petra Prospect", "")]
    assert left_out(sandbox)

    again = [synchronize_mapping(company, name, mode=Mode.FULL) for name in MAPPINGS]

    for report in again:
        for action in (Action.INSERTED, Action.MODIFIED, Action.DELETED, Action.COUPLED):
            assert report.count(action) == 0, (report.mapping, action)


def coupled_not_made_twice(sandbox: RunningSandbox) -> bool:
    """Say whether accounts that BC's customers were before are still the only ones."""
    answer = sandbox.dataverse.get("accounts?$filter=customertypecode eq 3&$select=emailaddress1")
    emails = [row["emailaddress1"].lower() for row in answer.json()["value"]]
    return {email for email in emails if emails.count(email) > 1} == {odd.TWIN_EMAIL}


def without_company(sandbox: RunningSandbox) -> list[tuple[str, str]]:
    """Return the contacts that came from a prospect's people, with their company."""
    rows = sandbox.bc.get("contacts?$filter=surname eq 'Prospect'").json()["value"]
    return [(row["displayName"], row["companyNumber"]) for row in rows]


def left_out(sandbox: RunningSandbox) -> bool:
    """Say whether the person of the company that does no business stayed where they were."""
    row = sandbox.bc.get("contacts?$filter=number eq 'CT000002'").json()["value"][0]
    answer = sandbox.dataverse.get(f"contacts?$filter=emailaddress1 eq '{row['email']}'")
    return bool(answer.json()["value"] == [])
