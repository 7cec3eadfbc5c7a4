"""What the rows of the set-ups promise."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import IntegrityError

from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    SalesConnectionSetup,
    SignIn,
)
from connections.terms import AuthenticationType, OwnershipModel, SalesOrderModel
from mappings.reset import choices_of
from mappings.setup_choices import SetupChoices
from tests.connections.companies import new_company

pytestmark = pytest.mark.django_db
SETUPS = (BusinessCentralConnection, DataverseConnectionSetup, SalesConnectionSetup)


def test_a_company_is_named_by_its_display_name() -> None:
    assert str(Company(name="CRONUS", display_name="CRONUS Ltd.")) == "CRONUS Ltd."
    assert str(Company(name="CRONUS")) == "CRONUS"


def test_a_business_central_company_is_connected_once() -> None:
    new_company(UUID(int=1))

    with pytest.raises(IntegrityError):
        new_company(UUID(int=1))


@pytest.mark.parametrize("model", SETUPS)
def test_each_set_up_is_there_once_for_a_company(model: type[SalesConnectionSetup]) -> None:
    company = new_company()
    model.objects.create(company=company)

    with pytest.raises(IntegrityError):
        model.objects.create(company=company)


def test_a_new_connection_is_disabled_and_owned_by_persons() -> None:
    company = new_company()

    dataverse = DataverseConnectionSetup.objects.create(company=company)
    sales = SalesConnectionSetup.objects.create(company=company)

    assert not dataverse.is_enabled
    assert dataverse.ownership_model == OwnershipModel.PERSON
    assert not sales.is_enabled
    assert sales.sales_order_model == SalesOrderModel.OFF


def test_signing_in_starts_with_microsofts_directory_and_a_client_secret() -> None:
    row: SignIn = BusinessCentralConnection()

    assert row.authority == "https://login.microsoftonline.com"
    assert row.authentication_type == AuthenticationType.CLIENT_SECRET


def test_the_set_ups_are_the_choices_of_the_default_mappings() -> None:
    company = new_company()
    DataverseConnectionSetup.objects.create(company=company, ownership_model=OwnershipModel.TEAM)
    SalesConnectionSetup.objects.create(
        company=company,
        is_enabled=True,
        sales_order_model=SalesOrderModel.ORDER_INTEGRATION,
        unit_of_measure_model="UnitGroup",
        auto_create_sales_orders=True,
    )

    choices = choices_of(Company.objects.get())

    assert choices == SetupChoices(
        ownership_model="team",
        unit_of_measure_model="unitGroup",
        sales_order_model="orderIntegration",
        auto_create_sales_orders=True,
    )


def test_the_mappings_of_sales_need_its_connection() -> None:
    company = new_company()
    SalesConnectionSetup.objects.create(company=company)

    assert not choices_of(Company.objects.get()).sales_connection_enabled
