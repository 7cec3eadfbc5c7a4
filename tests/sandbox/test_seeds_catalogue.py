"""CRONUS's units, items, prices and opportunities: clean but for troubles, true to the rules."""

from __future__ import annotations

import tomllib
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest

from sandbox import identities
from sandbox.business_central.pages import page_of
from sandbox.business_central.writing import SYSTEM, Writer
from sandbox.dataverse.refusals import RefusalError
from sandbox.schema import CUSTOM
from sandbox.seeds import troubles
from sandbox.seeds.cronus import catalogue, odd_goods
from sandbox.seeds.cronus.goods import WRITE_IN
from sandbox.store import BUSINESS_CENTRAL, DATAVERSE, Row
from sandbox.world import World
from tests.sandbox.test_seeds import (
    MAPPINGS,
    TROUBLED,
    Undone,
    as_body,
    bc,
    created,
    sales,
    world,
)

__all__ = ["world"]
TABLES = (
    ("uomschedule", "uomscheduleid"),
    ("uom", "uomid"),
    ("product", "productid"),
    ("productpricelevel", "productpricelevelid"),
    ("opportunity", "opportunityid"),
)


def priced(world: World) -> list[Row]:
    """Return the prices that go to Sales, in which nothing is wrong."""
    rows = [row for row in bc(world, "salesPrices") if row["salesType"] == "Customer Price Group"]
    return [
        row for row in rows if (BUSINESS_CENTRAL, "salesPrices", row["itemNumber"]) not in TROUBLED
    ]


# Business Central


def test_items_have_the_unit_they_are_counted_in(world: World) -> None:
    units = {(row["itemNumber"], row["code"]) for row in bc(world, "itemUnitsOfMeasure")}
    bare = [
        row["number"]
        for row in bc(world, "items")
        if (row["number"], row["baseUnitOfMeasureCode"]) not in units
    ]

    assert bare == [odd_goods.NO_UNIT]
    assert {row["code"] for row in bc(world, "unitsOfMeasure")} >= {
        row["baseUnitOfMeasureCode"] for row in bc(world, "items") if row["baseUnitOfMeasureCode"]
    }


def test_nothing_clean_is_counted_in_a_unit_that_does_not_reach_sales(world: World) -> None:
    odd = {odd_goods.INACTIVE_CODE, odd_goods.SHARED_CODE}
    counted = [
        row["number"]
        for name in ("items", "resources")
        for row in bc(world, name)
        if row["baseUnitOfMeasureCode"] in odd
    ]

    assert sorted(counted) == [odd_goods.INACTIVE_UNIT, odd_goods.SHARED_UNIT]


def test_a_price_group_has_one_currency(world: World) -> None:
    currencies: dict[str, set[str]] = {}
    for row in bc(world, "salesPrices"):
        if row["salesType"] == "Customer Price Group":
            currencies.setdefault(row["salesCode"], set()).add(row["currencyCode"])
    groups = {row["code"] for row in bc(world, "customerPriceGroups")}

    assert [code for code, found in currencies.items() if len(found) > 1] == [odd_goods.MIXED]
    assert set(currencies) < groups


def test_clean_prices_have_a_place_of_their_own_in_sales(world: World) -> None:
    items = {row["number"]: row for row in bc(world, "items")}
    places = Counter((row["salesCode"], row["itemNumber"]) for row in priced(world))

    assert max(places.values()) == 1
    for row in priced(world):
        item = items[row["itemNumber"]]
        assert row["unitOfMeasureCode"] == item["baseUnitOfMeasureCode"]
        assert not item["blocked"]
        assert item["number"] != WRITE_IN
        assert row["minimumQuantity"] == 0


def test_price_lists_have_lines_in_their_currency(world: World) -> None:
    lists = {row["code"]: row["currencyCode"] for row in bc(world, "priceLists")}
    lines = {(row["priceListCode"], row["currencyCode"]) for row in bc(world, "priceListLines")}

    assert lines == set(lists.items())


@pytest.mark.parametrize("name", ["items", "resources", "opportunities"])
def test_business_central_would_take_each_record_from_a_person(world: World, name: str) -> None:
    table = world.business_central.tables[name]

    for row in bc(world, name):
        assert created(world, table, row)["id"]


def test_business_central_would_take_each_price_from_a_person(world: World) -> None:
    table = world.business_central.tables["salesPrices"]
    page = page_of(table, CUSTOM)
    writer = Writer(world.business_central, identities.USERNAME, at_card_page=True)

    with suppress(Undone), world.store.transaction():
        for row in bc(world, "salesPrices"):
            writer.remove(table, row)
            body = {n: v for n, v in row.items() if n in table.columns and n not in SYSTEM}
            assert writer.create(page, body)["salesCode"] == row["salesCode"]
        raise Undone


@pytest.mark.parametrize(
    "mapping",
    ["item_product", "resource_product", "custprcgrp_price", "salesprc_prodprice", "opportunity"],
)
def test_every_mapped_field_is_exercised(world: World, mapping: str) -> None:
    document = tomllib.loads((MAPPINGS / f"{mapping}.toml").read_text(encoding="utf-8"))
    rows = bc(world, document["table"])

    for field in [row[0] for row in document["fields"] if isinstance(row[0], str)]:
        if (mapping, field) != ("resource_product", "vendorNumber"):  # no resource is bought
            assert len({row[field] for row in rows}) > 1, field


# Sales


def test_sales_would_take_each_row(world: World) -> None:
    """Each row is made once more through all rules, in the order of the tables."""
    writer = world.dataverse.writer(identities.PERSON_USER_ID)
    with suppress(Undone), world.store.transaction():
        held = {name: sales(world, name) for name, _ in TABLES}
        for name, key in reversed(TABLES):
            for row in held[name]:
                world.store.delete(DATAVERSE, world.dataverse.model.tables[name], row[key])
        for name, key in TABLES:
            table = world.dataverse.model.tables[name]
            for row in held[name]:
                if name == "uom" and row["isschedulebaseuom"]:
                    world.store.connection.execute(
                        "UPDATE dataverse_uom SET uomid = ? WHERE uomscheduleid = ?",
                        (row["uomid"], row["uomscheduleid"]),
                    )
                    continue
                state = row["statecode"] if name in ("uomschedule", "product") else 0
                body = creatable(world, name, row)
                made = writer.create(table, body, row[key])
                if name == "product" and state != 2:
                    made = writer.update(table, made, {"statecode": 0, "statuscode": 1})
        raise Undone
    world.dataverse.reload()


def creatable(world: World, name: str, row: Row) -> dict[str, Any]:
    table = world.dataverse.model.tables[name]
    allowed = {n for n, column in table.columns.items() if column.creatable}
    return as_body(
        world,
        table,
        {n: v if n.split("__")[0] in allowed else None for n, v in row.items()}
        | ({"statuscode": None} if "statuscode" in row else {}),
    )


def test_sales_refuses_the_number_of_a_retired_product(world: World) -> None:
    writer = world.dataverse.writer(identities.PERSON_USER_ID)
    table = world.dataverse.model.tables["product"]
    retired = next(r for r in sales(world, "product") if r["productnumber"] == odd_goods.TAKEN)
    body = creatable(world, "product", retired) | {"productid": identities.TENANT}

    with pytest.raises(RefusalError) as refused, world.store.transaction():
        writer.create(table, body)

    assert (retired["statecode"], refused.value.code) == (1, "0x80043b06")


def test_a_unit_group_of_sales_is_inactive_and_another_has_two_units(world: World) -> None:
    states = {row["name"]: row["statecode"] for row in sales(world, "uomschedule")}
    groups = {row["uomscheduleid"]: row["name"] for row in sales(world, "uomschedule")}
    units = Counter(groups[row["uomscheduleid"]] for row in sales(world, "uom"))

    assert [name for name, state in states.items() if state] == [catalogue.INACTIVE_NAME]
    assert [name for name, count in units.items() if count > 1] == [catalogue.SHARED_NAME]


def test_a_retired_product_is_priced(world: World) -> None:
    states = {row["productid"]: row["statecode"] for row in sales(world, "product")}

    assert {states[row["productid"]] for row in sales(world, "productpricelevel")} == {0, 1}


def test_troubles_reach_every_table_of_the_catalogue() -> None:
    mappings = {trouble.mapping for trouble in troubles.TROUBLES}

    assert mappings >= {
        "UNIT OF MEASURE",
        "ITEM-PRODUCT",
        "RESOURCE-PRODUCT",
        "CUSTPRCGRP-PRICE",
        "SALESPRC-PRODPRICE",
        "OPPORTUNITY",
    }
    assert len({trouble.name for trouble in troubles.TROUBLES}) >= 25
