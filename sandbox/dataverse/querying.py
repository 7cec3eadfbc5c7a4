"""One table as a query sees it: its properties, conditions, order, and rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.dataverse import refusals
from sandbox.dataverse.model import Model, Navigation
from sandbox.odata.errors import QueryError, UnsupportedError
from sandbox.odata.order import Key, order_by
from sandbox.odata.sql import Condition, Dialect, Operand
from sandbox.odata.syntax import Literal, Property, parse_filter, split_top
from sandbox.schema import Column, Table, Type
from sandbox.store import DATAVERSE, Row, Store, sql_name, stored_columns


class TableQuery:
    """Reads the query options of one table; `alias` is what SQL calls the table."""

    def __init__(self, store: Store, model: Model, table: Table, alias: str = "") -> None:
        self.store = store
        self.model = model
        self.table = table
        self.alias = alias or sql_name(DATAVERSE, table)
        self.dialect = Dialect(
            self.resolve,
            literal,
            wildcards=True,
            ignores_case=True,
            one_field_or=False,
            collection=self._collection,
        )

    # Properties

    def column(self, name: str) -> Column:
        """Return the column behind a property name; a lookup is named by its value."""
        if name.startswith("_") and name.endswith("_value"):
            column = self.table.columns.get(name[1:-6])
            if column is not None and column.type == Type.LOOKUP:
                return column
        else:
            column = self.table.columns.get(name)
            if column is not None and column.type != Type.LOOKUP:
                return column
            # The name of a lookup itself passes where it is a navigation property too.
            navigation = self.model.navigations(self.table).get(name)
            if navigation is not None and not navigation.collection:
                return self.table.columns[navigation.column]
        raise self._unknown(name)

    def _unknown(self, name: str) -> refusals.RefusalError:
        return refusals.url(
            f"Could not find a property named '{name}' on type "
            f"'Microsoft.Dynamics.CRM.{self.table.name}'."
        )

    def navigation(self, name: str) -> Navigation:
        found = self.model.navigations(self.table).get(name)
        if found is None:
            raise self._unknown(name)
        return found

    def resolve(self, prop: Property) -> Operand:
        """Return what a property of a $filter is in SQL."""
        if len(prop.path) == 1:
            column = self.column(prop.path[0])
            return Operand(f'{self.alias}."{column.name}"', column)
        navigation = self.navigation(prop.path[0])
        if navigation.collection or len(prop.path) > 2:
            raise refusals.url(f"The path '{'/'.join(prop.path)}' is not supported.")
        other = self.model.tables[navigation.table]
        column = TableQuery(self.store, self.model, other).column(prop.path[1])
        leads = f'related."{other.key}" = {self.alias}."{navigation.column}"'
        if self.table.columns[navigation.column].is_polymorphic:
            leads += f""" AND {self.alias}."{navigation.column}__t" = '{navigation.table}'"""
        # A column keeps its collation, a subquery does not.
        collation = " COLLATE NOCASE" if column.type == Type.STRING else ""
        rows = f"{sql_name(DATAVERSE, other)} AS related"
        return Operand(f'(SELECT "{column.name}" FROM {rows} WHERE {leads}){collation}', column)

    def _collection(self, name: str) -> tuple[Dialect, str]:
        """Return how the rows behind a collection are read, and the SQL that finds them."""
        navigation = self.navigation(name)
        if not navigation.collection:
            raise refusals.url(f"'{name}' is no collection.")
        other = self.model.tables[navigation.table]
        inner = TableQuery(self.store, self.model, other, f"each_{self.alias.strip(chr(34))}")
        own = f'{self.alias}."{self.table.key}"'
        if navigation.intersect:
            between = f'"{DATAVERSE}_{navigation.intersect}"'
            keys = f'SELECT "{other.key}" FROM {between} WHERE "{self.table.key}" = {own}'
            link = f'{inner.alias}."{other.key}" IN ({keys})'
        else:
            link = f'{inner.alias}."{navigation.column}" = {own}'
        return inner.dialect, f"{sql_name(DATAVERSE, other)} AS {inner.alias} WHERE {link}"

    # Options

    def condition(self, text: str, aliases: dict[str, str]) -> tuple[str, list[Any]]:
        """Return a $filter as a condition of SQL with its parameters."""
        try:
            condition = Condition(self.dialect)
            return condition.build(parse_filter(text, aliases)), condition.parameters
        except UnsupportedError as error:
            raise refusals.unsupported(str(error)) from error
        except QueryError as error:
            raise refusals.url(str(error)) from error

    def selected(self, text: str | None) -> list[Column]:
        """Return the columns of a $select; the key always comes."""
        if not text:
            return list(self.table.columns.values())
        columns = [self.column(name) for name in split_top(text, ",")]
        return list(dict.fromkeys([*columns, self.table.columns[self.table.key]]))

    def keys(self, text: str | None) -> list[Key]:
        """Return the order; the primary key breaks ties."""
        keys = []
        for item in split_top(text or "", ","):
            name, _, direction = item.partition(" ")
            if direction.strip() not in ("", "asc", "desc"):
                raise refusals.url(f"Syntax error in $orderby at '{item}'.")
            column = self.column(name)
            sql = f'{self.alias}."{column.name}"'
            keys.append(Key(sql, column.name, direction.strip() == "desc"))
        if self.table.key not in {key.column for key in keys}:
            keys.append(Key(f'{self.alias}."{self.table.key}"', self.table.key))
        return keys

    def rows(
        self,
        columns: Sequence[Column],
        keys: Sequence[Key],
        where: tuple[Sequence[str], Sequence[Any]],
        limit: int | None = None,
        also: Sequence[str] = (),
    ) -> list[Row]:
        """Return rows with these columns, those of the order, and others that are needed."""
        wanted = stored_columns(self.table, columns)
        wanted += ["versionnumber", *(key.column for key in keys), *also]
        conditions, bound = where
        tail = order_by(keys) + (f" LIMIT {limit}" if limit is not None else "")
        names = list(dict.fromkeys(wanted))
        condition = " AND ".join(conditions)
        return self.store.select(DATAVERSE, self.table, names, condition, bound, tail)


# Which constants a column may be compared with.
KINDS = {
    Type.GUID: ("guid", "text"),
    Type.LOOKUP: ("guid", "text"),
    Type.INTEGER: ("number",),
    Type.OPTION: ("number",),
    Type.DECIMAL: ("number",),
    Type.BOOLEAN: ("boolean",),
}


def literal(column: Column, value: Literal) -> Any:
    """Return a constant of a $filter as the store compares it."""
    if value.value is None:
        return None
    if column.type == Type.DATETIME:
        return _moment(column, value)
    if value.kind not in KINDS.get(column.type, ("text", "date", "guid")):
        raise _mismatch(column, value)
    match column.type:
        case Type.GUID | Type.LOOKUP:
            return str(value.value).lower()
        case Type.INTEGER | Type.OPTION | Type.DECIMAL:
            # Beyond 64 bits SQLite knows no whole numbers.
            return value.value if abs(value.value) < 2**63 else float(value.value)
        case Type.BOOLEAN:
            return int(value.value)
        case _:
            return str(value.value)


def _moment(column: Column, value: Literal) -> str:
    text = str(value.value)
    if value.kind == "date":
        return f"{text}T00:00:00Z"
    if value.kind not in ("time", "text"):
        raise _mismatch(column, value)
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _mismatch(column, value) from error
    # Compared as text with whole seconds: a fraction sorts behind the second it belongs to.
    stored = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{stored}~" if moment.microsecond else stored


def _mismatch(column: Column, value: Literal) -> refusals.RefusalError:
    return refusals.url(
        f"A binary operator with incompatible types was detected: '{value.value}' does not fit the "
        f"type of '{column.name}'."
    )


def context(origin: str, table: Table, options: Mapping[str, str]) -> str:
    """Return the context of an answer about rows of a table."""
    suffix = f"({options['$select']})" if options.get("$select") else ""
    return f"{origin}/api/data/v9.2/$metadata#{table.entity_set}{suffix}"
