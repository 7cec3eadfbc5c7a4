"""The command in Sales that opens a row's record in Business Central, as the solution brings it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from sandbox.schema import Table
from sandbox.store import DATAVERSE, Row
from sandbox.ui.html import Markup, link

if TYPE_CHECKING:
    from sandbox.ui.records import SalesRecords

REDIRECT = 5329  # Business Central's page for rows of Sales
CONNECTION, NAME, ADDRESS = "nav_connection", "nav_name", "nav_dynamicsnavurl"
COMMAND = "Dynamics 365 Business Central"
# The forms that have the command.
TABLES = frozenset(
    {
        "account",
        "contact",
        "invoice",
        "opportunity",
        "pricelevel",
        "product",
        "quote",
        "salesorder",
        "systemuser",
        "transactioncurrency",
    }
)


def open_links(records: SalesRecords, table: Table, row: Row) -> list[Markup]:
    """Return the command for each connection that has an address; none without the solution."""
    connections = records.tables.get(CONNECTION)
    if connections is None or table.name not in TABLES:
        return []
    columns = [connections.key, NAME, ADDRESS]
    where, order = f'"{ADDRESS}" IS NOT NULL', f'ORDER BY "{NAME}"'
    rows = records.store.select(DATAVERSE, connections, columns, where, [], order)
    asked = {
        "page": str(REDIRECT),
        "filter": f"'Filter' IS 'CRMID:{{{row[table.key]}}};CRMType:{table.name}'",
    }
    return [
        link(
            f"{one[ADDRESS]}{'&' if '?' in one[ADDRESS] else '?'}"
            f"{urlencode(asked, quote_via=quote)}",
            COMMAND if len(rows) == 1 else f"{COMMAND}: {one[NAME]}",
            class_="button",
        )
        for one in rows
    ]
