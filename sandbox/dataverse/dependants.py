"""What becomes of the rows that point to a row when it is deleted."""

from __future__ import annotations

from functools import cache

from sandbox import schema
from sandbox.dataverse import refusals
from sandbox.dataverse.model import Model
from sandbox.schema import Table, Type
from sandbox.store import DATAVERSE, Row, Store, sql_name

Link = tuple[str, str]  # table and lookup

# The row stays while one of these points to it.
RESTRICT: dict[str, tuple[Link, ...]] = {
    "account": (("quote", "customerid"), ("salesorder", "customerid"), ("invoice", "customerid")),
    "contact": (("quote", "customerid"), ("salesorder", "customerid"), ("invoice", "customerid")),
    "transactioncurrency": tuple(
        (name, "transactioncurrencyid")
        for name in (
            "account",
            "contact",
            "pricelevel",
            "product",
            "quote",
            "salesorder",
            "invoice",
        )
    ),
    "pricelevel": tuple(
        (name, "pricelevelid") for name in ("opportunity", "quote", "salesorder", "invoice")
    ),
    "product": tuple(
        (name, "productid") for name in ("quotedetail", "salesorderdetail", "invoicedetail")
    ),
    "uomschedule": (("product", "defaultuomscheduleid"),),
    "uom": (
        ("uom", "baseuom"),
        ("product", "defaultuomid"),
        ("productpricelevel", "uomid"),
        ("quotedetail", "uomid"),
        ("salesorderdetail", "uomid"),
        ("invoicedetail", "uomid"),
    ),
    "team": (("account", "ownerid"), ("contact", "ownerid")),
}
# These go with the row.
CASCADE: dict[str, tuple[Link, ...]] = {
    "account": (("contact", "parentcustomerid"), ("opportunity", "customerid")),
    "contact": (("contact", "parentcustomerid"), ("opportunity", "customerid")),
    "pricelevel": (("productpricelevel", "pricelevelid"),),
    "product": (("productpricelevel", "productid"),),
    "uomschedule": (("uom", "uomscheduleid"),),
    "quote": (("quotedetail", "quoteid"),),
    "salesorder": (("salesorderdetail", "salesorderid"),),
    "invoice": (("invoicedetail", "invoiceid"),),
    "team": (("teammembership", "teamid"), ("teamroles", "teamid")),
    "role": (("systemuserroles", "roleid"), ("teamroles", "roleid"), ("roleprivileges", "roleid")),
}
# Notes go with whatever they are about.
ABOUT: Link = ("annotation", "objectid")


class Dependants:
    """Keeps references whole when rows are deleted."""

    def __init__(self, store: Store, model: Model) -> None:
        self.store = store
        self.model = model

    def check(self, table: Table, row: Row) -> None:
        """Refuse a deletion while rows depend on the row."""
        for name, column in RESTRICT.get(table.name, ()):
            if self._count(name, column, row[table.key]):
                text = f"The object you tried to delete is associated with another object ({name})."
                raise refusals.RefusalError(405, "0x80040227", text)

    def _count(self, name: str, column: str, key: str) -> int:
        table = self.model.tables[name]
        return self.store.count(DATAVERSE, table, f'"{column}" = ?', [key])

    def follow(self, table: Table, row: Row, modified: Row) -> None:
        """Delete what goes with a row, and empty the lookups of others that point to it."""
        key = row[table.key]
        for name, column in (*CASCADE.get(table.name, ()), ABOUT):
            other = self.model.tables[name]
            for child in self.store.select(DATAVERSE, other, [other.key], f'"{column}" = ?', [key]):
                self.follow(other, child, modified)
                self.store.delete(DATAVERSE, other, child[other.key])
        for other, column in pointing(table.name):
            self._empty(other, column, key, modified)

    def _empty(self, table: Table, column: str, key: str, modified: Row) -> None:
        where = [key]
        if not self.store.count(DATAVERSE, table, f'"{column}" = ?', where):
            return
        values: Row = {column: None, "versionnumber": self.store.next_version(), **modified}
        if table.columns[column].is_polymorphic:
            values[f"{column}__t"] = None
        assigned = ", ".join(f'"{name}" = ?' for name in values)
        rows = sql_name(DATAVERSE, table)
        query = f'UPDATE {rows} SET {assigned} WHERE "{column}" = ?'  # noqa: S608
        self.store.connection.execute(query, (*values.values(), key))


@cache
def pointing(name: str) -> tuple[tuple[Table, str], ...]:
    """Return the lookups that are emptied when a row of a table is deleted."""
    kept = {
        "createdby",
        "modifiedby",
        "ownerid",
        "owninguser",
        "owningteam",
        "transactioncurrencyid",
    }
    return tuple(
        (table, column.name)
        for table in schema.dataverse().values()
        for column in table.columns.values()
        if column.type == Type.LOOKUP
        and name in column.targets
        and column.name not in kept
        and not column.name.endswith("onbehalfby")
        and not table.intersect
    )
