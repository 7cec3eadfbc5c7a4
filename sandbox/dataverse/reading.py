"""Reads rows: $select, $filter, $orderby, $top, $count, $expand, paging, change tracking."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from sandbox.dataverse import refusals
from sandbox.dataverse.model import Model, Navigation, navigation_name
from sandbox.dataverse.values import property_name, shown
from sandbox.http import Call, Reply
from sandbox.odata.errors import QueryError
from sandbox.odata.order import Key, behind, cookie, opened, order_by
from sandbox.odata.sql import Condition, Dialect, Operand
from sandbox.odata.syntax import Literal, Property, parse_filter, split_options, split_top
from sandbox.schema import Column, Table, Type
from sandbox.store import DATAVERSE, Row, Store, sql_name, stored_columns

PAGE = 5000
KNOWN = frozenset(
    {"$select", "$filter", "$orderby", "$top", "$count", "$expand", "$skiptoken", "$deltatoken"}
)
PREFER_PAGE = re.compile(r"odata\.maxpagesize\s*=\s*(\d+)")
PREFER_ANNOTATIONS = re.compile(r'odata\.include-annotations\s*=\s*"?([^";\s]+(?:,[^";\s]+)*)"?')
FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOOKUP_TABLE = "Microsoft.Dynamics.CRM.lookuplogicalname"
LOOKUP_NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the Prefer header asks for."""

    page_size: int | None
    annotations: tuple[str, ...]
    track_changes: bool
    representation: bool
    continue_on_error: bool

    def wants(self, annotation: str) -> bool:
        return any(fnmatch.fnmatchcase(annotation, pattern) for pattern in self.annotations)

    def applied(self) -> dict[str, str]:
        parts = []
        if self.page_size:
            parts.append(f"odata.maxpagesize={self.page_size}")
        if self.annotations:
            parts.append(f'odata.include-annotations="{",".join(self.annotations)}"')
        if self.track_changes:
            parts.append("odata.track-changes")
        if self.representation:
            parts.append("return=representation")
        return {"Preference-Applied": ", ".join(parts)} if parts else {}


def preferences(call: Call) -> Preferences:
    prefer = call.headers.get("prefer", "")
    size, notes = PREFER_PAGE.search(prefer), PREFER_ANNOTATIONS.search(prefer)
    return Preferences(
        page_size=min(int(size[1]), PAGE) if size and int(size[1]) > 0 else None,
        annotations=tuple(notes[1].strip('"').split(",")) if notes else (),
        track_changes="odata.track-changes" in prefer,
        representation="return=representation" in prefer,
        continue_on_error="odata.continue-on-error" in prefer,
    )


@dataclass(frozen=True, slots=True)
class Expansion:
    """One $expand item with its own options."""

    navigation: Navigation
    options: Mapping[str, str]


class Reader:
    """Reads rows of one table for one request."""

    def __init__(self, store: Store, model: Model, table: Table, origin: str) -> None:
        self.store = store
        self.model = model
        self.table = table
        self.origin = origin
        self.dialect = Dialect(
            self.resolve, literal, wildcards=True, ignores_case=True, one_field_or=False
        )

    # Properties

    def column(self, name: str) -> Column:
        """Return the column behind a property name."""
        plain = name
        if name.startswith("_") and name.endswith("_value"):
            plain = name[1:-6]
        column = self.table.columns.get(plain)
        if column is None or (plain != name and column.type != Type.LOOKUP):
            raise refusals.url(
                f"Could not find a property named '{name}' on type "
                f"'Microsoft.Dynamics.CRM.{self.table.name}'."
            )
        return column

    def resolve(self, prop: Property) -> Operand:
        """Return what a property of a $filter is in SQL."""
        if len(prop.path) == 1:
            column = self.column(prop.path[0])
            return Operand(f'{sql_name(DATAVERSE, self.table)}."{column.name}"', column)
        navigation = self.model.navigation(self.table, prop.path[0])
        if navigation.collection or len(prop.path) > 2:
            raise refusals.url(f"The path '{'/'.join(prop.path)}' is not supported.")
        other = self.model.tables[navigation.table]
        column = Reader(self.store, self.model, other, self.origin).column(prop.path[1])
        here = sql_name(DATAVERSE, self.table)
        leads = f'related."{other.key}" = {here}."{navigation.column}"'
        if self.table.columns[navigation.column].is_polymorphic:
            leads += f""" AND {here}."{navigation.column}__t" = '{navigation.table}'"""
        # A column keeps its collation, a subquery does not.
        collation = " COLLATE NOCASE" if column.type == Type.STRING else ""
        rows = f"{sql_name(DATAVERSE, other)} AS related"
        return Operand(f'(SELECT "{column.name}" FROM {rows} WHERE {leads}){collation}', column)

    def condition(self, text: str, aliases: dict[str, str]) -> tuple[str, list[Any]]:
        try:
            condition = Condition(self.dialect)
            return condition.build(parse_filter(text, aliases)), condition.parameters
        except QueryError as error:
            raise refusals.url(str(error)) from error

    def selected(self, text: str | None) -> list[Column]:
        if not text:
            return list(self.table.columns.values())
        columns = [self.column(name) for name in split_top(text, ",")]
        key = self.table.columns[self.table.key]
        return list(dict.fromkeys([*columns, key]))

    def keys(self, text: str | None) -> list[Key]:
        """Return the order; the primary key breaks ties."""
        here = sql_name(DATAVERSE, self.table)
        keys = []
        for item in split_top(text or "", ","):
            name, _, direction = item.partition(" ")
            if direction.strip() not in ("", "asc", "desc"):
                raise refusals.url(f"Syntax error in $orderby at '{item}'.")
            column = self.column(name)
            keys.append(Key(f'{here}."{column.name}"', column.name, direction.strip() == "desc"))
        if self.table.key not in {key.column for key in keys}:
            keys.append(Key(f'{here}."{self.table.key}"', self.table.key))
        return keys

    # Rows as JSON

    def render(
        self, rows: Sequence[Row], columns: Sequence[Column], prefer: Preferences
    ) -> list[Row]:
        """Return rows as JSON objects with etags and the annotations asked for."""
        plan = [
            (property_name(c), c.name, c, c.type in (Type.BOOLEAN, Type.DECIMAL)) for c in columns
        ]
        rendered = []
        for row in rows:
            item: Row = {"@odata.etag": f'W/"{row["versionnumber"]}"'}
            for name, stored_name, column, converts in plan:
                value = row[stored_name]
                item[name] = shown(column, value) if converts else value
            rendered.append(item)
        if prefer.annotations:
            self._annotate(rows, rendered, columns, prefer)
        return rendered

    def _annotate(
        self,
        rows: Sequence[Row],
        rendered: Sequence[Row],
        columns: Sequence[Column],
        prefer: Preferences,
    ) -> None:
        for column in columns:
            if column.type == Type.LOOKUP:
                self._annotate_lookup(rows, rendered, column, prefer)
            elif column.type == Type.OPTION and prefer.wants(FORMATTED):
                options = self.model.options(self.table, column)
                for row, item in zip(rows, rendered, strict=True):
                    if row[column.name] is not None:
                        item[f"{column.name}@{FORMATTED}"] = options.get(row[column.name], "")
            elif column.type == Type.BOOLEAN and prefer.wants(FORMATTED):
                for row, item in zip(rows, rendered, strict=True):
                    if row[column.name] is not None:
                        item[f"{column.name}@{FORMATTED}"] = "Yes" if row[column.name] else "No"

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
            target = self.target(row, column)
            if wants_table:
                item[f"{name}@{LOOKUP_TABLE}"] = target
            if wants_navigation:
                item[f"{name}@{LOOKUP_NAVIGATION}"] = navigation_name(column, target)
            if value in names:
                item[f"{name}@{FORMATTED}"] = names[value]

    def target(self, row: Row, column: Column) -> str:
        if column.is_polymorphic:
            return row.get(f"{column.name}__t") or column.targets[0]
        return column.targets[0] if column.targets else column.name

    def _names(self, rows: Sequence[Row], column: Column) -> dict[str, str]:
        wanted: dict[str, set[str]] = {}
        for row in rows:
            if row[column.name] is not None:
                wanted.setdefault(self.target(row, column), set()).add(row[column.name])
        names: dict[str, str] = {}
        for target, ids in wanted.items():
            table = self.model.tables.get(target)
            if table is None or not table.name_column or table.name_column not in table.columns:
                continue
            found = self.store.select(
                DATAVERSE,
                table,
                [table.key, table.name_column],
                f'"{table.key}" IN ({", ".join("?" * len(ids))})',
                list(ids),
            )
            names |= {row[table.key]: row[table.name_column] for row in found}
        return names

    # Collections

    def many(self, call: Call, where: str = "", parameters: Sequence[Any] = ()) -> Reply:
        """Answer a collection, a page at a time."""
        options = read_options(call.query)
        prefer = preferences(call)
        if "$deltatoken" in options or prefer.track_changes:
            return self._changes(call, options, prefer)
        conditions = [where] if where else []
        bound = list(parameters)
        if options.get("$filter"):
            text, more = self.condition(options["$filter"], aliases(options))
            conditions.append(text)
            bound += more
        counted = None
        if options.get("$count") == "true":
            counted = min(self.store.count(DATAVERSE, self.table, _all(conditions), bound), PAGE)
        return self._page(call, options, prefer, conditions, bound, counted)

    def _page(
        self,
        call: Call,
        options: dict[str, str],
        prefer: Preferences,
        conditions: list[str],
        bound: list[Any],
        counted: int | None,
        delta_from: int | None = None,
    ) -> Reply:
        keys = self.keys(options.get("$orderby"))
        columns = self.selected(options.get("$select"))
        expansions = self.expansions(options.get("$expand"))
        left = _top(options)
        if prefer.page_size:
            left = None  # with both, $top is ignored
        if "$skiptoken" in options:
            payload = _opened(options["$skiptoken"])
            text, more = behind(keys, payload["after"])
            conditions, bound = [*conditions, text], [*bound, *more]
            left = payload.get("left", left)
            delta_from = payload.get("delta", delta_from)
        size = min(prefer.page_size or PAGE, left if left is not None else PAGE)
        rows = self._rows(columns, keys, conditions, bound, size + 1, expansions)
        page, more_rows = rows[:size], len(rows) > size and size > 0
        body: dict[str, Any] = {"@odata.context": self.context(options)}
        if counted is not None:
            body["@odata.count"] = counted
        body["value"] = self.render(page, columns, prefer)
        self.expand(page, body["value"], expansions, prefer)
        if more_rows and (left is None or left > size):
            payload = {"after": [page[-1][key.column] for key in keys]}
            if left is not None:
                payload["left"] = left - size
            if delta_from is not None:
                payload["delta"] = delta_from
            body["@odata.nextLink"] = self.link(call, options, "$skiptoken", cookie(payload))
        elif delta_from is not None:
            token = delta_token(delta_from)
            body["@odata.deltaLink"] = self.link(call, options, "$deltatoken", token)
        return Reply(200, body, prefer.applied(), rows=len(page))

    def _rows(
        self,
        columns: Sequence[Column],
        keys: Sequence[Key],
        conditions: Sequence[str],
        bound: Sequence[Any],
        limit: int,
        expansions: Sequence[Expansion],
    ) -> list[Row]:
        wanted = stored_columns(self.table, columns)
        wanted += ["versionnumber", *(key.column for key in keys)]
        for expansion in expansions:
            if not expansion.navigation.collection:
                wanted += stored_columns(
                    self.table, [self.table.columns[expansion.navigation.column]]
                )
        return self.store.select(
            DATAVERSE,
            self.table,
            list(dict.fromkeys(wanted)),
            _all(conditions),
            bound,
            f"{order_by(keys)} LIMIT {limit}",
        )

    def _changes(self, call: Call, options: dict[str, str], prefer: Preferences) -> Reply:
        """Change tracking: a full read that ends in a delta link, or what happened since one."""
        refused = {"$filter", "$orderby", "$expand", "$top"} & set(options)
        if refused:
            raise refusals.url(f"{', '.join(sorted(refused))} cannot be used with change tracking.")
        if "$deltatoken" not in options:
            start = self.store.version
            return self._page(call, options, prefer, [], [], None, delta_from=start)
        since = opened_delta(options.pop("$deltatoken"))
        columns = self.selected(options.get("$select"))
        reached = self.store.version
        rows = self.store.select(
            DATAVERSE,
            self.table,
            list(dict.fromkeys([*stored_columns(self.table, columns), "versionnumber"])),
            "versionnumber > ?",
            [since],
            "ORDER BY versionnumber",
        )
        context = self.context(options)
        body: dict[str, Any] = {"@odata.context": f"{context}/$delta"}
        value = self.render(rows, columns, prefer)
        gone = self.store.deleted_since(DATAVERSE, self.table, since)
        base = f"{self.origin}/api/data/v9.2/$metadata#{self.table.entity_set}/$deletedEntity"
        value += [{"@odata.context": base, "id": key, "reason": "deleted"} for key in gone]
        body["@odata.deltaLink"] = self.link(call, options, "$deltatoken", delta_token(reached))
        body["value"] = value
        applied = {"Preference-Applied": "odata.track-changes"}
        return Reply(200, body, applied, rows=len(value))

    def context(self, options: Mapping[str, str]) -> str:
        suffix = f"({options['$select']})" if options.get("$select") else ""
        return f"{self.origin}/api/data/v9.2/$metadata#{self.table.entity_set}{suffix}"

    def link(self, call: Call, options: Mapping[str, str], name: str, token: str) -> str:
        kept = {k: v for k, v in options.items() if k not in ("$skiptoken", "$deltatoken")}
        query = "&".join(f"{k}={quote(v, safe='$,()/')}" for k, v in kept.items())
        query = f"{query}&" if query else ""
        return f"{self.origin}{call.path}?{query}{name}={quote(token)}"

    # $expand

    def expansions(self, text: str | None) -> list[Expansion]:
        result = []
        for item in split_top(text or "", ","):
            name, mark, inner = item.partition("(")
            options = {}
            for part in split_top(inner.rstrip(")") if mark else "", ";"):
                key, _, value = part.partition("=")
                options[key.strip()] = value
            if set(options) - {"$select", "$filter", "$orderby", "$top", "$expand"}:
                raise refusals.url(f"An option of $expand in '{item}' is not supported.")
            navigation = self.model.navigations(self.table).get(name.strip())
            if navigation is None:
                raise refusals.url(
                    f"Could not find a property named '{name}' on type "
                    f"'Microsoft.Dynamics.CRM.{self.table.name}'."
                )
            result.append(Expansion(navigation, options))
        return result

    def expand(
        self,
        rows: Sequence[Row],
        rendered: Sequence[Row],
        expansions: Sequence[Expansion],
        prefer: Preferences,
    ) -> None:
        for expansion in expansions:
            other = self.model.tables[expansion.navigation.table]
            reader = Reader(self.store, self.model, other, self.origin)
            for row, item in zip(rows, rendered, strict=True):
                found = reader.related(self.table, row, expansion, prefer)
                name = expansion.navigation.name
                if expansion.navigation.collection:
                    item[name] = found
                else:
                    item[name] = found[0] if found else None

    def related(
        self, owner: Table, row: Row, expansion: Expansion, prefer: Preferences
    ) -> list[Row]:
        """Return the rows that a row of another table leads to."""
        navigation, options = expansion.navigation, expansion.options
        columns = self.selected(options.get("$select"))
        text, bound = related_condition(self.table, owner, row, navigation)
        conditions = [text]
        if options.get("$filter"):
            more, values = self.condition(options["$filter"], {})
            conditions.append(more)
            bound = [*bound, *values]
        keys = self.keys(options.get("$orderby"))
        limit = int(options.get("$top") or PAGE)
        inner = self.expansions(options.get("$expand"))
        found = self._rows(columns, keys, conditions, bound, limit, inner)
        rendered = self.render(found, columns, prefer)
        self.expand(found, rendered, inner, prefer)
        return rendered

    def one(self, call: Call, key: str) -> Reply:
        """Answer a single row."""
        options, prefer = read_options(call.query), preferences(call)
        columns = self.selected(options.get("$select"))
        expansions = self.expansions(options.get("$expand"))
        here = f'"{self.table.key}" = ?'
        rows = self._rows(columns, self.keys(None), [here], [key], 1, expansions)
        if not rows:
            raise refusals.missing(self.table.name, key)
        if call.headers.get("if-none-match") == f'W/"{rows[0]["versionnumber"]}"':
            return Reply(304)
        [item] = self.render(rows, columns, prefer)
        self.expand(rows, [item], expansions, prefer)
        body = {"@odata.context": f"{self.context(options)}/$entity", **item}
        return Reply(200, body, prefer.applied(), rows=1)


def related_condition(
    table: Table, owner: Table, row: Row, navigation: Navigation
) -> tuple[str, list[Any]]:
    """Return the condition for the rows a navigation property leads to."""
    if navigation.intersect:
        between = f'"{DATAVERSE}_{navigation.intersect}"'
        query = f'"{table.key}" IN (SELECT "{table.key}" FROM {between} WHERE "{owner.key}" = ?)'
        return query, [row[owner.key]]
    if navigation.collection:
        return f'"{navigation.column}" = ?', [row[owner.key]]
    kind = row.get(f"{navigation.column}__t")
    if kind is not None and kind != navigation.table:
        return "0", []
    return f'"{table.key}" = ?', [row[navigation.column]]


def literal(column: Column, value: Literal) -> Any:
    """Return a constant of a $filter as the store compares it."""
    if value.value is None:
        return None
    match column.type:
        case Type.GUID | Type.LOOKUP:
            if value.kind not in ("guid", "text"):
                raise _mismatch(column, value)
            return str(value.value).lower()
        case Type.DATETIME:
            return _moment(column, value)
        case Type.INTEGER | Type.OPTION | Type.DECIMAL:
            if value.kind != "number":
                raise _mismatch(column, value)
            return value.value
        case Type.BOOLEAN:
            if value.kind != "boolean":
                raise _mismatch(column, value)
            return int(value.value)
        case _:
            if value.kind not in ("text", "date", "guid"):
                raise _mismatch(column, value)
            return str(value.value)


def _moment(column: Column, value: Literal) -> str:
    if value.kind == "date":
        return f"{value.value}T00:00:00Z"
    if value.kind != "time":
        raise _mismatch(column, value)
    moment = datetime.fromisoformat(str(value.value).replace("Z", "+00:00")).astimezone(UTC)
    # Compared as text with whole seconds: a fraction sorts behind the second it belongs to.
    text = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{text}~" if moment.microsecond else text


def _mismatch(column: Column, value: Literal) -> refusals.RefusalError:
    return refusals.url(
        f"A binary operator with incompatible types was detected: '{value.value}' does not fit the "
        f"type of '{column.name}'."
    )


def read_options(query: str) -> dict[str, str]:
    """Return the query options; an unknown one is an error."""
    try:
        options = split_options(query)
    except QueryError as error:
        raise refusals.url(str(error)) from error
    for name in options:
        if name not in KNOWN and not name.startswith("@"):
            if name.lower() == "fetchxml":
                raise refusals.RefusalError(501, "0x80060888", "FetchXML is not supported here.")
            raise refusals.url(f"The query parameter {name} is not supported.")
    return options


def aliases(options: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in options.items() if name.startswith("@")}


def _top(options: Mapping[str, str]) -> int | None:
    text = options.get("$top")
    if text is None:
        return None
    if not text.isdigit():
        raise refusals.url(f"Invalid value '{text}' for $top query option found.")
    return int(text)


def _opened(token: str) -> dict[str, Any]:
    try:
        payload = opened(token)
    except QueryError as error:
        raise refusals.url(str(error)) from error
    if not isinstance(payload.get("after"), list):
        raise refusals.url("The skip token is malformed.")
    return payload


def delta_token(version: int) -> str:
    return f"{version}!{datetime.now(UTC):%m/%d/%Y %H:%M:%S}"


def opened_delta(token: str) -> int:
    """Return the version of a delta token; it lives for seven days."""
    found = re.fullmatch(r"(\d+)!(\d\d/\d\d/\d{4} \d\d:\d\d:\d\d)", token)
    if found is None:
        raise refusals.url("The delta token is malformed.")
    made = datetime.strptime(found[2], "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC)
    if (datetime.now(UTC) - made).days >= 7:
        raise refusals.RefusalError(400, "0x80044352", "The delta token has expired.")
    return int(found[1])


def _all(conditions: Sequence[str]) -> str:
    return " AND ".join(conditions)
