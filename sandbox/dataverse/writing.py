"""Writes rows: values are checked, stamps are set, the rules of the tables are kept."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from sandbox import schema
from sandbox.dataverse import refusals
from sandbox.dataverse.model import OWNER, Model, navigation_name
from sandbox.dataverse.rules import Rules
from sandbox.dataverse.security import PLATFORM, Security
from sandbox.dataverse.values import REQUIRED, shown, states_of, stored
from sandbox.schema import Column, Table, Type
from sandbox.store import DATAVERSE, Row, Store, all_columns, seconds, sql_name

REFERENCE = re.compile(
    r"^(?:https?://[^/]+)?(?:/?api/data/v[\d.]+)?/?(?P<set>[A-Za-z_]\w*)\((?P<key>.+)\)$"
)
KEY_PART = re.compile(r"\s*(\w+)\s*=\s*('(?:[^']|'')*'|[^,]+)\s*(?:,|$)")


@dataclass(frozen=True, slots=True)
class Reference:
    """A row that a URL points to, by its id or by alternate key values."""

    table: Table
    id: str = ""
    key: tuple[tuple[str, Any], ...] = ()


class Writer:
    """Writes on behalf of one user."""

    def __init__(
        self,
        store: Store,
        model: Model,
        security: Security,
        user: str,
        behalf: str | None = None,
    ) -> None:
        self.store = store
        self.model = model
        self.security = security
        self.user = user
        self.behalf = behalf  # who acts for the user, if somebody does
        self.rules = Rules(store, model)
        self.references: dict[str, Reference] = {}  # Content-ID -> row made earlier in a change set
        self.now = seconds(store.now(DATAVERSE))
        self._known: set[Reference] = set()
        self._parsed: dict[str, Reference] = {}

    # References

    def parse(self, text: str) -> Reference:
        """Return the row that a URL or "$1" points to."""
        if text.startswith("$"):
            if text not in self.references:
                raise refusals.url(
                    f"Content-ID Reference: '{text}' does not exist in the batch context."
                )
            return self.references[text]
        reference = self._parsed.get(text)
        if reference is None:
            found = REFERENCE.match(text)
            if found is None:
                raise refusals.url(f"'{text}' is no reference to a row.")
            reference = self.addressed(self.model.table_of_set(found["set"]), found["key"])
            self._parsed[text] = reference
        return reference

    def addressed(self, table: Table, key: str) -> Reference:
        """Return the row that stands in parentheses behind an entity set."""
        try:
            return Reference(table, str(UUID(key)))
        except ValueError:
            pass
        values = []
        for name, text in KEY_PART.findall(key):
            column = table.columns.get(name.removeprefix("_").removesuffix("_value"))
            if column is None:
                raise self._no_key(table, key)
            values.append((column.name, _key_value(column, text)))
        if not values:
            raise self._no_key(table, key)
        if [name for name, _ in values] == [table.key]:
            return Reference(table, str(values[0][1]))
        self.model.key_for(table, frozenset(name for name, _ in values))
        return Reference(table, key=tuple(values))

    def _no_key(self, table: Table, key: str) -> refusals.RefusalError:
        return refusals.url(
            f"Bad Request - Error in query syntax: '{key}' is no key of {table.entity_set}."
        )

    def find(self, reference: Reference) -> Row | None:
        """Return the row with all its columns, or None."""
        table = reference.table
        if reference.id:
            return self.store.get(DATAVERSE, table, reference.id)
        where = " AND ".join(f'"{name}" = ?' for name, _ in reference.key)
        rows = self.store.select(
            DATAVERSE, table, all_columns(DATAVERSE, table), where, [v for _, v in reference.key]
        )
        return rows[0] if rows else None

    def existing(self, reference: Reference) -> Row:
        row = self.find(reference)
        if row is None:
            raise (
                refusals.missing(reference.table.name, reference.id)
                if reference.id
                else refusals.missing_by_key()
            )
        return row

    def key_values(self, reference: Reference, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the key columns of a reference as a body has them; those it names stay out."""
        values: dict[str, Any] = {}
        for name, value in reference.key:
            column = reference.table.columns[name]
            if column.type != Type.LOOKUP:
                values[name] = shown(column, value)
                continue
            target = self.model.tables[column.targets[0]]
            bind = f"{navigation_name(column, target.name)}@odata.bind"
            values[bind] = f"/{target.entity_set}({value})"
        return {name: value for name, value in values.items() if name not in body}

    # Values

    def read(self, table: Table, body: Any, *, creates: bool) -> Row:
        """Return the values of a body as they are stored; anything unknown is refused."""
        if not isinstance(body, dict):
            raise refusals.payload(table.entity_set, "a JSON object was expected.")
        values: Row = {}
        for name, value in body.items():
            if "@" in name and self._annotation(table, name, value, values, creates=creates):
                continue
            column = table.columns.get(name)
            if column is None or column.type == Type.LOOKUP:
                if value is None and self._clears(table, name, values):
                    continue
                raise self._undeclared(table, name)
            self._check_access(table, column, creates=creates)
            options = self.model.options(table, column) if column.type == Type.OPTION else {}
            if name in ("statecode", "statuscode"):
                options = {}
            values[name] = stored(column, value, table.entity_set, options)
        return values

    def _annotation(
        self, table: Table, name: str, value: Any, values: Row, *, creates: bool
    ) -> bool:
        """Read a lookup that is bound; say whether the name was an annotation that may stand."""
        if name.endswith("@odata.bind"):
            self._bind(table, name.removesuffix("@odata.bind"), value, values, creates=creates)
            return True
        return name.startswith("@odata.") or name.endswith("@odata.type")

    def _check_access(self, table: Table, column: Column, *, creates: bool) -> None:
        if column.name == table.key:
            return
        allowed = column.creatable or column.name == "statecode" if creates else column.updatable
        if not allowed and self.user != PLATFORM:
            verb = "created" if creates else "updated"
            text = f"The property '{column.name}' cannot be {verb}: it is read-only."
            raise refusals.payload(table.entity_set, text)

    def _undeclared(self, table: Table, name: str) -> refusals.RefusalError:
        text = (
            "InnerException : Microsoft.OData.ODataException: An undeclared property "
            f"'{name}' which only has property annotations in the payload but no property value "
            "was found in the payload."
            if name.startswith("_")
            else f"InnerException : Invalid property '{name}' was found in entity "
            f"'Microsoft.Dynamics.CRM.{table.name}'."
        )
        return refusals.payload(table.entity_set, text)

    def _clears(self, table: Table, name: str, values: Row) -> bool:
        navigation = self.model.navigations(table).get(name)
        if navigation is None or navigation.collection:
            return False
        self._set_lookup(table.columns[navigation.column], None, values)
        return True

    def _bind(self, table: Table, name: str, value: Any, values: Row, *, creates: bool) -> None:
        navigation = self.model.navigations(table).get(name)
        if navigation is None or navigation.collection:
            raise self._undeclared(table, name)
        column = table.columns[navigation.column]
        self._check_access(table, column, creates=creates)
        if value is None:
            self._set_lookup(column, None, values)
            return
        reference = self.parse(str(value))
        allowed = column.targets if name == OWNER else (navigation.table,)
        if reference.table.name not in allowed:
            text = f"'{value}' does not lead to {' or '.join(allowed)}."
            raise refusals.payload(table.entity_set, text)
        self.security.demand(self.user, "Append", table)
        self.security.demand(self.user, "AppendTo", reference.table)
        if name == OWNER and not creates:
            self.security.demand(self.user, "Assign", table)
        self._set_lookup(column, (reference.table.name, self._key_of(reference)), values)

    def _key_of(self, reference: Reference) -> str:
        """Return the id of a row that must exist; asked for once a request."""
        if not reference.id:
            return str(self.existing(reference)[reference.table.key])
        if reference not in self._known:
            table = reference.table
            if not self.store.count(DATAVERSE, table, f'"{table.key}" = ?', [reference.id]):
                raise refusals.missing(table.name, reference.id)
            self._known.add(reference)
        return reference.id

    def _set_lookup(self, column: Column, target: tuple[str, str] | None, values: Row) -> None:
        values[column.name] = target[1] if target else None
        if column.is_polymorphic:
            values[f"{column.name}__t"] = target[0] if target else None

    # Create, update, delete

    def create(self, table: Table, body: Any, identity: str = "") -> Row:
        """Insert a row; raises RefusalError. Must run within a transaction."""
        self.security.demand(self.user, "Create", table)
        values = self.read(table, body, creates=True)
        values[table.key] = identity or values.get(table.key) or str(uuid4())
        self.rules.before_create(table, values)
        for name in REQUIRED.get(table.name, ()):
            if values.get(name) in (None, ""):
                raise refusals.required(table.name, name)
        self._stamp_new(table, values)
        self._check_keys(table, values, "")
        try:
            self.store.insert(DATAVERSE, table, values)
        except sqlite3.IntegrityError as error:
            raise refusals.exists() from error
        self.rules.after_create(table, values)
        self._touched(table)
        return values

    def _stamp_new(self, table: Table, values: Row) -> None:
        columns = table.columns
        stamps: dict[str, str | None] = {"createdon": self.now, "modifiedon": self.now}
        stamps |= {"createdby": self.user, "modifiedby": self.user}
        stamps |= {"createdonbehalfby": self.behalf, "modifiedonbehalfby": self.behalf}
        values |= {name: value for name, value in stamps.items() if name in columns}
        values["versionnumber"] = self.store.next_version()
        for name in switches(table.name):
            if values.get(name) is None:
                values[name] = 0
        if "ownerid" in columns and values.get("ownerid") is None:
            values |= {"ownerid": self.user, "ownerid__t": "systemuser"}
        self._set_owning(table, values)
        self._set_state(table, values, {})

    def _set_owning(self, table: Table, values: Row) -> None:
        if "ownerid" not in values:
            return
        kind = values.get("ownerid__t")
        for name, owner in (("owninguser", "systemuser"), ("owningteam", "team")):
            if name in table.columns:
                values[name] = values["ownerid"] if kind == owner else None

    def _set_state(self, table: Table, values: Row, before: Mapping[str, Any]) -> None:
        """Let state and status reason fit together; a pair that does not is refused."""
        if "statecode" not in table.columns or "statuscode" not in table.columns:
            return
        states = states_of(table.name)
        state, status = values.get("statecode"), values.get("statuscode")
        if state is None and status is None and before:
            return
        if state is None:
            state = before["statecode"] if before else self._new_state(table, status)
        if state not in states:
            raise refusals.not_an_option("statecode", state)
        if status is None:
            status = states[state][0]
        if status not in states[state] and status < 100_000_000:
            raise refusals.wrong_status(str(status))
        values["statecode"], values["statuscode"] = state, status

    def _new_state(self, table: Table, status: int | None) -> int:
        """Return the state of a new row: that of its status reason, if it names one."""
        for state, reasons in states_of(table.name).items():
            if status in reasons:
                return state
        return 0

    def update(self, table: Table, before: Row, body: Any) -> Row:
        """Change a row; returns it as it is now. Must run within a transaction."""
        self.security.demand(self.user, "Write", table)
        values = self.read(table, body, creates=False)
        values.pop(table.key, None)
        self._set_state(table, values, before)
        self.rules.before_update(table, before, values)
        for name in REQUIRED.get(table.name, ()):
            if name in values and values[name] in (None, ""):
                raise refusals.required(table.name, name)
        self._set_owning(table, values)
        values |= {"modifiedon": self.now, "modifiedby": self.user}
        if "modifiedonbehalfby" in table.columns:
            values["modifiedonbehalfby"] = self.behalf
        values["versionnumber"] = self.store.next_version()
        key = before[table.key]
        self._check_keys(table, {**before, **values}, key)
        self.store.update(DATAVERSE, table, key, values)
        self.rules.after_update(table, before, values)
        after = {**before, **values}
        self._touched(table)
        return after

    def delete(self, table: Table, row: Row) -> None:
        self.security.demand(self.user, "Delete", table)
        self.rules.before_delete(table, row)
        modified = {"modifiedon": self.now, "modifiedby": self.user}
        self.rules.dependants.follow(table, row, modified)
        self.store.delete(DATAVERSE, table, row[table.key])
        self._touched(table)

    def _touched(self, table: Table) -> None:
        if table.name in (
            "role",
            "roleprivileges",
            "systemuser",
            "systemuserroles",
            "teamroles",
            "teammembership",
        ):
            self.security.forget()

    def _check_keys(self, table: Table, values: Mapping[str, Any], own_key: str) -> None:
        for key in self.model.keys.get(table.name, []):
            columns = key["KeyAttributes"]
            wanted = [values.get(name) for name in columns]
            if any(value is None for value in wanted):
                continue
            where = " AND ".join(f'"{name}" = ?' for name in columns)
            query = (
                f'SELECT 1 FROM {sql_name(DATAVERSE, table)} WHERE {where} AND "{table.key}" <> ?'  # noqa: S608
            )
            if self.store.connection.execute(query, (*wanted, own_key)).fetchone():
                raise refusals.key_taken(key["SchemaName"], ", ".join(columns))


@cache
def switches(table: str) -> tuple[str, ...]:
    """Return the yes/no columns of a table, which are never empty."""
    columns = schema.dataverse()[table].columns.values()
    return tuple(column.name for column in columns if column.type == Type.BOOLEAN)


def _key_value(column: Column, text: str) -> Any:
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    try:
        if column.type in (Type.INTEGER, Type.OPTION):
            return int(text)
        return float(text) if column.type == Type.DECIMAL else text.lower()
    except ValueError as error:
        raise refusals.url(f"'{text}' is no value for the key '{column.name}'.") from error
