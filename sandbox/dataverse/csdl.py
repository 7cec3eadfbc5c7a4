"""The environment's model as CSDL."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from sandbox.dataverse.model import Model
from sandbox.dataverse.values import property_name
from sandbox.schema import Column, Table, Type

EDM = {
    Type.STRING: "Edm.String",
    Type.BOOLEAN: "Edm.Boolean",
    Type.DATETIME: "Edm.DateTimeOffset",
    Type.DATE: "Edm.Date",
    Type.GUID: "Edm.Guid",
    Type.LOOKUP: "Edm.Guid",
    Type.OPTION: "Edm.Int32",
    Type.INTEGER: "Edm.Int32",
    Type.DECIMAL: "Edm.Decimal",
}
HEAD = (
    '<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="4.0" '
    'xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
    '<Schema Namespace="Microsoft.Dynamics.CRM" Alias="mscrm" '
    'xmlns="http://docs.oasis-open.org/odata/ns/edm">'
)
TAIL = "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"


def document(model: Model) -> str:
    """Return the document of the whole model."""
    types = "".join(_entity_type(model, table) for table in model.tables.values())
    sets = "".join(_entity_set(model, table) for table in model.tables.values())
    return f'{HEAD}{types}<EntityContainer Name="System">{sets}{TAIL}'


def _entity_type(model: Model, table: Table) -> str:
    properties = "".join(_property(column) for column in table.columns.values())
    links = "".join(
        f"<NavigationProperty Name={quoteattr(item.name)} Type="
        + quoteattr(f"Collection(mscrm.{item.table})" if item.collection else f"mscrm.{item.table}")
        + ("/>" if item.collection else ' Nullable="true"/>')
        for item in model.navigations(table).values()
    )
    key = f'<Key><PropertyRef Name="{table.key}"/></Key>'
    return f'<EntityType Name="{table.name}">{key}{properties}{links}</EntityType>'


def _property(column: Column) -> str:
    kind = "Edm.Int64" if column.declared == "BigInt" else EDM[column.type]
    length = f' MaxLength="{column.max_length}"' if column.max_length else ""
    return f'<Property Name="{property_name(column)}" Type="{kind}"{length}/>'


def _entity_set(model: Model, table: Table) -> str:
    bindings = "".join(
        f'<NavigationPropertyBinding Path="{item.name}" '
        f'Target="{model.tables[item.table].entity_set}"/>'
        for item in model.navigations(table).values()
        if item.table in model.tables
    )
    attributes = f'Name="{table.entity_set}" EntityType="mscrm.{table.name}"'
    return f"<EntitySet {attributes}>{bindings}</EntitySet>"
