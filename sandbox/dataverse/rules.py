"""What the platform's own plug-ins do and refuse, where an integration would feel it."""

from __future__ import annotations

from typing import Any

from sandbox.dataverse import membership, refusals
from sandbox.dataverse.catalogue import Catalogue
from sandbox.dataverse.dependants import Dependants
from sandbox.dataverse.model import Model
from sandbox.dataverse.money import Amounts, check_currency, round_exact
from sandbox.dataverse.users import Users
from sandbox.schema import Table
from sandbox.store import DATAVERSE, Row, Store


class Rules:
    """Rules by table; products, prices and documents have theirs beside the general ones."""

    def __init__(self, store: Store, model: Model) -> None:
        self.store = store
        self.model = model
        self.users = Users(store, model)
        self.amounts = Amounts(store, model)
        self.dependants = Dependants(store, model)
        self.catalogue = Catalogue(store, model)
        self._base_currency: str | None = None

    def _organization(self, column: str) -> Any:
        rows = self.store.select(DATAVERSE, self.model.tables["organization"], [column])
        return rows[0][column] if rows else None

    def before_create(self, table: Table, values: Row) -> None:
        """Fill in and check a new row."""
        self.users.check_owner(values)
        match table.name:
            case "organization":
                raise refusals.method("POST", table.entity_set)
            case "systemuser":
                self._set_full_name(values, {})
                self.users.before_create(values)
            case "contact":
                self._set_full_name(values, {})
                self._default_currency(values)
            case "account" | "opportunity" | "pricelevel" | "product":
                self._default_currency(values)
            case "transactioncurrency":
                self._refuse_twin(table, values, "isocurrencycode", "0x80048cf3")
                check_currency(values, {}, self.base_currency)
        self.catalogue.before_create(table, values)
        round_exact(table, values)
        self.amounts.convert(table, values, {})

    @property
    def base_currency(self) -> str | None:
        """Return the currency of the organization; asked for once a request."""
        if self._base_currency is None:
            self._base_currency = self._organization("basecurrencyid")
        return self._base_currency

    def _default_currency(self, values: Row) -> None:
        if values.get("transactioncurrencyid") is None:
            values["transactioncurrencyid"] = self.base_currency

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
        if table.name == "systemuser":
            membership.settle(self.store, self.model, [values])
        self.catalogue.after_create(table, values)

    def before_update(self, table: Table, before: Row, values: Row) -> None:
        """Fill in and check what changes in a row."""
        self.users.check_owner(values)
        match table.name:
            case "systemuser":
                self._set_full_name(values, before)
                self.users.before_update(before, values)
            case "contact":
                self._set_full_name(values, before)
            case "account":
                self._refuse_loop(table, before, values, "parentaccountid")
            case "transactioncurrency":
                check_currency(values, before, self.base_currency)
        self.catalogue.before_update(table, before, values)
        round_exact(table, values)
        self.amounts.convert(table, values, before)

    def _refuse_loop(self, table: Table, before: Row, values: Row, column: str) -> None:
        """A row must not stand above itself."""
        above = values.get(column)
        while above is not None:
            if above == before[table.key]:
                text = "Creating this parental association would create a loop in the hierarchy."
                raise refusals.plugin(text)
            rows = self.store.select(DATAVERSE, table, [column], f'"{table.key}" = ?', [above])
            above = rows[0][column] if rows else None

    def after_update(self, table: Table, before: Row, values: Row) -> None:
        if table.name == "systemuser" and "businessunitid" in values:
            membership.settle(self.store, self.model, [{**before, **values}])
        self.catalogue.after_update(table, before, values)

    def before_delete(self, table: Table, row: Row) -> None:
        """Refuse what must stay."""
        match table.name:
            case "organization":
                raise refusals.method("DELETE", table.entity_set)
            case "transactioncurrency" if row["transactioncurrencyid"] == self.base_currency:
                text = "The base currency cannot be deleted."
                raise refusals.RefusalError(405, "0x80048cff", text)
            case "team" if row["isdefault"]:
                raise refusals.plugin("The default team of a business unit cannot be deleted.")
        self.catalogue.before_delete(table, row)
        self.dependants.check(table, row)
