"""What single tables need beyond their fields, decided from given facts."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from connections.causes import Cause
from connections.systems import Column, Kind, Lookup, Record, Value
from mappings.spec import DirectedMapping, FieldTransfer
from mappings.terms import Direction
from syncjobs.engine.change import Batch, Change, Fail, Ignore, Insert, Rules
from syncjobs.engine.facts import Facts
from syncjobs.engine.plan import plan

AT = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE = UUID(int=1)
ACCOUNT = Lookup("account", UUID(int=2))
TABLES = {
    "CONTACT": ("contacts", "contact"),
    "CURRENCY": ("currencies", "transactioncurrency"),
    "SALESPEOPLE": ("salespeoplePurchasers", "systemuser"),
}


def planned(name: str, direction: Direction, facts: Facts, **values: Value) -> Change:
    """Plan one new record of a mapping that may create its partner."""
    tables = TABLES[name]
    source, destination = (
        tables if direction == Direction.TO_INTEGRATION_TABLE else reversed(tables)
    )
    mapping = DirectedMapping(
        name=name,
        direction=direction,
        source_table=source,
        destination_table=destination,
        fields=(FieldTransfer(Column("email", Kind.TEXT), Column("email", Kind.TEXT)),),
    )
    record = Record(source, SOURCE, AT, "1", values)
    [change] = plan(
        mapping, Batch((record,), {}, {}, {}, facts=facts), Rules(create_missing=True)
    ).changes
    return change


def to_sales(name: str, facts: Facts, **values: Value) -> Change:
    return planned(name, Direction.TO_INTEGRATION_TABLE, facts, **values)


def from_sales(name: str, facts: Facts, **values: Value) -> Change:
    return planned(name, Direction.FROM_INTEGRATION_TABLE, facts, **values)


def written(change: Change) -> dict[str, Value]:
    assert isinstance(change, Insert), change
    return {diff.field: diff.after for diff in change.diffs}


def test_a_contact_that_is_a_company_takes_no_part() -> None:  # E-3.18
    facts = Facts(accounts={"CT1": ACCOUNT})

    change = to_sales("CONTACT", facts, type="Company", companyNumber="CT1")

    assert isinstance(change, Ignore)


def test_a_contact_without_customer_or_vendor_takes_no_part() -> None:  # E-3.18
    facts = Facts(accounts={"CT1": ACCOUNT})

    change = to_sales("CONTACT", facts, type="Person", companyNumber="CT2")

    assert isinstance(change, Ignore)
    assert change.reason == "The contact is not related to a customer or vendor"


def test_a_contact_belongs_to_the_account_of_its_company() -> None:  # E-3.90
    facts = Facts(accounts={"CT1": ACCOUNT})

    change = to_sales("CONTACT", facts, type="Person", companyNumber="CT1")

    assert written(change)["parentcustomerid"] == ACCOUNT


def test_a_contact_of_an_uncoupled_customer_goes_over_without_a_parent() -> None:  # E-3.90
    facts = Facts(accounts={"CT1": None})

    change = to_sales("CONTACT", facts, type="Person", companyNumber="CT1")

    assert not written(change).get("parentcustomerid")


def test_a_contact_from_sales_gets_company_no_and_name() -> None:  # E-3.90
    facts = Facts(company_contacts={ACCOUNT.id: ("CT1", "Adatum")})

    change = from_sales("CONTACT", facts, parentcustomerid=ACCOUNT)

    assert written(change) == {"companyNumber": "CT1", "companyName": "Adatum"}


def test_a_contact_of_an_account_outside_the_filters_is_saved_without_a_company() -> None:
    # E-3.90
    facts = Facts(left_out_parents=frozenset({ACCOUNT.id}))

    change = from_sales("CONTACT", facts, parentcustomerid=ACCOUNT)

    assert not written(change).get("companyNumber")


@pytest.mark.parametrize("parent", [None, ACCOUNT], ids=["no account", "an unknown account"])
def test_a_contact_without_a_company_fails_and_says_why(parent: Lookup | None) -> None:  # E-3.90
    change = from_sales("CONTACT", Facts(), parentcustomerid=parent)

    assert isinstance(change, Fail)
    assert change.cause == Cause.NO_PARENT


def test_a_currency_counts_in_units_of_the_base_currency() -> None:  # E-3.95
    facts = Facts(exchange_rates={"EUR": Decimal("0.92")}, currency_precision=3)

    change = to_sales("CURRENCY", facts, code="EUR", symbol="")

    assert written(change) == {
        "exchangerate": Decimal("0.92"),
        "currencyprecision": 3,
        "currencysymbol": "EUR",
    }


def test_a_currency_keeps_the_symbol_it_has() -> None:  # E-3.95
    facts = Facts(exchange_rates={"EUR": Decimal("0.92")})

    change = to_sales("CURRENCY", facts, code="EUR", symbol="€")

    assert "currencysymbol" not in written(change)


def test_a_currency_without_a_rate_fails_and_says_where_to_enter_one() -> None:  # E-3.95
    change = to_sales("CURRENCY", Facts(), code="EUR", symbol="€")

    assert isinstance(change, Fail)
    assert change.cause == Cause.NO_EXCHANGE_RATE
    assert "EUR" in change.reason


def test_a_new_salesperson_gets_the_next_free_code() -> None:  # E-3.94
    facts = Facts(codes={SOURCE: "SP NO. 00003"})

    change = from_sales("SALESPEOPLE", facts, email="jo@cronus.example")

    assert written(change) == {"email": "jo@cronus.example", "code": "SP NO. 00003"}
