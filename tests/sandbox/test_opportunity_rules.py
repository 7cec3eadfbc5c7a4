"""Opportunities of Sales: whose they are, and how they are closed."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.running_sandbox import Caller, RunningSandbox
from tests.sandbox.rows import create, least
from tests.sandbox.test_table_rules import bind, refused

BIND = "opportunityid@odata.bind"


@pytest.fixture
def call(sandbox: RunningSandbox) -> Caller:
    sandbox.reset()
    return sandbox.dataverse


def customer(call: Caller, opportunity: str) -> tuple[Any, ...]:
    row = call.get(f"opportunities({opportunity})").json()
    names = ("customerid", "parentaccountid", "parentcontactid", "accountid", "contactid")
    return tuple(row[f"_{name}_value"] for name in names)


def closed(call: Caller, message: str, key: str, status: Any, **told: Any) -> requests.Response:
    body = {"OpportunityClose": {"subject": "Done", BIND: f"/opportunities({key})", **told}}
    return call.post(message, body | {"Status": status})


def state(call: Caller, key: str) -> tuple[int, int]:
    row = call.get(f"opportunities({key})").json()
    return row["statecode"], row["statuscode"]


def test_the_customer_is_the_account_else_the_contact(call: Caller) -> None:
    account, contact = create(call, "account"), create(call, "contact")
    with_account = bind("parentaccountid", "accounts", account)
    with_contact = bind("parentcontactid", "contacts", contact)

    both = create(call, "opportunity", **with_account, **with_contact)
    person = create(call, "opportunity", **with_contact)
    nobody = create(call, "opportunity")

    assert customer(call, both) == (account, account, contact, account, None)
    assert customer(call, person) == (contact, None, contact, None, contact)
    assert customer(call, nobody) == (None,) * 5
    call.patch(f"opportunities({both})", {"parentaccountid@odata.bind": None})
    assert customer(call, both) == (contact, None, contact, None, contact)


def test_a_customer_becomes_account_or_contact(call: Caller) -> None:
    account, contact = create(call, "account"), create(call, "contact")

    of_account = create(call, "opportunity", **bind("customerid_account", "accounts", account))
    of_contact = create(call, "opportunity", **bind("customerid_contact", "contacts", contact))

    assert customer(call, of_account) == (account, account, None, account, None)
    assert customer(call, of_contact) == (contact, None, contact, None, contact)


@pytest.mark.parametrize("name", ["accountid", "contactid"])
def test_what_follows_the_customer_is_not_written(call: Caller, name: str) -> None:
    entity_set = f"{name.removesuffix('id')}s"
    body = bind(name, entity_set, create(call, name.removesuffix("id")))

    assert refused(call.post("opportunities", least(call, "opportunity") | body)) == (
        400,
        "0x80048d19",
    )


def test_an_opportunity_needs_a_topic(call: Caller) -> None:
    assert refused(call.post("opportunities", {"estimatedvalue": 5})) == (400, "0x80040200")


@pytest.mark.parametrize("probability", [-1, 101])
def test_a_probability_is_one_of_a_hundred(call: Caller, probability: int) -> None:
    body = least(call, "opportunity") | {"closeprobability": probability}

    assert refused(call.post("opportunities", body)) == (400, "0x80044330")


@pytest.mark.parametrize(
    ("message", "status", "expected"),
    [
        ("WinOpportunity", 3, (1, 3)),
        ("WinOpportunity", -1, (1, 3)),
        ("LoseOpportunity", 4, (2, 4)),
        ("LoseOpportunity", 5, (2, 5)),
    ],
)
def test_an_opportunity_is_closed_by_a_message(
    call: Caller, message: str, status: int, expected: tuple[int, int]
) -> None:
    key = create(call, "opportunity", estimatedvalue=500)

    answer = closed(call, message, key, status, actualend="2026-03-01")

    assert answer.status_code == 204, answer.text
    row = call.get(f"opportunities({key})").json()
    assert state(call, key) == expected
    assert row["actualclosedate"] == "2026-03-01"
    assert row["actualvalue"] == (500 if expected[0] == 1 else 0)


@pytest.mark.parametrize("wanted", [{"statecode": 1, "statuscode": 3}, {"statecode": 2}])
def test_a_plain_change_of_its_state_does_not_close_it(
    call: Caller, wanted: dict[str, int]
) -> None:
    key = create(call, "opportunity")

    assert refused(call.patch(f"opportunities({key})", wanted)) == (400, "0x80100005")
    assert call.patch(f"opportunities({key})", {"statuscode": 2}).status_code == 204
    assert state(call, key) == (0, 2)


def test_a_closed_opportunity_stays_as_it_is_until_it_is_opened(call: Caller) -> None:
    key = create(call, "opportunity")
    path = f"opportunities({key})"
    closed(call, "LoseOpportunity", key, 4)

    edited = call.patch(path, {"name": "Once more"})
    again = closed(call, "WinOpportunity", key, 3)
    opened = call.patch(path, {"statecode": 0, "statuscode": 1})

    assert refused(edited) == (400, "0x80040515")
    assert refused(again) == (400, "0x80040515")
    assert opened.status_code == 204
    assert call.patch(path, {"name": "Once more"}).status_code == 204
    assert state(call, key) == (0, 1)


@pytest.mark.parametrize(
    ("status", "told", "expected"),
    [
        (4, {}, (400, "0x80048408")),
        ("won", {}, (400, "0x80040265")),
        (3, {"colour": "red"}, (400, "0x80048d19")),
        (3, {BIND: "/accounts(6f9619ff-8b86-4d01-b42d-00cf4fc964ff)"}, (400, "0x80043b15")),
        (3, {BIND: "/opportunities(6f9619ff-8b86-4d01-b42d-00cf4fc964ff)"}, (404, "0x80040217")),
        (3, {BIND: None}, (400, "0x80040265")),
    ],
)
def test_a_message_that_does_not_fit_is_refused(
    call: Caller, status: Any, told: dict[str, Any], expected: tuple[int, str]
) -> None:
    key = create(call, "opportunity")

    assert refused(closed(call, "WinOpportunity", key, status, **told)) == expected
    assert state(call, key) == (0, 1)


def test_a_price_list_of_another_currency_is_refused(call: Caller) -> None:
    crown = bind(
        "transactioncurrencyid", "transactioncurrencies", create(call, "transactioncurrency")
    )
    foreign = bind("pricelevelid", "pricelevels", create(call, "pricelevel", **crown))

    made = call.post("opportunities", least(call, "opportunity") | foreign)
    changed = call.patch(f"opportunities({create(call, 'opportunity')})", foreign)

    assert refused(made) == (400, "0x80048cf6")
    assert refused(changed) == (400, "0x80048cf6")
    assert call.post("opportunities", least(call, "opportunity") | foreign | crown).ok
