"""Volume: clean rows after what is there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.running_sandbox import RunningSandbox


@pytest.fixture
def grown(sandbox: RunningSandbox) -> Iterator[RunningSandbox]:
    sandbox.reset("cronus")
    yield sandbox
    sandbox.reset("empty")


def count(sandbox: RunningSandbox, table: str) -> int:
    return int(sandbox.bc.get(f"{table}/$count").text.strip("\ufeff"))


def test_volume_adds_exactly_what_was_asked_for(grown: RunningSandbox) -> None:
    before = {name: count(grown, name) for name in ("customers", "vendors", "contacts", "items")}

    grown.seed(customers=120, vendors=30, contacts=50, items=40, accounts=25)

    assert count(grown, "customers") == before["customers"] + 120
    assert count(grown, "vendors") == before["vendors"] + 30
    assert count(grown, "contacts") == before["contacts"] + 120 + 30 + 50  # company contacts too
    assert count(grown, "items") == before["items"] + 40
    assert grown.dataverse.get("accounts/$count").text.strip("\ufeff") == "95"


def test_volume_is_younger_than_what_was_there(grown: RunningSandbox) -> None:
    oldest = "customers?$top=1&$orderby=lastModifiedDateTime desc"
    seeded = grown.bc.get(oldest).json()["value"][0]["lastModifiedDateTime"]

    grown.seed(customers=10)

    grow = grown.bc.get("customers", params={"$filter": f"lastModifiedDateTime gt {seeded}"})
    assert len(grow.json()["value"]) == 10


def test_volume_can_grow_again_even_after_deletions(grown: RunningSandbox) -> None:
    grown.seed(accounts=3)
    [row] = grown.dataverse.get("accounts?$top=1&$orderby=createdon desc").json()["value"]
    grown.dataverse.delete(f"accounts({row['accountid']})").raise_for_status()

    grown.seed(accounts=3)

    emails = [r["emailaddress1"] for r in grown.dataverse.get("accounts").json()["value"]]
    assert len(emails) == 75
    assert len({email for email in emails if email.startswith("info@a1")}) == 5


def test_customers_of_the_volume_are_whole(grown: RunningSandbox) -> None:
    grown.seed(customers=5, contacts=5)

    rows = grown.bc.get("customers?$orderby=lastModifiedDateTime desc&$top=5").json()["value"]
    relations = grown.bc.get("contactBusinessRelations").json()["value"]
    people = grown.bc.get("contacts?$filter=startswith(number,'CTP')").json()["value"]

    companies = {r["number"]: r["contactNumber"] for r in relations}
    assert {row["number"] for row in rows} <= set(companies)
    assert {p["companyNumber"] for p in people} == {companies[row["number"]] for row in rows}
    assert all(row["salespersonCode"] for row in rows)


def test_items_come_with_prices_in_several_currencies(grown: RunningSandbox) -> None:
    before = count(grown, "salesPrices")

    grown.seed(items=20, prices_per_item=3)
    grown.seed(items=5, prices_per_item=1)

    query = "salesPrices?$filter=startswith(salesCode,'VOL-')&$orderby=itemNumber,salesCode"
    rows = grown.bc.get(query).json()["value"]
    currencies = {row["code"] for row in grown.bc_standard.get("currencies").json()["value"]}
    assert count(grown, "salesPrices") == before + 65
    assert [(r["salesCode"], r["currencyCode"]) for r in rows[:3]] == [
        ("VOL-EUR", "EUR"),
        ("VOL-GBP", "GBP"),
        ("VOL-USD", ""),
    ]
    assert {row["currencyCode"] for row in rows} <= {"", *currencies}
    items = grown.bc.get("items?$filter=startswith(number,'I1')").json()["value"]
    assert {row["itemNumber"] for row in rows} == {row["number"] for row in items}


def test_prices_bring_their_currencies_along(sandbox: RunningSandbox) -> None:
    sandbox.reset("empty")
    sandbox.bc_standard.post("currencies", {"code": "EUR"}).raise_for_status()

    sandbox.seed(items=1, prices_per_item=3)

    codes = [row["code"] for row in sandbox.bc_standard.get("currencies").json()["value"]]
    rates = sandbox.bc_standard.get("currencyExchangeRates").json()["value"]
    assert sorted(codes) == ["EUR", "GBP"]
    assert {rate["currencyCode"] for rate in rates} == {"EUR", "GBP"}


def test_an_empty_company_can_be_grown_too(sandbox: RunningSandbox) -> None:
    sandbox.reset("empty")

    sandbox.seed(customers=3, items=2, contacts=1)

    assert [row["salespersonCode"] for row in sandbox.bc.get("customers").json()["value"]] == [
        ""
    ] * 3
    assert sandbox.bc_standard.get("unitsOfMeasure").json()["value"][0]["code"] == "PCS"


@pytest.mark.parametrize(
    "amounts",
    [
        {"unicorns": 3},
        {"contacts": 1},
        {"customers": "many"},
        {"items": -1},
        {"prices_per_item": 3},
        {"items": 5, "prices_per_item": 9},
    ],
)
def test_what_cannot_grow_is_named(sandbox: RunningSandbox, amounts: dict[str, object]) -> None:
    sandbox.reset("empty")
    url = f"{sandbox.env['SANDBOX_CONTROL_URL']}/_sandbox/seed"

    answer = requests.post(url, json=amounts, timeout=30)

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert sandbox.bc.get("customers").json()["value"] == []
