"""Use Default Synchronization Setup: planned, applied, and safe to repeat (E-9.40 to E-9.42)."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from connections.models import Company
from mappings import reset
from mappings.models import Coupling, IntegrationFieldMapping, IntegrationTableMapping
from mappings.setup_choices import SetupChoices
from mappings.terms import Direction, FieldStatus

pytestmark = pytest.mark.django_db

DATAVERSE_ONLY = SetupChoices(sales_connection_enabled=False)


@pytest.fixture
def company() -> Company:
    return Company.objects.create(name="CRONUS", business_central_id=uuid4())


def customer(company: Company) -> IntegrationTableMapping:
    return IntegrationTableMapping.objects.get(company=company, name="CUSTOMER")


def test_a_new_company_gets_the_mappings_of_its_choices(company: Company) -> None:
    summary = reset.use_default_synchronization_setup(company)

    names = list(IntegrationTableMapping.objects.values_list("name", flat=True))
    assert tuple(names) == summary.created
    assert names[:8] == [
        "SALESPEOPLE",
        "CURRENCY",
        "PAYMENT TERMS",
        "SHIPMENT METHOD",
        "SHIPPING AGENT",
        "CUSTOMER",
        "VENDOR",
        "CONTACT",
    ]
    assert "UNIT OF MEASURE" in names
    assert "UNIT GROUP" not in names
    assert "SALESORDER-ORDER" not in names


def test_without_sales_there_are_the_mappings_of_dataverse_only(company: Company) -> None:
    reset.use_default_synchronization_setup(company, choices=DATAVERSE_ONLY)

    assert IntegrationTableMapping.objects.count() == 8


def test_rows_hold_what_the_files_say(company: Company) -> None:
    reset.use_default_synchronization_setup(company)

    mapping = customer(company)
    fields = list(mapping.fields.all())
    assert mapping.direction == Direction.BIDIRECTIONAL
    assert mapping.table_filter == [["blocked", "eq", " "]]
    assert mapping.insert_defaults == {"customertypecode": 3}
    assert mapping.sent_up_to is None
    assert [field.position for field in fields] == list(range(1, 23))
    owner = next(field for field in fields if field.integration_field == "ownerid")
    assert (owner.refers_to, owner.not_null) == ("SALESPEOPLE", True)
    number = next(field for field in fields if field.field == "number")
    assert number.status == FieldStatus.DISABLED  # E-1.103


def test_owned_by_a_team_nobody_needs_salespeople(company: Company) -> None:
    reset.use_default_synchronization_setup(company, choices=SetupChoices(ownership_model="team"))

    mapping = customer(company)
    assert mapping.depends_on == ["CURRENCY", "PAYMENT TERMS", "SHIPMENT METHOD", "SHIPPING AGENT"]
    assert not mapping.fields.filter(integration_field="ownerid").exists()
    assert not IntegrationTableMapping.objects.filter(name="SALESPEOPLE").exists()


def test_a_reset_takes_customisations_back_and_keeps_couplings(company: Company) -> None:
    reset.use_default_synchronization_setup(company)
    mapping = customer(company)
    mapping.synch_only_coupled_records = False
    mapping.sent_up_to = datetime(2026, 1, 1, tzinfo=UTC)
    mapping.save()
    mapping.fields.filter(field="email").delete()
    Coupling.objects.create(
        company=company,
        mapping_name="CUSTOMER",
        business_central_id=uuid4(),
        dataverse_id=uuid4(),
    )

    summary = reset.use_default_synchronization_setup(company)

    again = customer(company)
    assert summary.created == ()
    assert again.pk == mapping.pk
    assert again.synch_only_coupled_records
    assert again.sent_up_to is None
    assert again.fields.filter(field="email").exists()
    assert Coupling.objects.count() == 1


def test_a_preview_names_what_would_be_lost_and_changes_nothing(company: Company) -> None:
    reset.use_default_synchronization_setup(company)
    IntegrationTableMapping.objects.filter(name="VENDOR").update(guard_percent=5)
    IntegrationFieldMapping.objects.filter(mapping__name="CONTACT", field="pager").delete()

    steps = reset.preview(company)

    assert steps.customised == ("VENDOR", "CONTACT")
    assert IntegrationTableMapping.objects.get(name="VENDOR").guard_percent == 5


def test_a_customised_mapping_can_be_kept(company: Company) -> None:
    reset.use_default_synchronization_setup(company)
    IntegrationTableMapping.objects.filter(name="VENDOR").update(guard_percent=5)

    summary = reset.use_default_synchronization_setup(company, keep=["VENDOR"])

    assert summary.kept == ("VENDOR",)
    assert IntegrationTableMapping.objects.get(name="VENDOR").guard_percent == 5


def test_a_mapping_made_by_the_administrator_stays(company: Company) -> None:
    IntegrationTableMapping.objects.create(
        company=company,
        name="LOCATIONS",
        table="locations",
        integration_table="msdyn_warehouse",
        uid_field="msdyn_warehouseid",
        direction=Direction.TO_INTEGRATION_TABLE,
        user_defined=True,
    )

    summary = reset.use_default_synchronization_setup(company)

    assert summary.kept == ("LOCATIONS",)
    assert IntegrationTableMapping.objects.filter(name="LOCATIONS").exists()


def test_another_choice_swaps_mappings(company: Company) -> None:
    reset.use_default_synchronization_setup(company)

    summary = reset.use_default_synchronization_setup(
        company, choices=SetupChoices(unit_of_measure_model="unitGroup")
    )

    assert summary.created == ("UNIT GROUP", "ITEM UOM", "RESOURCE UOM")
    assert summary.removed == ("UNIT OF MEASURE",)
    assert IntegrationTableMapping.objects.get(name="ITEM-PRODUCT").depends_on == ["ITEM UOM"]


def test_another_company_is_left_alone(company: Company) -> None:
    other = Company.objects.create(name="OTHER", business_central_id=uuid4())
    reset.use_default_synchronization_setup(other)
    IntegrationTableMapping.objects.filter(company=other).update(guard_percent=5)

    reset.use_default_synchronization_setup(company)

    assert not IntegrationTableMapping.objects.filter(company=other).exclude(guard_percent=5)


def test_a_reset_takes_few_statements(
    company: Company, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    reset.use_default_synchronization_setup(company)

    with django_assert_max_num_queries(60):  # type: ignore[operator]
        reset.use_default_synchronization_setup(company)
