"""The tables of both systems, as the two data files describe them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.labels import column_label
from sandbox.ranges import RANGES

DATA = Path(__file__).parent / "data"


class Type(StrEnum):
    """How a value travels and is stored."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    DATE = "date"
    GUID = "guid"
    LOOKUP = "lookup"
    OPTION = "option"
    ENUM = "enum"


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One attribute or field; `declared` is the type as its system names it."""

    name: str
    type: Type
    declared: str
    max_length: int | None = None
    targets: tuple[str, ...] = ()
    options: Mapping[int, str] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    creatable: bool = True
    updatable: bool = True
    minimum: float | None = None
    maximum: float | None = None
    precision: int | None = None
    extensible: bool = False
    caption: str = ""
    label: str = ""  # what people read; the caption of Dataverse's columns is a name of AL

    @property
    def is_polymorphic(self) -> bool:
        return self.type == Type.LOOKUP and len(self.targets) > 1


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One table; `name` is the logical name, or Business Central's entity set."""

    name: str
    entity_set: str
    key: str
    columns: Mapping[str, Column]
    name_column: str | None = None
    natural_key: tuple[str, ...] = ()
    intersect: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


DATAVERSE_TYPES = {
    "String": Type.STRING,
    "Memo": Type.STRING,
    "Integer": Type.INTEGER,
    "BigInt": Type.INTEGER,
    "Money": Type.DECIMAL,
    "Decimal": Type.DECIMAL,
    "Double": Type.DECIMAL,
    "Boolean": Type.BOOLEAN,
    "DateTime": Type.DATETIME,
    "Uniqueidentifier": Type.GUID,
    "Lookup": Type.LOOKUP,
    "Owner": Type.LOOKUP,
    "Customer": Type.LOOKUP,
    "Picklist": Type.OPTION,
    "State": Type.OPTION,
    "Status": Type.OPTION,
}

MEMO_LENGTH = 2000
LONG_MEMOS = {
    "data": 1_000_000,
    "notetext": 100_000,
    "message": 100_000,
    "friendlymessage": 100_000,
}
# Tables that the work needs beyond the data file.
SUPPORT_TABLES: dict[str, dict[str, str]] = {
    "privilege": {"privilegeid": "Uniqueidentifier", "name": "String", "accessright": "Integer"},
    "roleprivileges": {
        "roleprivilegeid": "Uniqueidentifier",
        "roleid": "Uniqueidentifier",
        "privilegeid": "Uniqueidentifier",
        "privilegedepthmask": "Integer",
    },
    "importjob": {
        "importjobid": "Uniqueidentifier",
        "name": "String",
        "solutionname": "String",
        "progress": "Double",
        "data": "Memo",
        "startedon": "DateTime",
        "completedon": "DateTime",
    },
    "nav_defaultconnection": {
        "nav_defaultconnectionid": "Uniqueidentifier",
        "nav_name": "String",
    },
    "asyncoperation": {
        "asyncoperationid": "Uniqueidentifier",
        "name": "String",
        "operationtype": "Integer",
        "message": "Memo",
        "friendlymessage": "Memo",
        "statecode": "State",
        "statuscode": "Status",
        "startedon": "DateTime",
        "completedon": "DateTime",
    },
}
# What an administrator changes although the integration never does.
WRITABLE = {("systemuser", "isdisabled")}
SUPPORT_ENTITY_SETS = {
    "privilege": "privileges",
    "roleprivileges": "roleprivilegescollection",
    "importjob": "importjobs",
    "nav_defaultconnection": "nav_defaultconnections",
    "asyncoperation": "asyncoperations",
}
# Every table with rows of its own has these, whether the data file lists them or not.
SYSTEM_COLUMNS = {
    "createdon": ("DateTime", ()),
    "modifiedon": ("DateTime", ()),
    "createdby": ("Lookup", ("systemuser",)),
    "modifiedby": ("Lookup", ("systemuser",)),
    "versionnumber": ("BigInt", ()),
}


@cache
def dataverse() -> dict[str, Table]:
    """Return the tables of Dataverse by logical name."""
    document = json.loads((DATA / "dataverse_schema.json").read_text(encoding="utf-8"))
    tables = {entry["logicalName"]: _dataverse_table(entry) for entry in document["tables"]}
    for name, attributes in SUPPORT_TABLES.items():
        columns = {
            column: Column(
                column,
                DATAVERSE_TYPES[declared],
                declared,
                max_length=LONG_MEMOS.get(column, 100),
            )
            for column, declared in attributes.items()
        }
        columns |= {n: _system_column(n) for n in SYSTEM_COLUMNS}
        key = next(iter(attributes))
        name_column = "name" if "name" in attributes else None
        columns = {n: _described(name, column) for n, column in columns.items()}
        tables[name] = Table(name, SUPPORT_ENTITY_SETS[name], key, columns, name_column)
    return tables


def _dataverse_table(entry: dict[str, Any]) -> Table:
    columns = {}
    for attribute in entry["attributes"]:
        if attribute.get("kind") or attribute["type"] == "EntityName":
            continue  # names and types of lookups are annotations, no properties
        column = _dataverse_column(attribute)
        if (entry["logicalName"], column.name) in WRITABLE:
            column = replace(column, updatable=True)
        columns[column.name] = column
    key = entry["primaryIdAttribute"].lower()
    columns.setdefault(key, Column(key, Type.GUID, "Uniqueidentifier", updatable=False))
    if key == "activityid":
        columns[key] = Column(key, Type.GUID, "Uniqueidentifier", updatable=False)
    for name in SYSTEM_COLUMNS:
        columns.setdefault(name, _system_column(name))
    table = entry["logicalName"]
    return Table(
        table,
        entry["entitySetName"],
        key,
        {name: _described(table, column) for name, column in columns.items()},
        entry["primaryNameAttribute"],
        intersect=entry["intersect"],
        extra=entry,
    )


def _described(table: str, column: Column) -> Column:
    """Return a column with what people call it and how large it may be."""
    column = replace(column, label=column_label(table, column.name, column.caption or column.name))
    known = RANGES.get((table, column.name))
    if known is None:
        return column
    return replace(column, minimum=known.minimum, maximum=known.maximum, precision=known.precision)


def _system_column(name: str) -> Column:
    declared, targets = SYSTEM_COLUMNS[name]
    return Column(
        name,
        DATAVERSE_TYPES[declared],
        declared,
        targets=targets,
        creatable=False,
        updatable=False,
    )


def _dataverse_column(attribute: dict[str, Any]) -> Column:
    declared, access = attribute["type"], attribute["access"]
    name = attribute["logicalName"].lower()
    targets = tuple(attribute.get("targets") or ())
    if name in SYSTEM_COLUMNS:
        access, targets = "read", tuple(SYSTEM_COLUMNS[name][1])
    type_ = DATAVERSE_TYPES[declared]
    if declared == "DateTime" and attribute.get("format") == "dateOnly":
        type_ = Type.DATE
    return Column(
        name,
        type_,
        declared,
        max_length=attribute.get("maxLength") or _memo_length(name, declared),
        targets=targets,
        options={value: label for label, value in (attribute.get("options") or {}).items()},
        creatable=access in ("full", "insert"),
        updatable=access in ("full", "modify"),
        minimum=attribute.get("min"),
        maximum=attribute.get("max"),
        extensible=bool(attribute.get("extensible")),
        caption=attribute.get("alField", name),
    )


def _memo_length(name: str, declared: str) -> int | None:
    return LONG_MEMOS.get(name, MEMO_LENGTH) if declared == "Memo" else None


BUSINESS_CENTRAL_TYPES = {
    "string": Type.STRING,
    "decimal": Type.DECIMAL,
    "guid": Type.GUID,
    "dateTime": Type.DATETIME,
    "enum": Type.ENUM,
    "date": Type.DATE,
    "integer": Type.INTEGER,
    "boolean": Type.BOOLEAN,
}


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One page of Business Central's API: an entity set on a route."""

    route: str  # "v2.0" or "integration/sales/v1.0"
    table: Table
    fields: Mapping[str, Column]  # what this page shows; the table may hold more
    takes_id: bool
    singleton: bool
    fixed_filter: tuple[tuple[str, Any], ...]
    actions: tuple[str, ...]
    lcy_translated: frozenset[str]


STANDARD, CUSTOM = "v2.0", "integration/sales/v1.0"


@cache
def business_central() -> tuple[dict[str, Table], dict[tuple[str, str], Page]]:
    """Return Business Central's tables by entity set, and its pages by route and entity set."""
    document = json.loads((DATA / "business_central_schema.json").read_text(encoding="utf-8"))
    tables: dict[str, Table] = {}
    pages: dict[tuple[str, str], Page] = {}
    for entry in document["entities"]:
        own = _fields(entry["fields"])
        standard = entry.get("apiV2") or {}
        also = _fields(standard.get("fields", []))
        name = entry["entitySet"]
        table = Table(
            name,
            name,
            "id",
            {**also, **own},
            None,
            tuple(entry.get("naturalKey") or ()),
            extra=entry,
        )
        tables[name] = table
        if entry["binding"] == "apiV2":
            pages[STANDARD, name] = _page(STANDARD, entry, table, own)
        else:
            pages[CUSTOM, name] = _page(CUSTOM, entry, table, own)
            if standard:
                shown = standard.get("entitySet", name)
                pages.setdefault((STANDARD, shown), _page(STANDARD, entry, table, also))
    return tables, pages


def _page(route: str, entry: dict[str, Any], table: Table, fields: dict[str, Column]) -> Page:
    described = entry["fields"]
    if route == STANDARD and entry["binding"] != "apiV2":
        described = entry["apiV2"]["fields"]
    return Page(
        route,
        table,
        fields,
        takes_id=route == CUSTOM,
        singleton=bool(entry.get("singleton")) and route == CUSTOM,
        fixed_filter=tuple((f["field"], f["value"]) for f in entry.get("fixedFilter") or ()),
        actions=tuple(entry.get("boundActions") or ()),
        lcy_translated=frozenset(
            f["name"] for f in described if f.get("semantics") == "lcyTranslated"
        ),
    )


def _fields(entries: list[dict[str, Any]]) -> dict[str, Column]:
    return {
        entry["name"]: Column(
            entry["name"],
            BUSINESS_CENTRAL_TYPES[entry["type"]],
            entry.get("alType") or entry["type"],
            max_length=entry.get("maxLength"),
            members=tuple(entry.get("values") or ()),
            creatable=bool(entry["editable"]),
            updatable=bool(entry["editable"]),
            caption=entry.get("alField", entry["name"]),
            label=entry.get("alField", entry["name"]),
        )
        for entry in entries
    }
