"""Each trouble of `cronus` is in the data, and follows from the rules of the two systems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connections.causes import Cause
from sandbox import schema
from sandbox.seeds import troubles
from sandbox.seeds.cronus import odd
from sandbox.store import BUSINESS_CENTRAL
from tests.running_sandbox import RunningSandbox


@pytest.fixture(scope="module")
def cronus(sandbox: RunningSandbox) -> Iterator[RunningSandbox]:
    sandbox.reset("cronus")
    yield sandbox
    sandbox.reset("empty")


def bc(sandbox: RunningSandbox, table: str, column: str, key: str) -> list[dict[str, Any]]:
    """Return the records of Business Central that hold a value, from whichever page shows them."""
    standard = (schema.CUSTOM, table) not in schema.business_central()[1]
    caller = sandbox.bc_standard if standard else sandbox.bc
    answer = caller.get(table, params={"$filter": f"{column} eq '{quoted(key)}'"})
    answer.raise_for_status()
    rows: list[dict[str, Any]] = answer.json()["value"]
    return rows


def sales(sandbox: RunningSandbox, table: str, column: str, key: str) -> list[dict[str, Any]]:
    entity_set = schema.dataverse()[table].entity_set
    answer = sandbox.dataverse.get(entity_set, params={"$filter": f"{column} eq '{quoted(key)}'"})
    answer.raise_for_status()
    rows: list[dict[str, Any]] = answer.json()["value"]
    return rows


def quoted(text: str) -> str:
    return text.replace("'", "''")


# The list


def test_the_list_is_what_is_there(cronus: RunningSandbox) -> None:
    listed = cronus.control("GET", "troubles")

    assert len(listed) == len(troubles.TROUBLES) >= 12
    assert [(t["table"], t["key"]) for t in listed] == [(t.table, t.key) for t in troubles.TROUBLES]
    for trouble in listed:
        read = bc if trouble["system"] == BUSINESS_CENTRAL else sales
        [row] = read(cronus, trouble["table"], trouble["column"], trouble["key"])
        key = "id" if read is bc else schema.dataverse()[trouble["table"]].key
        assert row[key] == trouble["id"]


def test_causes_are_those_of_the_console() -> None:
    assert {t.cause for t in troubles.TROUBLES if t.cause} <= {cause.value for cause in Cause}


def test_troubles_reach_every_table_of_the_main_job() -> None:
    mappings = {trouble.mapping for trouble in troubles.TROUBLES}

    assert mappings >= {"SALESPEOPLE", "CURRENCY", "PAYMENT TERMS", "CUSTOMER", "VENDOR", "CONTACT"}


def test_an_empty_sandbox_has_no_troubles(sandbox: RunningSandbox) -> None:
    sandbox.reset("empty")
    try:
        assert sandbox.control("GET", "troubles") == []
    finally:
        sandbox.reset("cronus")


# What makes them troubles


@pytest.mark.parametrize(
    ("table", "column", "key", "count"),
    [
        ("account", "emailaddress1", odd.TWIN_EMAIL, 2),
        ("contact", "emailaddress1", odd.SHARED_EMAIL, 2),
        ("transactioncurrency", "isocurrencycode", "XBT", 0),
    ],
)
def test_sales_has_some_twice_and_some_not_at_all(
    cronus: RunningSandbox, table: str, column: str, key: str, count: int
) -> None:
    assert len(sales(cronus, table, column, key)) == count


def test_two_salespeople_share_the_address_of_one_user(cronus: RunningSandbox) -> None:
    assert len(bc(cronus, "salespeoplePurchasers", "email", odd.SANJAY)) == 2
    assert len(sales(cronus, "systemuser", "internalemailaddress", odd.SANJAY)) == 1


def test_the_disabled_user_is_licensed_but_takes_no_part(cronus: RunningSandbox) -> None:
    [terry] = sales(cronus, "systemuser", "internalemailaddress", odd.TERRY)

    assert (terry["isdisabled"], terry["islicensed"]) == (True, True)


@pytest.mark.parametrize(
    ("table", "body", "said"),
    [
        ("accounts", {"name": "x", "creditlimit": 1e15}, "creditlimit"),
        ("accounts", {"name": "x", "websiteurl": odd.LONG_LINK}, "websiteurl"),
        ("accounts", {"emailaddress1": "a@b.example"}, "name"),
        ("contacts", {"firstname": "Cher"}, "lastname"),
        ("transactioncurrencies", {"isocurrencycode": "LOYALTY"}, "isocurrencycode"),
        (
            "accounts",
            {"name": odd.DOUBLE_NAME.upper(), "address1_postalcode": odd.DOUBLE_POST_CODE},
            "duplicate record cannot be created",
        ),
    ],
)
def test_sales_does_not_take_what_business_central_has(
    cronus: RunningSandbox, table: str, body: dict[str, Any], said: str
) -> None:
    answer = cronus.dataverse.post(table, body)

    assert answer.status_code in (400, 412)
    assert said in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"displayName": odd.FOUNDATION},
        {"displayName": "x", "country": "United States of America"},
        {"displayName": "x", "phoneNumber": "1-800-CALL-NOW"},
        {"displayName": "x", "currencyCode": "CHF"},
        {"displayName": "x", "paymentTermsCode": "NET60"},
    ],
)
def test_business_central_does_not_take_what_sales_has(
    cronus: RunningSandbox, body: dict[str, Any]
) -> None:
    answer = cronus.bc.post("customers", body)

    assert answer.status_code == 400


def test_two_options_of_sales_differ_in_capitals_only(cronus: RunningSandbox) -> None:
    path = (
        "EntityDefinitions(LogicalName='account')/Attributes(LogicalName='paymenttermscode')"
        "/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$expand=OptionSet"
    )
    options = cronus.dataverse.get(path).json()["OptionSet"]["Options"]
    labels = [option["Label"]["UserLocalizedLabel"]["Label"] for option in options]

    assert sorted(text for text in labels if text.upper() == "NET45") == ["NET45", "Net45"]


def test_a_person_of_an_idle_company_has_no_business_with_us(cronus: RunningSandbox) -> None:
    [person] = bc(cronus, "contacts", "number", "CT000002")

    assert bc(cronus, "contactBusinessRelations", "contactNumber", person["companyNumber"]) == []
