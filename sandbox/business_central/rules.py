"""What Business Central's tables do and refuse by themselves, where an integration feels it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.business_central import refusals
from sandbox.business_central.contacts import Contacts
from sandbox.business_central.goods import OWNERS, STOCKED, Goods, unit_group_code
from sandbox.business_central.numbers import FIELDS, SERIES
from sandbox.business_central.opportunities import Opportunities
from sandbox.business_central.pages import caption
from sandbox.business_central.prices import Prices
from sandbox.schema import Table
from sandbox.store import Row

if TYPE_CHECKING:
    from sandbox.business_central.writing import Writer

EMAIL = re.compile(r"^[^@\s;,<>\"]+@[^@\s;,<>\"]+\.[^@\s;,<>\"]+$")
EMAILS = frozenset({"email", "email2"})
PHONES = frozenset({"phoneNumber", "mobilePhoneNumber", "phoneNo"})
NAMED = ("customers", "vendors")  # a name must be given
PARTNERS = {"customers": "Customer", "vendors": "Vendor"}
DOCUMENTS = {"salesOrders": "Order", "salesQuotes": "Quote"}
LINES = ("salesOrderLines", "salesQuoteLines")
STEP = 10000  # between the numbers of lines


class Rules:
    """The triggers of the tables, run by a writer."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.contacts = Contacts(writer)
        self.goods = Goods(writer)
        self.prices = Prices(writer)
        self.opportunities = Opportunities(writer)

    # Fields

    def validate(
        self, table: Table, before: Row, row: Row, name: str, given: Mapping[str, Any]
    ) -> None:
        """React to a field that was just set."""
        value = row[name]
        self.goods.validate(table, row, name)
        self.prices.validate(table, row, name)
        if name in EMAILS:
            _check_email(value)
        elif name in PHONES and any(letter.isalpha() for letter in value):
            field = table.columns[name].caption
            owner = f"{caption(table)} No.='{row.get('number', '')}'"
            text = f"{field} must not contain letters in {owner}."
            raise refusals.field(text)
        match table.name:
            case "contacts":
                self.contacts.validate(row, name, given)
            case "customers" | "vendors" if name == "primaryContactNumber":
                self.contacts.set_primary(row, PARTNERS[table.name], given)
            case "opportunities":
                self.opportunities.validate(before, row, name, given)

    # Records

    def number(self, table: Table, row: Row, given: Row) -> None:
        """Take the next number of the series where none is given, and what a record begins with."""
        self.goods.initialise(table, row)
        self.prices.initialise(table, row, given)
        if table.name == "opportunities":
            self.opportunities.initialise(row)
        if table.name in SERIES:
            field = FIELDS.get(table.name, "number")
            given_number = given.pop(field, "")
            row[field] = given_number or self.writer.numbers.next(table.name)
        elif table.name in LINES and not given.get("sequence"):
            query = f'SELECT MAX("sequence") FROM "bc_{table.name}" WHERE "documentNumber" = ?'  # noqa: S608
            bound = (given.get("documentNumber", ""),)
            last = self.writer.store.connection.execute(query, bound).fetchone()[0] or 0
            given["sequence"] = last - last % STEP + STEP

    def before_insert(self, table: Table, row: Row) -> None:
        self.prices.check(table, None, row)
        if table.name == "contacts":
            self.contacts.complete(row)
        if table.name in (*NAMED, "contacts") and not row["displayName"].strip():
            text = 'A "displayName" must be provided.'
            raise refusals.dialog(text)
        if table.name in DOCUMENTS and not row["customerNumber"]:
            text = 'A "customerNumber" or a "customerId" must be provided.'
            raise refusals.dialog(text)

    def after_insert(self, table: Table, row: Row) -> None:
        if table.name in PARTNERS:
            self.contacts.create_company(PARTNERS[table.name], row)
        elif table.name in STOCKED:
            self._create_unit_group(table, row)
            self._create_base_unit(table, row)

    def before_modify(self, table: Table, before: Row, row: Row) -> None:
        self.prices.check(table, before, row)
        if table.name == "contacts":
            self.contacts.complete(row)
        if table.name not in (*NAMED, "contacts"):
            return
        if before["displayName"].strip() and not row["displayName"].strip():
            text = 'The blank "displayName" is not allowed.'
            raise refusals.dialog(text)

    def after_modify(self, table: Table, before: Row, row: Row) -> None:
        if table.name in PARTNERS:
            self.contacts.follow_partner(PARTNERS[table.name], before, row)
        elif table.name == "contacts":
            self.contacts.follow_company(before, row)
        elif table.name in STOCKED:
            self._create_base_unit(table, row)

    def _create_unit_group(self, table: Table, row: Row) -> None:
        kind = "Item" if table.name == "items" else "Resource"
        self.writer.insert_related(
            "unitGroups",
            sourceType=kind,
            sourceId=row["id"],
            sourceNumber=row["number"],
            code=unit_group_code(kind, row["number"]),
        )

    def _create_base_unit(self, table: Table, row: Row) -> None:
        """A base unit of measure is a unit of its item, with the quantity 1."""
        units, field = STOCKED[table.name]
        code = row["baseUnitOfMeasureCode"]
        if code and not self.writer.exists(units, **{field: row["number"], "code": code}):
            values = {field: row["number"], "code": code, "quantityPerUnitOfMeasure": 1}
            self.writer.insert_related(units, **values)

    def after_rename(self, table: Table, name: str, old: Any, new: Any) -> None:
        self.goods.after_rename(table, name, old, new)
        self.prices.after_rename(table, name, old, new)
        if table.name in PARTNERS and name == "number":
            relations = self.writer.tables["contactBusinessRelations"]
            also = f"\"linkToTable\" = '{PARTNERS[table.name]}'"
            self.writer.set_where(relations, "number", old, new, also)
        elif table.name in STOCKED and name == "number":
            kind = "Item" if table.name == "items" else "Resource"
            groups = self.writer.tables["unitGroups"]
            self.writer.set_where(groups, "sourceNumber", old, new, f"\"sourceType\" = '{kind}'")

    # Deletion

    def before_delete(self, table: Table, row: Row) -> None:
        """Refuse while other records rest on this one; take along what belongs to it."""
        match table.name:
            case "customers" | "vendors":
                self._check_partner(table, row)
                self.contacts.forget_partner(PARTNERS[table.name], row)
            case "contacts":
                self._check_contact(row)
                self.contacts.delete_below(row)
            case "items" | "resources":
                self._check_stocked(table, row)
                self._delete_units(table, row)
            case "itemUnitsOfMeasure" | "resourceUnitsOfMeasure":
                self._check_unit(table, row)
            case "salespeoplePurchasers":
                self._check_salesperson(row)
            case "opportunities":
                self.opportunities.before_delete(row)
            case "salesOrders" | "salesQuotes":
                lines = "salesOrderLines" if table.name == "salesOrders" else "salesQuoteLines"
                self.writer.remove_where(lines, documentNumber=row["number"])
        self.goods.before_delete(table, row)
        self.prices.before_delete(table, row)

    def _check_partner(self, table: Table, row: Row) -> None:
        if table.name != "customers":
            return
        for documents, kind in DOCUMENTS.items():
            if self.writer.exists(documents, customerNumber=row["number"]):
                text = (
                    f"You cannot delete Customer {row['number']} because there is at least one "
                    f"outstanding Sales {kind} for this customer."
                )
                raise refusals.dialog(text)
        if self.writer.exists("customerLedgerEntries", customerNumber=row["number"]):
            text = (
                f"You cannot delete Customer {row['number']} because it has ledger entries in a "
                "fiscal year that has not been closed yet."
            )
            raise refusals.dialog(text)

    def _check_contact(self, row: Row) -> None:
        for status in ("Not Started", "In Progress"):
            if self.writer.exists("opportunities", contactNumber=row["number"], status=status):
                text = (
                    f"You cannot delete the Contact record of the {row['number']} because there "
                    "are one or more opportunities open."
                )
                raise refusals.dialog(text)

    def _check_stocked(self, table: Table, row: Row) -> None:
        number, kind = row["number"], "Item" if table.name == "items" else "Resource"
        lines = any(
            self.writer.exists(name, lineType=kind, lineObjectNumber=number) for name in LINES
        )
        if lines:
            text = (
                f"You cannot delete {kind} {number} because there is at least one outstanding "
                f"Sales document that includes this {kind.lower()}."
            )
            raise refusals.dialog(text)
        if kind == "Item" and self.writer.exists("itemLedgerEntries", itemNumber=number):
            text = (
                f"You cannot delete Item {number} because there is at least one item ledger entry "
                "in a fiscal year that has not been closed yet."
            )
            raise refusals.dialog(text)

    def _delete_units(self, table: Table, row: Row) -> None:
        units, field = STOCKED[table.name]
        self.writer.remove_where(units, **{field: row["number"]})
        self.writer.remove_where("unitGroups", sourceId=row["id"])

    def _check_unit(self, table: Table, row: Row) -> None:
        owner, field = OWNERS[table.name]
        if self.writer.exists(owner, number=row[field], baseUnitOfMeasureCode=row["code"]):
            text = (
                f"You cannot delete {caption(table)} {row['code']} because it is the "
                f"{row[field]}'s base unit of measure."
            )
            raise refusals.dialog(text)

    def _check_salesperson(self, row: Row) -> None:
        for status in ("Not Started", "In Progress"):
            if self.writer.exists("opportunities", salespersonCode=row["code"], status=status):
                text = (
                    "You cannot delete the salesperson/purchaser with code "
                    f"{row['code']} because it has open opportunities."
                )
                raise refusals.dialog(text)


def _check_email(text: str) -> None:
    for address in re.split(r"[;,]", text):
        if address.strip() and not EMAIL.match(address.strip()):
            message = f'The email address "{address.strip()}" is not valid.'
            raise refusals.dialog(message)
