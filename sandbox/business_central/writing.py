"""Writes records: values are checked, stamps are set, the rules of the tables are kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sandbox.business_central import refusals
from sandbox.business_central.pages import caption, entity, fields, navigations, pair_of
from sandbox.business_central.relations import PAIRS, referring, relation_of
from sandbox.business_central.rules import Rules
from sandbox.business_central.security import demand
from sandbox.business_central.values import EMPTY_ID, blank, blanks, stored
from sandbox.schema import Column, Page, Table
from sandbox.store import BUSINESS_CENTRAL, Row, all_columns, milliseconds, sql_name

if TYPE_CHECKING:
    from sandbox.business_central.service import BusinessCentral

MODIFIED = ("lastModifiedDateTime", "systemModifiedAt")
SYSTEM = frozenset({"id", "systemCreatedAt", "systemVersion", *MODIFIED})
FIRST = ("type", "salesType", "assetType")  # decide what other fields mean


class Writer:
    """Writes for one user; a person at a card page may edit what a page of the API only shows."""

    def __init__(
        self, environment: BusinessCentral, user: str, *, at_card_page: bool = False
    ) -> None:
        self.store = environment.store
        self.tables = environment.tables
        self.numbers = environment.numbers
        self.user = user
        self.at_card_page = at_card_page
        self.now = milliseconds(self.store.now(BUSINESS_CENTRAL))
        self.rules = Rules(self)

    # Rows

    def found(self, page: Page, where: str, bound: Sequence[Any]) -> Row | None:
        """Return a record of a page with all that is stored of it."""
        conditions = [where, *(f'"{name}" = ?' for name, _ in page.fixed_filter)]
        values = [*bound, *(value for _, value in page.fixed_filter)]
        rows = self.select(page.table, " AND ".join(conditions), values)
        return rows[0] if rows else None

    def select(self, table: Table, where: str, bound: Sequence[Any]) -> list[Row]:
        return self.store.select(
            BUSINESS_CENTRAL, table, all_columns(BUSINESS_CENTRAL, table), where, bound
        )

    def first(self, table_name: str, **wanted: Any) -> Row | None:
        """Return the first record that holds these values."""
        where = " AND ".join(f'"{name}" = ?' for name in wanted)
        rows = self.select(self.tables[table_name], where, list(wanted.values()))
        return rows[0] if rows else None

    def exists(self, table_name: str, **wanted: Any) -> bool:
        where = " AND ".join(f'"{name}" = ?' for name in wanted)
        rows = sql_name(BUSINESS_CENTRAL, self.tables[table_name])
        query = f"SELECT 1 FROM {rows} WHERE {where} LIMIT 1"  # noqa: S608
        return self.store.connection.execute(query, list(wanted.values())).fetchone() is not None

    # Values

    def read(self, page: Page, body: Any, *, creates: bool) -> Row:
        """Return the values of a body as they are stored; anything unknown is refused."""
        if not isinstance(body, dict):
            message = "A JSON object was expected as the body."
            raise refusals.body(message)
        columns = page.table.columns if self.at_card_page else page.fields
        values: Row = {}
        for name, value in body.items():
            if name.startswith("@odata.") or "@odata." in name:
                continue
            column = columns.get(name)
            if column is None and name in navigations(page):
                message = f"Related records ('{name}') cannot be written along in this sandbox."
                raise refusals.not_implemented(message)
            if column is None:
                raise refusals.unknown_property(name, entity(page))
            self._check_access(page, column, creates=creates)
            self._put(page, column, value, values)
        self._check_fixed(page, values)
        return {name: values[name] for name in sorted(values, key=lambda name: name not in FIRST)}

    def _check_access(self, page: Page, column: Column, *, creates: bool) -> None:
        if column.name == "id":
            allowed = creates and page.takes_id
        elif self.at_card_page:
            allowed = column.name not in SYSTEM
        else:
            allowed = column.creatable if creates else column.updatable
        if not allowed:
            raise refusals.read_only(column.name)

    def _check_fixed(self, page: Page, values: Row) -> None:
        """What a page is filtered by cannot be changed through it."""
        for name, value in page.fixed_filter:
            if values.get(name, value) != value:
                raise refusals.read_only(name)

    def _put(self, page: Page, column: Column, value: Any, values: Row) -> None:
        """Note a value; an id that stands for a code becomes that code."""
        name = column.name
        pair = pair_of(page.table, name)
        if pair is not None:
            name, given = pair.code, self._code_of(name, stored(column, value))
        else:
            given = stored(fields(page)[name].column if name in page.fields else column, value)
            if name in page.lcy_translated and given == self._local_currency():
                given = ""
        if values.get(name, given) != given:
            what = page.table.columns[name].caption.removesuffix(" Code")
            message = f"The {what.lower()} values do not match to a specific {what}."
            raise refusals.dialog(message)
        values[name] = given

    def _code_of(self, name: str, identity: str) -> str:
        pair = PAIRS[name]
        if identity == EMPTY_ID:
            return ""
        row = self.first(pair.table, id=identity)
        if row is None:
            text = f'The "{name}" does not match to a {pair.caption}.'
            raise refusals.dialog(text)
        return str(row[pair.key])

    def _local_currency(self) -> str:
        rows = self.select(self.tables["generalLedgerSetup"], "1 = 1", [])
        return str(rows[0]["localCurrencyCode"]) if rows else ""

    def _validate(self, table: Table, row: Row, values: Mapping[str, Any]) -> None:
        """Put values into a record one after the other, each with what it brings about."""
        before = dict(row)
        for name, value in values.items():
            self._check_relation(table, name, value)
            changes, row[name] = row[name] != value, value
            if changes:
                self.rules.validate(table, before, row, name, values)

    def _check_relation(self, table: Table, name: str, value: Any) -> None:
        relation = relation_of(table, name)
        if relation is None or value == "":
            return
        if not self.exists(relation.table, **{relation.key: value}):
            related = caption(self.tables[relation.table])
            field = table.columns[name].caption
            raise refusals.no_relation(caption(table), field, value, related)

    # Create, update, delete

    def create(self, page: Page, body: Any) -> Row:
        """Insert a record; raises RefusalError. Must run within a transaction."""
        table = page.table
        demand(self.user, "Insert", table)
        values = self.read(page, body, creates=True)
        row: Row = dict(blanks(table))
        row |= dict(page.fixed_filter)
        row["id"] = values.pop("id", EMPTY_ID)
        if row["id"] == EMPTY_ID:
            row["id"] = str(uuid4())
        self.rules.number(table, row, values)
        self._validate(table, row, values)
        self.rules.before_insert(table, row)
        self._check_key(table, row, "")
        self.insert(table, row)
        self.rules.after_insert(table, row)
        return row

    def insert(self, table: Table, row: Row) -> None:
        """Stamp and store a new record."""
        self._stamp(table, row)
        row["__created"] = self.now
        if "systemCreatedAt" in table.columns:
            row["systemCreatedAt"] = self.now
        try:
            self.store.insert(BUSINESS_CENTRAL, table, row)
        except sqlite3.IntegrityError as error:
            raise refusals.exists(caption(table), f"SystemId='{row['id']}'") from error

    def insert_related(self, table_name: str, **values: Any) -> Row:
        """Store a record that a rule brings into being."""
        table = self.tables[table_name]
        row = {**blanks(table), "id": str(uuid4()), **values}
        self.insert(table, row)
        return row

    def update(self, page: Page, before: Row, body: Any) -> Row:
        """Change a record; returns it as it is now. Must run within a transaction."""
        table = page.table
        demand(self.user, "Modify", table)
        values = self.read(page, body, creates=False)
        row = dict(before)
        self._validate(table, row, values)
        self.rules.before_modify(table, before, row)
        renamed = [name for name in table.natural_key if row[name] != before[name]]
        if renamed:
            self._check_key(table, row, row["id"])
        self.save(table, before, row)
        for name in renamed:
            self._rename(table, name, before[name], row[name])
        self.rules.after_modify(table, before, row)
        return row

    def save(self, table: Table, before: Row, row: Row) -> None:
        """Stamp a record and store what differs."""
        self._stamp(table, row)
        changed = {name: value for name, value in row.items() if before.get(name) != value}
        self.store.update(BUSINESS_CENTRAL, table, row["id"], changed)

    def _stamp(self, table: Table, row: Row) -> None:
        row |= {name: self.now for name in MODIFIED if name in table.columns}
        row |= {"__by": self.user, "__version": self.store.next_version()}

    def _check_key(self, table: Table, row: Row, own_id: str) -> None:
        """Refuse a second record with the same key, and a key that is left blank."""
        if not table.natural_key:
            return
        for name in table.natural_key:
            column = table.columns[name]
            if column.creatable and column.declared == "Code" and row[name] == "":
                raise refusals.required(name)
        where = " AND ".join(f'"{name}" = ?' for name in table.natural_key)
        bound = [row[name] for name in table.natural_key]
        query = f'SELECT 1 FROM {sql_name(BUSINESS_CENTRAL, table)} WHERE {where} AND "id" <> ?'  # noqa: S608
        if self.store.connection.execute(query, (*bound, own_id)).fetchone():
            shown = ",".join(
                f"{table.columns[name].caption}='{row[name]}'" for name in table.natural_key
            )
            raise refusals.exists(caption(table), shown)

    def _rename(self, table: Table, name: str, old: Any, new: Any) -> None:
        """Let a renaming reach every record that points to this one."""
        for other, field in referring(self.tables, table.name, name):
            self.set_where(other, field, old, new)
        self.rules.after_rename(table, name, old, new)

    def set_where(self, table: Table, field: str, old: Any, new: Any, also: str = "1 = 1") -> None:
        """Write a value into every record that holds another one."""
        stamps: Row = {field: new}
        self._stamp(table, stamps)
        assigned = ", ".join(f'"{column}" = ?' for column in stamps)
        rows = sql_name(BUSINESS_CENTRAL, table)
        query = f'UPDATE {rows} SET {assigned} WHERE "{field}" = ? AND {also}'  # noqa: S608
        self.store.connection.execute(query, (*stamps.values(), old))

    def delete(self, page: Page, row: Row) -> None:
        """Remove a record; raises RefusalError while others rest on it."""
        demand(self.user, "Delete", page.table)
        self.rules.before_delete(page.table, row)
        self.remove(page.table, row)

    def remove(self, table: Table, row: Row) -> None:
        self.store.delete(BUSINESS_CENTRAL, table, row["id"])

    def remove_where(self, table_name: str, **wanted: Any) -> None:
        """Remove every record that holds these values; no rule of theirs is asked."""
        table = self.tables[table_name]
        where = " AND ".join(f'"{name}" = ?' for name in wanted)
        bound = list(wanted.values())
        for row in self.store.select(BUSINESS_CENTRAL, table, ["id"], where, bound):
            self.remove(table, row)

    def clear(self, table: Table, field: str, value: Any) -> None:
        """Blank a field wherever it points to what is gone."""
        self.set_where(table, field, value, blank(table.columns[field]))
