"""What tables and fields are called on pages, where no system was asked for its own captions."""

from __future__ import annotations

import re

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
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def table(name: str) -> str:
    """Return the caption of a Business Central table: customers -> Customer."""
    return TABLES.get(name) or words(name)


def integration_table(name: str) -> str:
    """Return the caption of a Dataverse table: account -> Account."""
    return INTEGRATION_TABLES.get(name) or words(name)


def words(name: str) -> str:
    """Return a field's name as words: salespersonCode -> Salesperson Code."""
    text = _WORD_STARTS.sub(" ", name.replace("_", " "))
    return text[:1].upper() + text[1:]


def direction(value: str) -> str:
    """Return a direction as lists show it; an arrow never stands without its words."""
    return {
        Direction.TO_INTEGRATION_TABLE: "To Sales",
        Direction.FROM_INTEGRATION_TABLE: "To BC",
    }.get(Direction(value), "Both ways")
