"""What units, products, prices and opportunities need beyond their fields, from given facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from connections.causes import Cause
from connections.systems import Column, Kind, Lookup, Record, Side, Value
from mappings.spec import DirectedMapping, FieldTransfer, Link, Mark
from mappings.terms import Direction
from syncjobs.engine.change import Agree, Batch, Change, Fail, Ignore, Insert, Modify, Rules
from syncjobs.engine.entities import entity_of, settled
from syncjobs.engine.facts import Facts, PriceList, Product, Unit, UnitGroup
from syncjobs.engine.plan import plan

AT = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE, THERE = UUID(int=1), UUID(int=2)
TO, FROM = Direction.TO_INTEGRATION_TABLE, Direction.FROM_INTEGRATION_TABLE
PIECES = Unit(Lookup("uom", UUID(int=10)), Lookup("uomschedule", UUID(int=11)))
DOLLAR, EURO = (Lookup("transactioncurrency", UUID(int=n)) for n in (20, 21))
RETAIL = PriceList(Lookup("pricelevel", UUID(int=30)), DOLLAR)
DESK = Product(Lookup("product", UUID(int=40)), PIECES.group, "PCS")
ACCOUNT = Lookup("account", UUID(int=50))
COMPANY = Lookup("bcbi_company", UUID(int=60))
TABLES = {
    "UNIT OF MEASURE": ("unitsOfMeasure", "uomschedule"),
    "UNIT GROUP": ("unitGroups", "uomschedule"),
    "ITEM UOM": ("itemUnitsOfMeasure", "uom"),
    "ITEM-PRODUCT": ("items", "product"),
    "RESOURCE-PRODUCT": ("resources", "product"),
    "CUSTPRCGRP-PRICE": ("customerPriceGroups", "pricelevel"),
    "PLHEADER-PRICE": ("priceLists", "pricelevel"),
    "SALESPRC-PRODPRICE": ("salesPrices", "productpricelevel"),
    "PLLINE-PRODPRICE": ("priceListLines", "productpricelevel"),
    "OPPORTUNITY": ("opportunities", "opportunity"),
}
PRICE = FieldTransfer(Column("unitPrice", Kind.DECIMAL), Column("price", Kind.DECIMAL, precision=2))
NAME = FieldTransfer(Column("displayName", Kind.TEXT), Column("name", Kind.TEXT))


def mapping_of(name: str, direction: Direction = TO) -> DirectedMapping:
    source, destination = TABLES[name] if direction == TO else reversed(TABLES[name])
    fields = (NAME, PRICE) if direction == TO else ()
    turned = FieldTransfer(NAME.destination, NAME.source or NAME.destination)
    return DirectedMapping(
        name=name,
        direction=direction,
        source_table=source,
        destination_table=destination,
        fields=fields or (turned,),
        two_way=name.endswith("-PRODUCT"),
        source_title=source,
    )


def planned(
    name: str,
    facts: Facts,
    there: dict[str, Value] | None = None,
    direction: Direction = TO,
    /,
    **values: Value,
) -> Change:
    """Plan a record: a new one, or one that is coupled with what is there."""
    mapping = mapping_of(name, direction)
    record = Record(mapping.source_table, SOURCE, AT, "2", values)
    links, destinations = {}, {}
    if there is not None:
        links[SOURCE] = Link(THERE, Mark(AT, "1"), Mark(AT, "1"))
        destinations[THERE] = Record(mapping.destination_table, THERE, AT, "1", there)
    batch = Batch((record,), links, destinations, {}, facts=facts)
    [change] = plan(mapping, batch, Rules(create_missing=True)).changes
    return change


def written(change: Change) -> dict[str, Value]:
    assert isinstance(change, Insert | Modify), change
    return {diff.field: diff.after for diff in change.diffs}


def failed(change: Change) -> Cause:
    assert isinstance(change, Fail), change
    return change.cause


# Units


def group(*names: str, state: int = 0) -> Facts:
    row = Record("uomschedule", THERE, AT, "1", {"name": "NAV PCS", "statecode": state})
    units = tuple(Record("uom", UUID(int=n), AT, "1", {"name": n_}) for n, n_ in enumerate(names))
    return Facts(groups={THERE: UnitGroup(row, units)})


def test_a_unit_of_measure_is_a_unit_group_of_its_own() -> None:  # E-3.96
    change = planned("UNIT OF MEASURE", Facts(), code="PCS")

    assert written(change)["name"] == "NAV PCS"


def test_an_inactive_unit_group_is_refused_with_the_reason() -> None:  # E-3.96
    there: dict[str, Value] = {"name": "NAV PCS", "statecode": 1}

    change = planned("UNIT OF MEASURE", group("PCS", state=1), there, code="PCS")

    assert failed(change) == Cause.UNIT_GROUP


def test_a_unit_group_with_several_units_is_refused_with_the_reason() -> None:
    # E-3.96, E-8.62
    there: dict[str, Value] = {"name": "NAV PCS", "statecode": 0}

    change = planned("UNIT OF MEASURE", group("PCS", "BOX"), there, code="PCS")

    assert failed(change) == Cause.UNIT_GROUP
    assert "2 units" in change.reason  # type: ignore[union-attr]


def test_a_base_unit_of_another_name_is_looked_at_again() -> None:  # E-3.96
    mapping = mapping_of("UNIT OF MEASURE")
    record = Record("unitsOfMeasure", SOURCE, AT, "1", {"code": "PCS"})
    row = Record("uomschedule", THERE, AT, "1", {"name": "NAV PCS"})

    entity = entity_of(mapping)

    assert entity.is_incomplete(mapping, row, record, group("Piece"))
    assert not entity.is_incomplete(mapping, row, record, group("PCS"))


def test_a_unit_group_bears_the_code_that_business_central_made() -> None:  # E-1.92
    change = planned("UNIT GROUP", Facts(), code="ITEM 1000 UOM GR")

    assert written(change)["name"] == written(change)["baseuomname"] == "ITEM 1000 UOM GR"


def test_a_unit_belongs_to_the_unit_group_of_its_item() -> None:  # E-3.97, E-1.92
    facts = Facts(groups_of={"1000": PIECES.group}, base_units={PIECES.group.id: PIECES.row})

    change = planned("ITEM UOM", facts, itemNumber="1000", code="BOX")

    assert written(change)["uomscheduleid"] == PIECES.group
    assert written(change)["baseuom"] == PIECES.row


def test_a_unit_without_a_unit_group_waits_for_it() -> None:  # E-3.97
    change = planned("ITEM UOM", Facts(), itemNumber="1000", code="BOX")

    assert failed(change) == Cause.NOT_COUPLED


# Products

UNITS = Facts(
    units={("", "PCS"): PIECES},
    local_currency=DOLLAR,
    company=COMPANY,
    vendor_names={"V1": "Fabrikam"},
)


@pytest.mark.parametrize(("name", "kind"), [("ITEM-PRODUCT", 1), ("RESOURCE-PRODUCT", 3)])
def test_a_new_product_gets_what_sales_asks_for(name: str, kind: int) -> None:
    # E-8.57, E-3.66
    change = planned(
        name, UNITS, number="1000", baseUnitOfMeasureCode="PCS", vendorNumber="V1",
        unitPrice=Decimal(-5),
    )  # fmt: skip

    values = written(change)
    assert values["price"] == 0
    del values["price"]
    assert values == {
        "bcbi_companyid": COMPANY,
        "defaultuomid": PIECES.row,
        "defaultuomscheduleid": PIECES.group,
        "producttypecode": kind,
        "quantitydecimal": 2,
        "vendorname": "Fabrikam",
        "transactioncurrencyid": DOLLAR,
    }


def test_an_item_without_a_base_unit_fails() -> None:  # E-8.57, E-3.97
    assert failed(planned("ITEM-PRODUCT", UNITS, number="1000")) == Cause.NO_UNIT


def test_an_item_whose_unit_is_not_coupled_waits() -> None:  # E-3.97
    change = planned("ITEM-PRODUCT", UNITS, number="1000", baseUnitOfMeasureCode="CAN")

    assert failed(change) == Cause.NOT_COUPLED


def test_with_unit_groups_each_item_has_units_of_its_own() -> None:  # E-3.97
    facts = replace(UNITS, by_unit_group=True, units={("1000", "PCS"): PIECES})

    mine = planned("ITEM-PRODUCT", facts, number="1000", baseUnitOfMeasureCode="PCS")
    other = planned("ITEM-PRODUCT", facts, number="1001", baseUnitOfMeasureCode="PCS")

    assert written(mine)["defaultuomid"] == PIECES.row
    assert failed(other) == Cause.NOT_COUPLED


def test_the_write_in_product_takes_no_part() -> None:  # E-3.18
    change = planned("ITEM-PRODUCT", replace(UNITS, write_in="WRITE-IN"), number="WRITE-IN")

    assert isinstance(change, Ignore)


PRODUCT: dict[str, Value] = {
    "name": "Desk",
    "price": Decimal(5),
    "bcbi_companyid": COMPANY,
    "defaultuomid": PIECES.row,
    "defaultuomscheduleid": PIECES.group,
    "producttypecode": 1,
    "quantitydecimal": 2,
    "transactioncurrencyid": DOLLAR,
}
ITEM: dict[str, Value] = {
    "number": "1000",
    "displayName": "Desk",
    "unitPrice": Decimal(5),
    "baseUnitOfMeasureCode": "PCS",
}


@pytest.mark.parametrize(
    ("blocked", "state", "becomes"),
    [
        (True, 0, 1),
        (False, 1, 0),
        (True, 1, None),
        (False, 0, None),
        (True, 2, None),
        (False, 2, 0),
    ],
    ids=["block", "unblock", "blocked already", "active already", "block a draft", "publish"],
)
def test_a_blocked_item_is_a_retired_product(  # E-3.93
    blocked: bool, state: int, becomes: int | None
) -> None:
    change = planned(
        "ITEM-PRODUCT", UNITS, {**PRODUCT, "statecode": state}, **ITEM, blocked=blocked
    )

    if becomes is None:
        assert isinstance(change, Agree)
    else:
        assert written(change) == {"statecode": becomes, "statuscode": {0: 1, 1: 2}[becomes]}


@pytest.mark.parametrize(("state", "blocked"), [(0, False), (1, True), (2, True), (3, True)])
def test_a_product_that_is_not_active_blocks_its_item(state: int, blocked: bool) -> None:  # E-3.93
    there: dict[str, Value] = {"displayName": "Desk", "blocked": not blocked}

    change = planned("ITEM-PRODUCT", Facts(), there, FROM, name="Desk", statecode=state)

    assert written(change) == {"blocked": blocked}


def test_a_product_that_was_retired_meanwhile_is_left_to_the_other_direction() -> None:  # E-3.93
    facts = replace(UNITS, overtaken=frozenset({SOURCE}))

    change = planned("ITEM-PRODUCT", facts, {**PRODUCT, "statecode": 1}, **ITEM, blocked=False)

    assert isinstance(change, Agree)
    assert change.owes


def test_a_new_item_takes_the_unit_that_is_named_like_the_products() -> None:
    # E-3.97
    facts = Facts(by_unit_group=True, unit_codes={PIECES.row.id: "PCS"})
    lookups: dict[str, Value] = {"defaultuomid": PIECES.row, "defaultuomscheduleid": PIECES.group}

    change = planned("ITEM-PRODUCT", facts, None, FROM, name="Desk", statecode=0, **lookups)
    shared = replace(facts, shared_groups=frozenset({PIECES.group.id}))
    refused = planned("ITEM-PRODUCT", shared, None, FROM, name="Desk", statecode=0, **lookups)
    unknown = planned("ITEM-PRODUCT", replace(facts, unit_codes={}), None, FROM, name="Desk")

    assert written(change)["baseUnitOfMeasureCode"] == "PCS"
    assert failed(refused) == Cause.UNIT_GROUP
    assert failed(unknown) == Cause.NO_UNIT


# Price lists

CURRENCIES = {"": DOLLAR, "EUR": EURO}


@pytest.mark.parametrize(
    ("used", "currency"), [(frozenset(), DOLLAR), (frozenset({"EUR"}), EURO)], ids=["none", "euro"]
)
def test_a_price_group_is_in_the_currency_of_its_prices(
    used: frozenset[str], currency: Lookup
) -> None:  # E-8.60
    facts = Facts(company=COMPANY, currencies=CURRENCIES, price_currencies={"RETAIL": used})

    change = planned("CUSTPRCGRP-PRICE", facts, code="RETAIL", displayName="Retail")

    assert written(change)["transactioncurrencyid"] == currency
    assert written(change)["bcbi_companyid"] == COMPANY


@pytest.mark.parametrize("name", ["CUSTPRCGRP-PRICE", "PLHEADER-PRICE"])
def test_prices_in_several_currencies_fail_their_list(name: str) -> None:  # E-8.60
    used = {"RETAIL": frozenset({"", "EUR"})}

    change = planned(
        name, Facts(currencies=CURRENCIES, price_currencies=used), code="RETAIL", currencyCode=""
    )

    assert failed(change) == Cause.PRICE_CURRENCY
    assert "EUR" in change.reason  # type: ignore[union-attr]


def test_the_currency_of_a_list_cannot_change() -> None:  # E-8.60
    facts = Facts(currencies=CURRENCIES)
    there: dict[str, Value] = {"name": "RETAIL", "transactioncurrencyid": DOLLAR}

    change = planned("PLHEADER-PRICE", facts, there, code="RETAIL", currencyCode="EUR")

    assert failed(change) == Cause.PRICE_CURRENCY


def test_a_list_in_an_uncoupled_currency_waits() -> None:  # E-8.60
    facts = Facts(currencies=CURRENCIES)

    change = planned("PLHEADER-PRICE", facts, code="RETAIL", currencyCode="XBT")

    assert failed(change) == Cause.NOT_COUPLED


# Prices

PRICES = Facts(
    currencies=CURRENCIES,
    price_lists={"RETAIL": RETAIL},
    products={("Item", "1000"): DESK},
    units={("", "PCS"): PIECES},
)
SALE: dict[str, Value] = {
    "salesCode": "RETAIL",
    "itemNumber": "1000",
    "unitOfMeasureCode": "PCS",
    "currencyCode": "",
}


def test_a_price_belongs_to_a_list_a_product_and_a_unit() -> None:  # E-8.61
    change = planned("SALESPRC-PRODPRICE", PRICES, **SALE)

    assert written(change) == {
        "price": 0,
        "pricelevelid": RETAIL.row,
        "productid": DESK.row,
        "uomid": PIECES.row,
        "uomscheduleid": PIECES.group,
    }


def test_a_price_without_a_unit_is_in_the_base_unit_of_its_product() -> None:  # E-8.61
    change = planned("SALESPRC-PRODPRICE", PRICES, **{**SALE, "unitOfMeasureCode": ""})

    assert written(change)["uomid"] == PIECES.row


@pytest.mark.parametrize(
    ("values", "facts", "cause"),
    [
        ({"salesCode": "OTHER"}, {}, Cause.NOT_COUPLED),
        ({"itemNumber": "1001"}, {}, Cause.NOT_COUPLED),
        ({"unitOfMeasureCode": "BOX"}, {}, Cause.NOT_COUPLED),
        ({"currencyCode": "XBT"}, {}, Cause.NOT_COUPLED),
        ({"currencyCode": "EUR"}, {}, Cause.PRICE_CURRENCY),
        (
            {},
            {"products": {("Item", "1000"): replace(DESK, is_retired=True)}},
            Cause.PRODUCT_RETIRED,
        ),
        (
            {},
            {"products": {("Item", "1000"): replace(DESK, group=EURO)}},
            Cause.FOREIGN_UNIT,
        ),
        (
            {},
            {"price_lists": {"RETAIL": replace(RETAIL, is_active=False)}},
            Cause.PRICE_LIST_INACTIVE,
        ),
    ],
    ids=["list", "product", "unit", "currency", "other currency", "retired", "foreign", "inactive"],
)
def test_a_price_that_has_no_place_says_what_is_missing(
    values: dict[str, Value], facts: dict[str, object], cause: Cause
) -> None:  # E-8.61
    change = planned("SALESPRC-PRODPRICE", replace(PRICES, **facts), **{**SALE, **values})  # type: ignore[arg-type]

    assert failed(change) == cause


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("SALESPRC-PRODPRICE", {"minimumQuantity": Decimal(10)}),
        ("SALESPRC-PRODPRICE", {"variantCode": "RED"}),
        ("PLLINE-PRODPRICE", {"assetType": "Item Discount Group"}),
        ("PLLINE-PRODPRICE", {"assetType": "Item", "priceListCode": "DRAFT"}),
    ],
    ids=["from a quantity on", "of a variant", "of something else", "of a draft list"],
)
def test_prices_that_sales_has_no_place_for_are_left_out(
    name: str, values: dict[str, Value]
) -> None:
    facts = replace(PRICES, inactive_lists=frozenset({"DRAFT"}))

    change = planned(name, facts, **{**SALE, **values})

    assert isinstance(change, Ignore)
    assert len(change.reason) > 20


def test_a_second_price_of_a_product_and_unit_is_a_duplicate() -> None:  # E-3.24
    twin = Record("productpricelevel", THERE, AT, "1", {})

    change = planned("SALESPRC-PRODPRICE", replace(PRICES, twins={SOURCE: twin}), **SALE)

    assert failed(change) == Cause.DUPLICATE


def test_a_resource_is_priced_like_an_item() -> None:  # E-8.61
    lift = replace(DESK, row=Lookup("product", UUID(int=41)))
    facts = replace(PRICES, products={("Resource", "LIFT"): lift})

    change = planned(
        "PLLINE-PRODPRICE", facts, priceListCode="RETAIL", assetType="Resource",
        assetNumber="LIFT", unitOfMeasureCode="PCS",
    )  # fmt: skip

    assert written(change)["productid"] == lift.row


# Opportunities


def test_an_opportunity_belongs_to_the_account_of_its_company() -> None:  # E-3.65, E-8.95
    facts = Facts(company=COMPANY, accounts={"CT1": ACCOUNT, "CT2": None})

    change = planned("OPPORTUNITY", facts, description="Desks", contactCompanyNumber="CT1")
    other = planned("OPPORTUNITY", facts, description="Desks", contactCompanyNumber="CT2")

    assert written(change)["parentaccountid"] == ACCOUNT
    assert written(change)["bcbi_companyid"] == COMPANY
    assert not written(other).get("parentaccountid")


@pytest.mark.parametrize(("by_person", "owned"), [(True, False), (False, True)])
def test_the_team_owns_an_opportunity_under_team_ownership_only(
    by_person: bool, owned: bool
) -> None:  # E-3.67
    facts = Facts(team=Lookup("team", UUID(int=70)), owned_by_person=by_person)

    change = planned("OPPORTUNITY", facts, description="Desks", contactCompanyNumber="CT1")

    assert isinstance(change, Insert)
    assert ("ownerid" in written(change)) == owned


def test_under_team_ownership_an_opportunity_needs_a_person_of_a_customer() -> None:  # E-3.18
    facts = Facts(owned_by_person=False, contact_types={"CT9": "Company"})

    change = planned("OPPORTUNITY", facts, contactNumber="CT9")

    assert isinstance(change, Ignore)


def test_what_an_entity_derives_is_no_field_any_more() -> None:
    unit = FieldTransfer(
        Column("baseUnitOfMeasureCode", Kind.CODE), Column("defaultuomid", Kind.LOOKUP)
    )
    mapping = replace(mapping_of("ITEM-PRODUCT"), fields=(NAME, unit))

    assert settled(mapping).fields == (NAME,)
    assert settled(mapping).source_side == Side.BUSINESS_CENTRAL
