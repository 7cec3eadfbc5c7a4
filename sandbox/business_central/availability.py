"""The item availability service: a query published as an OData web service, for Sales to ask."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sandbox import identities, schema
from sandbox.business_central import refusals
from sandbox.business_central.reading import Place, Reader
from sandbox.business_central.values import EDM
from sandbox.http import Call, Reply
from sandbox.schema import Column, Page, Table
from sandbox.store import BUSINESS_CENTRAL, Store, sql_name

if TYPE_CHECKING:
    from sandbox.business_central.service import BusinessCentral

ROOT = re.compile(
    r"^/v2\.0/(?P<tenant>[^/]+)/(?P<environment>[^/]+)/ODataV4"
    r"(?:/Company\('(?P<company>(?:[^']|'')+)'\))?(?:/(?P<rest>.*))?$",
    re.DOTALL,
)
KEPT = "access_key"  # survives a reset, as a user's key survives new data
CHALLENGE = 'Basic realm=""'
DEFINITION = schema.DATA / "item_availability.json"


class AccessKeys:
    """The web service access key of the one user that has one."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @property
    def current(self) -> str:
        """The key as it is now; it is made when there is none."""
        return self.store.get_meta(KEPT) or self.change()

    def change(self) -> str:
        """Do as *Change Web Service Key* on the user's card: the old key is worth nothing now."""
        made = base64.b64encode(secrets.token_bytes(32)).decode()
        self.store.set_meta(KEPT, made)
        return made

    def user_of(self, authorization: str) -> str | None:
        """Return the user that a Basic authorization proves to be, or None."""
        scheme, _, text = authorization.partition(" ")
        try:
            told = base64.b64decode(text, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        name, _, key = told.partition(":")
        is_user = name.upper() == identities.AVAILABILITY_USER
        is_key = hmac.compare_digest(key.encode(), self.current.encode())
        return (
            identities.AVAILABILITY_USER
            if scheme.lower() == "basic" and is_user and is_key
            else None
        )


@dataclass(frozen=True, slots=True)
class ServicePlace(Place):
    """Where the service stands: below a company's name."""

    def context(self, page: Page, options: Mapping[str, str]) -> str:  # noqa: ARG002
        return f"{self.root}/$metadata#Company('{quote(self.company)}')/{page.table.name}"


def is_asked(path: str) -> bool:
    """Whether a request is for a published web service rather than for the API."""
    return ROOT.match(path) is not None


def handle(environment: BusinessCentral, call: Call) -> Reply:
    """Answer a request of somebody whose key was right."""
    found = ROOT.match(call.path)
    if found is None or (found["tenant"], found["environment"]) != (
        identities.TENANT,
        identities.ENVIRONMENT,
    ):
        raise refusals.RefusalError(404, "NoEnvironment", "Environment does not exist.")
    shown, root = page(), f"{call.origin}{call.path[: call.path.index('/ODataV4')]}/ODataV4"
    rest = (found["rest"] or "").strip("/")
    if rest == "$metadata" and not found["company"]:
        return Reply(200, _metadata(shown), {"Content-Type": "application/xml"})
    company = _company(environment, (found["company"] or "").replace("''", "'"))
    if not rest:
        entry = {"name": shown.table.name, "kind": "EntitySet", "url": shown.table.name}
        return Reply(200, {"@odata.context": f"{root}/$metadata", "value": [entry]})
    if call.method != "GET":
        raise refusals.method(call.method, shown.table.name)
    reader = Reader(environment, shown, ServicePlace(root, "ODataV4", company))
    match rest.split("/"):
        case [name] if name == shown.table.name:
            return reader.many(call)
        case [name, "$count"] if name == shown.table.name:
            return reader.count(call)
        case [*_, last]:
            raise refusals.segment(last)
    raise refusals.segment(rest)


def _company(environment: BusinessCentral, name: str) -> str:
    table = environment.tables["companies"]
    rows = environment.store.select(BUSINESS_CENTRAL, table, ["name"], '"name" = ?', (name,))
    if not rows:
        raise refusals.no_company(name)
    return name


@cache
def page() -> Page:
    """Return the query as a page that only shows."""
    definition = json.loads(DEFINITION.read_text(encoding="utf-8"))
    items, pages = schema.business_central()
    table = items[definition["entitySet"]]
    columns = {
        field["name"]: _renamed(table.columns[field["field"]], field["name"])
        for field in definition["fields"]
    }
    [key, *_] = columns
    extra = {"entityName": definition["serviceName"], "source": _source(table, definition)}
    shown = Table(definition["serviceName"], definition["serviceName"], key, columns, extra=extra)
    model = pages[schema.CUSTOM, definition["entitySet"]]
    return replace(model, route="ODataV4", table=shown, fields=columns, takes_id=False)


def _renamed(column: Column, name: str) -> Column:
    return replace(column, name=name, creatable=False, updatable=False)


def _source(table: Table, definition: dict[str, Any]) -> str:
    shown = ", ".join(f'"{f["field"]}" AS "{f["name"]}"' for f in definition["fields"])
    where = " AND ".join(f'"{f["field"]}" = {int(f["value"])}' for f in definition["fixedFilter"])
    rows = sql_name(BUSINESS_CENTRAL, table)
    return f'(SELECT {shown}, "__version" FROM {rows} WHERE {where})'  # noqa: S608


def _metadata(shown: Page) -> bytes:
    properties = "".join(
        f'<Property Name="{name}" Type="{EDM[column.type]}"/>'
        for name, column in shown.fields.items()
    )
    name = shown.table.name
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">'
        '<edmx:DataServices><Schema Namespace="NAV" xmlns="http://docs.oasis-open.org/odata/ns/edm">'
        f'<EntityType Name="{name}"><Key><PropertyRef Name="{shown.table.key}"/></Key>'
        f'{properties}</EntityType><EntityContainer Name="NAV">'
        f'<EntitySet Name="{name}" EntityType="NAV.{name}"/>'
        "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"
    ).encode()
