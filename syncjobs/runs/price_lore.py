"""Facts about price lists and the prices in them, gathered a page at a time (E-8.60, E-8.61)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from connections.systems import Condition, Lookup, Operator, Record, Selection, Value
from syncjobs.engine.entities import entity_of
from syncjobs.engine.entities.price import Key, Price
from syncjobs.engine.entities.price_list import ACTIVE, CURRENCY_COLUMN
from syncjobs.engine.entities.product import RETIRED
from syncjobs.engine.facts import Facts, PriceList, Product, Unit
from syncjobs.engine.values import TransferError
from syncjobs.runs.context import Context
from syncjobs.runs.page import Page, rows_of, texts
from syncjobs.runs.unit_lore import maps_unit_groups, units_by_code, units_by_number

PRODUCT_MAPPINGS = {
    "Item": ("ITEM-PRODUCT", "items"),
    "Resource": ("RESOURCE-PRODUCT", "resources"),
}
PRICES_OF = {  # table of lists -> table of their prices, column of the list, and conditions
    "customerPriceGroups": (
        "salesPrices",
        "salesCode",
        (Condition("salesType", Operator.EQ, ("Customer Price Group",)),),
    ),
    "priceLists": (
        "priceListLines",
        "priceListCode",
        (Condition("amountType", Operator.EQ, ("Price",)),),
    ),
}
FEW = 25  # codes of lists that one request may name
MOST_LISTS = 25  # that a search for prices is narrowed to; more take room from the products


def lists_of_page(page: Page) -> dict[str, Any]:
    """Return the currencies that the prices of lists are in (E-8.60); read, never kept."""
    codes = sorted(texts(page.wanted, "code"))
    table, column, conditions = PRICES_OF[page.mapping.source_table]
    used: dict[str, set[str]] = defaultdict(set)
    for start in range(0, len(codes), FEW):
        few = Condition(column, Operator.IN, tuple(codes[start : start + FEW]))
        selection = Selection(table, (column, "currencyCode"), (*conditions, few))
        for rows in page.context.business_central.read(selection):
            for row in rows:
                used[str(row.values[column])].add(str(row.values["currencyCode"] or ""))
    named = {code for codes_used in used.values() for code in codes_used}
    return {
        "price_currencies": {code: frozenset(found) for code, found in used.items()},
        "currencies": currencies(page.context, named | texts(page.wanted, "currencyCode")),
    }


def currencies(context: Context, codes: Collection[str]) -> dict[str, Lookup]:
    """Return the rows of currencies by code; blank is the local one (E-3.58)."""
    table, world = "transactioncurrency", context.world()
    rows = {code: Lookup(table, key) for code, key in rows_of(context, "CURRENCY", codes).items()}
    if world.local_currency is not None:
        rows[""] = world.local_currency
        rows.setdefault(world.local_currency_code, world.local_currency)
    return rows


def prices_of_page(page: Page) -> dict[str, Any]:
    """Return lists, products and units of prices, and the rows that they are already."""
    entity, context, wanted = entity_of(page.mapping), page.context, page.wanted
    assert isinstance(entity, Price)
    kinds: dict[str, set[str]] = defaultdict(set)
    for record in wanted:
        kinds[entity.kind_of(record)].add(entity.number_of(record))
    blank = any(not record.values.get("unitOfMeasureCode") for record in wanted)
    lists = _lists(context, entity.lists, {entity.code_of(record) for record in wanted} - {""})
    products: dict[tuple[str, str], Product] = {}
    for kind in PRODUCT_MAPPINGS:
        products |= _products(context, kind, kinds[kind] - {""}, names_units=blank)
    facts = Facts(
        by_unit_group=maps_unit_groups(context),
        currencies=currencies(context, texts(wanted, "currencyCode")),
        price_lists=lists,
        products=products,
    )
    codes = texts(wanted, "unitOfMeasureCode") | {p.unit_code for p in products.values()} - {""}
    if facts.by_unit_group:
        units: dict[tuple[str, str], Unit] = {}
        for kind in PRODUCT_MAPPINGS:
            units |= units_by_number(context, kind, kinds[kind] - {""})
    else:
        units = units_by_code(context, codes)
    facts = replace(facts, units=units)
    return {
        "inactive_lists": _inactive(context, page.mapping.source_table, lists),
        "by_unit_group": facts.by_unit_group,
        "currencies": facts.currencies,
        "price_lists": lists,
        "products": products,
        "units": units,
        "twins": _twins(page, entity, facts),
    }


def _lists(context: Context, mapping_name: str, codes: Collection[str]) -> dict[str, PriceList]:
    partners = rows_of(context, mapping_name, codes)
    columns = (CURRENCY_COLUMN, "statecode")
    rows = context.dataverse.get("pricelevel", list(partners.values()), columns) if partners else {}
    found = {}
    for code, key in partners.items():
        if key in rows:
            values = rows[key].values
            currency = values.get(CURRENCY_COLUMN)
            found[code] = PriceList(
                Lookup("pricelevel", key),
                currency if isinstance(currency, Lookup) else None,
                values.get("statecode") in (None, ACTIVE),
            )
    return found


def _inactive(context: Context, table: str, codes: Collection[str]) -> frozenset[str]:
    """Return the codes of price list headers that are a draft or inactive (E-8.60)."""
    if table != "priceListLines" or not codes:
        return frozenset()
    selection = Selection("priceLists", ("code", "status"))
    rows = context.business_central.find(selection, "code", codes)
    return frozenset(str(r.values["code"]) for r in rows if r.values.get("status") != "Active")


def _products(
    context: Context, kind: str, numbers: Collection[str], *, names_units: bool
) -> dict[tuple[str, str], Product]:
    if not numbers:
        return {}
    mapping_name, table = PRODUCT_MAPPINGS[kind]
    partners = rows_of(context, mapping_name, numbers)
    columns = ("statecode", "defaultuomscheduleid")
    rows = context.dataverse.get("product", list(partners.values()), columns) if partners else {}
    codes: dict[str, str] = {}
    if names_units:
        selection = Selection(table, ("number", "baseUnitOfMeasureCode"))
        for row in context.business_central.find(selection, "number", numbers):
            codes[str(row.values["number"])] = str(row.values["baseUnitOfMeasureCode"] or "")
    found = {}
    for number, key in partners.items():
        if key in rows:
            group = rows[key].values.get("defaultuomscheduleid")
            found[kind, number] = Product(
                Lookup("product", key),
                group if isinstance(group, Lookup) else None,
                codes.get(number, ""),
                rows[key].values.get("statecode") == RETIRED,
            )
    return found


def _twins(page: Page, entity: Price, facts: Facts) -> dict[Any, Record]:
    """E-3.24: a price of the same list, product and unit is the same price."""
    places: dict[Any, Key] = {}
    for record in page.strangers:
        try:
            places[record.id] = entity.place(record, facts).key
        except TransferError:
            continue  # it will fail for that
    if not places:
        return {}
    lists, products = (
        [Lookup(table, key) for key in {place[at] for place in places.values()}]
        for at, table in enumerate(("pricelevel", "product"))
    )
    # A product has prices in many lists: those of others would be read with every page.
    within = Condition("pricelevelid", Operator.IN, tuple(lists[:MOST_LISTS]))
    conditions = (within,) if len(lists) <= MOST_LISTS else ()
    selection = Selection("productpricelevel", page.columns, conditions)
    rows = page.context.dataverse.find(selection, "productid", products)
    by_key = _by_key(rows)
    return {key: by_key[place] for key, place in places.items() if place in by_key}


def _by_key(rows: Iterable[Record]) -> dict[Any, Record]:
    return {
        tuple(_id(row.values.get(name)) for name in ("pricelevelid", "productid", "uomid")): row
        for row in rows
    }


def _id(value: Value) -> Value:
    return value.id if isinstance(value, Lookup) else None
