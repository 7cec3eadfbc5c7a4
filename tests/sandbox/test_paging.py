"""Pages follow a cookie, so that no row is lost or seen twice while others come and go."""

from __future__ import annotations

from typing import Any

import pytest

from tests.running_sandbox import Caller, RunningSandbox

COUNT = 23


@pytest.fixture
def call(sandbox: RunningSandbox) -> Caller:
    sandbox.reset()
    call = sandbox.dataverse
    targets = [
        {
            "@odata.type": "Microsoft.Dynamics.CRM.account",
            "name": f"Account {n:02}",
            "telephone1": [None, "same", "other"][n % 3],
        }
        for n in range(COUNT)
    ]
    made = call.post("accounts/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": targets})
    assert made.status_code == 200, made.text
    return call


def page(call: Caller, link: str, size: int = 5) -> dict[str, Any]:
    answer = call.get(link, headers={"Prefer": f"odata.maxpagesize={size}"})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def walk(call: Caller, query: str) -> list[dict[str, Any]]:
    rows, link = [], query
    while link:
        body = page(call, link)
        rows += body["value"]
        assert len(body["value"]) <= 5
        link = body.get("@odata.nextLink", "")
    return rows


@pytest.mark.parametrize(
    "order", ["", "name", "name desc", "telephone1", "telephone1 desc", "telephone1,name desc"]
)
def test_every_row_is_seen_once_in_order(call: Caller, order: str) -> None:
    query = "accounts?$select=name,telephone1" + (f"&$orderby={order}" if order else "")
    at_once = call.get(query).json()["value"]

    walked = walk(call, query)

    assert len(walked) == COUNT
    assert walked == at_once


def test_rows_deleted_behind_the_page_do_not_hide_others(call: Caller) -> None:
    seen, link = [], "accounts?$select=name&$orderby=name"
    while link:
        body = page(call, link)
        seen += [row["name"] for row in body["value"]]
        for row in body["value"]:
            assert call.delete(f"accounts({row['accountid']})").status_code == 204
        link = body.get("@odata.nextLink", "")

    assert seen == [f"Account {n:02}" for n in range(COUNT)]


def test_rows_inserted_before_the_page_are_not_seen_twice(call: Caller) -> None:
    first = page(call, "accounts?$select=name&$orderby=name")
    call.post("accounts", {"name": "Aaa"})

    second = page(call, first["@odata.nextLink"])

    assert [row["name"] for row in second["value"]] == [f"Account {n:02}" for n in range(5, 10)]


def test_a_link_is_absolute_and_keeps_the_query(sandbox: RunningSandbox, call: Caller) -> None:
    body = page(
        call,
        "accounts?$select=name&$filter=contains(name,'account')&$orderby=name desc&$count=true",
    )

    link = body["@odata.nextLink"]
    assert link.startswith(f"{sandbox.env['SANDBOX_DATAVERSE_URL']}/api/data/v9.2/accounts?")
    following = page(call, link)
    assert set(following["value"][0]) == {"@odata.etag", "name", "accountid"}
    assert following["@odata.count"] == COUNT
    assert following["value"][0]["name"] == "Account 17"


def test_the_last_page_has_no_link_even_when_it_is_full(call: Caller) -> None:
    body = page(call, "accounts?$select=name", size=COUNT)

    assert len(body["value"]) == COUNT
    assert "@odata.nextLink" not in body


def test_top_is_ignored_where_a_page_size_is_preferred(call: Caller) -> None:
    assert len(walk(call, "accounts?$select=name&$top=3")) == COUNT
    assert len(call.get("accounts?$select=name&$top=3").json()["value"]) == 3


def test_related_rows_are_paged_too(call: Caller) -> None:
    account = call.get("accounts?$top=1").json()["value"][0]["accountid"]
    for n in range(7):
        body = {"lastname": f"P{n}", "parentcustomerid_account@odata.bind": f"/accounts({account})"}
        call.post("contacts", body)

    rows = walk(
        call, f"accounts({account})/contact_customer_accounts?$select=lastname&$orderby=lastname"
    )

    assert [row["lastname"] for row in rows] == [f"P{n}" for n in range(7)]


def test_a_page_holds_five_thousand_rows_at_most(call: Caller) -> None:
    targets = [
        {"@odata.type": "Microsoft.Dynamics.CRM.account", "name": f"More {n}"} for n in range(5000)
    ]
    call.post("accounts/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": targets})

    body = page(call, "accounts?$select=name&$count=true", size=100_000)

    assert len(body["value"]) == 5000
    assert body["@odata.count"] == 5000
    assert len(page(call, body["@odata.nextLink"], size=100_000)["value"]) == COUNT
