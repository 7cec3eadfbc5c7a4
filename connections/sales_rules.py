"""What the settings of Sales may say together, on its page as in a description."""

from __future__ import annotations

from connections.causes import Cause
from connections.models import SalesConnectionSetup
from connections.setup import dataverse_origin
from connections.sign_in_forms import Fault
from connections.terms import SalesOrderModel

WITH_ITS_OWN_ACT = (
    "Sales Order Integration is switched in Sales, by an administrator who signs in for it. Use "
    "its button on the page of the set-up, or manage.py order_integration."
)


def other_environment(address: str, environment: str) -> Fault | None:
    """It signs in as Dataverse does, so it is the same environment (E-9.10, E-9.21)."""
    if not address or not environment:
        return None
    there = dataverse_origin(environment)
    if dataverse_origin(address) == there:
        return None
    sentence = (
        f"Address differs from the Dataverse Connection Setup. Use {there}, or leave it empty."
    )
    return Fault("server_address", sentence, "E-MISMATCH")


def orders_that_never_come(row: SalesConnectionSetup) -> Fault | None:
    """C-0615: orders are created only while Sales hands them over."""
    is_on = row.sales_order_model == SalesOrderModel.ORDER_INTEGRATION
    if is_on or not row.auto_create_sales_orders:
        return None
    sentence = (
        "No order arrives while Sales Order Integration is off. Switch it on first, with its own "
        "button."
    )
    return Fault("auto_create_sales_orders", sentence, "E-EXCLUSIVE")


def orders_switched(now: str, wanted: str) -> Fault | None:
    """C-0614: only the bidirectional way is a setting; the other one is set in Sales."""
    if now == wanted or SalesOrderModel.ORDER_INTEGRATION not in (now, wanted):
        return None
    if SalesOrderModel.BIDIRECTIONAL in (now, wanted):
        sentence = (
            "Sales Order Integration and Bidirectional Synch. of Sales Orders cannot both be on. "
            "Switch the other one off first."
        )
        return Fault("sales_order_model", sentence, "E-EXCLUSIVE")
    return Fault("sales_order_model", WITH_ITS_OWN_ACT, str(Cause.ORDER_INTEGRATION))
