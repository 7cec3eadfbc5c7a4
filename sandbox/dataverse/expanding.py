"""$expand: the rows that a page of rows leads to, with one query for the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.dataverse import refusals
from sandbox.dataverse.model import OWNER, Model, Navigation
from sandbox.dataverse.options import Preferences, top
from sandbox.dataverse.querying import TableQuery
from sandbox.dataverse.rendering import Renderer
from sandbox.odata.syntax import split_top
from sandbox.schema import Table
from sandbox.store import DATAVERSE, Row, Store, stored_columns

KNOWN = frozenset({"$select", "$filter", "$orderby", "$top", "$expand"})
Where = tuple[list[str], list[Any]]


@dataclass(frozen=True, slots=True)
class Expansion:
    """One $expand item with its own options."""

    navigation: Navigation
    options: Mapping[str, str]


def expansions(query: TableQuery, text: str | None) -> list[Expansion]:
    """Return the items of a $expand; an unknown property or option is refused."""
    result = []
    for item in split_top(text or "", ","):
        name, mark, inner = item.partition("(")
        options = {}
        for part in split_top(inner.rstrip()[:-1] if mark else "", ";"):
            key, _, value = part.partition("=")
            options[key.strip()] = value
        if set(options) - KNOWN:
            raise refusals.url(f"An option of $expand in '{item}' is not supported.")
        result.append(Expansion(query.navigation(name.strip()), options))
    return result


def needed_columns(table: Table, wanted: Sequence[Expansion]) -> list[str]:
    """Return the stored columns of a table without which its rows cannot be expanded."""
    lookups = [table.columns[e.navigation.column] for e in wanted if not e.navigation.collection]
    return stored_columns(table, lookups) if lookups else []


class Expander:
    """Adds to rendered rows what they lead to."""

    def __init__(self, store: Store, model: Model, prefer: Preferences) -> None:
        self.store = store
        self.model = model
        self.prefer = prefer

    def expand(
        self,
        owner: Table,
        rows: Sequence[Row],
        rendered: Sequence[Row],
        wanted: Sequence[Expansion],
    ) -> None:
        """Add the expansions to the rendered rows of their owner table."""
        for expansion in wanted:
            navigation = expansion.navigation
            if navigation.intersect:
                self._add_linked(owner, rows, rendered, expansion)
            elif navigation.collection:
                self._add_collection(owner, rows, rendered, expansion)
            else:
                self._add_lookup(rows, rendered, expansion)

    def _add_lookup(
        self, rows: Sequence[Row], rendered: Sequence[Row], expansion: Expansion
    ) -> None:
        """A lookup leads to one row, or to none of this table where it is polymorphic."""
        navigation = expansion.navigation
        column, kind = navigation.column, f"{navigation.column}__t"
        wanted: dict[str, dict[str, None]] = {}
        for row in rows:
            if row[column] is not None:
                table = row.get(kind) or navigation.table
                wanted.setdefault(table, {})[row[column]] = None
        found: dict[str, Row] = {}
        for table, ids in wanted.items():
            if table == navigation.table or navigation.name == OWNER:
                found |= self._by_id(self.model.tables[table], list(ids), expansion)
        for row, item in zip(rows, rendered, strict=True):
            item[navigation.name] = found.get(row[column])

    def _by_id(self, table: Table, ids: list[str], expansion: Expansion) -> dict[str, Row]:
        options = dict(expansion.options)
        is_owner = expansion.navigation.name == OWNER
        if is_owner and options.get("$select"):
            # An owner is a user or a team: what only the other one has is left out.
            names = [n for n in split_top(options["$select"], ",") if n in table.columns]
            options["$select"] = ",".join([table.key, *names])
        marks = ", ".join("?" * len(ids))
        where = [f'"{table.key}" IN ({marks})'], list(ids)
        found, keys = self._related(table, where, options, [])
        if is_owner:
            for key, item in zip(keys, found, strict=True):
                item["ownerid"] = key[table.key]
                item["@odata.type"] = f"#Microsoft.Dynamics.CRM.{table.name}"
        return {key[table.key]: item for key, item in zip(keys, found, strict=True)}

    def _add_collection(
        self, owner: Table, rows: Sequence[Row], rendered: Sequence[Row], expansion: Expansion
    ) -> None:
        navigation = expansion.navigation
        table, column = self.model.tables[navigation.table], navigation.column
        ids = [row[owner.key] for row in rows]
        where = [f'"{column}" IN ({", ".join("?" * len(ids))})'], list(ids)
        found, stored = self._related(table, where, expansion.options, [column])
        groups: dict[str, list[Row]] = {}
        for row, item in zip(stored, found, strict=True):
            groups.setdefault(row[column], []).append(item)
        limit = top(expansion.options)
        for row, item in zip(rows, rendered, strict=True):
            item[navigation.name] = groups.get(row[owner.key], [])[:limit]

    def _add_linked(
        self, owner: Table, rows: Sequence[Row], rendered: Sequence[Row], expansion: Expansion
    ) -> None:
        navigation = expansion.navigation
        table = self.model.tables[navigation.table]
        limit = top(expansion.options)
        for row, item in zip(rows, rendered, strict=True):
            text, bound = related_condition(table, owner, row, navigation)
            found, _ = self._related(table, ([text], bound), expansion.options, [])
            item[navigation.name] = found[:limit]

    def _related(
        self, table: Table, where: Where, options: Mapping[str, str], also: Sequence[str]
    ) -> tuple[list[Row], list[Row]]:
        """Return related rows as JSON and as they are stored."""
        query = TableQuery(self.store, self.model, table)
        columns = query.selected(options.get("$select"))
        inner = expansions(query, options.get("$expand"))
        conditions, bound = where
        if options.get("$filter"):
            text, more = query.condition(options["$filter"], {})
            conditions, bound = [*conditions, text], [*bound, *more]
        needed = [*also, *needed_columns(table, inner)]
        keys = query.keys(options.get("$orderby"))
        stored = query.rows(columns, keys, (conditions, bound), also=needed)
        rendered = Renderer(self.store, self.model, table).render(stored, columns, self.prefer)
        self.expand(table, stored, rendered, inner)
        return rendered, stored


def related_condition(
    table: Table, owner: Table, row: Row, navigation: Navigation
) -> tuple[str, list[Any]]:
    """Return the condition for the rows a collection of a row leads to."""
    if navigation.intersect:
        between = f'"{DATAVERSE}_{navigation.intersect}"'
        query = f'"{table.key}" IN (SELECT "{table.key}" FROM {between} WHERE "{owner.key}" = ?)'
        return query, [row[owner.key]]
    return f'"{navigation.column}" = ?', [row[owner.key]]
