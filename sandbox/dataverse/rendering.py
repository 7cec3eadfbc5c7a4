"""Rows as JSON objects: values, ETags, and the annotations that were asked for."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.dataverse.model import Model, navigation_name
from sandbox.dataverse.options import Preferences
from sandbox.dataverse.values import property_name, shown
from sandbox.schema import Column, Table, Type
from sandbox.store import DATAVERSE, Row, Store

FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOOKUP_TABLE = "Microsoft.Dynamics.CRM.lookuplogicalname"
LOOKUP_NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"
CONVERTED = (Type.BOOLEAN, Type.DECIMAL)


class Renderer:
    """Renders rows of one table."""

    def __init__(self, store: Store, model: Model, table: Table) -> None:
        self.store = store
        self.model = model
        self.table = table

    def render(
        self, rows: Sequence[Row], columns: Sequence[Column], prefer: Preferences
    ) -> list[Row]:
        """Return rows as JSON objects with etags and the annotations asked for."""
        plain = [(property_name(c), c.name) for c in columns]
        converted = [(c, c.name) for c in columns if c.type in CONVERTED]
        rendered = []
        for row in rows:
            item: Row = {"@odata.etag": f'W/"{row["versionnumber"]}"'}
            for name, stored_name in plain:
                item[name] = row[stored_name]
            for column, name in converted:
                if row[name] is not None:
                    item[name] = shown(column, row[name])
            rendered.append(item)
        if prefer.annotations:
            for column in columns:
                self._annotate(rows, rendered, column, prefer)
        return rendered

    def _annotate(
        self, rows: Sequence[Row], rendered: Sequence[Row], column: Column, prefer: Preferences
    ) -> None:
        if column.type == Type.LOOKUP:
            self._annotate_lookup(rows, rendered, column, prefer)
        elif column.type in (Type.OPTION, Type.BOOLEAN) and prefer.wants(FORMATTED):
            labels = (
                self.model.options(self.table, column)
                if column.type == Type.OPTION
                else {0: "No", 1: "Yes"}
            )
            for row, item in zip(rows, rendered, strict=True):
                value = row[column.name]
                if value is not None:
                    item[f"{column.name}@{FORMATTED}"] = labels.get(value, str(value))

    def _annotate_lookup(
        self, rows: Sequence[Row], rendered: Sequence[Row], column: Column, prefer: Preferences
    ) -> None:
        name = property_name(column)
        wants_table, wants_navigation = prefer.wants(LOOKUP_TABLE), prefer.wants(LOOKUP_NAVIGATION)
        names = self._names(rows, column) if prefer.wants(FORMATTED) else {}
        for row, item in zip(rows, rendered, strict=True):
            value = row[column.name]
            if value is None:
                continue
            target = table_of(row, column)
            if wants_table:
                item[f"{name}@{LOOKUP_TABLE}"] = target
            if wants_navigation:
                item[f"{name}@{LOOKUP_NAVIGATION}"] = navigation_name(column, target)
            if value in names:
                item[f"{name}@{FORMATTED}"] = names[value]

    def _names(self, rows: Sequence[Row], column: Column) -> dict[str, str]:
        wanted: dict[str, set[str]] = {}
        for row in rows:
            if row[column.name] is not None:
                wanted.setdefault(table_of(row, column), set()).add(row[column.name])
        names: dict[str, str] = {}
        for target, ids in wanted.items():
            table = self.model.tables.get(target)
            if table is None or not table.name_column or table.name_column not in table.columns:
                continue
            marks = ", ".join("?" * len(ids))
            found = self.store.select(
                DATAVERSE,
                table,
                [table.key, table.name_column],
                f'"{table.key}" IN ({marks})',
                list(ids),
            )
            names |= {row[table.key]: row[table.name_column] for row in found}
        return names


def table_of(row: Row, column: Column) -> str:
    """Return the table that a lookup of a row points to."""
    if column.is_polymorphic:
        return row.get(f"{column.name}__t") or column.targets[0]
    return column.targets[0] if column.targets else column.name
