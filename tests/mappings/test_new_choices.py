"""Another choice on the set-up pages moves exactly what depends on it (E-9.17, E-1.86)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from audit.models import AuditEntry
from audit.terms import Act
from connections.models import Company, DataverseConnectionSetup, SalesConnectionSetup
from mappings import new_choices, price_models, reset
from mappings.models import Coupling, IntegrationFieldMapping, IntegrationTableMapping

pytestmark = pytest.mark.django_db

OWNED = {"CUSTOMER", "VENDOR", "CONTACT", "POSTEDSALESINV-INV", "OPPORTUNITY"}
PAIR = {"owneridtype", "ownerid"}


@pytest.fixture
def company() -> Company:
    company = Company.objects.create(name="CRONUS", business_central_id=uuid4())
    DataverseConnectionSetup.objects.create(company=company, is_enabled=True)
    SalesConnectionSetup.objects.create(company=company, is_enabled=True)
    reset.use_default_synchronization_setup(company)
    return company


def choose(company: Company, **choices: str) -> Company:
    for name, value in choices.items():
        model = DataverseConnectionSetup if name == "ownership_model" else SalesConnectionSetup
        model.objects.filter(company=company).update(**{name: value})
    return Company.objects.get(pk=company.pk)


def switch(company: Company, **choices: str) -> reset.ResetSummary:
    return new_choices.apply(choose(company, **choices))


def everything(company: Company) -> dict[str, Any]:
    """Return every mapping with all that its rows hold, watermarks and keys apart."""
    apart = {"id", "mapping", "sent_up_to", "received_up_to"}
    rows = IntegrationTableMapping.objects.filter(company=company).prefetch_related("fields")
    return {
        row.name: (
            _facts(row, apart),
            [_facts(field, apart) for field in row.fields.order_by("position")],
        )
        for row in rows
    }


def _facts(row: Any, apart: set[str]) -> dict[str, Any]:
    return {f.name: getattr(row, f.name) for f in row._meta.fields if f.name not in apart}


def mapping(name: str) -> IntegrationTableMapping:
    return IntegrationTableMapping.objects.get(name=name)


def columns(name: str) -> list[str]:
    return list(mapping(name).fields.values_list("integration_field", flat=True))


def test_owned_by_a_team_the_owner_pair_its_dependency_and_salespeople_go(
    company: Company,
) -> None:  # E-1.86, E-9.17
    summary = switch(company, ownership_model="Team")

    assert set(summary.moved) == OWNED
    assert summary.removed == ("SALESPEOPLE",)
    assert not [name for name in OWNED if PAIR & set(columns(name))]
    assert "SALESPEOPLE" not in mapping("CUSTOMER").depends_on
    assert not reset.preview(choose(company)).customised


def test_owned_by_persons_again_they_come_back(company: Company) -> None:
    switch(company, ownership_model="Team")

    summary = switch(company, ownership_model="Person")

    assert summary.created == ("SALESPEOPLE",)
    assert set(summary.moved) == OWNED
    assert columns("CUSTOMER")[:2] == ["owneridtype", "ownerid"]
    assert mapping("CUSTOMER").depends_on[0] == "SALESPEOPLE"
    assert not reset.preview(choose(company)).customised


THERE_AND_BACK = (
    {"ownership_model": ("Team", "Person")},
    {"unit_of_measure_model": ("UnitGroup", "UnitOfMeasure")},
    {"price_model": ("PriceList", "SalesPrice")},
    {"sales_order_model": ("Bidirectional", "Off")},
    {
        "ownership_model": ("Team", "Person"),
        "unit_of_measure_model": ("UnitGroup", "UnitOfMeasure"),
    },
)


@pytest.mark.parametrize("choices", THERE_AND_BACK, ids="+".join)
def test_there_and_back_leaves_the_mappings_as_they_were(
    company: Company, choices: dict[str, tuple[str, str]]
) -> None:
    before = everything(company)

    switch(company, **{name: there for name, (there, _) in choices.items()})
    switch(company, **{name: back for name, (_, back) in choices.items()})

    assert everything(company) == before


def test_another_price_model_forgets_what_was_coupled_under_the_one_before(
    company: Company,
) -> None:  # nothing would bring it up to date, or retry it
    for name in ("CUSTPRCGRP-PRICE", "SALESPRC-PRODPRICE", "ITEM-PRODUCT"):
        Coupling.objects.create(
            company=company, mapping_name=name, business_central_id=uuid4(), dataverse_id=uuid4()
        )
    chosen = choose(company, price_model="PriceList")
    said = price_models.left_behind(company, new_choices.preview(chosen).removed)

    new_choices.apply(chosen)

    assert said.startswith("One price list stays in Sales")
    assert Coupling.objects.get().mapping_name == "ITEM-PRODUCT"
    entry = AuditEntry.objects.filter(act=Act.RESET).latest("pk")
    assert entry.before["couplings deleted"] == 2


def test_couplings_of_prices_wait_while_sales_is_disabled(company: Company) -> None:  # E-9.42
    Coupling.objects.create(
        company=company, mapping_name="CUSTPRCGRP-PRICE",
        business_central_id=uuid4(), dataverse_id=uuid4(),
    )  # fmt: skip
    SalesConnectionSetup.objects.update(is_enabled=False)

    summary = reset.use_default_synchronization_setup(Company.objects.get(pk=company.pk))

    assert "CUSTPRCGRP-PRICE" in summary.removed
    assert Coupling.objects.exists()


def test_what_was_customised_stays_there_and_back(company: Company) -> None:
    of_customer = mapping("CUSTOMER")
    of_customer.guard_percent = 5
    of_customer.table_filter = [["blocked", "eq", " "], ["city", "eq", "Oslo"]]
    of_customer.depends_on = [*of_customer.depends_on, "VENDOR"]
    of_customer.save()
    of_customer.fields.filter(field="faxNumber").delete()
    of_customer.fields.filter(field="email").update(too_long="Fail", user_defined=True)
    IntegrationFieldMapping.objects.create(
        mapping=of_customer, position=90, field="taxLiable", integration_field="new_tax",
        direction="ToIntegrationTable",
    )  # fmt: skip
    IntegrationTableMapping.objects.filter(name="SALESPEOPLE").update(guard_percent=7)
    lines = everything(company)["CUSTOMER"][1]
    for place, line in enumerate(lines, 1):
        line["position"] = place  # gaps between numbers say nothing
    before = everything(company) | {"CUSTOMER": (everything(company)["CUSTOMER"][0], lines)}

    there = switch(company, ownership_model="Team")

    assert not PAIR & set(columns("CUSTOMER"))
    assert columns("CUSTOMER")[-1] == "new_tax"
    assert there.removed == ()
    assert "SALESPEOPLE" in there.stays  # customised, and it does no harm
    switch(company)  # again nothing changes
    switch(company, ownership_model="Person")
    assert everything(company) == before


def test_a_line_that_was_changed_by_hand_stays_and_is_named(company: Company) -> None:
    mapping("CUSTOMER").fields.filter(integration_field="ownerid").update(not_null=False)

    summary = switch(company, ownership_model="Team")

    assert "CUSTOMER: salespersonCode → ownerid" in summary.stays
    assert "ownerid" in columns("CUSTOMER")
    assert "owneridtype" not in columns("CUSTOMER")
    assert "SALESPEOPLE" not in summary.removed  # the line needs it


def test_a_choice_without_a_difference_changes_nothing(company: Company) -> None:
    IntegrationTableMapping.objects.update(sent_up_to=datetime(2026, 1, 1, tzinfo=UTC))
    before = everything(company)

    summary = switch(company)

    assert summary.moved == summary.created == summary.removed == ()
    assert everything(company) == before
    assert not IntegrationTableMapping.objects.filter(sent_up_to=None).exists()


def test_with_sales_disabled_its_mappings_follow_the_owner_too(company: Company) -> None:  # E-9.25
    SalesConnectionSetup.objects.update(is_enabled=False)

    switch(company, ownership_model="Team")

    assert "ownerid" not in columns("OPPORTUNITY")
    assert IntegrationTableMapping.objects.filter(name="ITEM-PRODUCT").exists()


def test_units_move_the_products_that_use_them(company: Company) -> None:  # E-1.93, E-9.23
    summary = switch(company, unit_of_measure_model="UnitGroup")

    assert summary.created == ("UNIT GROUP", "ITEM UOM", "RESOURCE UOM")
    assert summary.removed == ("UNIT OF MEASURE",)
    assert mapping("ITEM-PRODUCT").depends_on == ["ITEM UOM"]
    assert columns("ITEM-PRODUCT")[-1] == "defaultuomid"
    assert columns("RESOURCE-PRODUCT")[-1] == "defaultuomid"


def test_the_mapping_of_the_other_model_goes_though_it_was_customised(company: Company) -> None:
    IntegrationTableMapping.objects.filter(name="UNIT OF MEASURE").update(guard_percent=5)
    steps = new_choices.preview(choose(company, unit_of_measure_model="UnitGroup"))

    summary = switch(company)

    assert steps.customised == ("UNIT OF MEASURE",)  # said before it is done
    assert summary.removed == ("UNIT OF MEASURE",)


def test_orders_both_ways_take_another_mapping_of_the_same_name(company: Company) -> None:
    switch(company, sales_order_model="OrderIntegration")
    one_way = everything(company)

    switch(company, sales_order_model="Bidirectional")

    assert mapping("SALESORDER-ORDER").direction == "Bidirectional"
    assert not reset.preview(choose(company)).customised
    switch(company, sales_order_model="OrderIntegration")
    assert everything(company) == one_way


def test_the_audit_log_keeps_what_moved(company: Company) -> None:
    switch(company, ownership_model="Team")

    noted = AuditEntry.objects.filter(act="Changed", object_name="CUSTOMER").get()
    assert "SALESPEOPLE" in noted.before["depends_on"]
    assert "SALESPEOPLE" not in noted.after["depends_on"]
