"""A company with its default mappings between two systems in memory, and runs over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from connections.models import Company
from connections.systems import Lookup, Record, Side, Value
from mappings.models import Coupling, IntegrationFieldMapping, IntegrationTableMapping
from mappings.reset import use_default_synchronization_setup
from syncjobs.runs.report import JobResult, Report
from syncjobs.runs.synchronize import synchronize_mapping
from syncjobs.terms import Action
from tests.memory import Clock, MemorySystem
from tests.tables import business_central_tables, dataverse_tables

COMPANY_ROW, TEAM, ME = UUID(int=500), UUID(int=501), UUID(int=1)
OURS = Lookup("bcbi_company", COMPANY_ROW)


@dataclass
class World:
    """Two systems that share a clock, and the company between them."""

    company: Company
    clock: Clock = field(default_factory=Clock)
    business_central: MemorySystem = field(init=False)
    dataverse: MemorySystem = field(init=False)

    def __post_init__(self) -> None:
        self.business_central = MemorySystem(
            Side.BUSINESS_CENTRAL, business_central_tables(), self.clock
        )
        self.dataverse = MemorySystem(Side.DATAVERSE, dataverse_tables(), self.clock, me=ME)
        self._plant()

    def _plant(self) -> None:
        euro = self.dataverse.add(
            "transactioncurrency", isocurrencycode="EUR", currencyname="Euro", exchangerate=1
        )
        self.dataverse.add(
            "organization",
            name="Contoso",
            basecurrencyid=Lookup("transactioncurrency", euro.id),
            currencydecimalprecision=2,
        )
        self.dataverse.add(
            "bcbi_company",
            identity=COMPANY_ROW,
            bcbi_externalid=str(self.company.business_central_id),
            bcbi_defaultowningteam=Lookup("team", TEAM),
        )
        self.business_central.add("generalLedgerSetup", localCurrencyCode="EUR")

    # Who acts

    def run(self, name: str = "CUSTOMER", **given: Any) -> Report:
        """Synchronize a mapping a while later."""
        self.clock.advance()
        return synchronize_mapping(self.company, name, systems=self, now=self.clock, **given)

    def customer(self, name: str = "Adatum", **values: Value) -> Record:
        given: dict[str, Any] = {"displayName": name, **values}
        return self.business_central.add("customers", **given)

    def account(self, name: str = "Adatum", **values: Value) -> Record:
        given: dict[str, Any] = {
            "name": name,
            "statecode": 0,
            "customertypecode": 3,
            "bcbi_companyid": OURS,
            **values,
        }
        return self.dataverse.add("account", **given)

    def edit(self, record: Record, **values: Value) -> Record:
        """Change a record as a person would."""
        given: dict[str, Any] = values
        return self.system_of(record).edit(record, **given)

    def drop(self, record: Record) -> None:
        self.system_of(record).drop(record)

    def now(self, record: Record) -> Mapping[str, Value]:
        """Return what a record holds now."""
        return self.system_of(record).now(record).values

    def system_of(self, record: Record) -> MemorySystem:
        is_local = record.table in self.business_central.tables
        return self.business_central if is_local else self.dataverse

    # What is there

    def accounts(self) -> list[Record]:
        return self.dataverse.all("account")

    def customers(self) -> list[Record]:
        return self.business_central.all("customers")

    def partner(self, record: Record) -> Record:
        """Return the record that this one is coupled with."""
        coupling = Coupling.objects.get(
            **{"business_central_id" if self._is_local(record) else "dataverse_id": record.id}
        )
        if self._is_local(record):
            table = IntegrationTableMapping.objects.get(name=coupling.mapping_name)
            return self.dataverse.rows[table.integration_table][coupling.dataverse_id]
        table = IntegrationTableMapping.objects.get(name=coupling.mapping_name)
        return self.business_central.rows[table.table][coupling.business_central_id]

    def _is_local(self, record: Record) -> bool:
        return self.system_of(record) is self.business_central

    def pair(self, name: str = "Adatum", **values: Value) -> tuple[Record, Record]:
        """Return a customer and its account, coupled and in step."""
        customer = self.customer(name, **values)
        self.run(ids=(customer.id,), create=True)
        return self.business_central.now(customer), self.partner(customer)

    def mapping(self, name: str = "CUSTOMER") -> IntegrationTableMapping:
        return IntegrationTableMapping.objects.get(company=self.company, name=name)

    def set(self, name: str = "CUSTOMER", **values: Any) -> None:
        """Change the settings of a mapping."""
        IntegrationTableMapping.objects.filter(company=self.company, name=name).update(**values)

    def set_field(self, column: str, name: str = "CUSTOMER", **values: Any) -> None:
        """Change the settings of a field mapping, found by its Business Central field."""
        rows = IntegrationFieldMapping.objects.filter(mapping__name=name, field=column)
        assert rows.update(**values)


@pytest.fixture
def company(db: None) -> Company:
    company = Company.objects.create(
        name="CRONUS", business_central_id=uuid4(), dataverse_company_id=COMPANY_ROW
    )
    use_default_synchronization_setup(company)
    return company


@pytest.fixture
def world(company: Company) -> World:
    return World(company)


def counts(result: Report | JobResult) -> dict[str, int]:
    """Return the counters that are not zero, by their names."""
    return {
        action.value: result.count(action) for action in Action if action and result.count(action)
    }


def rate(world: World, code: str, relational: str) -> None:
    """Enter an exchange rate of a currency in Business Central."""
    world.business_central.add(
        "currencyExchangeRates",
        currencyCode=code,
        startingDate=date(2025, 1, 1),
        exchangeRateAmount=Decimal(1),
        relationalExchangeRateAmount=Decimal(relational),
    )
