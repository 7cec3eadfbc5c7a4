"""The pages of Business Central's API: what metadata says, and what only the product knows."""

from __future__ import annotations

import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from connections.business_central_values import named
from connections.causes import Cause
from connections.errors import TransientError
from connections.systems import Column, Kind, Table

CUSTOM_ROUTE = "api/integration/sales/v1.0"
STANDARD_ROUTE = "api/v2.0"
KNOWN = Path(__file__).with_name("business_central_pages.toml")
ID = "id"
MODIFIED = ("lastModifiedDateTime", "systemModifiedAt")
NAMESPACE = "{http://docs.oasis-open.org/odata/ns/edm}"
DECLARES_A_TYPE = "The document declares a type of its own."
KINDS: Mapping[str, Kind] = {
    "Edm.String": Kind.TEXT,
    "Edm.Guid": Kind.GUID,
    "Edm.Decimal": Kind.DECIMAL,
    "Edm.Double": Kind.DECIMAL,
    "Edm.Boolean": Kind.BOOLEAN,
    "Edm.Int16": Kind.INTEGER,
    "Edm.Int32": Kind.INTEGER,
    "Edm.Int64": Kind.INTEGER,
    "Edm.Date": Kind.DATE,
    "Edm.DateTimeOffset": Kind.DATETIME,
}


@dataclass(frozen=True, slots=True)
class Page:
    """One entity set: where it answers, and the table it shows."""

    route: str
    table: Table
    is_singleton: bool = False

    @property
    def modified_column(self) -> str:
        """The column that tells when a record changed; empty where a page has none."""
        return next((name for name in MODIFIED if name in self.table.columns), "")


def read_metadata(text: str, route: str) -> dict[str, Page]:
    """Return the pages of a route by entity set."""
    root = _parsed(text)
    enumerations = {
        f"{schema.get('Namespace')}.{item.get('Name')}": tuple(
            named(member.get("Name", "")) for member in item.iter(f"{NAMESPACE}Member")
        )
        for schema in root.iter(f"{NAMESPACE}Schema")
        for item in schema.iter(f"{NAMESPACE}EnumType")
    }
    types = {
        f"{schema.get('Namespace')}.{item.get('Name')}": item
        for schema in root.iter(f"{NAMESPACE}Schema")
        for item in schema.iter(f"{NAMESPACE}EntityType")
    }
    pages = {}
    for tag, attribute in (("EntitySet", "EntityType"), ("Singleton", "Type")):
        for item in root.iter(f"{NAMESPACE}{tag}"):
            entity = types.get(item.get(attribute, ""))
            if entity is not None:
                name = item.get("Name", "")
                table = _table(name, entity, enumerations, custom=route == CUSTOM_ROUTE)
                pages[name] = Page(route, table, is_singleton=tag == "Singleton")
    return pages


def _parsed(text: str) -> ET.Element:
    """Parse a metadata document; one that declares entities is refused, since they can explode."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise _unreadable(DECLARES_A_TYPE)
    try:
        return ET.fromstring(text)  # noqa: S314 - without entities there is nothing to expand
    except ET.ParseError as error:
        raise _unreadable(str(error)) from error


def _unreadable(reason: str) -> TransientError:
    message = "Business Central described its pages with something that cannot be read."
    return TransientError(message, cause=Cause.MALFORMED_ANSWER, detail=reason)


def _table(
    name: str, entity: ET.Element, enumerations: Mapping[str, tuple[str, ...]], *, custom: bool
) -> Table:
    known = _known().get(name, {})
    columns = [
        _column(item, known, enumerations, custom=custom)
        for item in entity.iter(f"{NAMESPACE}Property")
    ]
    return Table(
        name=name,
        caption=known.get("caption") or _caption(name),
        columns={column.name: column for column in columns},
        natural_key=tuple(known.get("natural_key", ())),
        name_column=known.get("name_column") or _name_column(columns),
        takes_id=custom,
    )


def _column(
    item: ET.Element,
    known: Mapping[str, Any],
    enumerations: Mapping[str, tuple[str, ...]],
    *,
    custom: bool,
) -> Column:
    name, declared = item.get("Name", ""), item.get("Type", "")
    members = enumerations.get(declared, ())
    kind = Kind.ENUM if members else KINDS.get(declared, Kind.TEXT)
    if kind == Kind.TEXT and name in known.get("codes", ()):
        kind = Kind.CODE
    length = item.get("MaxLength", "")
    may_write = name not in known.get("read_only", ()) and name not in MODIFIED and name != ID
    annotated = _annotations(item)
    return Column(
        name=name,
        kind=kind,
        caption=known.get("captions", {}).get(name) or _caption(name),
        max_length=int(length) if length.isdigit() else None,
        members=members,
        creatable=annotated.get("AllowEditOnCreate", may_write) or (custom and name == ID),
        updatable=annotated.get("AllowEdit", may_write),
    )


def _annotations(item: ET.Element) -> dict[str, bool]:
    """Return what the page itself says about editing, where it says something."""
    return {
        note.get("Term", "").rpartition(".")[2]: note.get("Bool") == "true"
        for note in item.iter(f"{NAMESPACE}Annotation")
        if note.get("Bool")
    }


def _name_column(columns: list[Column]) -> str:
    names = {column.name for column in columns}
    return next(
        (name for name in ("displayName", "description", "name", "code") if name in names), ""
    )


def _caption(name: str) -> str:
    """Return a name in words: currencyCode is Currency Code."""
    words = "".join(f" {sign}" if sign.isupper() else sign for sign in name)
    return words[:1].upper() + words[1:]


def known_fields(name: str) -> tuple[str, ...]:
    """Return the fields that the integration uses of a page, by their names in the API."""
    return tuple(_known().get(name, {}).get("captions", ()))


@cache
def _known() -> dict[str, dict[str, Any]]:
    return tomllib.loads(KNOWN.read_text(encoding="utf-8"))
