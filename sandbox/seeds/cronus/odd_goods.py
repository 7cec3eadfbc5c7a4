"""Items, resources, prices and opportunities that will not go through; `troubles` says why."""

from __future__ import annotations

from typing import Any

from sandbox.seeds.cronus import goods
from sandbox.seeds.cronus.fixed import bc_time, day, identity
from sandbox.store import Row

NO_UNIT, INACTIVE_UNIT, SHARED_UNIT = "9001-S", "9002-S", "9003-S"
TAKEN, OUT_OF_SALE, BITCOIN = "9004-S", "9005-S", "9006-S"
MIXED_DOLLAR, MIXED_EURO, BY_PALLET, FROM_TEN = "9007-S", "9008-S", "9009-S", "9010-S"
NO_UNIT_RESOURCE = "TEMP"
INACTIVE_CODE, SHARED_CODE = "CAN", "BOX"  # no other item or resource has these units
CRYPTO, MIXED = "CRYPTO", "MIXED"
OF_STRANGER, OF_TERRY = "OP900010", "OP900020"
ITEMS = (
    # no., name, base unit
    (NO_UNIT, "Gift voucher, printed", ""),
    (INACTIVE_UNIT, "Varnish, matt, 750 ml", INACTIVE_CODE),
    (SHARED_UNIT, "Wood screws, assorted", SHARED_CODE),
    (TAKEN, "VENICE Coat Stand, walnut", "PCS"),
    (OUT_OF_SALE, "VENICE Coat Stand, beech", "PCS"),
    (BITCOIN, "Commemorative coin, gilt", "PCS"),
    (MIXED_DOLLAR, "BOSTON Stool, low", "PCS"),
    (MIXED_EURO, "BOSTON Stool, high", "PCS"),
    (BY_PALLET, "Packing crate, folding", "PCS"),
    (FROM_TEN, "Felt pads, self-adhesive", "PCS"),
)
PRICES: tuple[tuple[str, str, float, dict[str, Any]], ...] = (
    # item, price group, price, the rest
    (TAKEN, "RETAIL", 189, {}),
    (OUT_OF_SALE, "RETAIL", 179, {}),
    (BITCOIN, CRYPTO, 0.0021, {"currencyCode": "XBT"}),
    (MIXED_DOLLAR, MIXED, 49, {}),
    (MIXED_EURO, MIXED, 52, {"currencyCode": "EUR"}),
    (BY_PALLET, "RETAIL", 410, {"unitOfMeasureCode": "PALLET"}),
    (FROM_TEN, "RETAIL", 3.2, {"minimumQuantity": 10}),
)


def items() -> list[Row]:
    return [
        {
            "id": identity("items", number),
            "number": number,
            "displayName": name,
            "type": "Inventory",
            "baseUnitOfMeasureCode": unit,
            "unitCost": 20 + index,
            "unitPrice": 40 + index,
            "blocked": int(number == OUT_OF_SALE),
        }
        for index, (number, name, unit) in enumerate(ITEMS)
    ]


def units() -> list[Row]:
    """Return the units of the items, and the pallet that one of them is sold by."""
    rows = items()
    return goods.base_units(rows) + goods.pallets([r for r in rows if r["number"] == BY_PALLET])


def resources() -> list[Row]:
    """Return a resource that nobody gave a unit."""
    row = {"id": identity("resources", NO_UNIT_RESOURCE), "number": NO_UNIT_RESOURCE}
    return [row | {"displayName": "Temporary help", "unitCost": 22, "unitPrice": 35}]


def price_groups() -> list[Row]:
    found = ((CRYPTO, "Customers who pay in bitcoin"), (MIXED, "Fair, dollars and euros"))
    return [
        {"id": identity("customerPriceGroups", code), "code": code, "displayName": name}
        for code, name in found
    ]


def prices() -> list[Row]:
    units = {number: unit for number, _, unit in ITEMS}
    return [
        goods.price({"number": item, "baseUnitOfMeasureCode": units[item]}, group, price, **more)
        for item, group, price, more in PRICES
    ]


def opportunities(stranger: Row, person: Row) -> list[Row]:
    """Return one of a person whose company does no business, and one of Terry's."""
    found = (
        (OF_STRANGER, stranger, "JO", "Shelves for an archive"),
        (OF_TERRY, person, "TD", "Bar stools, twelve"),
    )
    return [
        {
            "id": identity("opportunities", number),
            "number": number,
            "contactNumber": contact["number"],
            "contactName": contact["displayName"],
            "contactCompanyNumber": contact["companyNumber"],
            "contactCompanyName": contact["companyName"],
            "salespersonCode": seller,
            "description": subject,
            "status": "In Progress",
            "creationDate": str(day(80)),
            "estimatedClosingDate": str(day(200)),
            "estimatedValue": 2400,
            "probabilityPercent": 50,
            "systemCreatedAt": bc_time(6900),
            "lastModifiedDateTime": bc_time(6900),
        }
        for number, contact, seller, subject in found
    ]
