"""What sales prices and price lists do and refuse by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.business_central import refusals
from sandbox.business_central.goods import check_filled, check_not_negative
from sandbox.business_central.pages import caption
from sandbox.business_central.values import EMPTY_DATE
from sandbox.schema import Table
from sandbox.store import Row

if TYPE_CHECKING:
    from sandbox.business_central.writing import Writer

STEP = 10000  # between the numbers of lines
PRICES = ("salesPrices", "priceListLines")
# Whom a price is for, or what it is of, and where that must be found.
SALES_TARGETS = {
    "Customer": ("customers", "number"),
    "Customer Price Group": ("customerPriceGroups", "code"),
}
ASSET_TARGETS = {"Item": ("items", "number"), "Resource": ("resources", "number")}
UNITS = {
    "items": ("itemUnitsOfMeasure", "itemNumber"),
    "resources": ("resourceUnitsOfMeasure", "resourceNumber"),
}


class Prices:
    """The rules of prices, run by a writer."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    # Fields

    def validate(self, table: Table, row: Row, name: str) -> None:
        """React to a field that was just set."""
        if table.name in PRICES and name in ("unitPrice", "minimumQuantity"):
            check_not_negative(row[name])
        match table.name, name:
            case "salesPrices", "salesType":
                row["salesCode"] = ""
            case "priceListLines", "assetType":
                row |= {"assetNumber": "", "unitOfMeasureCode": ""}
            case "salesPrices", "salesCode":
                self._check_target(table, row, name, SALES_TARGETS.get(row["salesType"]))
            case "priceListLines", "assetNumber":
                self._check_target(table, row, name, ASSET_TARGETS.get(row["assetType"]))
            case (("salesPrices" | "priceListLines"), "unitOfMeasureCode"):
                self._check_unit(table, row)
            case "priceLists", ("startingDate" | "endingDate"):
                _check_dates(row)

    def _check_target(
        self, table: Table, row: Row, name: str, target: tuple[str, str] | None
    ) -> None:
        if row[name] == "":
            return
        if target is None or not self.writer.exists(target[0], **{target[1]: row[name]}):
            related = caption(self.writer.tables[target[0]]) if target else caption(table)
            field = table.columns[name].caption
            raise refusals.no_relation(caption(table), field, row[name], related)

    def _check_unit(self, table: Table, row: Row) -> None:
        """A price is one of a unit that its item or resource has."""
        code = row["unitOfMeasureCode"]
        owner = "resources" if row.get("assetType") == "Resource" else "items"
        number = row["assetNumber" if table.name == "priceListLines" else "itemNumber"]
        units, field = UNITS[owner]
        if code and not self.writer.exists(units, **{field: number, "code": code}):
            related = caption(self.writer.tables[units])
            raise refusals.no_relation(caption(table), "Unit of Measure Code", code, related)

    # Records

    def initialise(self, table: Table, row: Row, given: Row) -> None:
        """Number a new line of a price list, which is in the currency of its list."""
        if table.name != "priceListLines":
            return
        code = given.get("priceListCode", "")
        header = self.writer.first("priceLists", code=code)
        if header is not None:
            row |= {name: header[name] for name in ("currencyCode", "priceType", "amountType")}
        if not given.get("lineNumber"):
            query = 'SELECT MAX("lineNumber") FROM "bc_priceListLines" WHERE "priceListCode" = ?'
            last = self.writer.store.connection.execute(query, (code,)).fetchone()[0] or 0
            given["lineNumber"] = last + STEP

    def check(self, table: Table, before: Row | None, row: Row) -> None:
        """Refuse a record that is not whole, or that belongs to an active list."""
        match table.name:
            case "salesPrices":
                self._check_price(table, row)
            case "priceListLines":
                check_filled(table, row, "priceListCode")
                self._check_draft(row["priceListCode"])
            case "priceLists" if before is not None:
                _check_header(before, row)

    def _check_price(self, table: Table, row: Row) -> None:
        check_filled(table, row, "itemNumber")
        if row["salesType"] == "All Customers":
            if row["salesCode"]:
                raise refusals.field("Sales Code must be blank.")
            return
        check_filled(table, row, "salesCode")

    def _check_draft(self, code: str) -> None:
        header = self.writer.first("priceLists", code=code)
        if header is not None and header["status"] == "Active":
            raise _not_draft(code)

    def after_rename(self, table: Table, name: str, old: Any, new: Any) -> None:
        """Prices follow the numbers of those whom they are for and of what they are of."""
        targets = (
            ("salesPrices", "salesType", "salesCode", SALES_TARGETS),
            ("priceListLines", "assetType", "assetNumber", ASSET_TARGETS),
        )
        for prices, kind, field, found in targets:
            for value, target in found.items():
                if target == (table.name, name):
                    also = f"\"{kind}\" = '{value}'"
                    self.writer.set_where(self.writer.tables[prices], field, old, new, also)

    def before_delete(self, table: Table, row: Row) -> None:
        """Take along the prices of what goes; an active list stays."""
        match table.name:
            case "customerPriceGroups":
                kind = "Customer Price Group"
                self._delete("salesPrices", salesType=kind, salesCode=row["code"])
            case "customers":
                self._delete("salesPrices", salesType="Customer", salesCode=row["number"])
            case "items":
                self._delete("salesPrices", itemNumber=row["number"])
                self._delete("priceListLines", assetType="Item", assetNumber=row["number"])
            case "resources":
                self._delete("priceListLines", assetType="Resource", assetNumber=row["number"])
            case "priceListLines":
                self._check_draft(row["priceListCode"])
            case "priceLists":
                if row["status"] == "Active":
                    text = f"You cannot delete the active price list {row['code']}."
                    raise refusals.dialog(text)
                self._delete("priceListLines", priceListCode=row["code"])

    def _delete(self, table_name: str, **wanted: Any) -> None:
        self.writer.remove_where(table_name, **wanted)


def _check_header(before: Row, row: Row) -> None:
    """Only a draft may be changed; an active list is made a draft, or inactive, first."""
    told = ("status", "lastModifiedDateTime", "__version", "__by")
    changed = any(row[name] != before[name] for name in row if name not in told)
    if changed and row["status"] == "Active" and before["status"] == "Active":
        raise _not_draft(before["code"])


def _check_dates(row: Row) -> None:
    start, end = row["startingDate"], row["endingDate"]
    if EMPTY_DATE not in (start, end) and start > end:
        raise refusals.dialog("The starting date cannot be after the ending date.")


def _not_draft(code: str) -> refusals.RefusalError:
    text = (
        f"Status must be equal to 'Draft' in Price List Header: Code={code}. Current value is "
        "'Active'."
    )
    return refusals.field(text)
