"""The product that stands for write-in lines of orders: set in Business Central, and usable."""

from __future__ import annotations

from connections import setup
from connections.causes import Cause
from connections.checks import IMPATIENT
from connections.health import CONSOLE, Finding, WrongError, timed
from connections.models import Company, SalesConnectionSetup
from connections.systems import Selection, System, everything
from connections.terms import SalesOrderModel

TABLES = {"Item": "items", "Resource": "resources"}
NAME = "Write-in products"


def check_write_in(company: Company) -> list[Finding]:
    """Look at the default where orders come over; without them nothing needs it (E-8.15)."""
    row = SalesConnectionSetup.objects.filter(company=company, is_enabled=True).first()
    if row is None or row.sales_order_model == SalesOrderModel.OFF:
        return []
    connection = setup.business_central_connection(company)
    return timed(
        CONSOLE, NAME, lambda: default_of(setup.business_central_of(connection, timing=IMPATIENT))
    )


def default_of(business_central: System) -> str:
    """Return which product stands for a write-in line; raise what keeps it from doing so."""
    columns = ("writeInProductType", "writeInProductNumber")
    rows = everything(business_central, Selection("salesReceivablesSetup", columns))
    kind, number = (str(rows[0].values[name] or "") if rows else "" for name in columns)
    if kind not in TABLES or not number:
        sentence = "The Sales & Receivables Setup names no write-in product."
        raise WrongError(Cause.WRITE_IN, sentence, "Write-in Product No.")
    selection = Selection(TABLES[kind], ("number", "blocked"))
    found = business_central.find(selection, "number", [number])
    if not found:
        sentence = f"The write-in product, {kind.lower()} {number}, does not exist."
        raise WrongError(Cause.WRITE_IN, sentence, number)
    if found[0].values["blocked"]:
        sentence = f"The write-in product, {kind.lower()} {number}, is blocked."
        raise WrongError(Cause.WRITE_IN, sentence, number)
    return f"Write-in lines become {kind.lower()} {number}."
