"""How large and how exact numbers of Dynamics 365 Sales may be, as its table reference says.

The data file knows ranges of few columns; these are those of products, units and prices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the greatest value of a column, and its decimals."""

    minimum: float
    maximum: float
    precision: int


PRICE = Range(0, 1_000_000_000_000, 2)
STOCK = Range(0, 1_000_000_000, 2)
RANGES: Mapping[tuple[str, str], Range] = {
    ("product", "price"): PRICE,
    ("product", "currentcost"): PRICE,
    ("product", "standardcost"): PRICE,
    ("product", "quantityonhand"): STOCK,
    ("product", "stockvolume"): STOCK,
    ("product", "stockweight"): STOCK,
    ("productpricelevel", "amount"): Range(0, 100_000_000_000_000, 2),
    ("productpricelevel", "percentage"): Range(0, 1_000_000_000, 2),
    ("productpricelevel", "roundingoptionamount"): Range(
        -100_000_000_000_000, 100_000_000_000_000, 2
    ),
    ("uom", "quantity"): Range(0.0000000001, 100_000_000_000, 10),
}
