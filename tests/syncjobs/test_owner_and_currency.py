"""Whom a row belongs to, which currency it is in, and what a new record is called."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connections.systems import Lookup, Record
from mappings.models import PendingCoupling
from mappings.reset import use_default_synchronization_setup
from mappings.setup_choices import SetupChoices
from syncjobs.terms import Action, Mode
from tests.syncjobs.conftest import TEAM, World, counts, rate


@pytest.fixture
def seller(world: World) -> Record:
    """A seller in Sales, coupled with the salesperson JO."""
    world.business_central.add("salespeoplePurchasers", code="JO", email="jo@cronus.example")
    user = world.dataverse.add(
        "systemuser",
        fullname="Jo Berg",
        internalemailaddress="jo@cronus.example",
        isdisabled=False,
        islicensed=True,
        isintegrationuser=False,
    )
    world.run("SALESPEOPLE", mode=Mode.FULL)
    return user


def test_a_row_belongs_to_the_user_of_its_salesperson(world: World, seller: Record) -> None:
    # E-3.56
    customer, account = world.pair(salespersonCode="JO")

    assert account.values["ownerid"] == Lookup("systemuser", seller.id)
    assert customer.values["salespersonCode"] == "JO"


def test_a_customer_without_a_salesperson_keeps_the_owner_of_its_row(  # E-3.56
    world: World, seller: Record
) -> None:
    customer, account = world.pair(salespersonCode="JO")
    world.edit(customer, salespersonCode="", city="Oslo")

    world.run()

    assert world.now(account)["address1_city"] == "Oslo"
    assert world.now(account)["ownerid"] == Lookup("systemuser", seller.id)


def test_a_salesperson_without_a_user_fails_its_customer_and_is_named(world: World) -> None:
    # E-3.56
    customer = world.customer(salespersonCode="TD")

    report = world.run(mode=Mode.FULL)

    assert counts(report) == {"Failed": 1}
    parked = PendingCoupling.objects.get(record_id=customer.id)
    assert "TD" in parked.message


def test_owned_by_a_team_a_new_row_belongs_to_it_whoever_sells(world: World) -> None:
    # E-3.56, E-3.67
    choices = SetupChoices(ownership_model="team")
    use_default_synchronization_setup(world.company, choices=choices)

    _, account = world.pair(salespersonCode="TD")

    assert account.values["ownerid"] == Lookup("team", TEAM)


def test_where_the_base_currency_is_another_lcy_stands_for_its_iso_row(world: World) -> None:
    # E-3.58, E-3.59
    dollar = world.dataverse.add(
        "transactioncurrency", isocurrencycode="USD", currencyname="US Dollar", exchangerate=1
    )
    [organization] = world.dataverse.all("organization")
    world.edit(organization, basecurrencyid=Lookup("transactioncurrency", dollar.id))
    rate(world, "USD", "0.9")

    customer, account = world.pair()

    [euro] = [
        row
        for row in world.dataverse.all("transactioncurrency")
        if row.values["isocurrencycode"] == "EUR"
    ]
    assert customer.values["currencyCode"] == ""
    assert account.values["transactioncurrencyid"] == Lookup("transactioncurrency", euro.id)


def test_a_currency_counts_in_units_of_the_base_currency_of_dataverse(world: World) -> None:
    # E-3.95
    rate(world, "SEK", "0.1")
    world.business_central.add("currencies", code="SEK", displayName="Swedish krona")

    world.run("CURRENCY", mode=Mode.FULL)

    rates = {
        row.values["isocurrencycode"]: row.values["exchangerate"]
        for row in world.dataverse.all("transactioncurrency")
    }
    assert rates["SEK"] == Decimal(10)


def test_a_customer_that_comes_from_sales_is_numbered_by_business_central(world: World) -> None:
    # E-3.92a
    account = world.account("Relecloud")

    world.run(mode=Mode.FULL)

    assert world.partner(account).values["number"] == "CUS00001"


def test_creating_named_records_makes_partners_for_strangers_only(world: World) -> None:  # E-3.89
    coupled, _ = world.pair("Adatum")
    stranger = world.customer("Relecloud")

    report = world.run(ids=(coupled.id, stranger.id), create=True)

    assert report.count(Action.INSERTED) == 1
    assert len(world.accounts()) == 2
