"""Rules of products: numbers, units, and the states from draft to retired."""

from __future__ import annotations

from sandbox.dataverse import refusals
from sandbox.dataverse.model import Model
from sandbox.dataverse.units import Units
from sandbox.schema import Table
from sandbox.store import DATAVERSE, Row, Store, sql_name

ACTIVE, RETIRED, DRAFT, UNDER_REVISION = range(4)
FAMILY = 2
# What only a draft, or a product that is under revision, may change.
STRUCTURAL = (
    "defaultuomid",
    "defaultuomscheduleid",
    "iskit",
    "parentproductid",
    "productstructure",
)
# Ways between states that are closed, with what the platform says.
CLOSED = {
    (ACTIVE, DRAFT): ("0x8004F912", "You can't set a published product to the draft state."),
    (UNDER_REVISION, DRAFT): (
        "0x8004F912",
        "You can't set a published product to the draft state.",
    ),
    (RETIRED, DRAFT): (
        "0x8004F979",
        "It is not possible to move product from Retired to Draft State.",
    ),
    (DRAFT, RETIRED): ("0x8004F978", "You can't retire a product that's in the draft state."),
    (DRAFT, UNDER_REVISION): ("0x8004F913", "You can't revise a draft or a retired product."),
    (RETIRED, UNDER_REVISION): ("0x8004F913", "You can't revise a draft or a retired product."),
}


class Products:
    """Keeps products whole."""

    def __init__(self, store: Store, model: Model, units: Units) -> None:
        self.store = store
        self.table: Table = model.tables["product"]
        self.prices = model.tables["productpricelevel"]
        self.organization = model.tables["organization"]
        self.units = units
        self._starts_active: bool | None = None

    def before_create(self, values: Row) -> None:
        """Check a new product; whatever it asks for, it begins as its organization wants."""
        values["statecode"] = self.first_state(values)
        values["statuscode"] = None
        if values.get("productstructure") is None:
            values["productstructure"] = 1
        self._check_number(values, values["productid"])
        self._check_parent(values.get("parentproductid"))
        self._check_units(values)

    def first_state(self, values: Row) -> int:
        """Return the state of a new product; one that has a parent is always a draft."""
        if self._starts_active is None:
            column = "createproductswithoutparentinactivestate"
            rows = self.store.select(DATAVERSE, self.organization, [column])
            self._starts_active = bool(rows and rows[0][column])
        return ACTIVE if self._starts_active and not values.get("parentproductid") else DRAFT

    def before_update(self, before: Row, values: Row) -> None:
        """Check what changes in a product."""
        state: int = before["statecode"]
        refused = CLOSED.get((state, values.get("statecode", state)))
        if refused is not None:
            raise refusals.RefusalError(400, *refused)
        if state in (ACTIVE, RETIRED):
            self._keep_structure(before, values)
        if "productnumber" in values:
            self._check_number(values, before["productid"])
        if {"defaultuomid", "defaultuomscheduleid"} & set(values):
            self._check_units({**before, **values})

    def _keep_structure(self, before: Row, values: Row) -> None:
        if any(values.get(name, before.get(name)) != before.get(name) for name in STRUCTURAL):
            text = "Product, product family and bundle can only be updated in draft state."
            raise refusals.RefusalError(400, "0x8004F995", text)

    def _check_number(self, values: Row, own_key: str) -> None:
        number = values.get("productnumber")
        where = '"productnumber" = ? AND "productid" <> ?'
        if number and self.store.count(DATAVERSE, self.table, where, [number, own_key]):
            text = (
                "The specified product ID conflicts with the product ID of an existing record. "
                "Specify a different product ID and try again."
            )
            raise refusals.RefusalError(400, "0x80043b06", text)

    def _check_parent(self, parent: str | None) -> None:
        row = self.store.get(DATAVERSE, self.table, parent) if parent else None
        if row is not None and row["productstructure"] != FAMILY:
            text = "Only Product Families can be parents to products."
            raise refusals.RefusalError(400, "0x8004F973", text)

    def _check_units(self, values: Row) -> None:
        unit, group = values.get("defaultuomid"), values.get("defaultuomscheduleid")
        if group:
            self.units.check_group(group)
        if unit and group and self.units.group_of(unit) != group:
            raise refusals.foreign_unit()

    def after_update(self, before: Row, values: Row) -> None:
        """A price list item shows the number of its product."""
        number = values.get("productnumber")
        if number is not None and number != before["productnumber"]:
            rows = sql_name(DATAVERSE, self.prices)
            query = f'UPDATE {rows} SET "productnumber" = ? WHERE "productid" = ?'  # noqa: S608
            self.store.connection.execute(query, (number, before["productid"]))
