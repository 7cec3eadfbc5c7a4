"""What items, resources, units and prices do and refuse by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.business_central import refusals
from sandbox.business_central.pages import caption
from sandbox.schema import Table
from sandbox.store import Row

if TYPE_CHECKING:
    from sandbox.business_central.writing import Writer

# Units of a table, and the field there that names the owner.
STOCKED = {
    "items": ("itemUnitsOfMeasure", "itemNumber"),
    "resources": ("resourceUnitsOfMeasure", "resourceNumber"),
}
OWNERS = {units: (owner, field) for owner, (units, field) in STOCKED.items()}
QUANTITY = "quantityPerUnitOfMeasure"
NEVER_NEGATIVE = {
    "items": ("unitPrice", "unitCost", "unitVolume", "grossWeight"),
    "resources": ("unitPrice", "unitCost"),
}
# Where a unit of measure may be in use.
USES = (
    ("itemUnitsOfMeasure", "code"),
    ("resourceUnitsOfMeasure", "code"),
    ("items", "baseUnitOfMeasureCode"),
    ("resources", "baseUnitOfMeasureCode"),
)


class Goods:
    """The rules of items, resources and their units, run by a writer."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def initialise(self, table: Table, row: Row) -> None:
        """Fill in what a new record begins with."""
        if table.name in OWNERS:
            row[QUANTITY] = 1

    def validate(self, table: Table, row: Row, name: str) -> None:
        """React to a field that was just set."""
        if name in NEVER_NEGATIVE.get(table.name, ()):
            check_not_negative(row[name])
        match table.name, name:
            case ("items", "baseUnitOfMeasureCode") | ("resources", "baseUnitOfMeasureCode"):
                self._check_base_unit(table, row)
            case "items", "type":
                self._check_no_entries(row, "Type")
            case _, field if table.name in OWNERS and field == QUANTITY:
                self._check_quantity(table, row)

    def _check_base_unit(self, table: Table, row: Row) -> None:
        if table.name == "items":
            self._check_no_entries(row, "Base Unit of Measure")
        units, field = STOCKED[table.name]
        number, code = row["number"] or "-", row["baseUnitOfMeasureCode"]
        unit = self.writer.first(units, **{field: number, "code": code})
        if unit is not None and unit[QUANTITY] != 1:
            raise _base_unit_counts_as_one(code, unit[QUANTITY])

    def _check_no_entries(self, row: Row, field: str) -> None:
        if self.writer.exists("itemLedgerEntries", itemNumber=row["number"] or "-"):
            text = (
                f"You cannot change {field} because there are one or more ledger entries for this "
                "item."
            )
            raise refusals.dialog(text)

    def _check_quantity(self, table: Table, row: Row) -> None:
        if row[QUANTITY] <= 0:
            raise refusals.field("Qty. per Unit of Measure must be greater than 0.")
        owner, field = OWNERS[table.name]
        is_base = self.writer.exists(owner, number=row[field], baseUnitOfMeasureCode=row["code"])
        if is_base and row[QUANTITY] != 1:
            raise _base_unit_counts_as_one(row["code"], row[QUANTITY])

    def after_rename(self, table: Table, name: str, old: Any, new: Any) -> None:
        """The code of a unit group holds the number of what it belongs to."""
        if table.name in STOCKED and name == "number":
            kind = table.name.removesuffix("s").upper()
            groups = self.writer.tables["unitGroups"]
            self.writer.set_where(
                groups, "code", unit_group_code(kind, old), unit_group_code(kind, new)
            )

    def before_delete(self, table: Table, row: Row) -> None:
        """Refuse to delete a unit that is in use."""
        if table.name != "unitsOfMeasure":
            return
        if any(self.writer.exists(name, **{field: row["code"]}) for name, field in USES):
            text = (
                "You cannot delete the unit of measure because it is assigned to one or more "
                "records."
            )
            raise refusals.dialog(text)


def unit_group_code(kind: str, number: str) -> str:
    return f"{kind.upper()} {number} UOM GR"


def check_not_negative(value: float) -> None:
    if value < 0:
        raise refusals.field(f"The value must be greater than or equal to 0. Value: {value:g}.")


def check_filled(table: Table, row: Row, name: str) -> None:
    """Refuse a record in which a field is blank that must not be."""
    if row[name] in ("", " "):
        key = ", ".join(f"{table.columns[n].caption}='{row[n]}'" for n in table.natural_key[:2])
        text = f"{table.columns[name].caption} must have a value in {caption(table)}: {key}."
        raise refusals.field(text)


def _base_unit_counts_as_one(code: str, quantity: float) -> refusals.RefusalError:
    text = (
        f"The quantity per base unit of measure must be 1. {code} is set up with {quantity:g} per "
        "unit of measure."
    )
    return refusals.dialog(text)
