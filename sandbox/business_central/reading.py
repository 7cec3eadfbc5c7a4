"""Reads records: lists, pages of them, single ones, and what they lead to."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sandbox.business_central import refusals
from sandbox.business_central.pages import (
    Navigation,
    caption,
    entity,
    navigations,
    record,
    set_name,
    source,
)
from sandbox.business_central.queries import WITH_IN, Query, read_options
from sandbox.http import Call, Reply
from sandbox.odata.errors import QueryError
from sandbox.odata.order import Key, behind, cookie, opened, order_by
from sandbox.odata.syntax import split_top
from sandbox.schema import Page

if TYPE_CHECKING:
    from sandbox.business_central.service import BusinessCentral

PAGE = 20_000
PREFER_PAGE = re.compile(r"odata\.maxpagesize\s*=\s*(\d+)")
INNER_OPTIONS = frozenset({"$select", "$filter", "$orderby", "$top", "$expand"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request stands: the root of its route, and the company."""

    root: str  # absolute, up to the route's version
    route: str
    company: str

    def context(self, page: Page, options: Mapping[str, str]) -> str:
        chosen = f"({options['$select']})" if options.get("$select") else ""
        name = set_name(page)
        if name != "companies":
            name = f"companies({self.company})/{name}"
        return f"{self.root}/$metadata#{name}{chosen}"


@dataclass(slots=True)
class Statement:
    """A query in the making."""

    expression: str
    bound_before: list[Any] = field(default_factory=list)  # by the expression
    conditions: list[str] = field(default_factory=list)
    bound: list[Any] = field(default_factory=list)

    def where(self) -> str:
        return f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""


class Reader:
    """Reads records of one page for one request."""

    def __init__(self, environment: BusinessCentral, page: Page, place: Place) -> None:
        self.connection = environment.store.connection
        self.page = page
        self.place = place

    # Lists

    def many(self, call: Call, where: str = "", bound: Sequence[Any] = ()) -> Reply:
        """Answer a list, a page at a time."""
        options = read_options(call.query)
        query = self._query(options)
        statement = self._statement(options, query)
        self._restrict(statement, options, query, where, bound)
        counted = self._counted(statement) if options.get("$count") == "true" else None
        keys = query.keys(options.get("$orderby"))
        size, left, applied = self._size(call, options)
        offset = int(options.get("$skip") or 0)
        if "$skiptoken" in options:
            payload = _opened(options["$skiptoken"], keys)
            text, values = _behind(keys, payload["after"])
            statement.conditions.append(text)
            statement.bound += values
            left, offset = payload.get("left", left), 0
        limit = size if left is None else min(size, left)
        rows = self._rows(statement, keys, limit + 1, offset)
        has_more = len(rows) > limit and (left is None or left > limit) and limit > 0
        rows = rows[:limit]
        link = ""
        if has_more:
            payload = {"after": list(rows[-1][1:])}
            if left is not None:
                payload["left"] = left - limit
            link = self._link(call, options, cookie(payload))
        return Reply(200, self._body(options, rows, counted, link), applied, rows=len(rows))

    def _query(self, options: Mapping[str, str]) -> Query:
        return Query(self.page, knows_in=options.get("$schemaversion") == WITH_IN)

    def _statement(self, options: Mapping[str, str], query: Query) -> Statement:
        expression, bound = self._expression(options, query, self.page, "t")
        return Statement(expression, bound)

    def _restrict(
        self,
        statement: Statement,
        options: Mapping[str, str],
        query: Query,
        where: str,
        bound: Sequence[Any],
    ) -> None:
        text, values = fixed(self.page)
        if text:
            statement.conditions.append(text)
            statement.bound += values
        if where:
            statement.conditions.append(where)
            statement.bound += bound
        if options.get("$filter"):
            text, values = query.condition(options["$filter"])
            statement.conditions.append(text)
            statement.bound += values

    def _counted(self, statement: Statement) -> int:
        query = f"SELECT COUNT(*) FROM {source(self.page.table)} t{statement.where()}"  # noqa: S608
        found: int = self.connection.execute(query, statement.bound).fetchone()[0]
        return found

    def _size(
        self, call: Call, options: Mapping[str, str]
    ) -> tuple[int, int | None, dict[str, str]]:
        """Return the size of a page, what $top leaves to read, and the headers that say so."""
        left = int(options["$top"]) if "$top" in options else None
        wanted = PREFER_PAGE.search(call.headers.get("prefer", ""))
        if wanted is None or int(wanted[1]) == 0:
            return PAGE, left, {}
        size = min(int(wanted[1]), PAGE)
        return size, left, {"Preference-Applied": f"odata.maxpagesize={size}"}

    def _rows(
        self, statement: Statement, keys: Sequence[Key], limit: int, offset: int
    ) -> list[tuple[Any, ...]]:
        sorted_by = ", ".join(key.sql for key in keys)
        query = (
            f"SELECT {statement.expression}, {sorted_by} FROM {source(self.page.table)} t"  # noqa: S608
            f"{statement.where()} {order_by(keys)} LIMIT {limit}"
        )
        if offset:
            query += f" OFFSET {offset}"
        return self.connection.execute(
            query, (*statement.bound_before, *statement.bound)
        ).fetchall()

    def _body(
        self,
        options: Mapping[str, str],
        rows: Sequence[tuple[Any, ...]],
        counted: int | None,
        link: str,
    ) -> bytes:
        head: dict[str, Any] = {"@odata.context": self.place.context(self.page, options)}
        if counted is not None:
            head["@odata.count"] = counted
        parts = [_json(head)[:-1], ',"value":[', ",".join([row[0] for row in rows]), "]"]
        if link:
            parts.append(f',"@odata.nextLink":{_json(link)}')
        parts.append("}")
        return "".join(parts).encode()

    def _link(self, call: Call, options: Mapping[str, str], token: str) -> str:
        kept = {
            name: value for name, value in options.items() if name not in ("$skiptoken", "$skip")
        }
        kept["$skiptoken"] = token
        query = "&".join(f"{name}={quote(value, safe='$,()/')}" for name, value in kept.items())
        return f"{call.origin}{quote(call.path, safe='/()=,')}?{query}"

    def count(self, call: Call, where: str = "", bound: Sequence[Any] = ()) -> Reply:
        """Answer the path segment $count."""
        options = read_options(call.query)
        statement = Statement("")
        self._restrict(statement, options, self._query(options), where, bound)
        number = str(self._counted(statement)).encode()
        return Reply(200, number, {"Content-Type": "text/plain"}, rows=1)

    # Single records

    def one(self, call: Call, where: str, bound: Sequence[Any], key: str) -> Reply:
        """Answer a single record."""
        options = read_options(call.query)
        text = self.text(options, where, bound)
        if text is None:
            raise refusals.missing(caption(self.page.table), key)
        return Reply(200, self.single(options, text), rows=1)

    def text(self, options: Mapping[str, str], where: str, bound: Sequence[Any]) -> str | None:
        """Return a record as JSON text."""
        statement = self._statement(options, self._query(options))
        self._restrict(statement, {}, self._query({}), where, bound)
        query = f"SELECT {statement.expression} FROM {source(self.page.table)} t{statement.where()}"  # noqa: S608
        row = self.connection.execute(query, (*statement.bound_before, *statement.bound)).fetchone()
        return row[0] if row else None

    def single(self, options: Mapping[str, str], text: str) -> bytes:
        """Return the body of a record that stands alone."""
        context = _json(f"{self.place.context(self.page, options)}/$entity")
        return f'{{"@odata.context":{context},{text[1:]}'.encode()

    # $expand

    def _expression(
        self, options: Mapping[str, str], query: Query, page: Page, alias: str
    ) -> tuple[str, list[Any]]:
        """Return SQL that yields a record with what it expands, and the parameters in it."""
        parts = [record(page, query.selected(options.get("$select")), alias)]
        bound: list[Any] = []
        for item in split_top(options.get("$expand") or "", ","):
            text, values = self._expanded(item, page, alias, query)
            parts.append(text)
            bound += values
        return " || ".join([*parts, "'}'"]), bound

    def _expanded(self, item: str, page: Page, alias: str, outer: Query) -> tuple[str, list[Any]]:
        name, mark, inner = item.partition("(")
        if mark and not inner.endswith(")"):
            message = f"The parentheses of '{item}' in $expand are not closed."
            raise refusals.syntax(message)
        navigation = navigations(page).get(name.strip())
        if navigation is None:
            raise refusals.no_property(name.strip(), entity(page))
        options = _inner_options(inner[:-1])
        below = f"{alias}n"
        query = Query(navigation.page, below, knows_in=outer.knows_in)
        expression, bound = self._expression(options, query, navigation.page, below)
        conditions = [f'{below}."{navigation.there}" = {alias}."{navigation.here}"']
        if options.get("$filter"):
            text, values = query.condition(options["$filter"])
            conditions.append(text)
            bound = [*bound, *values]
        rows = (
            f"SELECT {expression} AS x FROM {source(navigation.page.table)} {below} "  # noqa: S608
            f"WHERE {' AND '.join(conditions)} {order_by(query.keys(options.get('$orderby')))}"
        )
        return _nested(navigation, rows, options.get("$top")), bound


def _nested(navigation: Navigation, rows: str, top: str | None) -> str:
    label = f"',\"{navigation.name}\":'"
    if not navigation.collection:
        return f"{label} || COALESCE(({rows} LIMIT 1), 'null')"
    limit = f" LIMIT {int(top)}" if top else ""
    joined = f"(SELECT group_concat(x) FROM ({rows}{limit}))"  # noqa: S608
    return f"{label} || '[' || COALESCE({joined}, '') || ']'"


def _inner_options(text: str) -> dict[str, str]:
    options = {}
    for part in split_top(text, ";"):
        name, _, value = part.partition("=")
        if name.strip() not in INNER_OPTIONS or (name.strip() == "$top" and not value.isdecimal()):
            message = f"The option '{name.strip()}' is not supported in $expand."
            raise refusals.syntax(message)
        options[name.strip()] = value
    return options


def fixed(page: Page, alias: str = "t") -> tuple[str, list[Any]]:
    """Return the condition that is part of a page."""
    conditions = [f'{alias}."{name}" = ?' for name, _ in page.fixed_filter]
    return " AND ".join(conditions), [value for _, value in page.fixed_filter]


def _behind(keys: Sequence[Key], values: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return the condition for what comes after a row; as one comparison an index serves it."""
    directions = {key.descending for key in keys}
    if len(directions) > 1:
        return behind(keys, values)
    listed = ", ".join(key.sql for key in keys)
    operator = "<" if directions.pop() else ">"
    return f"({listed}) {operator} ({', '.join('?' * len(keys))})", list(values)


def _opened(token: str, keys: Sequence[Key]) -> dict[str, Any]:
    try:
        payload = opened(token)
    except QueryError as error:
        raise refusals.syntax(str(error)) from error
    after = payload.get("after")
    if (
        not isinstance(after, list)
        or len(after) != len(keys)
        or not all(isinstance(value, str | int | float) for value in after)
        or not isinstance(payload.get("left", 0), int)
    ):
        message = "The skip token does not belong to this request."
        raise refusals.syntax(message)
    return payload


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
