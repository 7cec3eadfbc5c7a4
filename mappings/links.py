"""Links that open a coupled record in Business Central and in Dynamics 365 Sales.

They are built from the web client addresses of the set-ups, never from those of the APIs.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode
from uuid import UUID

from connections.models import Company

# Business Central's card or list of a table, and the field that names a record there.
PAGES = {
    "contacts": (5050, "No."),
    "currencies": (495, "Code"),
    "customerPriceGroups": (7, "Code"),
    "customers": (21, "No."),
    "items": (30, "No."),
    "opportunities": (5124, "No."),
    "paymentTerms": (4, "Code"),
    "postedSalesInvoices": (132, "No."),
    "resources": (76, "No."),
    "salesOrders": (42, "No."),
    "salespeoplePurchasers": (5116, "Code"),
    "shipmentMethods": (11, "Code"),
    "shippingAgents": (428, "Code"),
    "unitsOfMeasure": (209, "Code"),
    "vendors": (26, "No."),
}


def business_central(company: Company, table: str, key: str) -> str:
    """Return the address of a record in Business Central's web client; "" where there is none."""
    connection = getattr(company, "business_central_connection", None)
    root = connection.web_client_url.rstrip("/") if connection else ""
    if not root or not key or table not in PAGES:
        return ""
    page, field = PAGES[table]
    asked = {"company": company.name, "page": page, "filter": f"'{field}' IS '{key}'"}
    return f"{root}/?{urlencode(asked, quote_via=quote)}"


def sales(company: Company, table: str, row_id: UUID) -> str:
    """Return the address of a row in Dynamics 365 Sales; "" where there is none."""
    return _sales(company, {"pagetype": "entityrecord", "etn": table, "id": str(row_id)})


def sales_list(company: Company, table: str) -> str:
    """Return the address of a table's rows in Dynamics 365 Sales; "" where there is none."""
    return _sales(company, {"pagetype": "entitylist", "etn": table})


def _sales(company: Company, asked: dict[str, str]) -> str:
    setup = getattr(company, "dataverse_connection_setup", None)
    root = setup.web_client_url.rstrip("/") if setup else ""
    return f"{root}/main.aspx?{urlencode(asked)}" if root else ""
