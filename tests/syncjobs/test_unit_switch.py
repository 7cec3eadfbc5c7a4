"""Switching Unit Group Mapping on and off: products are made anew, and taken up again (C-0620)."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from audit.models import AuditEntry
from connections.causes import Cause
from connections.errors import ConfigurationError, IntegrationError, RecordError
from connections.models import DataverseConnectionSetup, SalesConnectionSetup
from connections.systems import Lookup, Record, Update, Write
from connections.terms import UnitOfMeasureModel
from integration_admin import enabling, preconditions, unit_switch
from mappings import open_documents, unit_groups
from mappings.models import Coupling, IntegrationTableMapping
from mappings.pairing import Systems
from mappings.terms import Direction
from syncjobs.models import Run
from syncjobs.progress import in_foreground
from syncjobs.terms import Action, Mode
from tests.memory import Refusal
from tests.syncjobs.conftest import World

pytestmark = pytest.mark.django_db
GROUPS, UNITS = UnitOfMeasureModel.UNIT_GROUP, UnitOfMeasureModel.UNIT_OF_MEASURE
DRAFT = 2
NUMBERS = ("1000", "1100")
ORDER = {
    UNITS: ("UNIT OF MEASURE", "ITEM-PRODUCT", "CUSTPRCGRP-PRICE", "SALESPRC-PRODPRICE"),
    GROUPS: ("UNIT GROUP", "ITEM UOM", "ITEM-PRODUCT", "CUSTPRCGRP-PRICE", "SALESPRC-PRODPRICE"),
}


@pytest.fixture
def goods(world: World) -> World:
    """Two items with their units and a price, in step with Sales; Sales is disabled."""
    DataverseConnectionSetup.objects.create(company=world.company, is_enabled=True)
    SalesConnectionSetup.objects.create(company=world.company)
    add = world.business_central.add
    add("unitsOfMeasure", code="PCS", displayName="Piece")
    for number in NUMBERS:
        item = add(
            "items", number=number, displayName=f"Desk {number}", unitPrice=Decimal(100),
            baseUnitOfMeasureCode="PCS", blocked=False,
        )  # fmt: skip
        add(
            "unitGroups", sourceType="Item", sourceId=item.id, sourceNumber=number,
            code=f"ITEM {number} UOM GR",
        )  # fmt: skip
        add(
            "itemUnitsOfMeasure", itemNumber=number, code="PCS",
            quantityPerUnitOfMeasure=Decimal(1),
        )  # fmt: skip
    add("customerPriceGroups", code="RETAIL", displayName="Retail")
    add(
        "salesPrices", itemNumber="1000", salesType="Customer Price Group", salesCode="RETAIL",
        unitOfMeasureCode="PCS", currencyCode="", minimumQuantity=Decimal(0),
        unitPrice=Decimal(95),
    )  # fmt: skip
    run_all(world, UNITS)
    world.dataverse.refusals.append(published(world))
    return world


def published(world: World) -> Refusal:
    """Return the rule of Sales that only a draft may get another unit (0x8004F995)."""

    def refuse(table: str, write: Write) -> IntegrationError | None:
        if table != "product" or not isinstance(write, Update):
            return None
        now = world.now(write.record)
        structure = ("defaultuomid", "defaultuomscheduleid")
        moved = any(write.values.get(name, now.get(name)) != now.get(name) for name in structure)
        if moved and now["statecode"] != DRAFT:
            return RecordError("It can only be updated in draft state.", cause=Cause.REFUSED)
        return None

    return refuse


def run_all(world: World, model: UnitOfMeasureModel, mode: Mode = Mode.FULL) -> None:
    """Enable Sales and run the mappings of goods; no record may fail."""
    SalesConnectionSetup.objects.update(is_enabled=True)
    enabling.apply_choices(world.company, now=world.clock())
    SalesConnectionSetup.objects.update(is_enabled=False)
    for name in ORDER[model]:
        given: dict[str, Any] = {}
        if mode == Mode.UNCONDITIONAL:
            given["directions"] = (Direction.TO_INTEGRATION_TABLE,)
        report = world.run(name, mode=mode, **given)
        errors = [error.message for job in report.jobs for error in job.errors]
        assert report.count(Action.FAILED) == 0, (name, errors)


def switch(world: World, model: UnitOfMeasureModel) -> None:
    with in_foreground(world.company, job=unit_switch.JOB, description="Switch") as progress:
        unit_switch.switch_to(
            world.company,
            model,
            progress=progress,
            systems=Systems(world.business_central, world.dataverse),
        )


def products(world: World) -> dict[str, Record]:
    return {str(row.values["productnumber"]): row for row in world.dataverse.all("product")}


def group_name(world: World, number: str) -> str:
    group = products(world)[number].values["defaultuomscheduleid"]
    assert isinstance(group, Lookup)
    return str(world.dataverse.rows["uomschedule"][group.id].values["name"])


def names() -> set[str]:
    return set(IntegrationTableMapping.objects.values_list("name", flat=True))


def test_products_are_made_anew_under_their_numbers_and_the_old_ones_rest(goods: World) -> None:
    """E-9.23(a), E-3.97."""
    old = {number: row.id for number, row in products(goods).items()}

    switch(goods, GROUPS)

    assert not Coupling.objects.filter(mapping_name__in=unit_groups.ALL_UNITS).exists()
    assert not Coupling.objects.filter(mapping_name__in=unit_groups.PRODUCTS).exists()
    assert not names() & set(unit_groups.ALL_UNITS)  # those of the other come with enabling
    assert {row.values["statecode"] for row in products(goods).values()} == {1}
    for mode in (Mode.FULL, Mode.UNCONDITIONAL):
        run_all(goods, GROUPS, mode)
    assert group_name(goods, "1000") == "ITEM 1000 UOM GR"
    now = products(goods)
    assert now["1000"].values["statecode"] == 0
    assert not {now[number].id for number in NUMBERS} & set(old.values())
    assert len(now) == 4
    assert Coupling.objects.filter(mapping_name="SALESPRC-PRODPRICE").count() == 1


def test_switched_back_the_products_of_before_are_taken_up_again(goods: World) -> None:
    before = {number: row.id for number, row in products(goods).items()}

    for model in (GROUPS, UNITS, GROUPS, UNITS):
        switch(goods, model)
        for mode in (Mode.FULL, Mode.UNCONDITIONAL):
            run_all(goods, model, mode)

    now = products(goods)
    assert {number: now[number].id for number in NUMBERS} == before
    assert [now[number].values["statecode"] for number in NUMBERS] == [0, 0]
    assert group_name(goods, "1000") == "NAV PCS"
    assert len(now) == 4  # one of each model, however often it is switched


def test_open_documents_that_name_what_is_set_aside_are_counted(goods: World) -> None:
    [desk, *_] = products(goods).values()
    named = Lookup("product", desk.id)
    for state, table, lines in (
        (0, "quote", "quotedetail"),
        (1, "quote", "quotedetail"),
        (3, "quote", "quotedetail"),  # closed
        (1, "salesorder", "salesorderdetail"),
    ):
        document = goods.dataverse.add(table, statecode=state)
        for product in (named, named, None):  # a line of its own words names none
            line: dict[str, Any] = {f"{table}id": Lookup(table, document.id), "productid": product}
            goods.dataverse.add(lines, **line)
    before = open_documents.naming_retired(goods.dataverse)

    switch(goods, GROUPS)

    told = [text for _, text in Run.objects.latest("pk").log]
    assert before == ""
    assert any(
        text.startswith("2 open quotes and 1 open order in Sales name retired") for text in told
    )


class KilledError(Exception):
    """What a killed worker looks like from inside."""


@pytest.mark.parametrize("kept", range(5))
def test_a_killed_switch_is_gone_on_with(goods: World, kept: int) -> None:
    left = iter([None] * kept)

    def kill(table: str, _write: Write) -> None:
        if table == "product" and next(left, "none is left") is not None:
            raise KilledError

    goods.dataverse.refusals.append(kill)
    with suppress(KilledError):  # two writes a product: set aside, uncoupled
        switch(goods, GROUPS)
        assert kept == 4
    killed = unit_groups.applied(goods.company)
    goods.dataverse.refusals.remove(kill)

    switch(goods, GROUPS)
    run_all(goods, GROUPS)

    assert killed == (UNITS if kept < 4 else None)  # the model is switched last
    assert len(products(goods)) == 4
    assert group_name(goods, "1100") == "ITEM 1100 UOM GR"


def test_a_product_that_sales_does_not_let_go_keeps_the_model_as_it_was(goods: World) -> None:
    kept = products(goods)["1000"].id

    def refuse(table: str, write: Write) -> IntegrationError | None:
        if table == "product" and isinstance(write, Update) and write.record.id == kept:
            return RecordError("A rule of Sales forbids it.", cause=Cause.REFUSED)
        return None

    goods.dataverse.refusals.append(refuse)
    with pytest.raises(ConfigurationError, match="A rule of Sales forbids it") as refusal:
        switch(goods, GROUPS)
    goods.dataverse.refusals.remove(refuse)

    assert refusal.value.cause == Cause.UNIT_GROUP
    assert unit_groups.applied(goods.company) == UNITS
    assert Coupling.objects.filter(mapping_name="ITEM-PRODUCT").count() == 1
    run_all(goods, UNITS)  # whoever leaves it at that has no record that fails


def test_while_products_are_coupled_no_other_way_leads_to_the_other_model(goods: World) -> None:
    SalesConnectionSetup.objects.update(unit_of_measure_model=GROUPS)

    [finding] = preconditions.check_units(goods.company)

    assert finding.code == "E-UNIT-GROUP"
    assert "2 products and 1 units are coupled" in finding.sentence
    assert preconditions.in_the_way([finding])


def test_with_nothing_coupled_a_choice_is_enough(goods: World) -> None:
    Coupling.objects.all().delete()
    SalesConnectionSetup.objects.update(unit_of_measure_model=GROUPS)

    assert not preconditions.check_units(goods.company)


def test_an_enabled_connection_is_not_switched(goods: World) -> None:
    SalesConnectionSetup.objects.update(is_enabled=True)

    with pytest.raises(ConfigurationError, match="Disable"):
        switch(goods, GROUPS)

    assert Coupling.objects.filter(mapping_name="ITEM-PRODUCT").count() == 2


def test_the_audit_log_says_who_switched_and_what_was_deleted(goods: World) -> None:
    switch(goods, GROUPS)

    noted = AuditEntry.objects.get(after__unit_of_measure_model="UnitGroup")
    assert noted.before == {"unit_of_measure_model": "UnitOfMeasure"}
    assert noted.after["couplings deleted"] == 2
