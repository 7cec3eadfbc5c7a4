"""Units, products, price lists and prices between two systems in memory, with what comes after."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connections.causes import Cause
from connections.errors import ConfigurationError, RecordError
from connections.models import DataverseConnectionSetup, SalesConnectionSetup
from connections.systems import Lookup, Record, Value, Write
from mappings.documents import DOCUMENTS
from mappings.models import AutomaticPriceList, Coupling, IntegrationTableMapping, PendingCoupling
from mappings.reset import use_default_synchronization_setup
from mappings.setup_choices import SetupChoices
from mappings.terms import Direction
from syncjobs.activation import create_default_entries
from syncjobs.models import JobQueueEntry, SynchError, SynchJob
from syncjobs.runs.synchronize import run_order, synchronize_mapping
from syncjobs.terms import JobStatus, Mode
from tests.syncjobs.conftest import World, counts

pytestmark = pytest.mark.django_db
FROM = Direction.FROM_INTEGRATION_TABLE


@pytest.fixture
def goods(world: World) -> World:
    """A world with a unit, an item and a price group in Business Central."""
    add = world.business_central.add
    add("unitsOfMeasure", code="PCS", displayName="Piece")
    item(world, "1000", "Desk", 100)
    add("customerPriceGroups", code="RETAIL", displayName="Retail")
    sale(world, "1000", 95)
    return world


def item(world: World, number: str, name: str, price: int, **values: Value) -> Record:
    given: dict[str, Any] = {
        "number": number,
        "displayName": name,
        "unitPrice": Decimal(price),
        "baseUnitOfMeasureCode": "PCS",
        "blocked": False,
        **values,
    }
    return world.business_central.add("items", **given)


def sale(world: World, number: str, price: int, **values: Value) -> Record:
    given: dict[str, Any] = {
        "itemNumber": number,
        "salesType": "Customer Price Group",
        "salesCode": "RETAIL",
        "unitOfMeasureCode": "PCS",
        "currencyCode": "",
        "minimumQuantity": Decimal(0),
        "unitPrice": Decimal(price),
        **values,
    }
    return world.business_central.add("salesPrices", **given)


ORDER = ("UNIT OF MEASURE", "ITEM-PRODUCT", "CUSTPRCGRP-PRICE", "SALESPRC-PRODPRICE")


def run_all(world: World, mode: Mode = Mode.FULL) -> None:
    for name in ORDER:
        world.run(name, mode=mode)


def product(world: World, number: str = "1000") -> Record:
    [row] = [r for r in world.dataverse.all("product") if r.values["productnumber"] == number]
    return row


def automatic(world: World) -> dict[str, Value]:
    """Return the prices of the automatic list, by product number."""
    kept = AutomaticPriceList.objects.get()
    names = {row.id: str(row.values["productnumber"]) for row in world.dataverse.all("product")}
    return {
        names[line.values["productid"].id]: line.values["amount"]  # type: ignore[union-attr]
        for line in world.dataverse.all("productpricelevel")
        if line.values["pricelevelid"] == Lookup("pricelevel", kept.dataverse_id)
    }


# Units


def test_a_unit_group_that_is_there_is_coupled_and_its_unit_renamed(world: World) -> None:
    # E-3.24, E-3.96
    group = world.dataverse.add("uomschedule", name="NAV PCS", baseuomname="Piece")
    unit = world.dataverse.add(
        "uom", name="Piece", uomscheduleid=Lookup("uomschedule", group.id), isschedulebaseuom=True
    )
    world.business_central.add("unitsOfMeasure", code="PCS")

    report = world.run("UNIT OF MEASURE", mode=Mode.FULL)

    assert counts(report) == {"Unchanged": 1, "Coupled": 1}
    assert world.now(unit)["name"] == "PCS"
    assert len(world.dataverse.all("uomschedule")) == 1


def test_a_refused_unit_does_not_hold_up_the_others(world: World) -> None:  # E-3.96
    world.dataverse.add("uomschedule", name="NAV CAN", statecode=1)
    for code in ("CAN", "PCS"):
        world.business_central.add("unitsOfMeasure", code=code)

    report = world.run("UNIT OF MEASURE", mode=Mode.FULL)

    assert counts(report) == {"Inserted": 1, "Failed": 1}
    assert report.jobs[0].errors[0].cause == Cause.UNIT_GROUP


# Products and the automatic price list


def test_a_product_is_priced_and_published(goods: World) -> None:  # E-8.57, E-8.58, E-8.59
    run_all(goods)

    row, kept = product(goods), AutomaticPriceList.objects.get()
    assert kept.name == "Business Central Default Price List"
    assert row.values["statecode"] == 0
    assert row.values["pricelevelid"] == Lookup("pricelevel", kept.dataverse_id)
    assert automatic(goods) == {"1000": 100}


def test_a_second_run_writes_nothing(goods: World) -> None:
    run_all(goods)
    before = goods.dataverse.requests["write"]

    run_all(goods)

    assert goods.dataverse.requests["write"] == before


def test_a_new_price_reaches_the_automatic_list(goods: World) -> None:  # E-8.59
    run_all(goods)
    [desk] = goods.business_central.all("items")
    goods.edit(desk, unitPrice=Decimal(120))

    goods.run("ITEM-PRODUCT")

    assert product(goods).values["price"] == 120
    assert automatic(goods) == {"1000": 120}


def test_a_list_of_that_name_in_another_currency_is_left_alone(goods: World) -> None:  # E-8.58
    franc = goods.dataverse.add("transactioncurrency", isocurrencycode="CHF")
    goods.dataverse.add(
        "pricelevel",
        name="Business Central Default Price List",
        transactioncurrencyid=Lookup("transactioncurrency", franc.id),
    )

    run_all(goods)

    assert AutomaticPriceList.objects.get().name == "Business Central EUR Default Price List"


def test_a_product_that_cannot_be_priced_fails_and_goes_through_later(goods: World) -> None:
    def refuse(table: str, _: Write) -> RecordError | None:
        is_price = table == "productpricelevel"
        return RecordError("No prices today.", cause=Cause.REFUSED) if is_price else None

    goods.run("UNIT OF MEASURE", mode=Mode.FULL)
    goods.dataverse.refusals.append(refuse)
    first = goods.run("ITEM-PRODUCT", mode=Mode.FULL)
    waited = PendingCoupling.objects.filter(mapping_name="ITEM-PRODUCT").count()
    goods.dataverse.refusals.clear()

    goods.run("ITEM-PRODUCT", mode=Mode.FULL)

    assert (counts(first), waited) == ({"Failed": 1}, 1)
    assert product(goods).values["statecode"] == 0
    assert automatic(goods) == {"1000": 100}
    assert not PendingCoupling.objects.exists()


def test_a_lost_answer_makes_no_second_product_and_no_second_price(goods: World) -> None:
    goods.run("UNIT OF MEASURE", mode=Mode.FULL)
    goods.dataverse.lost_answers = 2

    for _ in range(4):
        goods.run("ITEM-PRODUCT", mode=Mode.FULL)

    assert product(goods).values["statecode"] == 0
    assert automatic(goods) == {"1000": 100}
    assert len(goods.dataverse.all("pricelevel")) == 1


def test_a_product_whose_price_was_refused_is_no_conflict_after_the_next_edit(
    goods: World,
) -> None:
    def refuse(table: str, _: Write) -> RecordError | None:
        is_price = table == "productpricelevel"
        return RecordError("No prices today.", cause=Cause.REFUSED) if is_price else None

    run_all(goods)
    [desk] = goods.business_central.all("items")
    goods.dataverse.refusals.append(refuse)
    goods.edit(desk, displayName="Table", unitPrice=Decimal(120))
    refused = goods.run("ITEM-PRODUCT")
    goods.dataverse.refusals.clear()
    goods.edit(desk, displayName="Large table")

    mended = goods.run("ITEM-PRODUCT")

    assert (counts(refused), counts(mended)) == ({"Failed": 1}, {"Modified": 1})
    assert product(goods).values["name"] == "Large table"
    assert automatic(goods) == {"1000": 120}


def test_a_hand_edit_is_found_without_reading_prices_one_by_one(goods: World) -> None:  # E-8.58
    for number in range(2000, 2030):
        item(goods, str(number), f"Item {number}", number)
    run_all(goods)
    line = next(
        row
        for row in goods.dataverse.all("productpricelevel")
        if row.values["amount"] == Decimal(2007)
    )
    goods.edit(line, amount=Decimal(1))
    before = goods.dataverse.requests.total()

    goods.run("ITEM-PRODUCT")

    [warning] = SynchError.objects.filter(warning=True)
    assert goods.now(line)["amount"] == 2007
    assert (warning.cause, warning.record_name) == (Cause.PRICE_LIST_EDITED, "2007 Item 2007")
    assert goods.dataverse.requests.total() - before < 12


def test_a_run_of_many_products_costs_few_requests(goods: World) -> None:
    goods.run("UNIT OF MEASURE", mode=Mode.FULL)
    for number in range(2000, 2200):
        item(goods, str(number), f"Item {number}", number)
    before = goods.dataverse.requests.total(), goods.business_central.requests.total()

    goods.run("ITEM-PRODUCT", mode=Mode.FULL)

    assert len(automatic(goods)) == 201
    assert goods.dataverse.requests.total() - before[0] < 60
    assert goods.business_central.requests.total() - before[1] < 40


def test_the_default_write_in_product_stays_at_home(goods: World) -> None:  # E-3.18
    goods.business_central.add(
        "salesReceivablesSetup", writeInProductType="Item", writeInProductNumber="1000"
    )

    run_all(goods)

    assert not goods.dataverse.all("product")


# States


def test_blocked_and_retired_go_both_ways(goods: World) -> None:  # E-3.93
    run_all(goods)
    [desk] = goods.business_central.all("items")
    seen = []
    for record, values in (
        (desk, {"blocked": True}),
        (desk, {"blocked": False}),
        (product(goods), {"statecode": 1}),
        (product(goods), {"statecode": 0}),
    ):
        goods.edit(goods.system_of(record).now(record), **values)
        goods.run("ITEM-PRODUCT")
        seen.append((goods.now(desk)["blocked"], product(goods).values["statecode"]))

    assert seen == [(True, 1), (False, 0), (True, 1), (False, 0)]
    writes = goods.dataverse.requests["write"], goods.business_central.requests["write"]
    goods.run("ITEM-PRODUCT")
    assert writes == (goods.dataverse.requests["write"], goods.business_central.requests["write"])


def test_a_product_that_is_retired_while_its_item_changes_stays_retired(goods: World) -> None:
    # E-3.93
    run_all(goods)
    [desk] = goods.business_central.all("items")
    goods.edit(desk, unitPrice=Decimal(130))
    goods.edit(product(goods), statecode=1)

    goods.run("ITEM-PRODUCT")

    assert product(goods).values["statecode"] == 1
    assert goods.now(desk)["blocked"] is True


def test_a_product_reactivated_after_a_lost_answer_stays_active(goods: World) -> None:  # E-3.93
    run_all(goods)
    goods.run("ITEM-PRODUCT")
    row = product(goods)
    goods.edit(row, statecode=1)
    goods.business_central.lost_answers = 1
    goods.run("ITEM-PRODUCT")  # the item is blocked, and nobody heard of it
    goods.edit(row, statecode=0)

    for _ in range(2):
        goods.run("ITEM-PRODUCT")

    assert product(goods).values["statecode"] == 0
    assert not goods.now(goods.partner(row))["blocked"]


def test_an_account_that_was_deactivated_blocks_its_customer(world: World) -> None:  # E-3.93
    customer, account = world.pair()
    world.run()
    world.edit(account, statecode=1)

    world.run()

    assert world.now(customer)["blocked"] == "All"


# Price groups and prices


def test_prices_go_with_their_price_group(goods: World) -> None:  # E-8.60, E-8.61
    for name in ORDER[:2]:
        goods.run(name, mode=Mode.FULL)

    goods.run("CUSTPRCGRP-PRICE", mode=Mode.FULL)

    assert Coupling.objects.filter(mapping_name="SALESPRC-PRODPRICE").count() == 1
    assert SynchJob.objects.filter(mapping_name="SALESPRC-PRODPRICE", inserted=1).exists()


def test_prices_are_looked_at_when_their_group_is_unchanged(goods: World) -> None:  # E-8.60
    run_all(goods)
    [price] = goods.business_central.all("salesPrices")
    goods.edit(price, unitPrice=Decimal(90))

    goods.run("CUSTPRCGRP-PRICE", mode=Mode.FULL)

    assert goods.now(goods.partner(price))["amount"] == 90


def test_a_price_that_is_there_is_coupled_instead_of_made_twice(goods: World) -> None:  # E-3.24
    run_all(goods)
    [price] = goods.business_central.all("salesPrices")
    row = goods.partner(price)
    Coupling.objects.filter(mapping_name="SALESPRC-PRODPRICE").delete()

    report = goods.run("SALESPRC-PRODPRICE", mode=Mode.FULL)

    assert counts(report) == {"Unchanged": 1, "Coupled": 1}
    assert goods.partner(price).id == row.id


def test_prices_of_other_lists_are_not_read_to_find_those_that_are_there(goods: World) -> None:
    run_all(goods)  # the automatic list has a price of the desk too
    Coupling.objects.filter(mapping_name="SALESPRC-PRODPRICE").delete()
    goods.dataverse.rows_found.clear()

    goods.run("SALESPRC-PRODPRICE", mode=Mode.FULL)

    assert len(goods.dataverse.all("productpricelevel")) == 2
    assert goods.dataverse.rows_found["productpricelevel"] == 1


def test_the_item_of_a_price_goes_before_it(goods: World) -> None:  # E-3.99
    for name in ("UNIT OF MEASURE", "CUSTPRCGRP-PRICE"):
        goods.run(name, mode=Mode.FULL)

    goods.run("SALESPRC-PRODPRICE", mode=Mode.FULL)

    assert product(goods).values["name"] == "Desk"
    assert Coupling.objects.filter(mapping_name="SALESPRC-PRODPRICE").count() == 1


def test_a_modified_run_creates_no_item_that_its_mapping_would_not(goods: World) -> None:
    # E-3.25
    goods.run("UNIT OF MEASURE", mode=Mode.FULL)
    [group] = goods.business_central.all("customerPriceGroups")
    goods.run("CUSTPRCGRP-PRICE", ids=(group.id,), create=True)
    Coupling.objects.exclude(mapping_name__in=["UNIT OF MEASURE", "CUSTPRCGRP-PRICE"]).delete()
    for row in (*goods.dataverse.all("productpricelevel"), *goods.dataverse.all("product")):
        goods.drop(row)

    report = goods.run("SALESPRC-PRODPRICE")

    assert not goods.dataverse.all("product")
    assert report.jobs[0].errors[0].cause == Cause.NOT_COUPLED


# With unit groups and price lists

VARIANT = SetupChoices(unit_of_measure_model="unitGroup", price_model="priceList")


@pytest.fixture
def grouped(world: World) -> World:
    """A world with unit groups and price list headers."""
    use_default_synchronization_setup(world.company, choices=VARIANT)
    add = world.business_central.add
    add("unitsOfMeasure", code="PCS")
    desk = item(world, "1000", "Desk", 100)
    add(
        "unitGroups",
        sourceType="Item",
        sourceId=desk.id,
        sourceNumber="1000",
        code="ITEM 1000 UOM GR",
    )
    for code, quantity in (("PCS", 1), ("PALLET", 24)):
        add(
            "itemUnitsOfMeasure",
            itemNumber="1000",
            code=code,
            quantityPerUnitOfMeasure=Decimal(quantity),
        )
    return world


def price_list(world: World, code: str, status: str = "Active") -> None:
    world.business_central.add(
        "priceLists",
        code=code,
        status=status,
        priceType="Sale",
        amountType="Price",
        allowUpdatingDefaults=False,
    )
    world.business_central.add(
        "priceListLines",
        priceListCode=code,
        lineNumber=1,
        priceType="Sale",
        amountType="Price",
        assetType="Item",
        assetNumber="1000",
        unitOfMeasureCode="PALLET",
        unitPrice=Decimal(2000),
    )


def test_a_product_brings_its_units_and_a_price_for_each(grouped: World) -> None:
    # E-3.97, E-3.99, E-8.59, E-8.62
    grouped.run("ITEM-PRODUCT", mode=Mode.FULL)

    amounts = sorted(
        line.values["amount"]  # type: ignore[type-var]
        for line in grouped.dataverse.all("productpricelevel")
    )
    assert Coupling.objects.filter(mapping_name="UNIT GROUP").count() == 1
    assert Coupling.objects.filter(mapping_name="ITEM UOM").count() == 2
    assert amounts == [100, 2400]
    assert product(grouped).values["statecode"] == 0


def test_a_draft_price_list_is_inactive_and_its_prices_wait(grouped: World) -> None:  # E-8.60
    grouped.run("ITEM-PRODUCT", mode=Mode.FULL)
    price_list(grouped, "S1")
    price_list(grouped, "S2", status="Draft")

    report = grouped.run("PLHEADER-PRICE", mode=Mode.FULL)

    states = {r.values["name"]: r.values["statecode"] for r in grouped.dataverse.all("pricelevel")}
    assert counts(report) == {"Inserted": 2}
    assert (states["S1"], states["S2"]) == (0, 1)
    assert Coupling.objects.filter(mapping_name="PLLINE-PRODPRICE").count() == 1
    assert not SynchError.objects.filter(warning=False).exists()


def test_the_units_of_an_item_from_sales_are_coupled_with_those_of_its_product(
    grouped: World,
) -> None:  # E-3.96a, E-3.97
    group = grouped.dataverse.add("uomschedule", name="A group of its own", statecode=0)
    unit = grouped.dataverse.add("uom", name="PCS", uomscheduleid=Lookup("uomschedule", group.id))
    row = grouped.dataverse.add(
        "product",
        name="Lamp",
        productnumber="L1",
        producttypecode=1,
        statecode=0,
        defaultuomid=Lookup("uom", unit.id),
        defaultuomscheduleid=Lookup("uomschedule", group.id),
    )

    grouped.run("ITEM-PRODUCT", mode=Mode.FULL, directions=(FROM,))

    lamp = grouped.partner(row)
    assert lamp.values["baseUnitOfMeasureCode"] == "PCS"
    [own] = [
        r
        for r in grouped.business_central.all("itemUnitsOfMeasure")
        if r.values["itemNumber"] == lamp.values["number"]
    ]
    assert grouped.partner(own).id == unit.id


# Documents


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_documents_are_refused_by_name(world: World, name: str) -> None:
    IntegrationTableMapping.objects.get_or_create(
        company=world.company, name=name, defaults={"table": "x", "integration_table": "y"}
    )

    with pytest.raises(ConfigurationError, match="not synchronized by this version") as refused:
        synchronize_mapping(world.company, name, systems=world, now=world.clock)

    assert refused.value.cause == Cause.NOT_CARRIED
    assert name not in run_order(world.company)


def test_the_jobs_of_documents_stay_on_hold(world: World) -> None:
    DataverseConnectionSetup.objects.create(company=world.company, is_enabled=True)
    SalesConnectionSetup.objects.create(company=world.company, is_enabled=True)

    create_default_entries(world.company, now=world.clock.now)

    statuses = dict(JobQueueEntry.objects.values_list("mapping_name", "status"))
    assert statuses["POSTEDSALESINV-INV"] == JobStatus.ON_HOLD
    assert statuses["ITEM-PRODUCT"] == JobStatus.READY
