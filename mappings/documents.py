"""Which mappings carry sales documents, and why this version leaves them out."""

from __future__ import annotations

DOCUMENTS = frozenset(
    {"POSTEDSALESINV-INV", "POSTEDSALESLINE-INV", "SALESORDER-ORDER", "SOLINE-ORDERDETAIL"}
)
REASON = "Orders and invoices are not synchronized by this version."


def reason_left_out(name: str) -> str:
    """Return why a mapping does not run, or "" if it does."""
    return REASON if name in DOCUMENTS else ""
