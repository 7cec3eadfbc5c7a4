"""Price Model: what is coupled under either model, and what another one leaves behind (E-9.41)."""

from __future__ import annotations

from collections.abc import Collection

from connections.models import Company
from mappings.models import Coupling, Intent, PendingCoupling

MAPPINGS = {  # by the choice, as the defaults speak of it: lists first, then their prices
    "salesPrice": ("CUSTPRCGRP-PRICE", "SALESPRC-PRODPRICE"),
    "priceList": ("PLHEADER-PRICE", "PLLINE-PRODPRICE"),
}
LISTS = tuple(names[0] for names in MAPPINGS.values())


def forget_replaced(company: Company, removed: Collection[str], chosen: str) -> int:
    """Delete the couplings of removed mappings whose place the chosen model takes; say how many.

    No mapping carries them any more. The lists stay in Sales under the ids they were given, so
    switching back takes them up again. Those of the chosen model wait for it (E-9.42).
    """
    others = {name for model, pair in MAPPINGS.items() if model != chosen for name in pair}
    mine = {"company": company, "mapping_name__in": others & set(removed)}
    for waiting in (PendingCoupling, Intent):
        waiting._default_manager.filter(**mine).delete()
    deleted, _ = Coupling.objects.filter(**mine).delete()
    return deleted


def left_behind(company: Company, removed: Collection[str]) -> str:
    """Say what becomes of the price lists of mappings that go, or ""."""
    names = set(LISTS) & set(removed)
    number = Coupling.objects.filter(company=company, mapping_name__in=names).count()
    if not number:
        return ""
    lists = "One price list stays" if number == 1 else f"{number} price lists stay"
    return (
        f"{lists} in Sales as of then, and nothing brings the prices up to date any more: "
        "deactivate what sellers should not choose."
    )
