"""The local currency's row in Dataverse is made where its rate is known (E-9.14)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from connections import health, local_currency
from connections.health import WrongError
from connections.models import Company
from connections.systems import Lookup, Side
from tests.memory import MemorySystem
from tests.tables import business_central_tables, dataverse_tables

TODAY = date(2026, 11, 26)
COMPANY = Company(name="CRONUS", business_central_id=UUID(int=7))


@pytest.fixture
def business_central() -> MemorySystem:
    system = MemorySystem(Side.BUSINESS_CENTRAL, business_central_tables())
    system.add("generalLedgerSetup", localCurrencyCode="EUR")
    return system


@pytest.fixture
def dataverse() -> MemorySystem:
    """An environment that counts in dollars, and has no euro."""
    system = MemorySystem(Side.DATAVERSE, dataverse_tables(), me=UUID(int=1))
    dollar = system.add("transactioncurrency", isocurrencycode="USD", exchangerate=1)
    system.add("organization", basecurrencyid=Lookup("transactioncurrency", dollar.id))
    return system


def add_rate(business_central: MemorySystem) -> None:
    business_central.add(
        "currencyExchangeRates",
        currencyCode="USD",
        startingDate=date(2026, 1, 1),
        exchangeRateAmount=Decimal(10),
        relationalExchangeRateAmount=Decimal(8),
    )


def codes(dataverse: MemorySystem) -> list[object]:
    return [row.values["isocurrencycode"] for row in dataverse.all("transactioncurrency")]


def test_a_local_currency_with_a_known_rate_is_told_and_made_once(
    business_central: MemorySystem, dataverse: MemorySystem
) -> None:
    add_rate(business_central)
    business_central.add("currencies", code="EUR", displayName="Euro", symbol="€")

    told = health.judge_currencies(business_central, dataverse, is_first=True, today=TODAY)
    for _ in range(2):
        local_currency.ensure(COMPANY, business_central, dataverse, today=TODAY)

    assert told == "Dataverse lacks the local currency EUR; enabling makes it, at its rate."
    assert codes(dataverse) == ["USD", "EUR"]
    euro = dataverse.all("transactioncurrency")[-1].values
    assert (euro["currencyname"], euro["currencysymbol"]) == ("Euro", "€")
    assert euro["exchangerate"] == Decimal("0.8")


@pytest.mark.parametrize(("is_first", "is_known"), [(True, False), (False, True)])
def test_without_a_rate_or_once_connected_a_missing_local_currency_is_refused(
    business_central: MemorySystem, dataverse: MemorySystem, *, is_first: bool, is_known: bool
) -> None:
    if is_known:
        add_rate(business_central)

    with pytest.raises(WrongError) as refusal:
        health.judge_currencies(business_central, dataverse, is_first=is_first, today=TODAY)

    assert refusal.value.names == ("EUR",)


def test_without_a_rate_nothing_is_made(
    business_central: MemorySystem, dataverse: MemorySystem
) -> None:
    local_currency.ensure(COMPANY, business_central, dataverse, today=TODAY)

    assert codes(dataverse) == ["USD"]
