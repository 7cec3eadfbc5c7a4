"""Reads rows: single ones, collections a page at a time, and changes since a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from sandbox.dataverse import refusals, tracking
from sandbox.dataverse.expanding import Expander, expansions, needed_columns
from sandbox.dataverse.model import Model
from sandbox.dataverse.options import PAGE, aliases, preferences, read_options, top
from sandbox.dataverse.querying import TableQuery, context
from sandbox.dataverse.rendering import Renderer
from sandbox.http import Call, Reply
from sandbox.odata.errors import QueryError
from sandbox.odata.order import Key, behind, cookie, opened
from sandbox.schema import Table
from sandbox.store import DATAVERSE, Row, Store, sql_name

Conditions = tuple[list[str], list[Any]]
API = "/api/data/v9.2/"


class Reader:
    """Reads rows of one table for one request."""

    def __init__(self, store: Store, model: Model, table: Table, call: Call) -> None:
        self.store = store
        self.model = model
        self.table = table
        self.call = call
        self.query = TableQuery(store, model, table)
        self.options = read_options(call.query)
        self.prefer = preferences(call)

    def one(self, key: str) -> Reply:
        """Answer a single row."""
        columns = self.query.selected(self.options.get("$select"))
        wanted = expansions(self.query, self.options.get("$expand"))
        where = [f'"{self.table.key}" = ?'], [key]
        rows = self.query.rows(
            columns, self.query.keys(None), where, 1, needed_columns(self.table, wanted)
        )
        if not rows:
            raise refusals.missing(self.table.name, key)
        tag = f'W/"{rows[0]["versionnumber"]}"'
        is_plain = not wanted and not self.prefer.annotations
        if is_plain and self.call.headers.get("if-none-match") == tag:
            return Reply(304, headers={"ETag": tag}, rows=1)
        [item] = Renderer(self.store, self.model, self.table).render(rows, columns, self.prefer)
        Expander(self.store, self.model, self.prefer).expand(self.table, rows, [item], wanted)
        body = {"@odata.context": f"{self._context()}/$entity", **item}
        return Reply(200, body, {"ETag": tag, **self.prefer.applied()}, rows=1)

    def count(self) -> Reply:
        """Answer the number of rows, or of changes; the platform stops at 5,000."""
        if "$deltatoken" in self.options:
            since = tracking.opened(self.store, self.model, self.options["$deltatoken"])
            changed = self.store.count(DATAVERSE, self.table, "versionnumber > ?", [since])
            number = changed + len(self.store.deleted_since(DATAVERSE, self.table, since))
        else:
            conditions, bound = self._filtered()
            number = self.store.count(DATAVERSE, self.table, " AND ".join(conditions), bound)
        content = str(min(number, PAGE)).encode()
        return Reply(200, content, {"Content-Type": "text/plain"}, rows=1)

    def many(self, where: str = "", parameters: Sequence[Any] = ()) -> Reply:
        """Answer a collection, a page at a time."""
        payload = self._payload()
        tracked = "$deltatoken" in self.options or "reached" in payload
        if tracked or self.prefer.track_changes:
            return self._tracked(payload)
        conditions, bound = self._filtered()
        if where:
            conditions, bound = [where, *conditions], [*parameters, *bound]
        body: dict[str, Any] = {"@odata.context": self._context()}
        if self.options.get("$count") == "true":
            text = " AND ".join(conditions)
            body["@odata.count"] = min(self.store.count(DATAVERSE, self.table, text, bound), PAGE)
        # With a preferred page size $top is ignored.
        left = None if self.prefer.page_size else top(self.options)
        rest = self._add_page(body, (conditions, bound), payload, payload.get("left", left))
        if rest is not None:
            body["@odata.nextLink"] = self._link("$skiptoken", cookie(rest))
        return Reply(200, body, self.prefer.applied(), rows=len(body["value"]))

    def _filtered(self) -> Conditions:
        if not self.options.get("$filter"):
            return [], []
        text, bound = self.query.condition(self.options["$filter"], aliases(self.options))
        return [text], bound

    def _payload(self) -> dict[str, Any]:
        """Return what the cookie of the page before holds."""
        token = self.options.get("$skiptoken")
        if token is None:
            return {}
        try:
            payload = opened(token)
        except QueryError as error:
            raise refusals.url(str(error)) from error
        after, left = payload.get("after"), payload.get("left", 0)
        known = str | int | float | None
        if not isinstance(after, list) or not all(isinstance(value, known) for value in after):
            raise refusals.url("The skip token is malformed.")
        if not isinstance(left, int):
            raise refusals.url("The skip token is malformed.")
        return payload

    def _add_page(
        self,
        body: dict[str, Any],
        where: Conditions,
        payload: Mapping[str, Any],
        left: int | None = None,
        keys: Sequence[Key] = (),
    ) -> dict[str, Any] | None:
        """Add a page of rows to an answer; return the next cookie's content, if there is one."""
        keys = keys or self.query.keys(self.options.get("$orderby"))
        columns = self.query.selected(self.options.get("$select"))
        wanted = expansions(self.query, self.options.get("$expand"))
        conditions, bound = where
        if "after" in payload:
            if len(payload["after"]) != len(keys):
                raise refusals.url("The skip token belongs to another query.")
            text, more = behind(keys, payload["after"])
            conditions, bound = [*conditions, text], [*bound, *more]
        size = min(self.prefer.page_size or PAGE, left if left is not None else PAGE)
        needed = needed_columns(self.table, wanted)
        rows = self.query.rows(columns, keys, (conditions, bound), size + 1, needed)
        page, has_more = rows[:size], len(rows) > size
        renderer = Renderer(self.store, self.model, self.table)
        body["value"] = renderer.render(page, columns, self.prefer)
        Expander(self.store, self.model, self.prefer).expand(
            self.table, page, body["value"], wanted
        )
        if not has_more or size == 0 or (left is not None and left <= size):
            return None
        rest: dict[str, Any] = {"after": [page[-1][key.column] for key in keys]}
        if left is not None:
            rest["left"] = left - size
        return rest

    # Change tracking

    def _tracked(self, payload: Mapping[str, Any]) -> Reply:
        """A full read that ends in a delta link, or what happened since one; by pages."""
        tracking.check_options(self.options)
        since, reached = payload.get("since"), payload.get("reached", self.store.version)
        if "$deltatoken" in self.options:
            since = tracking.opened(self.store, self.model, self.options["$deltatoken"])
        body: dict[str, Any] = {"@odata.context": self._context()}
        if since is None:
            rest = self._add_page(body, ([], []), payload)
        else:
            body["@odata.context"] += "/$delta"
            here = sql_name(DATAVERSE, self.table)
            order = [Key(f"{here}.versionnumber", "versionnumber")]
            where = [f"{here}.versionnumber > ?"], [since]
            rest = self._add_page(body, where, payload, keys=order)
            if rest is None:  # deletions come after the changes
                body["value"] += tracking.deletions(self.store, self.table, since, self.call.origin)
        if rest is not None:
            rest |= {"reached": reached, "since": since}
            body["@odata.nextLink"] = self._link("$skiptoken", cookie(rest))
        else:
            token = tracking.token(self.store, reached)
            body["@odata.deltaLink"] = self._link("$deltatoken", token)
        applied = {"Preference-Applied": "odata.track-changes"} | self.prefer.applied()
        return Reply(200, body, applied, rows=len(body["value"]))

    def _context(self) -> str:
        return context(self.call.origin, self.table, self.options)

    def _link(self, name: str, token: str) -> str:
        kept = {k: v for k, v in self.options.items() if k not in ("$skiptoken", "$deltatoken")}
        query = "".join(f"{quote(k, safe='$@')}={quote(v, safe='$,()/')}&" for k, v in kept.items())
        path = quote(self.call.path, safe="/()=,'$")
        return f"{self.call.origin}{path}?{query}{name}={quote(token)}"


def row_address(origin: str, table: Table, row: Row) -> str:
    """Return the address of a row by its id."""
    return f"{origin}{API}{table.entity_set}({row[table.key]})"
