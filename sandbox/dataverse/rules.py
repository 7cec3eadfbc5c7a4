"""What the platform's own plug-ins do and refuse, where an integration would feel it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from sandbox.dataverse import refusals
from sandbox.dataverse.model import Model
from sandbox.schema import Table
from sandbox.store import DATAVERSE, Row, Store

RETIRED, DRAFT = 1, 2


class Rules:
    """Rules by table; products, prices and documents have theirs beside the general ones."""

    def __init__(self, store: Store, model: Model) -> None:
        self.store = store
        self.model = model

    def first_state(self, table: Table) -> int:
        """Return the state of a new row."""
        if table.name == "product" and not self._organization(
            "createproductswithoutparentinactivestate"
        ):
            return DRAFT
        return 0

    def _organization(self, column: str) -> Any:
        rows = self.store.select(DATAVERSE, self.model.tables["organization"], [column])
        return rows[0][column] if rows else None

    def before_create(self, table: Table, values: Row) -> None:
        match table.name:
            case "contact" | "systemuser":
                self._set_full_name(values, {})
            case "account" | "opportunity":
                self._default_currency(values)
            case "uomschedule":
                self._refuse_twin(table, values, "name", "0x80043b05")
            case "product":
                self._default_currency(values)
                self._refuse_twin(table, values, "productnumber", "0x80043b06")
            case "transactioncurrency":
                self._refuse_twin(table, values, "isocurrencycode", "0x80048cff")

    def _default_currency(self, values: Row) -> None:
        if values.get("transactioncurrencyid") is None:
            values["transactioncurrencyid"] = self._organization("basecurrencyid")

    def _refuse_twin(self, table: Table, values: Row, column: str, code: str) -> None:
        value = values.get(column)
        if value is not None and self.store.count(DATAVERSE, table, f'"{column}" = ?', [value]):
            text = f"A record with the same {column} '{value}' already exists."
            raise refusals.RefusalError(400, code, text)

    def _set_full_name(self, values: Row, before: Row) -> None:
        names = ("firstname", "middlename", "lastname")
        if any(name in values for name in names):
            merged = {**before, **values}
            parts = [merged.get(name) for name in ("firstname", "lastname")]
            values["fullname"] = " ".join(str(part) for part in parts if part)[:160]

    def after_create(self, table: Table, values: Row) -> None:
        if table.name == "uomschedule":
            self._create_base_unit(values)

    def _create_base_unit(self, schedule: Row) -> None:
        """A unit group brings its base unit into being."""
        uom = self.model.tables["uom"]
        name = schedule.get("baseuomname") or schedule["name"]
        row = {
            "uomid": _derived(schedule["uomscheduleid"], "base"),
            "name": name,
            "quantity": 1,
            "isschedulebaseuom": 1,
            "uomscheduleid": schedule["uomscheduleid"],
            "createdon": schedule["createdon"],
            "modifiedon": schedule["modifiedon"],
            "createdby": schedule["createdby"],
            "modifiedby": schedule["modifiedby"],
            "versionnumber": self.store.next_version(),
        }
        self.store.insert(DATAVERSE, uom, {k: v for k, v in row.items() if k in uom.columns})

    def before_update(self, table: Table, before: Row, values: Row) -> None:
        if table.name in ("contact", "systemuser"):
            self._set_full_name(values, before)
        if table.name == "product" and "statecode" in values:
            self._check_product_state(before, values)

    def _check_product_state(self, before: Row, values: Row) -> None:
        state, wanted = before["statecode"], values["statecode"]
        if wanted == DRAFT and state != DRAFT:
            code = "0x8004F979" if state == RETIRED else "0x8004F912"
            raise refusals.RefusalError(400, code, "You can't set the product back to draft.")
        if state == DRAFT and wanted == RETIRED:
            text = "You can't retire a product that is in draft state."
            raise refusals.RefusalError(400, "0x8004F978", text)

    def after_update(self, table: Table, before: Row, after: Row) -> None:
        if table.name == "uomschedule" and after.get("baseuomname") != before.get("baseuomname"):
            query = (
                'UPDATE "dataverse_uom" SET name = ?, versionnumber = ?, modifiedon = ? '
                "WHERE uomid = ?"
            )
            identity = _derived(after["uomscheduleid"], "base")
            version = self.store.next_version()
            parameters = (after["baseuomname"], version, after["modifiedon"], identity)
            self.store.connection.execute(query, parameters)

    def before_delete(self, table: Table, row: Row) -> None:
        if table.name == "transactioncurrency":
            if self._organization("basecurrencyid") == row["transactioncurrencyid"]:
                text = "The base currency cannot be deleted."
                raise refusals.RefusalError(405, "0x80048cf2", text)
            self._refuse_used(row, "account", "transactioncurrencyid")
        if table.name == "account":
            for name in ("invoice", "salesorder", "quote"):
                self._refuse_used(row, name, "customerid", own_key="accountid")
            self._cascade_parent(row)

    def _refuse_used(self, row: Row, table: str, column: str, own_key: str = "") -> None:
        key = row[own_key or column]
        if self.store.count(DATAVERSE, self.model.tables[table], f'"{column}" = ?', [key]):
            text = f"The object you tried to delete is associated with another object ({table})."
            raise refusals.RefusalError(405, "0x80040227", text)

    def _cascade_parent(self, row: Row) -> None:
        """Contacts of a deleted account go with it; this is the platform's parental cascade."""
        contact = self.model.tables["contact"]
        rows = self.store.select(
            DATAVERSE, contact, ["contactid"], "parentcustomerid = ?", [row["accountid"]]
        )
        for child in rows:
            self.store.delete(DATAVERSE, contact, child["contactid"])
        version = self.store.next_version()
        self.store.connection.execute(
            'UPDATE "dataverse_account" SET parentaccountid = NULL, versionnumber = ? '
            "WHERE parentaccountid = ?",
            (version, row["accountid"]),
        )


def _derived(identity: str, word: str) -> str:
    return str(uuid5(UUID(identity), word))
