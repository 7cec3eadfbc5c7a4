"""Rules of price lists and of the prices in them."""

from __future__ import annotations

from sandbox.dataverse import refusals
from sandbox.dataverse.model import Model
from sandbox.dataverse.products import FAMILY, RETIRED
from sandbox.dataverse.units import Units
from sandbox.store import DATAVERSE, Row, Store

ACTIVE, INACTIVE = 0, 1
CURRENCY_AMOUNT = 1
MOST_PERCENT = 100_000
DEFAULTS = {"pricingmethodcode": 1, "quantitysellingcode": 1, "roundingpolicycode": 1}


class Prices:
    """Keeps price lists and their lines together."""

    def __init__(self, store: Store, model: Model, units: Units) -> None:
        self.store = store
        self.lists = model.tables["pricelevel"]
        self.lines = model.tables["productpricelevel"]
        self.products = model.tables["product"]
        self.units = units
        self._open: dict[str, Row] = {}  # lists that were looked at in this request

    def before_update_list(self, before: Row, values: Row) -> None:
        """Refuse to deactivate the default price list of a product."""
        self._open.clear()
        if before["statecode"] == ACTIVE and values.get("statecode") == INACTIVE:
            key = before["pricelevelid"]
            if self.store.count(DATAVERSE, self.products, '"pricelevelid" = ?', [key]):
                text = (
                    "The price level cannot be deactivated because it is the default price level "
                    "of an account, contact or product."
                )
                raise refusals.RefusalError(400, "0x80043b04", text)

    def before_create_line(self, values: Row) -> None:
        """Check a new price and fill in what follows from its list and its product."""
        keys = [values.get(name) for name in ("pricelevelid", "productid", "uomid")]
        if None in keys:
            return  # required, and refused as such
        for name, value in DEFAULTS.items():
            if values.get(name) is None:
                values[name] = value
        price_list = self._open_list(values["pricelevelid"])
        product = self._product(values["productid"])
        if product["statecode"] == RETIRED:
            text = "Retired products can not be added to pricelists."
            raise refusals.RefusalError(400, "0x80061009", text)
        values["transactioncurrencyid"] = price_list["transactioncurrencyid"]
        self._check_line(values, price_list, product, values["productpricelevelid"])

    def before_update_line(self, before: Row, values: Row) -> None:
        """Check what changes in a price."""
        price_list = self._open_list(before["pricelevelid"])
        merged = {**before, **values}
        currency = values.get("transactioncurrencyid", price_list["transactioncurrencyid"])
        if currency != price_list["transactioncurrencyid"]:
            raise refusals.list_currency()
        if {"productid", "uomid", "uomscheduleid"} & set(values):
            if {"productid", "uomid"} & set(values) and "uomscheduleid" not in values:
                merged["uomscheduleid"] = None  # follows the product
            self._check_line(
                merged,
                price_list,
                self._product(merged["productid"]),
                before["productpricelevelid"],
            )
            values["uomscheduleid"] = merged["uomscheduleid"]
            values["productnumber"] = merged["productnumber"]
        else:
            self._check_method(merged, price_list, None)

    def before_delete_line(self, row: Row) -> None:
        self._open_list(row["pricelevelid"])

    def _open_list(self, key: str) -> Row:
        """Return the price list of a line, which must be active."""
        if key in self._open:
            return self._open[key]
        columns = ["statecode", "transactioncurrencyid"]
        rows = self.store.select(DATAVERSE, self.lists, columns, '"pricelevelid" = ?', [key])
        if not rows:
            return {"transactioncurrencyid": None}
        if rows[0]["statecode"] != ACTIVE:
            raise refusals.read_only_parent("price list", "inactive")
        self._open[key] = rows[0]
        return rows[0]

    def _product(self, key: str) -> Row:
        columns = [
            "statecode",
            "productstructure",
            "productnumber",
            "defaultuomscheduleid",
            "transactioncurrencyid",
        ]
        [row] = self.store.select(DATAVERSE, self.products, columns, '"productid" = ?', [key])
        return row

    def _check_line(self, line: Row, price_list: Row, product: Row, own_key: str) -> None:
        if product["productstructure"] == FAMILY:
            text = "You can't add a product family to a pricelist."
            raise refusals.RefusalError(400, "0x8004F902", text)
        group = self.units.group_of(line["uomid"])
        if group != product["defaultuomscheduleid"]:
            raise refusals.foreign_unit()
        if (line.get("uomscheduleid") or group) != group:
            text = "The unit does not exist in the specified unit schedule."
            raise refusals.RefusalError(400, "0x80043b16", text)
        line |= {"uomscheduleid": group, "productnumber": product["productnumber"]}
        # The plus signs leave the product's index, of which each entry has few rows.
        where = '"productid" = ? AND +"pricelevelid" = ? AND +"uomid" = ?'
        where += ' AND "productpricelevelid" <> ?'
        bound = [line["productid"], line["pricelevelid"], line["uomid"], own_key]
        if self.store.count(DATAVERSE, self.lines, where, bound):
            text = "This product and unit combination has a price for this price list."
            raise refusals.RefusalError(400, "0x80043b08", text)
        self._check_method(line, price_list, product)

    def _check_method(self, line: Row, price_list: Row, product: Row | None) -> None:
        """A percentage is one of a price in the currency of the list."""
        if line.get("pricingmethodcode") in (None, CURRENCY_AMOUNT):
            return
        percentage = line.get("percentage")
        if percentage is None or not 0 <= percentage < MOST_PERCENT:
            text = (
                "The pricing percentage must be greater than or equal to zero and less than 100000."
            )
            raise refusals.RefusalError(400, "0x80043b0c", text)
        product = product or self._product(line["productid"])
        if product["transactioncurrencyid"] != price_list["transactioncurrencyid"]:
            text = (
                "The currency of the price list needs to match the currency of the product for "
                "pricing method percentage."
            )
            raise refusals.RefusalError(400, "0x80048cf9", text)
