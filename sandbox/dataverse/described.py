"""Tables, columns and relationships as metadata describes them."""

from __future__ import annotations

from typing import Any
from uuid import uuid5

from sandbox.dataverse.model import (
    INTERSECTS,
    NAMESPACE,
    Model,
    collection_name,
    label,
    navigation_name,
)
from sandbox.dataverse.security import VERBS, privilege_id, privilege_name
from sandbox.dataverse.values import REQUIRED, STATE_LABELS, states_of
from sandbox.labels import collection_label, table_label
from sandbox.schema import Column, Table, Type

CRM = "#Microsoft.Dynamics.CRM"
Item = dict[str, Any]


def metadata_id(*names: str) -> str:
    return str(uuid5(NAMESPACE, "/".join(names)))


def schema_name(logical: str) -> str:
    """Return a schema name: custom names keep their prefix."""
    prefix, mark, rest = logical.partition("_")
    return f"{prefix}_{rest[:1].upper()}{rest[1:]}" if mark else logical[:1].upper() + logical[1:]


def entity(table: Table) -> Item:
    """Return the definition of a table."""
    custom = "_" in table.name
    return {
        "MetadataId": metadata_id(table.name),
        "LogicalName": table.name,
        "SchemaName": schema_name(table.name),
        "EntitySetName": table.entity_set,
        "LogicalCollectionName": table.entity_set,
        "CollectionSchemaName": schema_name(table.entity_set),
        "PrimaryIdAttribute": table.key,
        "PrimaryNameAttribute": table.name_column,
        "DisplayName": label(table_label(table.name, schema_name(table.name))),
        "DisplayCollectionName": label(collection_label(table.name, schema_name(table.entity_set))),
        "Description": label(""),
        "ObjectTypeCode": 10_000 + sum(table.name.encode()),
        "OwnershipType": "UserOwned" if "ownerid" in table.columns else "OrganizationOwned",
        "IsCustomEntity": custom,
        "IsManaged": custom,
        "IsPrivate": False,
        "IsIntersect": table.intersect,
        "IsActivity": False,
        "IsLogicalEntity": False,
        "ChangeTrackingEnabled": True,
        "IsOptimisticConcurrencyEnabled": True,
        "HasChanged": None,
        "TableType": "Standard",
        "Privileges": [_privilege(table, verb) for verb in VERBS],
    }


def _privilege(table: Table, verb: str) -> Item:
    name = privilege_name(verb, table.name)
    return {
        "CanBeBasic": True,
        "CanBeDeep": True,
        "CanBeGlobal": True,
        "CanBeLocal": True,
        "Name": name,
        "PrivilegeId": privilege_id(name),
        "PrivilegeType": verb,
    }


def attribute(model: Model, table: Table, column: Column) -> Item:
    """Return the definition of a column, with its option set."""
    required = column.name in REQUIRED.get(table.name, ())
    level = "ApplicationRequired" if required else "None"
    if column.name == table.key:
        level = "SystemRequired"
    declared = column.declared
    item: Item = {
        "@odata.type": f"{CRM}.{_cast(declared)}",
        "MetadataId": metadata_id(table.name, column.name),
        "LogicalName": column.name,
        "SchemaName": schema_name(column.name),
        "EntityLogicalName": table.name,
        "AttributeType": declared,
        "AttributeTypeName": {"Value": f"{declared}Type"},
        "AttributeOf": None,
        "DisplayName": label(column.label),
        "Description": label(""),
        "RequiredLevel": {
            "Value": level,
            "CanBeChanged": not required,
            "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings",
        },
        "IsPrimaryId": column.name == table.key,
        "IsPrimaryName": column.name == table.name_column,
        "IsCustomAttribute": "_" in column.name and not column.name.startswith("address"),
        "IsValidForCreate": column.creatable,
        "IsValidForUpdate": column.updatable,
        "IsValidForRead": True,
        "IsManaged": True,
        "ColumnNumber": list(table.columns).index(column.name) + 1,
    }
    return item | _special(model, table, column)


def _cast(declared: str) -> str:
    if declared in ("Owner", "Customer"):
        return "LookupAttributeMetadata"
    if declared == "Uniqueidentifier":
        return "AttributeMetadata"
    return f"{declared}AttributeMetadata"


def _special(model: Model, table: Table, column: Column) -> Item:
    match column.type:
        case Type.STRING:
            return {"MaxLength": column.max_length or 2000, "Format": "Text"}
        case Type.LOOKUP:
            return {"Targets": list(column.targets)}
        case Type.DATETIME | Type.DATE:
            only = column.type == Type.DATE
            return {
                "Format": "DateOnly" if only else "DateAndTime",
                "DateTimeBehavior": {"Value": "DateOnly" if only else "UserLocal"},
            }
        case Type.INTEGER | Type.DECIMAL:
            return _numbers(column)
        case Type.OPTION:
            return {"OptionSet": _option_set(model, table, column), "DefaultFormValue": None}
        case Type.BOOLEAN:
            yes, no = {"Value": 1, "Label": label("Yes")}, {"Value": 0, "Label": label("No")}
            return {"OptionSet": {"TrueOption": yes, "FalseOption": no}, "DefaultValue": False}
        case _:
            return {}


def _numbers(column: Column) -> Item:
    exact = {} if column.precision is None else {"Precision": column.precision}
    return {"MinValue": column.minimum, "MaxValue": column.maximum, **exact}


def _option_set(model: Model, table: Table, column: Column) -> Item:
    name = f"{table.name}_{column.name}"
    return {
        "MetadataId": metadata_id("optionset", name),
        "Name": name,
        "IsGlobal": False,
        "OptionSetType": column.declared,
        "Options": _options(model, table, column),
    }


def _options(model: Model, table: Table, column: Column) -> list[Item]:
    states = states_of(table.name)
    options = dict(model.published_options(table, column))
    if column.name == "statecode":
        options = options or {state: STATE_LABELS.get(state, str(state)) for state in states}
        return [
            {
                **_option(value, text),
                "DefaultStatus": states.get(value, (1,))[0],
                "InvariantName": text,
            }
            for value, text in options.items()
        ]
    if column.name == "statuscode":
        owners = {status: state for state, reasons in states.items() for status in reasons}
        options = options or {s: STATE_LABELS.get(state, str(s)) for s, state in owners.items()}
        return [{**_option(v, text), "State": owners.get(v, 0)} for v, text in options.items()]
    return [_option(value, text) for value, text in options.items()]


def _option(value: int, text: str) -> Item:
    return {"Value": value, "Label": label(text), "Description": label(""), "IsManaged": False}


# Relationships


def many_to_one(model: Model, table: Table) -> list[Item]:
    return [
        _relationship(table, column, model.tables[target])
        for column in table.columns.values()
        if column.type == Type.LOOKUP
        for target in column.targets
        if target in model.tables
    ]


def one_to_many(model: Model, table: Table) -> list[Item]:
    return [
        _relationship(other, column, table)
        for other in model.tables.values()
        for column in other.columns.values()
        if column.type == Type.LOOKUP and table.name in column.targets
    ]


def _relationship(referencing: Table, column: Column, referenced: Table) -> Item:
    name = collection_name(referencing.name, column.name, referenced.name)
    return {
        "MetadataId": metadata_id("relationship", name),
        "SchemaName": name,
        "RelationshipType": "OneToManyRelationship",
        "ReferencedEntity": referenced.name,
        "ReferencedAttribute": referenced.key,
        "ReferencedEntityNavigationPropertyName": name,
        "ReferencingEntity": referencing.name,
        "ReferencingAttribute": column.name,
        "ReferencingEntityNavigationPropertyName": navigation_name(column, referenced.name),
        "IsCustomRelationship": "_" in column.name,
    }


def many_to_many(model: Model, table: Table) -> list[Item]:
    found = []
    for (owner, name), (other, between) in INTERSECTS.items():
        if owner == table.name:
            found.append(
                {
                    "MetadataId": metadata_id("relationship", name),
                    "SchemaName": name,
                    "RelationshipType": "ManyToManyRelationship",
                    "IntersectEntityName": between,
                    "Entity1LogicalName": owner,
                    "Entity1IntersectAttribute": table.key,
                    "Entity1NavigationPropertyName": name,
                    "Entity2LogicalName": other,
                    "Entity2IntersectAttribute": model.tables[other].key,
                    "Entity2NavigationPropertyName": name,
                }
            )
    return found
