"""Match-based coupling: who is coupled, created or reported, and what is synchronized after."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connections.causes import Cause
from mappings.models import Coupling, IntegrationFieldMapping, OptionCoupling
from syncjobs.models import SynchError, SynchJob
from syncjobs.runs.match import match_mapping
from syncjobs.runs.report import Report
from syncjobs.terms import Action, SynchJobType
from tests.syncjobs.conftest import World, counts, rate

pytestmark = pytest.mark.django_db


def match(world: World, name: str = "CUSTOMER") -> Report:
    world.clock.advance()
    return match_mapping(world.company, name, systems=world, now=world.clock)


def match_by(world: World, **priorities: int) -> None:
    """Choose the fields to match customers by."""
    rows = IntegrationFieldMapping.objects.filter(mapping=world.mapping())
    rows.update(use_for_match_based_coupling=False)
    for column, priority in priorities.items():
        rows.filter(field=column).update(use_for_match_based_coupling=True, match_priority=priority)


def test_without_a_field_to_match_by_there_is_one_error(world: World) -> None:  # E-4.30
    match_by(world)
    world.customer()

    report = match(world)

    assert counts(report) == {"Failed": 1}
    assert SynchError.objects.get().cause == Cause.NO_MATCH_FIELDS


def test_the_one_match_is_coupled(world: World) -> None:  # E-4.34, E-4.39
    customer = world.customer(email="a@x.com", city="Oslo")
    account = world.account(emailaddress1="A@X.com")

    report = match(world)

    assert counts(report) == {"Coupled": 1}
    assert world.partner(customer).id == account.id
    assert SynchJob.objects.get().type == SynchJobType.COUPLING
    assert world.now(account)["address1_city"] is None  # coupled only, not synchronized


def test_coupled_and_left_out_records_are_no_candidates(world: World) -> None:  # E-4.31
    world.pair("Coupled", email="c@x.com")
    world.customer("Blocked", email="b@x.com", blocked="All")
    world.account(emailaddress1="b@x.com")

    assert counts(match(world)) == {}


def test_two_matches_are_none(world: World) -> None:  # E-4.34, E-4.38
    world.customer(email="a@x.com")
    world.account("One", emailaddress1="a@x.com")
    world.account("Two", emailaddress1="a@x.com")

    report = match(world)

    assert counts(report) == {"Failed": 1}
    error = SynchError.objects.get()
    assert error.cause == Cause.NO_MATCH
    assert error.message.startswith("Failed to couple 1 record(s)")


def test_the_unmatched_are_one_error_row_and_counted_each(world: World) -> None:  # E-4.38
    for number in range(3):
        world.customer(email=f"{number}@x.com")

    report = match(world)

    assert counts(report) == {"Failed": 3}
    assert SynchError.objects.count() == 1


def test_the_next_priority_looks_afresh(world: World) -> None:  # E-4.32, E-4.35
    match_by(world, email=0, phoneNumber=1)
    customer = world.customer(email="a@x.com", phoneNumber="123")
    account = world.account(emailaddress1="other@x.com", telephone1="123")

    match(world)

    assert world.partner(customer).id == account.id


def test_fields_of_a_priority_must_all_be_equal(world: World) -> None:  # E-4.32
    match_by(world, email=0, phoneNumber=0)
    world.customer(email="a@x.com", phoneNumber="123")
    world.account(emailaddress1="a@x.com", telephone1="999")

    assert counts(match(world)) == {"Failed": 1}


def test_a_blank_value_matches_nothing(world: World) -> None:  # E-4.33
    world.customer()
    world.account()

    assert counts(match(world)) == {"Failed": 1}


def test_letters_matter_where_the_field_says_so(world: World) -> None:  # E-4.32
    world.set_field("email", case_sensitive_matching=True)
    world.customer(email="a@x.com")
    world.account(emailaddress1="A@x.com")

    assert counts(match(world)) == {"Failed": 1}


def test_an_account_of_a_vendor_can_match_a_customer(world: World) -> None:  # E-4.34 repaired
    customer = world.customer(email="a@x.com")
    account = world.account(emailaddress1="a@x.com")
    Coupling.objects.create(
        company=world.company,
        mapping_name="VENDOR",
        business_central_id=account.id,
        dataverse_id=account.id,
    )

    match(world)

    coupling = Coupling.objects.get(mapping_name="CUSTOMER")
    assert (coupling.business_central_id, coupling.dataverse_id) == (customer.id, account.id)


def test_the_unmatched_are_created_where_the_mapping_says_so(world: World) -> None:  # E-4.38
    world.set(create_new_in_case_of_no_match=True)
    customer = world.customer(email="a@x.com")

    report = match(world)

    assert counts(report) == {"Inserted": 1}
    assert world.partner(customer) is not None


@pytest.mark.parametrize(
    ("resolution", "city"), [("", "Oslo"), ("Send", "Oslo"), ("Get", "Bergen")]
)
def test_what_was_coupled_is_synchronized_after(
    world: World, resolution: str, city: str
) -> None:  # E-4.40
    world.set(synch_after_bulk_coupling=True, update_conflict_resolution=resolution)
    customer = world.customer(email="a@x.com", city="Oslo")
    account = world.account(emailaddress1="a@x.com", address1_city="Bergen")

    report = match(world)

    assert report.jobs[0].count(Action.COUPLED) == 1
    assert world.now(customer)["city"] == city
    assert world.now(account)["address1_city"] == city


def test_salespeople_are_matched_by_e_mail_and_never_created(world: World) -> None:  # E-4.38
    world.set("SALESPEOPLE", create_new_in_case_of_no_match=True)
    add = world.business_central.add
    add("salespeoplePurchasers", code="BD", email="bart@x.com")
    add("salespeoplePurchasers", code="XX", email="nobody@x.com")
    user: dict[str, Any] = {"isdisabled": False, "islicensed": True, "isintegrationuser": False}
    world.dataverse.add("systemuser", internalemailaddress="bart@x.com", **user)

    report = match(world, "SALESPEOPLE")

    assert counts(report) == {"Coupled": 1, "Failed": 1}


def test_currencies_are_matched_synchronized_and_created(world: World) -> None:
    rate(world, "USD", "0.8")
    rate(world, "SEK", "0.1")
    usd = world.business_central.add("currencies", code="USD", displayName="US dollar")
    sek = world.business_central.add("currencies", code="SEK", displayName="Krona")
    world.dataverse.add("transactioncurrency", isocurrencycode="USD", exchangerate=Decimal(1))

    report = match(world, "CURRENCY")

    assert counts(report)["Coupled"] == 1
    assert counts(report)["Inserted"] == 1
    assert world.now(world.partner(usd))["exchangerate"] == Decimal("1.25")
    assert world.now(world.partner(sek))["exchangerate"] == Decimal(10)


def test_options_are_matched_by_their_label(world: World) -> None:  # E-4.37
    world.set("PAYMENT TERMS", create_new_in_case_of_no_match=False)
    world.business_central.add("paymentTerms", code="NET30")
    world.business_central.add("paymentTerms", code="OTHER")

    report = match(world, "PAYMENT TERMS")

    assert report.jobs[0].count(Action.COUPLED) == 1
    assert report.jobs[0].count(Action.FAILED) == 1
    assert OptionCoupling.objects.get().option_value == 1
