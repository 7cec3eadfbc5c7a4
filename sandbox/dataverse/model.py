"""The environment's model: tables with their option sets, keys and navigation properties."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid5

from sandbox import schema
from sandbox.dataverse import refusals
from sandbox.schema import Column, Table, Type
from sandbox.store import DATAVERSE, Store, sql_name

OWNER = "ownerid"  # one navigation property to users and teams alike
MOST_KEYS = 10
SCHEMA_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NAMESPACE = UUID("3c6e2d0a-51b7-5c3b-9c5d-6f2e0a7d4e11")


@dataclass(frozen=True, slots=True)
class Navigation:
    """A navigation property from a row to one (a lookup) or many others."""

    name: str
    table: str  # where it leads
    column: str  # the lookup behind it; on this table, or on the other one if it is a collection
    collection: bool
    intersect: str = ""  # the table between, for many to many


INTERSECTS = {
    ("systemuser", "systemuserroles_association"): ("role", "systemuserroles"),
    ("role", "systemuserroles_association"): ("systemuser", "systemuserroles"),
    ("team", "teamroles_association"): ("role", "teamroles"),
    ("role", "teamroles_association"): ("team", "teamroles"),
    ("team", "teammembership_association"): ("systemuser", "teammembership"),
    ("systemuser", "teammembership_association"): ("team", "teammembership"),
    ("role", "roleprivileges_association"): ("privilege", "roleprivileges"),
}
COLLECTION_NAMES = {
    ("contact", "parentcustomerid", "account"): "contact_customer_accounts",
    ("contact", "parentcustomerid", "contact"): "contact_customer_contacts",
    ("salesorderdetail", "salesorderid", "salesorder"): "order_details",
    ("quotedetail", "quoteid", "quote"): "quote_details",
    ("invoicedetail", "invoiceid", "invoice"): "invoice_details",
    ("productpricelevel", "pricelevelid", "pricelevel"): "price_level_product_price_levels",
    ("uom", "uomscheduleid", "uomschedule"): "unit_of_measure_schedule_conversions",
    ("annotation", "objectid", "account"): "Account_Annotation",
    ("opportunity", "customerid", "account"): "opportunity_customer_accounts",
    ("opportunity", "parentaccountid", "account"): "opportunity_parent_account",
}


def navigation_name(column: Column, target: str) -> str:
    """Return the single-valued navigation property of a lookup (case matters)."""
    if column.name == OWNER:
        return OWNER
    if column.is_polymorphic:
        return f"{column.name}_{target}"
    prefix, mark, _ = column.name.partition("_")
    if mark and prefix in ("bcbi", "nav", "msdyn", "cdm", "dyn365bc"):
        return f"{prefix}_{column.caption}" if "_" not in column.caption else column.caption
    return column.name


class Model:
    """What metadata tells, and what customizing changes."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.tables: dict[str, Table] = {}
        self.by_set: dict[str, Table] = {}
        self._navigations: dict[str, dict[str, Navigation]] = {}
        self.reload()

    def reload(self) -> None:
        """Read customizations again; after a reset there are none."""
        self._leave_out(json.loads(self.store.get_meta("dataverse:absent") or "[]"))
        self.added_options: dict[str, dict[str, str]] = json.loads(
            self.store.get_meta("dataverse:options") or "{}"
        )
        self.removed_options: dict[str, list[str]] = json.loads(
            self.store.get_meta("dataverse:removed_options") or "{}"
        )
        # Options as metadata still shows them while a change is not published.
        self.unpublished: dict[str, dict[str, str]] = json.loads(
            self.store.get_meta("dataverse:unpublished") or "{}"
        )
        self.keys: dict[str, list[dict[str, Any]]] = json.loads(
            self.store.get_meta("dataverse:keys") or "{}"
        )

    def save(self) -> None:
        self.store.set_meta("dataverse:options", json.dumps(self.added_options))
        self.store.set_meta("dataverse:removed_options", json.dumps(self.removed_options))
        self.store.set_meta("dataverse:unpublished", json.dumps(self.unpublished))
        self.store.set_meta("dataverse:keys", json.dumps(self.keys))

    def table_of_set(self, entity_set: str) -> Table:
        table = self.by_set.get(entity_set.lower())
        if table is None or table.entity_set != entity_set:
            raise refusals.segment(entity_set)
        return table

    # Tables that come and go with a solution

    def bring(self, names: Iterable[str]) -> None:
        """Let tables be there."""
        self._change({name for name in schema.dataverse() if name not in self.tables} - set(names))

    def take_away(self, names: Iterable[str]) -> None:
        """Let tables no longer be there."""
        absent = {name for name in schema.dataverse() if name not in self.tables}
        self._change(absent | set(names))

    def _change(self, absent: Iterable[str]) -> None:
        self.store.set_meta("dataverse:absent", json.dumps(sorted(absent)))
        self._leave_out(absent)

    def _leave_out(self, absent: Iterable[str]) -> None:
        left_out = set(absent)
        self.tables = {
            name: _without_columns_to(left_out, table)
            for name, table in schema.dataverse().items()
            if name not in left_out
        }
        self.by_set = {table.entity_set.lower(): table for table in self.tables.values()}
        self._navigations.clear()

    # Option sets

    def options(self, table: Table, column: Column) -> Mapping[int, str]:
        """Return the values a column may have, with their labels."""
        name = f"{table.name}.{column.name}"
        added, removed = self.added_options.get(name), self.removed_options.get(name)
        if not added and not removed:
            return column.options
        merged = dict(column.options)
        merged |= {int(value): label for value, label in (added or {}).items()}
        for value in removed or ():
            merged.pop(int(value), None)
        return merged

    def published_options(self, table: Table, column: Column) -> Mapping[int, str]:
        """Return the options as metadata shows them."""
        kept = self.unpublished.get(f"{table.name}.{column.name}")
        if kept is None:
            return self.options(table, column)
        return {int(value): text for value, text in kept.items()}

    def publish(self) -> None:
        self.unpublished.clear()
        self.save()

    def _keep_published(self, table: Table, column: Column) -> str:
        name = f"{table.name}.{column.name}"
        options = self.options(table, column)
        self.unpublished.setdefault(name, {str(value): text for value, text in options.items()})
        return name

    def set_option(self, table: Table, column: Column, value: int, label: str) -> None:
        name = self._keep_published(table, column)
        self.added_options.setdefault(name, {})[str(value)] = label
        if str(value) in self.removed_options.get(name, []):
            self.removed_options[name].remove(str(value))
        self.save()

    def remove_option(self, table: Table, column: Column, value: int) -> None:
        name = self._keep_published(table, column)
        self.added_options.get(name, {}).pop(str(value), None)
        if value in column.options:
            self.removed_options.setdefault(name, []).append(str(value))
        self.save()

    # Navigation

    def navigations(self, table: Table) -> dict[str, Navigation]:
        """Return the navigation properties of a table by name."""
        if table.name not in self._navigations:
            self._navigations[table.name] = self._find_navigations(table)
        return self._navigations[table.name]

    def _find_navigations(self, table: Table) -> dict[str, Navigation]:
        found: dict[str, Navigation] = {}
        for column in lookups(table):
            for target in (name for name in column.targets if name in self.tables):
                name = navigation_name(column, target)
                found.setdefault(name, Navigation(name, target, column.name, collection=False))
        for other in self.tables.values():
            for column in lookups(other):
                if table.name in column.targets:
                    name = collection_name(other.name, column.name, table.name)
                    found[name] = Navigation(name, other.name, column.name, collection=True)
        for (owner, name), (target, between) in INTERSECTS.items():
            if owner == table.name:
                found[name] = Navigation(name, target, "", collection=True, intersect=between)
        return found

    def navigation(self, table: Table, name: str) -> Navigation:
        found = self.navigations(table).get(name)
        if found is None:
            raise refusals.segment(name)
        return found

    def way_back(self, other: Table, column: str, target: str) -> str:
        """Return the lookup of another table by which a collection is found."""
        for name, navigation in self.navigations(other).items():
            same = navigation.column == column and navigation.table == target
            if same and not navigation.collection:
                return name
        raise refusals.segment(column)

    # Alternate keys

    def key_for(self, table: Table, columns: frozenset[str]) -> dict[str, Any]:
        """Return the declared alternate key over exactly these columns."""
        for key in self.keys.get(table.name, []):
            if frozenset(key["KeyAttributes"]) == columns and _is_active(key):
                return key
        resource = f"resource 'Microsoft.Dynamics.CRM.{table.name}'"
        raise refusals.url(
            f"The key in the request URI is not valid for {resource}. Ensure that the names and "
            "number of key properties match the declared or alternate key properties for the "
            f"{resource}."
        )

    def add_key(self, table: Table, definition: Any) -> dict[str, Any]:
        """Declare an alternate key; raises RefusalError where it cannot be one."""
        definition = definition if isinstance(definition, dict) else {}
        named = definition.get("KeyAttributes")
        columns = [str(name) for name in named] if isinstance(named, list) else []
        unknown = [name for name in columns if name not in table.columns]
        if not columns or unknown:
            raise refusals.plugin(f"Key attributes {unknown or 'must be given'} do not exist.")
        others = self.keys.get(table.name, [])
        if any(set(key["KeyAttributes"]) == set(columns) for key in others):
            raise refusals.plugin("A key over these attributes exists already.")
        if len(others) >= MOST_KEYS:
            raise refusals.plugin(f"A table has {MOST_KEYS} keys at most.")
        schema_name = str(definition.get("SchemaName") or f"{table.name}_{'_'.join(columns)}")
        if not SCHEMA_NAME.fullmatch(schema_name):
            raise refusals.plugin(f"{schema_name!r} is no name for a key.")
        key = {
            "MetadataId": str(uuid5(NAMESPACE, f"{table.name}/{schema_name}")),
            "SchemaName": schema_name,
            "LogicalName": schema_name.lower(),
            "EntityLogicalName": table.name,
            "KeyAttributes": columns,
            "EntityKeyIndexStatus": "Active",
            "IsManaged": False,
            "DisplayName": definition.get("DisplayName") or label(schema_name),
        }
        kept = [k for k in self.keys.get(table.name, []) if k["LogicalName"] != key["LogicalName"]]
        if self._index(table, str(key["LogicalName"]), columns):
            key["EntityKeyIndexStatus"] = "Failed"
        self.keys[table.name] = [*kept, key]
        self.save()
        return key

    def _index(self, table: Table, name: str, columns: list[str]) -> bool:
        """Make lookups by key fast; return whether rows already share values."""
        listed = ", ".join(f'"{column}"' for column in columns)
        where = " AND ".join(f'"{column}" IS NOT NULL' for column in columns)
        rows = sql_name(DATAVERSE, table)
        self.store.connection.execute(
            f'CREATE INDEX IF NOT EXISTS "key_{name}" ON {rows} ({listed})'
        )
        twins = f"SELECT 1 FROM {rows} WHERE {where} GROUP BY {listed} HAVING COUNT(*) > 1 LIMIT 1"  # noqa: S608
        return self.store.connection.execute(twins).fetchone() is not None

    def remove_key(self, table: Table, key: dict[str, Any]) -> None:
        self.keys[table.name].remove(key)
        self.store.connection.execute(f'DROP INDEX IF EXISTS "key_{key["LogicalName"]}"')
        self.save()


def _without_columns_to(absent: set[str], table: Table) -> Table:
    """A lookup that can lead nowhere came with the solution that is not there."""
    gone = [
        column.name
        for column in table.columns.values()
        if column.targets and absent.issuperset(column.targets)
    ]
    if not gone:
        return table
    kept = {name: column for name, column in table.columns.items() if name not in gone}
    return replace(table, columns=kept)


def lookups(table: Table) -> list[Column]:
    """Return the columns of a table that point to rows."""
    return [column for column in table.columns.values() if column.type == Type.LOOKUP]


def _is_active(key: Mapping[str, Any]) -> bool:
    return bool(key["EntityKeyIndexStatus"] == "Active")


def collection_name(referencing: str, column: str, referenced: str) -> str:
    key = (referencing, column, referenced)
    return COLLECTION_NAMES.get(key, f"{referenced}_{referencing}_{column}")


def label(text: str) -> dict[str, Any]:
    """Return a text as metadata has it."""
    localized = {"Label": text, "LanguageCode": 1033, "IsManaged": False, "MetadataId": None}
    return {"LocalizedLabels": [localized], "UserLocalizedLabel": localized}
