"""Contacts, and how customers and vendors are tied to theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.business_central import refusals
from sandbox.store import Row

if TYPE_CHECKING:
    from sandbox.business_central.writing import Writer

NAMES = ("firstName", "middleName", "surname")
# What a customer or vendor and its company contact hold in common.
SHARED = (
    "displayName",
    "addressLine1",
    "addressLine2",
    "city",
    "postalCode",
    "country",
    "state",
    "phoneNumber",
    "mobilePhoneNumber",
    "faxNumber",
    "email",
    "website",
    "currencyCode",
)
SALESPERSON = {"Customer": "salespersonCode", "Vendor": "purchaserCode"}
TABLES = {"Customer": "customers", "Vendor": "vendors"}
RELATION_CODES = {
    "Customer": "customerBusinessRelationCode",
    "Vendor": "vendorBusinessRelationCode",
}


class Contacts:
    """The rules of contacts, run by a writer."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    # A contact itself

    def validate(self, row: Row, name: str, given: Mapping[str, Any]) -> None:
        """React to a field of a contact that was just set."""
        match name:
            case "companyNumber":
                self._set_company(row)
            case "companyName":
                self._find_company(row)
            case "firstName" | "middleName" | "surname" if row["type"] == "Person":
                row["displayName"] = full_name(row)
            case "displayName" if row["type"] == "Person" and not set(NAMES) & set(given):
                row |= split_name(row["displayName"])
            case "type" if row["type"] == "Person" and row["companyNumber"] == row["number"]:
                row |= {"companyNumber": "", "companyName": ""}

    def _set_company(self, row: Row) -> None:
        if not row["companyNumber"]:
            row["companyName"] = ""
            return
        company = self.writer.first("contacts", number=row["companyNumber"], type="Company")
        if company is None:
            raise _no_company(row["companyNumber"], "Company No.")
        row["companyName"] = company["displayName"]

    def _find_company(self, row: Row) -> None:
        """A company's name leads to its number, unless that is the one already set."""
        if not row["companyName"]:
            row["companyNumber"] = ""
            return
        wanted = row["companyName"]
        current = self.writer.first("contacts", number=row["companyNumber"] or "-")
        if current is not None and current["displayName"] == wanted:
            return
        company = self.writer.first("contacts", displayName=wanted, type="Company")
        if company is None:
            raise _no_company(wanted, "Company Name")
        row["companyNumber"] = company["number"]

    def complete(self, row: Row) -> None:
        """A company contact is its own company."""
        if row["type"] == "Company":
            row |= {"companyNumber": row["number"], "companyName": row["displayName"]}

    def follow_company(self, before: Row, row: Row) -> None:
        """Carry a change of a company contact to its people, its customer and its vendor."""
        if row["type"] != "Company":
            return
        changed = {name: row[name] for name in SHARED if row[name] != before[name]}
        contacts = self.writer.tables["contacts"]
        if "displayName" in changed:
            where = '"companyNumber" = ? AND "type" = \'Person\''
            for person in self.writer.select(contacts, where, [row["number"]]):
                self._change(contacts.name, person, {"companyName": row["displayName"]})
        if row["salespersonCode"] != before["salespersonCode"]:
            changed["salespersonCode"] = row["salespersonCode"]
        relations = self.writer.tables["contactBusinessRelations"]
        for relation in self.writer.select(relations, '"contactNumber" = ?', [row["number"]]):
            kind = relation["linkToTable"]
            partner = kind in TABLES and self.writer.first(TABLES[kind], number=relation["number"])
            if partner:
                self._change(
                    TABLES[kind], partner, _renamed(changed, "salespersonCode", SALESPERSON[kind])
                )

    def delete_below(self, row: Row) -> None:
        """Take along the people of a company contact, and the relations of each."""
        contacts = self.writer.tables["contacts"]
        relations = self.writer.tables["contactBusinessRelations"]
        gone = [row]
        if row["type"] == "Company":
            where = '"companyNumber" = ? AND "id" <> ?'
            people = self.writer.select(contacts, where, [row["number"], row["id"]])
            for person in people:
                self.writer.remove(contacts, person)
            gone += people
        for contact in gone:
            for relation in self.writer.select(
                relations, '"contactNumber" = ?', [contact["number"]]
            ):
                self.writer.remove(relations, relation)
            for table_name in TABLES.values():
                self.writer.clear(
                    self.writer.tables[table_name], "primaryContactNumber", contact["number"]
                )

    # Customers and vendors

    def create_company(self, kind: str, partner: Row) -> None:
        """A new customer or vendor brings its company contact, where the setup names a relation."""
        setup = self.writer.select(self.writer.tables["marketingSetup"], "1 = 1", [])
        code = setup[0][RELATION_CODES[kind]] if setup else ""
        if not code:
            return
        number = self.writer.numbers.next("contacts")
        values = {name: partner[name] for name in SHARED}
        values["salespersonCode"] = partner[SALESPERSON[kind]]
        self.writer.insert_related(
            "contacts",
            number=number,
            type="Company",
            companyNumber=number,
            companyName=partner["displayName"],
            **values,
        )
        self.writer.insert_related(
            "contactBusinessRelations",
            contactNumber=number,
            businessRelationCode=code,
            linkToTable=kind,
            number=partner["number"],
        )

    def follow_partner(self, kind: str, before: Row, row: Row) -> None:
        """Carry a change of a customer or vendor to its company contact and that one's people."""
        own = SALESPERSON[kind]
        changed = {name: row[name] for name in (*SHARED, own) if row[name] != before[name]}
        company = self.company_of(kind, row["number"])
        if not changed or company is None:
            return
        values = _renamed(changed, own, "salespersonCode")
        if "displayName" in values:
            values["companyName"] = values["displayName"]
            people = self.writer.tables["contacts"]
            where = '"companyNumber" = ? AND "type" = \'Person\''
            for person in self.writer.select(people, where, [company["number"]]):
                self._change("contacts", person, {"companyName": values["displayName"]})
        self._change("contacts", company, values)

    def forget_partner(self, kind: str, row: Row) -> None:
        """A contact stays behind without its relation."""
        relations = self.writer.tables["contactBusinessRelations"]
        where = '"linkToTable" = ? AND "number" = ?'
        for relation in self.writer.select(relations, where, [kind, row["number"]]):
            self.writer.remove(relations, relation)

    def company_of(self, kind: str, number: str) -> Row | None:
        """Return the company contact of a customer or vendor."""
        relation = self.writer.first("contactBusinessRelations", linkToTable=kind, number=number)
        if relation is None:
            return None
        return self.writer.first("contacts", number=relation["contactNumber"])

    def set_primary(self, row: Row, kind: str, given: Mapping[str, Any]) -> None:
        """A primary contact is one of the partner's company; its name is shown with it."""
        number = row["primaryContactNumber"]
        row["contactName"] = ""
        if not number:
            return
        contact = self.writer.first("contacts", number=number)
        company = self.company_of(kind, row["number"])
        if contact is None or company is None or contact["companyNumber"] != company["number"]:
            name = contact["displayName"] if contact else ""
            text = (
                f"Contact {number} {name} is not related to {kind.lower()} {row['number']} "
                f"{row['displayName'] or given.get('displayName', '')}."
            )
            raise refusals.dialog(text)
        if contact["type"] == "Person":
            row["contactName"] = contact["displayName"]

    def _change(self, table_name: str, before: Row, values: Mapping[str, Any]) -> None:
        """Write values that differ; a record that already holds them is left alone."""
        if any(before[name] != value for name, value in values.items()):
            self.writer.save(self.writer.tables[table_name], before, {**before, **values})


def full_name(row: Row) -> str:
    """Return the name of a person as its parts make it."""
    return " ".join(row[name].strip() for name in NAMES if row[name].strip())[:100]


def split_name(text: str) -> dict[str, str]:
    """Break a person's name down: the first word, the last one, and what stands between."""
    words = text.split()
    if len(words) < 2:
        return {"firstName": "".join(words)[:30], "middleName": "", "surname": ""}
    middle = " ".join(words[1:-1])
    return {"firstName": words[0][:30], "middleName": middle[:30], "surname": words[-1][:30]}


def _no_company(value: str, field: str) -> refusals.RefusalError:
    return refusals.no_relation("Contact", field, value, related="Contact")


def _renamed(values: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    return {new if name == old else name: value for name, value in values.items()}
