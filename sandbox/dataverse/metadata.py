"""Metadata in the forms that clients ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sandbox.dataverse import refusals
from sandbox.dataverse.csdl import document
from sandbox.dataverse.described import attribute, entity, many_to_many, many_to_one, one_to_many
from sandbox.dataverse.model import Model
from sandbox.dataverse.options import top
from sandbox.http import WRITE, Call, Reply
from sandbox.odata.errors import QueryError
from sandbox.odata.syntax import Call as Function
from sandbox.odata.syntax import (
    Compare,
    Literal,
    Logic,
    Node,
    Not,
    Property,
    parse_filter,
    split_options,
    split_top,
)
from sandbox.schema import Table

if TYPE_CHECKING:
    from sandbox.dataverse.service import Dataverse

SETS = frozenset({"EntityDefinitions", "RelationshipDefinitions"})
NAMED = re.compile(r"^(?P<name>[\w.]+)(?:\((?P<key>.*)\))?$")
KNOWN = frozenset({"$select", "$filter", "$expand", "$top", "$count", "LabelLanguages"})
LISTS = {
    "ManyToOneRelationships": many_to_one,
    "OneToManyRelationships": one_to_many,
    "ManyToManyRelationships": many_to_many,
}
Item = dict[str, Any]


def service_document(model: Model, call: Call) -> Reply:
    """Return the list of entity sets."""
    sets = sorted(table.entity_set for table in model.tables.values())
    value = [{"name": name, "kind": "EntitySet", "url": name} for name in sets]
    return Reply(200, {"@odata.context": f"{call.origin}/api/data/v9.2/$metadata", "value": value})


def csdl(model: Model) -> Reply:
    return Reply(200, document(model).encode(), {"Content-Type": "application/xml"})


def handle(environment: Dataverse, call: Call, segments: list[str]) -> Reply:
    """Answer a request for definitions."""
    model = environment.model
    if segments == ["$metadata"]:
        return csdl(model)
    name, key = _named(segments[0])
    if name == "RelationshipDefinitions":
        found = [item for table in model.tables.values() for item in one_to_many(model, table)]
        return _list(call, name, found)
    if key is None:
        _only_get(call, name)
        return _list(call, name, [entity(table) for table in model.tables.values()])
    table = _table(model, key)
    if len(segments) == 1:
        return _one(model, call, table)
    part, part_key = _named(segments[1])
    if part == "Attributes":
        return _attributes(model, call, table, part_key, segments[2:])
    if part == "Keys":
        return _keys(model, call, table, part_key)
    if part in LISTS:
        return _list(call, f"{name}/{part}", LISTS[part](model, table))
    raise refusals.segment(part)


def _one(model: Model, call: Call, table: Table) -> Reply:
    _only_get(call, "EntityDefinitions")
    options = _options(call)
    item = _chosen(entity(table), options.get("$select"))
    for wanted in split_top(options.get("$expand", ""), ","):
        name, _, inner = wanted.partition("(")
        if name == "Attributes":
            items = [attribute(model, table, column) for column in table.columns.values()]
        elif name == "Keys":
            items = list(model.keys.get(table.name, []))
        elif name in LISTS:
            items = LISTS[name](model, table)
        else:
            raise refusals.url(f"'{name}' cannot be expanded.")
        item[name] = [_shaped(each, _inner(inner)) for each in items]
    context = f"{call.origin}/api/data/v9.2/$metadata#EntityDefinitions/$entity"
    return Reply(200, {"@odata.context": context, **item}, rows=1)


def _attributes(
    model: Model, call: Call, table: Table, key: str | None, rest: Sequence[str]
) -> Reply:
    _only_get(call, "Attributes")
    kind = rest[0].rpartition(".")[2] if rest else ""
    items = [attribute(model, table, column) for column in table.columns.values()]
    if kind and kind != "AttributeMetadata":
        items = [item for item in items if item["@odata.type"].endswith(f".{kind}")]
    if key is None:
        return _list(call, f"EntityDefinitions('{table.name}')/Attributes", items)
    wanted = _key_text(key)
    found = [item for item in items if wanted in (item["LogicalName"], item["MetadataId"])]
    if not found:
        text = f"Could not find an attribute with {key} in '{table.name}'."
        raise refusals.RefusalError(404, "0x80060888", text)
    described = f"{call.origin}/api/data/v9.2/$metadata#EntityDefinitions('{table.name}')"
    context = f"{described}/Attributes/$entity"
    return Reply(200, {"@odata.context": context, **_shaped(found[0], _options(call))}, rows=1)


def _keys(model: Model, call: Call, table: Table, key: str | None) -> Reply:
    kept = model.keys.get(table.name, [])
    if call.method == "POST" and key is None:
        made = model.add_key(table, call.json() or {})
        path = f"EntityDefinitions(LogicalName='{table.name}')/Keys({made['MetadataId']})"
        address = f"{call.origin}/api/data/v9.2/{path}"
        return Reply(204, None, {"OData-EntityId": address}, work=WRITE)
    if key is None:
        _only_get(call, "Keys")
        return _list(call, f"EntityDefinitions('{table.name}')/Keys", kept)
    wanted = _key_text(key)
    found = [k for k in kept if wanted in (k["MetadataId"], k["LogicalName"])]
    if not found:
        raise refusals.RefusalError(404, "0x80060888", f"The key {key} does not exist.")
    if call.method == "DELETE":
        model.remove_key(table, found[0])
        return Reply(204, work=WRITE)
    _only_get(call, "Keys")
    return Reply(200, found[0], rows=1)


def _table(model: Model, key: str) -> Table:
    wanted = _key_text(key)
    for table in model.tables.values():
        if wanted in (table.name, entity(table)["MetadataId"]):
            return table
    text = f"Could not find an entity with {key}."
    raise refusals.RefusalError(404, "0x80060888", text)


def _key_text(key: str) -> str:
    text = key.partition("=")[2] if "=" in key else key
    return text.strip().strip("'").lower()


def _named(segment: str) -> tuple[str, str | None]:
    found = NAMED.match(segment)
    if found is None:
        raise refusals.segment(segment)
    return found["name"], found["key"]


def _only_get(call: Call, name: str) -> None:
    if call.method != "GET":
        raise refusals.method(call.method, name)


def _options(call: Call) -> dict[str, str]:
    try:
        options = split_options(call.query)
    except QueryError as error:
        raise refusals.url(str(error)) from error
    unknown = set(options) - KNOWN
    if unknown:
        raise refusals.url(f"The query parameter {unknown.pop()} is not supported.")
    return options


def _inner(text: str) -> dict[str, str]:
    options = {}
    for part in split_top(text.rstrip(")"), ";"):
        name, _, value = part.partition("=")
        options[name] = value
    return options


def _list(call: Call, name: str, items: Sequence[Item]) -> Reply:
    options = _options(call)
    if options.get("$filter"):
        try:
            tree = parse_filter(options["$filter"])
        except QueryError as error:
            raise refusals.url(str(error)) from error
        items = [item for item in items if _fits(tree, item)]
    items = items[: top(options)]
    value = [_shaped(item, options) for item in items]
    context = f"{call.origin}/api/data/v9.2/$metadata#{name}"
    return Reply(200, {"@odata.context": context, "value": value}, rows=len(value))


def _shaped(item: Mapping[str, Any], options: Mapping[str, str]) -> Item:
    """Return an item with what was selected, and option sets only where they were expanded."""
    shaped = _chosen(item, options.get("$select"))
    option_set = shaped.pop("OptionSet", None) or item.get("OptionSet")
    shaped.pop("GlobalOptionSet", None)
    for wanted in split_top(options.get("$expand", ""), ","):
        name, _, inner = wanted.partition("(")
        if name == "OptionSet" and option_set is not None:
            shaped[name] = _chosen(option_set, _inner(inner).get("$select"))
        elif name == "GlobalOptionSet":
            shaped[name] = None
    return shaped


def _chosen(item: Mapping[str, Any], select: str | None) -> Item:
    if not select:
        return dict(item)
    names = split_top(select, ",")
    unknown = [name for name in names if name not in item]
    if unknown:
        raise refusals.url(f"Could not find a property named '{unknown[0]}'.")
    always = ("@odata.type", "MetadataId")
    return {name: value for name, value in item.items() if name in names or name in always}


def _fits(node: Node, item: Item) -> bool:
    match node:
        case Logic("or", parts):
            return any(_fits(part, item) for part in parts)
        case Logic(_, parts):
            return all(_fits(part, item) for part in parts)
        case Not(part):
            return not _fits(part, item)
        case Compare("eq" | "ne" as operator, Property((name,)), Literal(value)):
            return (_value(item, name) == value) is (operator == "eq")
        case Function("contains", (Property((name,)), Literal(value))):
            return str(value) in str(_value(item, name))
        case Function("startswith", (Property((name,)), Literal(value))):
            return str(_value(item, name)).startswith(str(value))
        case Function("endswith", (Property((name,)), Literal(value))):
            return str(_value(item, name)).endswith(str(value))
        case _:
            raise refusals.url("This filter is not supported for metadata.")


def _value(item: Item, name: str) -> Any:
    if name not in item:
        raise refusals.url(f"Could not find a property named '{name}'.")
    return item[name]
