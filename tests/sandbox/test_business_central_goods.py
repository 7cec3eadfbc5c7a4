"""Items, resources, units, prices and opportunities of Business Central at a person's card page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox import identities
from sandbox.business_central.pages import page_of
from sandbox.business_central.refusals import RefusalError
from sandbox.business_central.writing import Writer
from sandbox.schema import CUSTOM
from sandbox.store import BUSINESS_CENTRAL, DATAVERSE, Row
from sandbox.world import Addresses, World

ADDRESSES = Addresses("https://a:1", "https://b:2", "https://c:3", "http://127.0.0.1:4")
PRICE = {"itemNumber": "1000", "salesType": "Customer Price Group", "salesCode": "RETAIL"}


class Desk:
    """A person at the card pages of Business Central."""

    def __init__(self, world: World) -> None:
        self.world = world

    def writer(self) -> Writer:
        return Writer(self.world.business_central, identities.USERNAME, at_card_page=True)

    def add(self, table: str, **values: Any) -> Row:
        page = page_of(self.world.business_central.tables[table], CUSTOM)
        with self.world.store.transaction():
            return self.writer().create(page, values)

    def change(self, table: str, row: Row, **values: Any) -> Row:
        page = page_of(self.world.business_central.tables[table], CUSTOM)
        with self.world.store.transaction():
            return self.writer().update(page, self.read(table, row), values)

    def delete(self, table: str, row: Row) -> None:
        page = page_of(self.world.business_central.tables[table], CUSTOM)
        with self.world.store.transaction():
            self.writer().delete(page, self.read(table, row))

    def read(self, table: str, row: Row) -> Row:
        held = self.world.business_central.tables[table]
        found = self.world.store.get(BUSINESS_CENTRAL, held, row["id"])
        assert found is not None
        return found

    def every(self, table: str) -> list[Row]:
        held = self.world.business_central.tables[table]
        return self.writer().select(held, "1 = 1", [])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(Path(tmp_path_factory.mktemp("world")), ADDRESSES)


@pytest.fixture
def desk(world: World) -> Desk:
    """A company with two units, an item, a resource and two price groups."""
    world.reset({BUSINESS_CENTRAL: "empty", DATAVERSE: "empty"}, 1)
    desk = Desk(world)
    for code in ("PCS", "BOX"):
        desk.add("unitsOfMeasure", code=code)
    desk.add("items", displayName="Bicycle", baseUnitOfMeasureCode="PCS")
    desk.add("resources", displayName="Mechanic", baseUnitOfMeasureCode="PCS")
    for code in ("RETAIL", "TRADE"):
        desk.add("customerPriceGroups", code=code)
    desk.add("currencies", code="EUR")
    return desk


def refusal(call: Any, *args: Any, **values: Any) -> tuple[str, str]:
    with pytest.raises(RefusalError) as refused:
        call(*args, **values)
    assert refused.value.status == 400
    return refused.value.code, refused.value.message


# Items, resources and units


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ("items", "unitPrice"),
        ("items", "unitCost"),
        ("items", "grossWeight"),
        ("resources", "unitPrice"),
    ],
)
def test_no_price_weight_or_cost_is_negative(desk: Desk, table: str, field: str) -> None:
    code, text = refusal(desk.add, table, displayName="x", **{field: -1})

    assert (code, text) == (
        "Application_FieldValidationException",
        "The value must be greater than or equal to 0. Value: -1.",
    )


@pytest.mark.parametrize(("table", "units"), [("items", "item"), ("resources", "resource")])
def test_a_base_unit_is_one_that_there_is_and_counts_as_one(
    desk: Desk, table: str, units: str
) -> None:  # E-3.98: validated at every write, also where the item has units
    [row] = desk.every(table)
    own = {f"{units}Number": row["number"]}
    desk.add(f"{units}UnitsOfMeasure", code="BOX", quantityPerUnitOfMeasure=12, **own)

    unknown, _ = refusal(desk.change, table, row, baseUnitOfMeasureCode="CRATE")
    larger, text = refusal(desk.change, table, row, baseUnitOfMeasureCode="BOX")

    assert unknown == "Internal_InvalidTableRelation"
    assert larger == "Application_DialogException"
    assert "The quantity per base unit of measure must be 1." in text
    assert desk.change(table, row, baseUnitOfMeasureCode="")["baseUnitOfMeasureCode"] == ""


@pytest.mark.parametrize("quantity", [0, -2])
def test_a_unit_of_an_item_is_a_quantity_above_nothing(desk: Desk, quantity: int) -> None:
    [base] = desk.every("itemUnitsOfMeasure")

    body = {"itemNumber": "1000", "code": "BOX", "quantityPerUnitOfMeasure": quantity}

    zero, text = refusal(desk.add, "itemUnitsOfMeasure", **body)
    other, _ = refusal(desk.change, "itemUnitsOfMeasure", base, quantityPerUnitOfMeasure=2)

    assert (zero, text) == (
        "Application_FieldValidationException",
        "Qty. per Unit of Measure must be greater than 0.",
    )
    assert other == "Application_DialogException"
    made = desk.add("itemUnitsOfMeasure", itemNumber="1000", code="BOX")
    assert made["quantityPerUnitOfMeasure"] == 1


def test_a_unit_stands_once_below_its_item(desk: Desk) -> None:
    code, _ = refusal(desk.add, "itemUnitsOfMeasure", itemNumber="1000", code="pcs")

    assert code == "Internal_EntityWithSameKeyExists"


def test_a_unit_in_use_stays(desk: Desk) -> None:
    pieces, boxes = sorted(desk.every("unitsOfMeasure"), key=lambda r: r["code"], reverse=True)

    code, text = refusal(desk.delete, "unitsOfMeasure", pieces)
    desk.delete("unitsOfMeasure", boxes)

    assert code == "Application_DialogException"
    assert "it is assigned to one or more records" in text
    assert [row["code"] for row in desk.every("unitsOfMeasure")] == ["PCS"]


def test_a_renamed_unit_is_renamed_wherever_it_is_used(desk: Desk) -> None:
    pieces = next(row for row in desk.every("unitsOfMeasure") if row["code"] == "PCS")

    desk.change("unitsOfMeasure", pieces, code="PIECE")

    assert [row["code"] for row in desk.every("itemUnitsOfMeasure")] == ["PIECE"]
    assert [row["baseUnitOfMeasureCode"] for row in desk.every("items")] == ["PIECE"]


def test_a_renamed_item_keeps_its_unit_group_and_its_prices(desk: Desk) -> None:
    desk.add("salesPrices", unitPrice=5, **PRICE)
    [item] = desk.every("items")

    desk.change("items", item, number="BIKE")

    groups = [row for row in desk.every("unitGroups") if row["sourceType"] == "Item"]
    assert [(row["sourceNumber"], row["code"]) for row in groups] == [("BIKE", "ITEM BIKE UOM GR")]
    assert [row["itemNumber"] for row in desk.every("salesPrices")] == ["BIKE"]


def test_what_was_posted_keeps_unit_and_type(desk: Desk) -> None:
    [item] = desk.every("items")
    entries = desk.world.business_central.tables["itemLedgerEntries"]
    desk.writer().insert_related(entries.name, entryNumber=1, itemNumber="1000")

    for body in ({"baseUnitOfMeasureCode": "BOX"}, {"type": "Service"}):
        code, text = refusal(desk.change, "items", item, **body)
        assert code == "Application_DialogException"
        assert "one or more ledger entries" in text
    assert desk.change("items", item, blocked=True)["blocked"] == 1


# Sales prices


def test_a_price_has_its_place_once(desk: Desk) -> None:
    desk.add("salesPrices", unitPrice=5, **PRICE)

    again, _ = refusal(desk.add, "salesPrices", unitPrice=6, **PRICE)
    in_euro = desk.add("salesPrices", unitPrice=6, currencyCode="EUR", **PRICE)
    from_ten = desk.add("salesPrices", unitPrice=4, minimumQuantity=10, **PRICE)

    assert again == "Internal_EntityWithSameKeyExists"
    assert (in_euro["currencyCode"], from_ten["minimumQuantity"]) == ("EUR", 10)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"salesCode": "NOBODY"}, "Internal_InvalidTableRelation"),
        ({"itemNumber": "9999"}, "Internal_InvalidTableRelation"),
        ({"currencyCode": "XYZ"}, "Internal_InvalidTableRelation"),
        ({"unitOfMeasureCode": "BOX"}, "Internal_InvalidTableRelation"),
        ({"salesType": "Customer"}, "Internal_InvalidTableRelation"),
        ({"salesType": "Campaign"}, "Internal_InvalidTableRelation"),
        ({"salesType": "All Customers"}, "Internal_InvalidTableRelation"),
        ({"itemNumber": ""}, "Application_FieldValidationException"),
        ({"salesCode": ""}, "Application_FieldValidationException"),
        ({"unitPrice": -1}, "Application_FieldValidationException"),
        ({"minimumQuantity": -1}, "Application_FieldValidationException"),
    ],
)
def test_a_price_that_cannot_be_is_refused(desk: Desk, changed: dict[str, Any], code: str) -> None:
    assert refusal(desk.add, "salesPrices", **{**PRICE, "unitPrice": 5, **changed})[0] == code


def test_a_price_may_be_one_for_everybody_or_for_a_customer(desk: Desk) -> None:
    customer = desk.add("customers", displayName="Contoso")

    everybody = desk.add("salesPrices", itemNumber="1000", salesType="All Customers", unitPrice=9)
    one = desk.add("salesPrices", **PRICE | {"salesType": "Customer", "salesCode": "C00010"})
    desk.change("customers", customer, number="CONTOSO")

    assert everybody["salesCode"] == ""
    assert desk.read("salesPrices", one)["salesCode"] == "CONTOSO"


def test_prices_go_with_their_group_their_customer_and_their_item(desk: Desk) -> None:
    customer = desk.add("customers", displayName="Contoso")
    desk.add("salesPrices", **PRICE)
    desk.add("salesPrices", **PRICE | {"salesCode": "TRADE"})
    desk.add("salesPrices", **PRICE | {"salesType": "Customer", "salesCode": "C00010"})
    retail = next(row for row in desk.every("customerPriceGroups") if row["code"] == "RETAIL")

    desk.delete("customerPriceGroups", retail)
    desk.delete("customers", customer)
    assert [row["salesCode"] for row in desk.every("salesPrices")] == ["TRADE"]

    desk.delete("items", desk.every("items")[0])
    assert desk.every("salesPrices") == []


# Price lists


def line(**changed: Any) -> dict[str, Any]:
    return {"priceListCode": "S00001", "assetType": "Item", "assetNumber": "1000", **changed}


def test_a_line_is_numbered_and_in_the_currency_of_its_list(desk: Desk) -> None:
    header = desk.add("priceLists", currencyCode="EUR", priceType="Sale", amountType="Price")

    lines = [desk.add("priceListLines", **line(unitPrice=n)) for n in (1, 2)]

    assert (header["code"], header["status"]) == ("S00001", "Draft")
    assert [row["lineNumber"] for row in lines] == [10000, 20000]
    assert {(row["currencyCode"], row["priceType"]) for row in lines} == {("EUR", "Sale")}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"assetNumber": "9999"}, "Internal_InvalidTableRelation"),
        ({"assetType": "Resource"}, "Internal_InvalidTableRelation"),
        ({"unitOfMeasureCode": "BOX"}, "Internal_InvalidTableRelation"),
        ({"priceListCode": "S99999"}, "Internal_InvalidTableRelation"),
        ({"priceListCode": ""}, "Application_FieldValidationException"),
        ({"unitPrice": -1}, "Application_FieldValidationException"),
    ],
)
def test_a_line_that_cannot_be_is_refused(desk: Desk, changed: dict[str, Any], code: str) -> None:
    desk.add("priceLists")

    assert refusal(desk.add, "priceListLines", **line(**changed))[0] == code
    assert desk.add("priceListLines", **line(assetType="Resource", assetNumber="R0010"))


def test_an_active_list_stays_as_it_is(desk: Desk) -> None:
    header = desk.add("priceLists")
    row = desk.add("priceListLines", **line(unitPrice=1))
    desk.change("priceLists", header, status="Active")

    refusals = [
        refusal(desk.add, "priceListLines", **line(unitPrice=2))[1],
        refusal(desk.change, "priceListLines", row, unitPrice=2)[1],
        refusal(desk.delete, "priceListLines", row)[1],
        refusal(desk.change, "priceLists", header, description="New")[1],
    ]
    kept = refusal(desk.delete, "priceLists", header)[1]
    desk.change("priceLists", header, status="Draft")
    desk.change("priceListLines", row, unitPrice=2)
    desk.delete("priceLists", header)

    assert all("Status must be equal to 'Draft'" in text for text in refusals)
    assert kept == "You cannot delete the active price list S00001."
    assert desk.every("priceListLines") == []


def test_a_list_does_not_end_before_it_begins(desk: Desk) -> None:
    code, _ = refusal(desk.add, "priceLists", startingDate="2026-05-01", endingDate="2026-04-01")

    assert code == "Application_DialogException"


# Opportunities


def test_an_opportunity_is_one_of_its_contacts_company_and_salesperson(desk: Desk) -> None:
    desk.add("salespeoplePurchasers", code="JO")
    desk.add("salespeoplePurchasers", code="EH")
    desk.add("customers", displayName="Contoso", salespersonCode="JO")
    desk.add("contacts", type="Person", surname="Berg", companyName="Contoso", salespersonCode="JO")

    made = desk.add("opportunities", description="Bikes", contactNumber="CT000002")
    own = desk.add(
        "opportunities", salespersonCode="EH", contactNumber="CT000002", description="Bikes"
    )
    freed = desk.change("opportunities", made, contactNumber="")

    names = ("contactName", "contactCompanyNumber", "contactCompanyName", "salespersonCode")
    assert [made[name] for name in names] == ["Berg", "CT000001", "Contoso", "JO"]
    assert own["salespersonCode"] == "EH"
    assert freed["contactCompanyNumber"] == ""
    assert made["status"] == "Not Started"


@pytest.mark.parametrize("field", ["contactNumber", "salespersonCode", "contactCompanyNumber"])
def test_an_opportunity_points_to_what_is_there(desk: Desk, field: str) -> None:
    assert refusal(desk.add, "opportunities", **{field: "NOBODY"})[0] == (
        "Internal_InvalidTableRelation"
    )


def test_a_closed_opportunity_tells_when_and_stays_closed(desk: Desk) -> None:
    row = desk.add("opportunities", description="Bikes", status="In Progress")

    closed = desk.change("opportunities", row, status="Won")
    code, _ = refusal(desk.change, "opportunities", row, status="In Progress")

    assert closed["closed"] == 1
    assert closed["dateClosed"] > "2020-01-01"
    assert code == "Application_DialogException"


def test_an_active_opportunity_is_not_deleted(desk: Desk) -> None:
    row = desk.add("opportunities", description="Bikes", status="In Progress")

    code, text = refusal(desk.delete, "opportunities", row)
    desk.change("opportunities", row, status="Lost")
    desk.delete("opportunities", row)

    assert (code, text) == (
        "Application_DialogException",
        "You cannot delete this opportunity while it is active.",
    )
