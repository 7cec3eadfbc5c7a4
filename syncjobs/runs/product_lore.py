"""Facts about items, resources and their products, gathered a page at a time (E-8.57)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from connections.systems import Selection
from syncjobs.engine.entities import entity_of
from syncjobs.engine.entities.product import Product
from syncjobs.runs.context import Context
from syncjobs.runs.page import Page, texts
from syncjobs.runs.unit_lore import (
    codes_of_units,
    maps_unit_groups,
    units_by_code,
    units_by_number,
)

WRITE_IN = ("writeInProductType", "writeInProductNumber")


def products_to_sales(page: Page) -> dict[str, Any]:
    """Return units, vendors and the write-in product for items or resources."""
    entity, context, wanted = entity_of(page.mapping), page.context, page.wanted
    assert isinstance(entity, Product)
    by_group = maps_unit_groups(context)
    units = (
        units_by_number(context, entity.kind, texts(wanted, "number"))
        if by_group
        else units_by_code(context, texts(wanted, "baseUnitOfMeasureCode"))
    )
    return {
        "by_unit_group": by_group,
        "units": units,
        "vendor_names": _vendor_names(context, texts(wanted, "vendorNumber")),
        "write_in": _write_in(context, entity.kind),
    }


def products_from_sales(page: Page) -> dict[str, Any]:
    """Return what the units of new products are called in Business Central (E-3.97)."""
    if not maps_unit_groups(page.context):
        return {}
    return {"by_unit_group": True, **codes_of_units(page.context, page.strangers)}


def _vendor_names(context: Context, numbers: Collection[str]) -> dict[str, str]:
    if not numbers:
        return {}
    selection = Selection("vendors", ("number", "displayName"))
    rows = context.business_central.find(selection, "number", numbers)
    return {str(row.values["number"]): str(row.values["displayName"] or "") for row in rows}


def _write_in(context: Context, kind: str) -> str:
    """Return the no. of the default write-in product if it is of this kind; asked once a run."""
    if "write-in" not in context.memo:
        selection = Selection("salesReceivablesSetup", WRITE_IN)
        rows = [row for page in context.business_central.read(selection) for row in page]
        context.memo["write-in"] = tuple(
            str(rows[0].values.get(column) or "") if rows else "" for column in WRITE_IN
        )
    chosen, number = context.memo["write-in"]
    return number if chosen == kind else ""
