"""A company with its default mappings, between two systems in memory."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from connections.models import Company
from connections.systems import Side
from mappings.models import IntegrationTableMapping
from mappings.pairing import Systems
from mappings.reset import use_default_synchronization_setup
from tests.memory import MemorySystem
from tests.tables import business_central_tables, dataverse_tables

COMPANY_ROW = UUID(int=500)


@pytest.fixture
def company() -> Company:
    company = Company.objects.create(
        name="CRONUS", business_central_id=uuid4(), dataverse_company_id=COMPANY_ROW
    )
    use_default_synchronization_setup(company)
    return company


@pytest.fixture
def customer(company: Company) -> IntegrationTableMapping:
    return IntegrationTableMapping.objects.get(company=company, name="CUSTOMER")


@pytest.fixture
def business_central() -> MemorySystem:
    return MemorySystem(Side.BUSINESS_CENTRAL, business_central_tables())


@pytest.fixture
def dataverse() -> MemorySystem:
    return MemorySystem(Side.DATAVERSE, dataverse_tables(), me=UUID(int=1))


@pytest.fixture
def systems(business_central: MemorySystem, dataverse: MemorySystem) -> Systems:
    return Systems(business_central, dataverse)
