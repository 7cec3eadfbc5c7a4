"""Takes a request to Business Central's API to what answers it."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sandbox import identities, schema
from sandbox.business_central import availability, batch, metadata, refusals, users
from sandbox.business_central.numbers import Numbers
from sandbox.business_central.pages import (
    Navigation,
    caption,
    is_insertable,
    is_modifiable,
    navigations,
)
from sandbox.business_central.queries import read_options
from sandbox.business_central.reading import Place, Reader
from sandbox.business_central.refusals import RefusalError
from sandbox.business_central.security import demand
from sandbox.business_central.writing import Writer
from sandbox.http import WRITE, Call, Reply
from sandbox.odata.syntax import split_segments
from sandbox.schema import Page, Table
from sandbox.store import BUSINESS_CENTRAL, Row, Store

ROOT = re.compile(
    r"^/v2\.0/(?P<tenant>[^/]+)/(?P<environment>[^/]+)/api/"
    r"(?P<route>v2\.0|integration/sales/v1\.0|microsoft/automation/v2\.0)(?:/(?P<rest>.*))?$",
    re.DOTALL,
)
SEGMENT = re.compile(r"^(?P<name>[\w.$]+)(?:\((?P<key>.*)\))?$", re.DOTALL)
KEY_PART = re.compile(r"\s*(\w+)\s*=\s*('(?:[^']|'')*'|[^,]+)\s*(?:,|$)")
TOKEN = re.compile(r'^W/"(?P<token>[A-Za-z0-9+/]+=*)"$')
VERSION = re.compile(rb"'20;(\d{19});00;'")
HEADERS = {"OData-Version": "4.0"}


@dataclass(frozen=True, slots=True)
class Address:
    """The record that stands in parentheses behind an entity set, as a condition."""

    where: str
    bound: tuple[Any, ...]
    shown: str  # as the request has it


class BusinessCentral:
    """One environment of Business Central."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.tables, self.pages = schema.business_central()
        self.numbers = Numbers(store, self.tables)
        self.keys = availability.AccessKeys(store)
        self.partial_batch_after: int | None = None
        connection = store.connection
        connection.create_function("bc_etag", 1, etag, deterministic=True)
        connection.create_function("bc_lower", 1, str.lower, deterministic=True)
        connection.create_function("bc_upper", 1, str.upper, deterministic=True)

    def reload(self) -> None:
        """Forget what was kept in memory; the rows were replaced."""
        self.forget()

    def forget(self) -> None:
        """Forget what was kept in memory; rows were added past the rules."""
        self.numbers.forget()

    def user_of(self, client_id: str, username: str) -> str | None:
        """Return the user that a token speaks for, or None if nobody is set up for it."""
        if username:
            return username if username == identities.USERNAME else None
        known = (identities.CLIENT_ID, identities.INTEGRATION_CLIENT_ID)
        return client_id if client_id in known else None

    def handle(self, call: Call, body: Any = None) -> Reply:
        """Answer a request; refusals become error bodies. A batch hands bodies over as read."""
        try:
            reply = self._route(call, body)
        except RefusalError as error:
            return self.refused(error)
        except json.JSONDecodeError as error:
            return self.refused(refusals.body(f"The body is no JSON: {error}"))
        except UnicodeDecodeError:
            return self.refused(refusals.body("The body is not encoded in UTF-8."))
        reply.headers.update(HEADERS)
        return reply

    def refused(self, error: RefusalError) -> Reply:
        """Return the body of a refusal."""
        message = f"{error.message}  CorrelationId:  {uuid4()}."
        return Reply(
            error.status, {"error": {"code": error.code, "message": message}}, dict(HEADERS)
        )

    def writer(self, user: str) -> Writer:
        return Writer(self, user)

    # Routes

    def _route(self, call: Call, body: Any) -> Reply:
        if availability.is_asked(call.path):
            return availability.handle(self, call)
        found = ROOT.match(call.path)
        if found is None:
            raise refusals.segment(call.path.strip("/").split("/")[-1])
        if found["tenant"] != identities.TENANT or found["environment"] != identities.ENVIRONMENT:
            raise refusals.RefusalError(404, "NoEnvironment", "Environment does not exist.")
        route = found["route"]
        root = f"{call.origin}{call.path[: found.end('route')]}"
        segments = split_segments((found["rest"] or "").strip("/"))
        if not segments:
            return metadata.service_document(self, route, root)
        name, key = segment(segments[0])
        if name == "$metadata":
            return metadata.csdl(route)
        if name == "$batch":
            return batch.handle(self, call, root)
        place = Place(root, route, self._company(call, name, key, len(segments)))
        if name == "companies" and len(segments) > 1 and key is not None:
            segments = segments[1:]
        return self._entity(call, segments, place, body)

    def _company(self, call: Call, name: str, key: str | None, depth: int) -> str:
        """Return the id of the company that a request names in its path or as ?company=."""
        if name == "companies":
            return self._company_id(key) if key is not None and depth > 1 else ""
        wanted = read_options(call.query).get("company")
        if wanted is None:
            message = "The company must be given, as companies(<id>) or as ?company=."
            raise refusals.url(message)
        return self._company_id(wanted)

    def _company_id(self, key: str) -> str:
        table = self.tables["companies"]
        address = _addressed(table, key, loose=True)
        rows = self.store.select(BUSINESS_CENTRAL, table, ["id"], address.where, address.bound)
        if not rows:
            raise refusals.no_company(key)
        return str(rows[0]["id"])

    def _entity(self, call: Call, segments: list[str], place: Place, body: Any) -> Reply:
        if place.route == users.ROUTE:
            return users.handle(call, segments, place.root)
        name, key = segment(segments[0])
        page = self.page(place.route, name)
        reader = Reader(self, page, place)
        demand(call.user, "Read", page.table)
        if key is None:
            if len(segments) == 1:
                return self._collection(call, page, reader, body)
            if segments[1:] == ["$count"] and call.method == "GET":
                return reader.count(call)
            raise refusals.segment(segments[1])
        address = _addressed(page.table, key)
        if len(segments) == 1:
            return self._single(call, page, reader, address, body)
        return self._below(call, page, place, address, segments[1:])

    def page(self, route: str, name: str) -> Page:
        """Return a page by its entity set; companies stand on every route."""
        page = self.pages.get((route, name))
        if page is None and name == "companies":
            page = self.pages[schema.STANDARD, name]
        if page is None:
            raise refusals.segment(name)
        return page

    # Records

    def _collection(self, call: Call, page: Page, reader: Reader, body: Any) -> Reply:
        match call.method:
            case "GET":
                return reader.many(call)
            case "POST" if is_insertable(page):
                with self.store.transaction():
                    row = self.writer(call.user).create(page, _given(call, body))
                return self._written(call, page, reader, row["id"], 201)
            case _:
                raise refusals.method(call.method, page.table.entity_set)

    def _single(self, call: Call, page: Page, reader: Reader, address: Address, body: Any) -> Reply:
        match call.method:
            case "GET":
                return reader.one(call, address.where, address.bound, address.shown)
            case "PATCH" if is_modifiable(page):
                given = _given(call, body)
                with self.store.transaction():
                    row = self._matching(call, page, address)
                    self.writer(call.user).update(page, row, given)
                return self._written(call, page, reader, row["id"], 200)
            case "DELETE" if is_insertable(page):
                with self.store.transaction():
                    row = self._matching(call, page, address)
                    self.writer(call.user).delete(page, row)
                return Reply(204, work=WRITE)
            case _:
                raise refusals.method(call.method, page.table.entity_set)

    def _existing(self, call: Call, page: Page, address: Address) -> Row:
        row = self.writer(call.user).found(page, address.where, address.bound)
        if row is None:
            raise refusals.missing(caption(page.table), address.shown)
        return row

    def _matching(self, call: Call, page: Page, address: Address) -> Row:
        """Return the stored record if the request holds its version."""
        row = self._existing(call, page, address)
        wanted = call.headers.get("if-match", "").strip()
        if wanted == "*":
            return row
        if _version(wanted) != row["__version"]:
            raise refusals.changed()
        return row

    def _written(self, call: Call, page: Page, reader: Reader, key: str, status: int) -> Reply:
        text = reader.text({}, '"id" = ?', [key])
        if text is None:  # the record left the filter of its page
            raise refusals.missing(caption(page.table), key)
        headers = {}
        if status == 201:
            address = call.path.rstrip("/")
            headers["Location"] = f"{call.origin}{address}({key})"
        return Reply(status, reader.single({}, text), headers, work=WRITE)

    # Below a record

    def _below(
        self, call: Call, page: Page, place: Place, address: Address, rest: list[str]
    ) -> Reply:
        row = self._existing(call, page, address)
        name, _ = segment(rest[0])
        if name.startswith("Microsoft.NAV."):
            return self._act(call, page, name.removeprefix("Microsoft.NAV."))
        navigation = navigations(page).get(name)
        if navigation is None or len(rest) > 1:
            raise refusals.segment(rest[-1])
        if call.method != "GET":
            raise refusals.method(call.method, name)
        return self._navigate(call, navigation, row, place)

    def _navigate(self, call: Call, navigation: Navigation, row: Row, place: Place) -> Reply:
        demand(call.user, "Read", navigation.page.table)
        reader = Reader(self, navigation.page, place)
        where, bound = f'"{navigation.there}" = ?', [row[navigation.here]]
        if navigation.collection:
            return reader.many(call, where, bound)
        if not row[navigation.here]:
            return Reply(204)
        return reader.one(call, where, bound, str(row[navigation.here]))

    def _act(self, call: Call, page: Page, name: str) -> Reply:
        if name not in page.actions:
            message = f"Microsoft.NAV.{name}"
            raise refusals.segment(message)
        if call.method != "POST":
            raise refusals.method(call.method, name)
        message = f"The action '{name}' is not implemented in this sandbox."
        raise refusals.not_implemented(message)


def etag(version: int) -> str:
    """Return the opaque token of a version."""
    return base64.b64encode(f"'20;{version:019};00;'".encode()).decode()


def _version(text: str) -> int:
    """Return the version of an etag; raises RefusalError where there is none."""
    found = TOKEN.match(text)
    if found is None:
        raise refusals.no_token()
    try:
        version = VERSION.fullmatch(base64.b64decode(found["token"]))
    except ValueError as error:
        raise refusals.no_token() from error
    if version is None:
        raise refusals.no_token()
    return int(version[1])


def segment(text: str) -> tuple[str, str | None]:
    """Return name and key of a segment of a path."""
    found = SEGMENT.match(text)
    if found is None:
        raise refusals.segment(text)
    return found["name"], found["key"]


def _addressed(table: Table, key: str, *, loose: bool = False) -> Address:
    """Return the record that a key means: its id, or the values of its natural key."""
    try:
        return Address('"id" = ?', (str(UUID(key)),), key)
    except ValueError:
        pass
    values = {name: _unquoted(text) for name, text in KEY_PART.findall(key)}
    quoted = key[:1] == "'" == key[-1:]
    if not values and len(table.natural_key) == 1 and (loose or quoted):
        values = {table.natural_key[0]: _unquoted(key)}
    if set(values) != set(table.natural_key) and set(values) != {"id"}:
        message = f"'{key}' is no key of {table.entity_set}."
        raise refusals.syntax(message)
    where = " AND ".join(f'"{name}" = ?' for name in values)
    bound = tuple(_key_value(table, name, text) for name, text in values.items())
    return Address(where, bound, key)


def _given(call: Call, body: Any) -> Any:
    return call.json() if body is None else body


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'") if text.startswith("'") else text


def _key_value(table: Table, name: str, text: str) -> Any:
    column = table.columns[name]
    if column.type in (schema.Type.INTEGER, schema.Type.DECIMAL):
        return float(text) if text.replace(".", "", 1).isdigit() else text
    return text.upper() if column.declared == "Code" else text
