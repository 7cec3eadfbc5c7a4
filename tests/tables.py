"""The tables of both systems as their metadata describes them, for tests that need no server."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from connections.systems import Column, Kind, Table

DATA = Path(__file__).resolve().parent.parent / "sandbox" / "data"
SALES_KINDS = {
    "String": Kind.TEXT,
    "Memo": Kind.TEXT,
    "Integer": Kind.INTEGER,
    "BigInt": Kind.INTEGER,
    "Boolean": Kind.BOOLEAN,
    "Money": Kind.DECIMAL,
    "Decimal": Kind.DECIMAL,
    "Double": Kind.DECIMAL,
    "Picklist": Kind.OPTION,
    "State": Kind.OPTION,
    "Status": Kind.OPTION,
    "Uniqueidentifier": Kind.GUID,
    "DateTime": Kind.DATETIME,
    "Lookup": Kind.LOOKUP,
    "Owner": Kind.LOOKUP,
    "Customer": Kind.LOOKUP,
}
BUSINESS_CENTRAL_KINDS = {
    "string": Kind.TEXT,
    "guid": Kind.GUID,
    "decimal": Kind.DECIMAL,
    "dateTime": Kind.DATETIME,
    "date": Kind.DATE,
    "boolean": Kind.BOOLEAN,
    "integer": Kind.INTEGER,
    "enum": Kind.ENUM,
}
NAME_COLUMNS = ("displayName", "description", "name", "code")


@cache
def dataverse_tables() -> dict[str, Table]:
    """Return every table of Dataverse by its logical name."""
    schema = json.loads((DATA / "dataverse_schema.json").read_text(encoding="utf-8"))
    return {table["logicalName"]: _dataverse_table(table) for table in schema["tables"]}


@cache
def business_central_tables() -> dict[str, Table]:
    """Return every table of Business Central by its entity set."""
    schema = json.loads((DATA / "business_central_schema.json").read_text(encoding="utf-8"))
    return {entity["entitySet"]: _entity(entity) for entity in schema["entities"]}


def _dataverse_table(table: dict[str, Any]) -> Table:
    columns = [
        _attribute(attribute)
        for attribute in table["attributes"]
        if attribute.get("kind") not in ("lookupName", "lookupType")
    ]
    return Table(
        name=table["logicalName"],
        caption=table["logicalName"].replace("_", " ").title(),
        columns={column.name: column for column in columns},
        name_column=table["primaryNameAttribute"] or "",
    )


def _attribute(attribute: dict[str, Any]) -> Column:
    is_date = attribute.get("format") == "dateOnly"
    kind = Kind.DATE if is_date else SALES_KINDS[attribute["type"]]
    return Column(
        name=attribute["logicalName"],
        kind=kind,
        caption=attribute.get("alField", attribute["logicalName"]),
        max_length=attribute.get("maxLength"),
        options={number: name for name, number in attribute.get("options", {}).items()},
        targets=tuple(attribute.get("targets", ())),
        creatable=attribute["access"] in ("full", "insert"),
        updatable=attribute["access"] in ("full", "modify"),
        precision=2 if attribute["type"] == "Money" else None,
    )


def _entity(entity: dict[str, Any]) -> Table:
    columns = {field["name"]: _field(field) for field in entity["fields"]}
    return Table(
        name=entity["entitySet"],
        caption=entity["table"],
        columns=columns,
        natural_key=tuple(entity["naturalKey"]),
        name_column=next((name for name in NAME_COLUMNS if name in columns), ""),
        takes_id=entity["binding"] == "customApi",
    )


def _field(field: dict[str, Any]) -> Column:
    is_code = field.get("alType") == "Code"
    return Column(
        name=field["name"],
        kind=Kind.CODE if is_code else BUSINESS_CENTRAL_KINDS[field["type"]],
        caption=field.get("alField") or field["name"],
        max_length=field.get("maxLength"),
        members=tuple(field.get("values", ())),
        updatable=field["editable"],
    )
