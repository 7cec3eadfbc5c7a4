"""What tables and fields are called on pages, where no system was asked for its own captions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from connections.systems import Column, Kind
from mappings.terms import Direction

TABLES = {
    "contacts": "Contact",
    "currencies": "Currency",
    "customerPriceGroups": "Customer Price Group",
    "customers": "Customer",
    "itemUnitsOfMeasure": "Item Unit of Measure",
    "items": "Item",
    "opportunities": "Opportunity",
    "paymentTerms": "Payment Terms",
    "postedSalesInvoiceLines": "Sales Invoice Line",
    "postedSalesInvoices": "Sales Invoice Header",
    "priceListLines": "Price List Line",
    "priceLists": "Price List Header",
    "resourceUnitsOfMeasure": "Resource Unit of Measure",
    "resources": "Resource",
    "salesOrderLines": "Sales Line",
    "salesOrders": "Sales Header",
    "salesPrices": "Sales Price",
    "salespeoplePurchasers": "Salesperson/Purchaser",
    "shipmentMethods": "Shipment Method",
    "shippingAgents": "Shipping Agent",
    "unitGroups": "Unit Group",
    "unitsOfMeasure": "Unit of Measure",
    "vendors": "Vendor",
}
INTEGRATION_TABLES = {
    "account": "Account",
    "contact": "Contact",
    "invoice": "Invoice",
    "invoicedetail": "Invoice Product",
    "opportunity": "Opportunity",
    "pricelevel": "Price List",
    "product": "Product",
    "productpricelevel": "Price List Item",
    "salesorder": "Order",
    "salesorderdetail": "Order Product",
    "systemuser": "User",
    "transactioncurrency": "Currency",
    "uom": "Unit",
    "uomschedule": "Unit Group",
}
_ACTIVE = {0: "Active", 1: "Inactive"}
_STATES = {
    "opportunity": {0: "Open", 1: "Won", 2: "Lost"},
    "product": {0: "Active", 1: "Retired", 2: "Draft", 3: "Under Revision"},
    "salesorder": {0: "Active", 1: "Submitted", 2: "Canceled", 3: "Fulfilled", 4: "Invoiced"},
    "invoice": {0: "Active", 2: "Paid", 3: "Canceled"},
}
_COLUMNS = (
    Column("bcbi_companyid", Kind.LOOKUP, "Company"),
    Column(
        "customertypecode", Kind.OPTION, "Relationship Type", options={3: "Customer", 11: "Vendor"}
    ),
    Column("isdisabled", Kind.BOOLEAN, "Disabled"),
    Column("isintegrationuser", Kind.BOOLEAN, "Integration User"),
    Column("islicensed", Kind.BOOLEAN, "Licensed"),
    Column("parentcustomerid", Kind.LOOKUP, "Company Name"),
    Column("parentcustomeridtype", Kind.TEXT, "Type of Company Name"),
    Column(
        "producttypecode",
        Kind.OPTION,
        "Product Type",
        options={1: "Sales Inventory", 3: "Services"},
    ),
)
_PLURALS = {"Salesperson/Purchaser": "salespeople"}
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def table(name: str) -> str:
    """Return the caption of a Business Central table: customers -> Customer."""
    return TABLES.get(name) or words(name)


def integration_table(name: str) -> str:
    """Return the caption of a Dataverse table: account -> Account."""
    return INTEGRATION_TABLES.get(name) or words(name)


def field(table: str, name: str) -> str:
    """Return what Business Central calls a field: phoneNumber -> Phone No."""
    return _known("fields", table, name) or words(name)


def integration_field(integration_table: str, name: str) -> str:
    """Return what Dynamics 365 Sales calls a column; "" where nobody knows."""
    return _known("columns", integration_table, name)


def _known(side: str, table: str, name: str) -> str:
    captions = _field_captions()[side]
    found = captions.get(table, {}).get(name) or captions.get(name)
    return found if isinstance(found, str) else ""


@cache
def _field_captions() -> dict[str, dict[str, Any]]:
    return tomllib.loads((Path(__file__).parent / "field_captions.toml").read_text("utf-8"))


def columns(integration_table: str) -> Mapping[str, Column]:
    """Return what the columns are called that filters of Dataverse tables name."""
    states = _STATES.get(integration_table, _ACTIVE)
    known = (*_COLUMNS, Column("statecode", Kind.OPTION, "Status", options=states))
    return {column.name: column for column in known}


def plural(caption: str) -> str:
    """Return what several are called within a sentence: Unit of Measure -> units of measure."""
    if caption in _PLURALS:
        return _PLURALS[caption]
    first, of, rest = caption.lower().partition(" of ")
    if first.endswith("y") and first[-2:-1] not in "aeiou":
        first = f"{first[:-1]}ies"
    elif not first.endswith("s"):
        first += "s"
    return f"{first}{of}{rest}"


def words(name: str) -> str:
    """Return a field's name as words: salespersonCode -> Salesperson Code."""
    text = _WORD_STARTS.sub(" ", name.replace("_", " "))
    return text[:1].upper() + text[1:]


def towards(value: str) -> str:
    """Return a direction within a sentence: "to Sales"."""
    text = direction(value)
    return text[:1].lower() + text[1:]


def direction(value: str) -> str:
    """Return a direction as lists show it; an arrow never stands without its words."""
    return {
        Direction.TO_INTEGRATION_TABLE: "To Sales",
        Direction.FROM_INTEGRATION_TABLE: "To BC",
    }.get(Direction(value), "Both ways")
