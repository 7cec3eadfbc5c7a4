"""What Dynamics 365 Sales calls tables and columns, as people read it."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data" / "labels.toml"
WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
# Names run together what stands apart, and end with what only a developer needs.
SPELLINGS = {"EMail": "Email", "UoM": "Unit", "WebSite": "Website"}
ENDINGS = ("CodeEnum", "Code", "Id", "Enum")
PARTS = {"ShipTo": "Ship To", "BillTo": "Bill To"}
ADDRESS_PARTS = {
    "Line1": "Street 1",
    "Line2": "Street 2",
    "Line3": "Street 3",
    "PostalCode": "ZIP/Postal Code",
    "StateOrProvince": "State/Province",
    "Country": "Country/Region",
    "PrimaryContactName": "Primary Contact Name",
    "UTCOffset": "UTC Offset",
    "UPSZone": "UPS Zone",
    "Telephone1": "Phone",
    "PostOfficeBox": "Post Office Box",
    "AddressId": "ID",
    "Composite": "",
}


def table_label(name: str, fallback: str) -> str:
    """Return what one row of a table is called."""
    return str(_book()["tables"].get(name, (fallback, fallback))[0])


def collection_label(name: str, fallback: str) -> str:
    """Return what the rows of a table are called."""
    return str(_book()["tables"].get(name, (fallback, fallback))[1])


def column_label(table: str, column: str, declared: str) -> str:
    """Return what a column is called; `declared` is its name with capitals."""
    columns = _book()["columns"]
    own = columns.get(table, {}).get(column) or columns.get(column)
    if isinstance(own, str):
        return own
    if column == f"{table}id":
        return table_label(table, _words(declared))
    if column.endswith("_base"):
        amount = column_label(table, column.removesuffix("_base"), declared.rpartition("_")[0])
        return f"{amount} (Base)"
    return derived(declared)


def derived(declared: str) -> str:
    """Return what a name says, in words: "Address1_PostalCode" is "Address 1: ZIP/Postal Code"."""
    group, mark, part = declared.partition("_")
    if mark and group[:-1] == "Address":
        rest = ADDRESS_PARTS.get(part, derived(part))
        return f"Address {group[-1]}: {rest}" if rest else f"Address {group[-1]}"
    if mark and group in PARTS:
        return f"{PARTS[group]} {ADDRESS_PARTS.get(part, derived(part))}".strip()
    for ending in ENDINGS:
        if declared.endswith(ending) and len(declared) > len(ending):
            declared = declared.removesuffix(ending)
            break
    return _words(declared)


def _words(name: str) -> str:
    for run, spelled in SPELLINGS.items():
        name = name.replace(run, spelled)
    return " ".join(_capital(word) for word in WORD.findall(name)) or name


def _capital(word: str) -> str:
    return word[0].upper() + word[1:]


@cache
def _book() -> dict[str, Any]:
    return tomllib.loads(DATA.read_text(encoding="utf-8"))
