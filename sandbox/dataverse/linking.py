"""Follows navigation properties, and links and unlinks rows by `$ref`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sandbox.dataverse import actions, refusals
from sandbox.dataverse.expanding import related_condition
from sandbox.dataverse.model import OWNER, Navigation
from sandbox.dataverse.writing import Reference, Writer
from sandbox.http import WRITE, Call, Reply
from sandbox.store import Row

if TYPE_CHECKING:
    from sandbox.dataverse.service import Dataverse

SEGMENT = re.compile(r"^(?P<name>[\w.$]+)(?:\((?P<key>.*)\))?$", re.DOTALL)


def segment_of(text: str) -> tuple[str, str | None]:
    """Return the name of a path's segment and the key behind it."""
    found = SEGMENT.match(text)
    if found is None:
        raise refusals.segment(text)
    return found["name"], found["key"]


def navigate(
    environment: Dataverse, call: Call, reference: Reference, rest: list[str], writer: Writer
) -> Reply:
    """Answer the rows behind a navigation property, or change a link."""
    name, related_key = segment_of(rest[0])
    navigation = environment.model.navigation(reference.table, name)
    row = writer.existing(reference)
    if len(rest) > 1 and rest[1] == "$ref":
        with environment.atomic():
            _link(environment, call, (reference, row), navigation, related_key, writer)
        return Reply(204, work=WRITE)
    if len(rest) > 1 or related_key is not None:
        raise refusals.segment(rest[-1])
    if call.method != "GET":
        raise refusals.method(call.method, name)
    return _related(environment, call, reference, row, navigation)


def _related(
    environment: Dataverse, call: Call, reference: Reference, row: Row, navigation: Navigation
) -> Reply:
    table = navigation.table
    kind = row.get(f"{navigation.column}__t")
    if not navigation.collection and navigation.name == OWNER:
        table = kind or table
    other = environment.model.tables[table]
    environment.security.demand(call.user, "Read", other)
    reader = environment.reader(call, other)
    if navigation.collection:
        where, bound = related_condition(other, reference.table, row, navigation)
        return reader.many(where, bound)
    key = row[navigation.column]
    if key is None or (kind is not None and kind != table):
        return Reply(204, rows=1)
    return reader.one(key)


def _link(
    environment: Dataverse,
    call: Call,
    here: tuple[Reference, Row],
    navigation: Navigation,
    related_key: str | None,
    writer: Writer,
) -> None:
    reference, row = here
    target = related_key or _target(call)
    if not navigation.collection:
        if call.method == "DELETE":
            writer.update(reference.table, row, {f"{navigation.name}@odata.bind": None})
        elif call.method == "PUT" and target:
            writer.update(reference.table, row, {f"{navigation.name}@odata.bind": target})
        else:
            raise refusals.method(call.method, navigation.name)
        return
    if call.method not in ("POST", "DELETE"):
        raise refusals.method(call.method, navigation.name)
    if not target:
        raise refusals.url("A reference to the related row is missing.")
    other = environment.model.tables[navigation.table]
    related = writer.addressed(other, target) if related_key else writer.parse(target)
    if related.table is not other:
        raise refusals.url(f"'{target}' does not lead to {other.entity_set}.")
    there = writer.existing(related)
    removes = call.method == "DELETE"
    if navigation.intersect:
        between = environment.model.tables[navigation.intersect]
        one = (reference.table, row)
        actions.relate(environment, writer, between, one, (other, there), remove=removes)
        return
    back = environment.model.way_back(other, navigation.column, reference.table.name)
    address = f"/{reference.table.entity_set}({row[reference.table.key]})"
    writer.update(other, there, {f"{back}@odata.bind": None if removes else address})


def _target(call: Call) -> str:
    """Return the address of the related row, from the body or from `$id`."""
    if call.body:
        body: Any = call.json()
        return str(body.get("@odata.id") or "") if isinstance(body, dict) else ""
    name, _, value = unquote(call.query.replace("+", " ")).partition("=")
    return value if name == "$id" else ""
