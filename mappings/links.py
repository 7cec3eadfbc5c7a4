"""Links that open a coupled record in Business Central and in Dynamics 365 Sales.

They are built from the web client addresses of the set-ups, never from those of the APIs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode
from uuid import UUID

from connections.models import Company
from mappings.models import IntegrationTableMapping

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
    "users": (9807, "User Name"),
    "vendors": (26, "No."),
}


# What Microsoft's solution in Sales opens: Business Central's page for records of Sales.
REDIRECT = 5329
SYSTEM_ID = "SystemId"
ASKED = re.compile(
    r"CRMID:\{(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\};CRMType:(?P<table>\w+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a record opens; "" on a side where it does not."""

    business_central: str = ""
    sales: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.business_central, self.sales)))


class Links:
    """Where the records of a company open: one query, however many records a page names."""

    def __init__(self, company: Company | None) -> None:
        mappings = IntegrationTableMapping.objects.filter(company=company).select_related(
            "company__business_central_connection", "company__dataverse_connection_setup"
        )
        rows = list(mappings.only("name", "table", "integration_table", "company"))
        self.company = rows[0].company if rows else company
        self.tables = {row.name: (row.table, row.integration_table) for row in rows}

    def of(
        self,
        mapping_name: str,
        *,
        key: str = "",
        business_central_id: UUID | None = None,
        dataverse_id: UUID | None = None,
    ) -> Addresses:
        """Return where a record of a mapping opens on the sides where it is known."""
        tables = self.tables.get(mapping_name)
        if self.company is None or tables is None:
            return Addresses()
        table, integration_table = tables
        return Addresses(
            business_central(self.company, table, key, business_central_id),
            sales(self.company, integration_table, dataverse_id) if dataverse_id else "",
        )


def business_central(company: Company, table: str, key: str, record_id: UUID | None = None) -> str:
    """Return the address of a record in Business Central's web client; "" where there is none.

    A record whose number is not known is found by its id.
    """
    root = business_central_home(company)
    if not root or table not in PAGES or not (key or record_id):
        return ""
    page, field = PAGES[table]
    field, value = (field, key) if key else (SYSTEM_ID, str(record_id))
    quoted = value.replace("'", "''")
    asked = {"company": company.name, "page": page, "filter": f"'{field}' IS '{quoted}'"}
    return f"{root}/?{urlencode(asked, quote_via=quote)}"


def business_central_home(company: Company) -> str:
    """Return where Business Central's web client is; "" where nobody said."""
    connection = getattr(company, "business_central_connection", None)
    return connection.web_client_url.rstrip("/") if connection else ""


def asked_by_sales(text: str) -> tuple[str, UUID] | None:
    """Return table and id of the row that a link of Microsoft's solution in Sales names."""
    found = ASKED.search(text)
    return (found["table"].lower(), UUID(found["id"])) if found else None


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
