"""Which fields of Business Central point to other tables, and which follow each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from sandbox.schema import Table


@dataclass(frozen=True, slots=True)
class Pair:
    """An id that is shown for a code: whichever is written, the other follows."""

    code: str
    table: str
    key: str
    caption: str


@dataclass(frozen=True, slots=True)
class Relation:
    """A field whose value must be found in another table, unless it is blank."""

    field: str
    table: str
    key: str


PAIRS: Mapping[str, Pair] = {
    "currencyId": Pair("currencyCode", "currencies", "code", "Currency"),
    "paymentTermsId": Pair("paymentTermsCode", "paymentTerms", "code", "Payment Terms"),
    "shipmentMethodId": Pair("shipmentMethodCode", "shipmentMethods", "code", "Shipment Method"),
    "baseUnitOfMeasureId": Pair(
        "baseUnitOfMeasureCode", "unitsOfMeasure", "code", "Unit of Measure"
    ),
    "unitOfMeasureId": Pair("unitOfMeasureCode", "unitsOfMeasure", "code", "Unit of Measure"),
    "customerId": Pair("customerNumber", "customers", "number", "Customer"),
}

TARGETS: Mapping[str, tuple[str, str]] = {
    "currencyCode": ("currencies", "code"),
    "salespersonCode": ("salespeoplePurchasers", "code"),
    "purchaserCode": ("salespeoplePurchasers", "code"),
    "salesperson": ("salespeoplePurchasers", "code"),
    "paymentTermsCode": ("paymentTerms", "code"),
    "shipmentMethodCode": ("shipmentMethods", "code"),
    "shippingAgentCode": ("shippingAgents", "code"),
    "baseUnitOfMeasureCode": ("unitsOfMeasure", "code"),
    "unitOfMeasureCode": ("unitsOfMeasure", "code"),
    "companyNumber": ("contacts", "number"),
    "primaryContactNumber": ("contacts", "number"),
    "contactNumber": ("contacts", "number"),
    "contactCompanyNumber": ("contacts", "number"),
    "customerNumber": ("customers", "number"),
    "vendorNumber": ("vendors", "number"),
    "itemNumber": ("items", "number"),
    "resourceNumber": ("resources", "number"),
    "priceListCode": ("priceLists", "code"),
}
OWN_TARGETS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("itemUnitsOfMeasure", "code"): ("unitsOfMeasure", "code"),
    ("resourceUnitsOfMeasure", "code"): ("unitsOfMeasure", "code"),
}


@cache
def relation_of(table: Table, field: str) -> Relation | None:
    """Return where the values of a field must be found."""
    target = OWN_TARGETS.get((table.name, field)) or TARGETS.get(field)
    return Relation(field, *target) if target else None


def referring(tables: Mapping[str, Table], target: str, key: str) -> Iterator[tuple[Table, str]]:
    """Yield every field that points to a field of a table, so that a renaming reaches it."""
    for table in tables.values():
        for name in table.columns:
            relation = relation_of(table, name)
            if relation is not None and (relation.table, relation.key) == (target, key):
                yield table, name
