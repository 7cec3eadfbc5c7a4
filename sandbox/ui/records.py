"""The records of either system as pages show and change them, by a person and under all rules."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sandbox import identities
from sandbox.business_central import refusals
from sandbox.business_central.pages import caption, page_of, pair_of
from sandbox.business_central.refusals import RefusalError
from sandbox.business_central.relations import relation_of
from sandbox.business_central.writing import SYSTEM, Writer
from sandbox.dataverse.model import navigation_name
from sandbox.dataverse.values import REQUIRED
from sandbox.http import Call, Reply
from sandbox.labels import table_label
from sandbox.schema import CUSTOM, Column, Table, Type
from sandbox.store import BUSINESS_CENTRAL, DATAVERSE, Row
from sandbox.ui.columns import HEADLINES, POSTED, USUAL
from sandbox.ui.html import Child, link

if TYPE_CHECKING:
    from sandbox.world import World

BLANKS = (
    None,
    "",
    " ",
    "0001-01-01",
    "0001-01-01T00:00:00Z",
    "00000000-0000-0000-0000-000000000000",
)
PAGE = 50


def plain(value: Any) -> str:
    """Return a stored value as text; a whole number has no decimals."""
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


class Refused(Exception):  # noqa: N818 - an answer, as the system gave it
    """The system did not take a change; `text` is what it said."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Records(ABC):
    """One system's tables."""

    system: str
    path: str
    title: str

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.store

    @property
    @abstractmethod
    def tables(self) -> Mapping[str, Table]:
        """Return the tables by name."""

    @abstractmethod
    def caption(self, table: Table) -> str:
        """Return what people call the table."""

    @abstractmethod
    def name(self, table: Table, row: Row) -> str:
        """Return what people call the record."""

    @abstractmethod
    def version(self, row: Row) -> str: ...

    @abstractmethod
    def editable(self, table: Table, *, creates: bool) -> list[Column]: ...

    @abstractmethod
    def shown(self, table: Table, column: Column, row: Row) -> Child:
        """Return a value as people read it, a reference as a link."""

    @abstractmethod
    def create(self, table: Table, values: Row) -> str:
        """Create a record and return its id; raises Refused."""

    @abstractmethod
    def change(self, table: Table, row: Row, values: Row, version: str) -> None:
        """Change a record; raises Refused."""

    @abstractmethod
    def delete(self, table: Table, row: Row, version: str) -> None:
        """Delete a record; raises Refused."""

    def has_many(self, table: Table) -> bool:  # noqa: ARG002
        """Say whether records come and go, or one is always there."""
        return True

    def options(self, table: Table, column: Column) -> Mapping[str, str]:  # noqa: ARG002
        """Return the values that may be chosen, with their labels."""
        return {member: member for member in column.members}

    def headline(self, table: Table) -> list[Column]:
        """Return the columns of a list."""
        names: Sequence[str] = HEADLINES.get(table.name, ())
        if not names:
            texts = [c.name for c in table.columns.values() if c.type in (Type.STRING, Type.ENUM)]
            first = (*table.natural_key, table.name_column or "")
            names = [n for n in dict.fromkeys((*first, *texts)) if n in table.columns][:6]
        return [table.columns[name] for name in names or (table.key,)]

    def usual(self, table: Table) -> set[str]:
        """Return what a form shows at once even if it is blank."""
        return {column.name for column in self.headline(table)} | set(USUAL.get(table.name, ()))

    def listed(self, table: Table, search: str, number: int) -> tuple[list[Row], int]:
        """Return a page of records that hold a text, and how many there are."""
        where, bound = "", []
        if search:
            texts = [c.name for c in self.headline(table) if c.type in (Type.STRING, Type.ENUM)]
            texts = texts or [table.key]
            escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            where = " OR ".join(f"\"{name}\" LIKE ? ESCAPE '\\'" for name in texts)
            bound = [f"%{escaped}%"] * len(texts)
        order = self.headline(table)[0].name
        tail = f'ORDER BY "{order}", "{table.key}" LIMIT {PAGE} OFFSET {(number - 1) * PAGE}'
        rows = self.store.select(self.system, table, self._columns(table), where, bound, tail)
        return rows, self.store.count(self.system, table, where, bound)

    def _columns(self, table: Table) -> list[str]:
        names = [table.key]
        for column in self.headline(table):
            names += [column.name, f"{column.name}__t"] if column.is_polymorphic else [column.name]
        return list(dict.fromkeys(names))

    def find(self, table: Table, key: str) -> Row | None:
        """Return a record with all that is stored of it."""
        try:
            return self.store.get(self.system, table, str(UUID(key)))
        except ValueError:
            return None

    def address(self, table: str, key: str) -> str:
        return f"/ui/{self.path}/{table}/{key}"


class BusinessCentralRecords(Records):
    """Business Central, as a person at a card page sees it."""

    system, path, title = BUSINESS_CENTRAL, "bc", "Business Central"

    @property
    def tables(self) -> Mapping[str, Table]:
        return self.world.business_central.tables

    def caption(self, table: Table) -> str:
        return caption(table)

    def name(self, table: Table, row: Row) -> str:
        names = [*table.natural_key, "displayName", "description"]
        return " · ".join(str(row[n]) for n in names if n in row and row[n] not in BLANKS)

    def version(self, row: Row) -> str:
        return str(row["__version"])

    def editable(self, table: Table, *, creates: bool) -> list[Column]:
        if table.name in POSTED or (creates and not self.has_many(table)):
            return []
        return [
            column
            for column in table.columns.values()
            if column.name not in SYSTEM and pair_of(table, column.name) is None
        ]

    def has_many(self, table: Table) -> bool:
        return table.name not in POSTED and not page_of(table, CUSTOM).singleton

    def shown(self, table: Table, column: Column, row: Row) -> Child:
        value = row[column.name]
        if value in BLANKS:
            return ""
        if column.type == Type.BOOLEAN:
            return "Yes" if value else "No"
        relation = relation_of(table, column.name)
        if relation is None:
            return plain(value)
        other = self.tables[relation.table]
        where = f'"{relation.key}" = ?'
        found = self.store.select(self.system, other, ["id"], where, [value])
        return link(self.address(other.name, found[0]["id"]), value) if found else str(value)

    def create(self, table: Table, values: Row) -> str:
        page = page_of(table, CUSTOM)
        try:
            with self.store.transaction():
                return str(self._writer().create(page, values)["id"])
        except RefusalError as error:
            raise _refused(error) from error

    def change(self, table: Table, row: Row, values: Row, version: str) -> None:
        try:
            with self.store.transaction():
                if version != self.version(row):
                    raise refusals.changed()
                self._writer().update(page_of(table, CUSTOM), row, values)
        except RefusalError as error:
            raise _refused(error) from error

    def delete(self, table: Table, row: Row, version: str) -> None:
        try:
            with self.store.transaction():
                if version != self.version(row):
                    raise refusals.changed()
                self._writer().delete(page_of(table, CUSTOM), row)
        except RefusalError as error:
            raise _refused(error) from error

    def _writer(self) -> Writer:
        return Writer(self.world.business_central, identities.USERNAME, at_card_page=True)


def _refused(error: RefusalError) -> Refused:
    return Refused(f"{error.message} ({error.code})")


class SalesRecords(Records):
    """Dataverse, as the person who signs in sees it; changes go through the Web API."""

    system, path, title = DATAVERSE, "sales", "Dynamics 365 Sales"

    @property
    def tables(self) -> Mapping[str, Table]:
        return self.world.dataverse.model.tables

    def caption(self, table: Table) -> str:
        name = str(table.extra.get("alTable") or table.name.capitalize())
        return table_label(table.name, name.removeprefix("CRM ").removeprefix("CDS "))

    def name(self, table: Table, row: Row) -> str:
        numbers = ("ordernumber", "quotenumber", "productdescription", "productnumber")
        names = (table.name_column or "", *numbers)
        return next((str(row[n]) for n in names if row.get(n)), str(row[table.key]))

    def version(self, row: Row) -> str:
        return str(row["versionnumber"])

    def usual(self, table: Table) -> set[str]:
        return super().usual(table) | set(REQUIRED.get(table.name, ()))

    def editable(self, table: Table, *, creates: bool) -> list[Column]:
        return [
            column
            for column in table.columns.values()
            if column.name != table.key and (column.creatable if creates else column.updatable)
        ]

    def options(self, table: Table, column: Column) -> Mapping[str, str]:
        found = self.world.dataverse.model.options(table, column)
        return {str(value): text for value, text in found.items()}

    def shown(self, table: Table, column: Column, row: Row) -> Child:
        value = row[column.name]
        if value in BLANKS:
            return ""
        if column.type == Type.BOOLEAN:
            return "Yes" if value else "No"
        if column.type == Type.OPTION:
            return self.options(table, column).get(str(value), str(value))
        if column.type == Type.LOOKUP:
            return self._lookup(column, row)
        return plain(value)

    def _lookup(self, column: Column, row: Row) -> Child:
        value = row[column.name]
        target = row[f"{column.name}__t"] if column.is_polymorphic else column.targets[0]
        other = self.tables.get(target)
        found = self.store.get(self.system, other, value) if other else None
        if other is None or found is None:
            return str(value)
        return link(self.address(other.name, value), self.name(other, found))

    def create(self, table: Table, values: Row) -> str:
        key = str(uuid4())
        body = {table.key: key, **self._body(table, values)}
        self._call("POST", table.entity_set, body, {})
        return key

    def change(self, table: Table, row: Row, values: Row, version: str) -> None:
        path = f"{table.entity_set}({row[table.key]})"
        self._call("PATCH", path, self._body(table, values), {"if-match": f'W/"{version}"'})

    def delete(self, table: Table, row: Row, version: str) -> None:
        path = f"{table.entity_set}({row[table.key]})"
        self._call("DELETE", path, None, {"if-match": f'W/"{version}"'})

    def _body(self, table: Table, values: Row) -> Row:
        """Return values as the Web API takes them: a lookup is bound to a row."""
        body: Row = {}
        for name, value in values.items():
            column = table.columns[name]
            if column.type != Type.LOOKUP:
                body[name] = value
                continue
            target, _, key = str(value or "").rpartition(":")
            other = self.tables.get(target or column.targets[0])
            if other is None or other.name not in column.targets:
                text = f"{name} leads to {' or '.join(column.targets)}; write it as table:id."
                raise Refused(text)
            bound = f"/{other.entity_set}({key.strip()})" if key else None
            body[f"{navigation_name(column, other.name)}@odata.bind"] = bound
        return body

    def _call(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Reply:
        call = Call(
            method,
            f"/api/data/v9.2/{path}",
            "",
            {"content-type": "application/json", **headers},
            b"" if body is None else json.dumps(body).encode(),
            self.world.addresses.dataverse,
            identities.PERSON_USER_ID,
        )
        reply = self.world.dataverse.handle(call)
        if reply.status >= 400:
            error = reply.body["error"]
            text = f"{error['message']} ({error['code']})"
            raise Refused(text)
        return reply
