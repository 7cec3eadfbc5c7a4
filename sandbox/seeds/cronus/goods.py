"""Items and resources with their units, price groups and sales prices."""

from __future__ import annotations

from itertools import product
from typing import Any

from sandbox.seeds.cronus.fixed import dice, identity, multiplied
from sandbox.store import Row

ITEMS, BLOCKED_ITEM = 250, "1200-S"
WRITE_IN = "WRITE-IN"  # stands for what Sales sells without a product
KNOWN_ITEMS = (
    ("1896-S", "ATHENS Desk"),
    ("1900-S", "PARIS Guest Chair, black"),
    ("1906-S", "ATHENS Mobile Pedestal"),
    ("1908-S", "LONDON Swivel Chair, blue"),
    ("1920-S", "ANTWERP Conference Table"),
    ("1925-W", "Conference Bundle 1-6"),
    ("1928-S", "AMSTERDAM Lamp"),
    ("1936-S", "BERLIN Guest Chair, yellow"),
    ("1960-S", "ROME Guest Chair, green"),
    ("1964-S", "TOKYO Guest Chair, blue"),
)
TOWNS = ("OSLO", "KRAKÓW", "ZÜRICH", "MÁLAGA", "ÅRHUS", "LIÈGE", "SEOUL", "QUITO", "BERN", "RĪGA")
PRODUCTS = ("Desk", "Guest Chair", "Swivel Chair", 'Bookcase 24" x 72"', "Lamp", "Whiteboard, base")
COLOURS = ("black", "blue", "red", "natural oak", "white")
LONG_NAME = (
    "INNSBRUCK Storage Unit w/ Glass Door, lockable, incl. 4 shelves & wall fittings "
    "(self-assembly, 18 kg)"
)
RESOURCES = (
    # no., name, unit, unit cost, unit price, capacity in hours
    ("KATHERINE", "Katherine Hull, Consultant", "HOUR", 60.5, 110, 1760),
    ("LIFT", "Lift for Furniture", "HOUR", 45, 84, 900),
    ("LINA", "Lina Townsend, Designer", "HOUR", 56, 98, 1760),
    ("MARTY", "Marty Horst, Fitter", "HOUR", 48, 81, 1760),
    ("TERRY", "Terry Dodds, Installer", "HOUR", 48, 81, 1500),
    ("TIMOTHY", "Timothy Sneath, Trainer", "DAY", 480, 840, 220),
    ("VAN", "Delivery Van", "KM", 0.45, 0.9, 120000),
)
PRICE_GROUPS = (
    ("EUROPE", "Wholesale in euro"),
    ("INTERCOM", "Intercompany"),
    ("ONETIME", "One-time customers"),
    ("RETAIL", "Retail"),
    ("WHOLESALE", "Wholesale, from a pallet on"),
)
DISCOUNTS = {"INTERCOM": 0.75, "RETAIL": 0.95, "WHOLESALE": 0.82}


def items(scale: float = 1, vendors: tuple[str, ...] = ("V00010",)) -> list[Row]:
    """Return items, and the one that stands for write-in products."""
    chance = dice("items")
    made = (f"{town} {what}, {colour}" for town, what, colour in product(TOWNS, PRODUCTS, COLOURS))
    names = list(enumerate(made, start=1000))
    number = multiplied(ITEMS, scale, 20) - len(KNOWN_ITEMS) - 1
    others = [(f"{key}-S", name) for key, name in names[:number]]
    spare = range(max(0, number - len(names)))
    others += [(f"2{index:05}-S", f"Spare Part {index}") for index in spare]
    rows = []
    for index, (key, name) in enumerate((*KNOWN_ITEMS, *others)):
        cost = round(chance.uniform(4, 800), 2)
        rows.append(
            _item(key, name)
            | {
                "unitCost": cost,
                "unitPrice": round(cost * 1.6, 1),
                "inventory": chance.choice((0, chance.randrange(1, 400))),
                "unitVolume": round(chance.uniform(0, 2.5), 3),
                "grossWeight": round(chance.uniform(0.2, 60), 2),
                "vendorNumber": chance.choice(vendors),
                "vendorItemNumber": f"{index:04}-{key[:4]}",
                "blocked": int(key == BLOCKED_ITEM),
                "gtin": f"{5700000000000 + index}"[:14],
            }
        )
    rows[11]["displayName"] = LONG_NAME[:100]
    return [*rows, _item(WRITE_IN, "Written in by Sales") | {"type": "Non-Inventory"}]


def _item(key: str, name: str) -> Row:
    unit = "SET" if "Bundle" in name else "PCS"
    return {
        "id": identity("items", key),
        "number": key,
        "displayName": name,
        "type": "Inventory",
        "baseUnitOfMeasureCode": unit,
    }


def resources() -> list[Row]:
    return [
        {
            "id": identity("resources", key),
            "number": key,
            "displayName": name,
            "baseUnitOfMeasureCode": unit,
            "unitCost": cost,
            "unitPrice": price,
            "capacity": capacity,
        }
        for key, name, unit, cost, price, capacity in RESOURCES
    ]


def base_units(items: list[Row]) -> list[Row]:
    return [
        _unit("item", item["number"], item["baseUnitOfMeasureCode"], 1)
        for item in items
        if item["baseUnitOfMeasureCode"]
    ]


def pallets(items: list[Row]) -> list[Row]:
    return [_unit("item", item["number"], "PALLET", 24) for item in items]


def item_units(items: list[Row]) -> list[Row]:
    """Return each item's base unit, and a pallet for every fifth."""
    return base_units(items) + pallets(items[::5])


def resource_units(resources: list[Row]) -> list[Row]:
    rows = []
    for resource in resources:
        if "baseUnitOfMeasureCode" not in resource:
            continue
        rows.append(_unit("resource", resource["number"], resource["baseUnitOfMeasureCode"], 1))
        if resource["baseUnitOfMeasureCode"] == "HOUR":
            rows.append(_unit("resource", resource["number"], "DAY", 8))
    return rows


def _unit(kind: str, number: str, code: str, quantity: float) -> Row:
    return {
        "id": identity(f"{kind}UnitsOfMeasure", f"{number}/{code}"),
        f"{kind}Number": number,
        "code": code,
        "quantityPerUnitOfMeasure": quantity,
    }


def unit_groups(items: list[Row], resources: list[Row]) -> list[Row]:
    """Return the unit group that Business Central keeps for each item and resource."""
    return [
        {
            "id": identity("unitGroups", f"{kind}/{row['number']}"),
            "sourceType": kind,
            "sourceId": row["id"],
            "sourceNumber": row["number"],
            "code": f"{kind.upper()} {row['number']} UOM GR",
        }
        for kind, rows in (("Item", items), ("Resource", resources))
        for row in rows
    ]


def price_groups() -> list[Row]:
    return [
        {"id": identity("customerPriceGroups", code), "code": code, "displayName": name}
        for code, name in PRICE_GROUPS
    ]


def sales_prices(items: list[Row]) -> list[Row]:
    """Return prices of the first items for three groups, of some in euro, and two special ones.

    All prices of a group are in one currency, since a price list of Sales has one.
    """
    sold = [item for item in items if item["number"] != WRITE_IN and not item["blocked"]][:40]
    rows = [
        price(item, group, round(item["unitPrice"] * share, 2))
        for item in sold
        for group, share in DISCOUNTS.items()
    ]
    rows += [
        price(item, "EUROPE", round(item["unitPrice"] * 0.78, 2), currencyCode="EUR")
        for item in sold[:10]
    ]
    rows.append(price(sold[0], "C00010", 500, salesType="Customer"))
    rows.append(price(sold[1], "", 90, salesType="All Customers", minimumQuantity=100))
    return rows


def price(item: Row, code: str, amount: float, **more: Any) -> Row:
    """Return a price of an item for a price group, unless it is said to be for others."""
    currency = more.get("currencyCode", "")
    return {
        "id": identity("salesPrices", f"{item['number']}/{code}/{currency}"),
        "itemNumber": item["number"],
        "salesType": "Customer Price Group",
        "salesCode": code,
        "startingDate": "2025-01-01",
        "unitOfMeasureCode": item["baseUnitOfMeasureCode"],
        "unitPrice": amount,
        "currencyCode": "",
        "minimumQuantity": 0,
        **more,
    }


def price_lists(items: list[Row]) -> tuple[list[Row], list[Row]]:
    """Return price lists as newer companies have them, with their lines."""
    sold = [item for item in items if item["number"] != WRITE_IN and not item["blocked"]][:10]
    headers = [
        _price_list("S00001", "Trade fair", "", "Active"),
        _price_list("S00002", "Trade fair, Europe", "EUR", "Draft"),
    ]
    lines = [
        _price_line(header, (index + 1) * 10000, item)
        for header in headers
        for index, item in enumerate(sold)
    ]
    return headers, lines


def _price_list(code: str, name: str, currency: str, status: str) -> Row:
    return {
        "id": identity("priceLists", code),
        "code": code,
        "description": name,
        "priceType": "Sale",
        "amountType": "Price",
        "currencyCode": currency,
        "startingDate": "2025-01-01",
        "endingDate": "2026-12-31",
        "status": status,
    }


def _price_line(header: Row, number: int, item: Row) -> Row:
    return {
        "id": identity("priceListLines", f"{header['code']}/{number}"),
        "priceListCode": header["code"],
        "lineNumber": number,
        "priceType": "Sale",
        "amountType": "Price",
        "assetType": "Item",
        "assetNumber": item["number"],
        "currencyCode": header["currencyCode"],
        "unitOfMeasureCode": item["baseUnitOfMeasureCode"],
        "unitPrice": round(item["unitPrice"] * 0.9, 2),
    }
