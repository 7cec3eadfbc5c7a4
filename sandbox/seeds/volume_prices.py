"""Adds sales prices to items of the volume, in as many currencies as are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from sandbox.business_central.planting import plant
from sandbox.seeds.cronus import codes
from sandbox.seeds.cronus.fixed import identity
from sandbox.store import BUSINESS_CENTRAL, Row

if TYPE_CHECKING:
    from sandbox.world import World

# Price group, currency ("" is the local one), factor on the item's price; one currency a group.
GROUPS = (
    ("VOL-USD", "", 0.9),
    ("VOL-EUR", "EUR", 0.85),
    ("VOL-GBP", "GBP", 0.72),
    ("VOL-CAD", "CAD", 1.25),
)


def add_groups(world: World, amount: int) -> None:
    """Add the price groups that are not there yet, and their currencies with rates."""
    groups, currencies = GROUPS[:amount], {currency for _, currency, _ in GROUPS[:amount]}
    rows = [
        {"id": identity("customerPriceGroups", code), "code": code, "displayName": f"Volume {code}"}
        for code, _, _ in groups
    ]
    _add(world, "customerPriceGroups", rows)
    _add(world, "currencies", [row for row in codes.currencies() if row["code"] in currencies])
    rates = [row for row in codes.exchange_rates() if row["currencyCode"] in currencies]
    _add(world, "currencyExchangeRates", rates)


def _add(world: World, table_name: str, rows: Sequence[Row]) -> None:
    table = world.business_central.tables[table_name]
    where = " AND ".join(f'"{name}" = ?' for name in table.natural_key)

    def is_there(row: Row) -> bool:
        bound = [row[name] for name in table.natural_key]
        return world.store.count(BUSINESS_CENTRAL, table, where, bound) > 0

    missing = [row for row in rows if not is_there(row)]
    plant(world.business_central, table_name, missing)


def prices(items: Sequence[Row], numbers: range, amount: int) -> list[Row]:
    """Return the prices of items, those of one group after those of another."""
    return [
        {
            "id": f"{_family(code)}{number:012x}",
            "itemNumber": item["number"],
            "salesType": "Customer Price Group",
            "salesCode": code,
            "startingDate": "2025-01-01",
            "unitOfMeasureCode": item["baseUnitOfMeasureCode"],
            "unitPrice": round(item["unitPrice"] * factor, 2),
            "currencyCode": currency,
        }
        for code, currency, factor in GROUPS[:amount]
        for item, number in zip(items, numbers, strict=True)
    ]


@cache
def _family(code: str) -> str:
    """Return what the ids of a group's prices begin with."""
    return identity("salesPrices", code)[:24]
