"""Reads the query options of Business Central's API."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from sandbox.business_central import refusals
from sandbox.business_central.pages import entity, fields
from sandbox.business_central.values import decoded, is_code, moment
from sandbox.odata.errors import QueryError
from sandbox.odata.order import Key
from sandbox.odata.sql import Condition, Dialect, Operand
from sandbox.odata.syntax import (
    Call,
    Literal,
    Logic,
    Node,
    Not,
    Property,
    parse_filter,
    split_options,
    split_top,
)
from sandbox.schema import Column, Page, Type

KNOWN = frozenset(
    {
        "$select",
        "$filter",
        "$orderby",
        "$top",
        "$skip",
        "$count",
        "$expand",
        "$skiptoken",
        "$schemaversion",
        "$format",
    }
)
QUALIFIED = re.compile(r"('(?:[^']|'')*')|Microsoft\.NAV\.\w+(?=')")
QUOTED = re.compile(r"'(?:[^']|'')*'")
MEMBERSHIP = re.compile(r"\bin\s*\(")
LARGEST = 2**63  # what the store counts to
WITH_IN = "2.1"  # the schema version that first knows `in`
NUMBERS = ("$top", "$skip")


def read_options(query: str) -> dict[str, str]:
    """Return the query options; an unknown one that begins with $ is an error."""
    try:
        options = split_options(query)
    except QueryError as error:
        raise refusals.url(str(error)) from error
    for name, value in options.items():
        if name.startswith("$") and name not in KNOWN:
            message = f"The query option '{name}' is not supported."
            raise refusals.url(message)
        if name in NUMBERS and not (value.isdecimal() and int(value) < LARGEST):
            message = f"Invalid value '{value}' for {name} query option found."
            raise refusals.url(message)
    return options


class Query:
    """Turns the options of one request to a page into SQL."""

    def __init__(self, page: Page, alias: str = "t", *, knows_in: bool = False) -> None:
        self.page = page
        self.fields = fields(page, alias)
        self.knows_in = knows_in
        self.dialect = Dialect(
            self.resolve, literal, wildcards=False, ignores_case=False, one_field_or=True
        )

    def column(self, name: str) -> Column:
        field = self.fields.get(name)
        if field is None:
            raise refusals.no_property(name, entity(self.page))
        return field.column

    def resolve(self, prop: Property) -> Operand:
        """Return what a property of a $filter is in SQL."""
        if len(prop.path) > 1:
            message = f"The path '{'/'.join(prop.path)}' cannot be used in a filter."
            raise refusals.syntax(message)
        column = self.column(prop.path[0])
        value = self.fields[column.name].value
        if not prop.folded:
            return Operand(value, column)
        return Operand(f"bc_{prop.folded}({value})", replace(column, declared="Text"))

    def condition(self, text: str) -> tuple[str, list[Any]]:
        """Return the condition of a $filter and its parameters."""
        if not self.knows_in and MEMBERSHIP.search(QUOTED.sub("''", text)):
            message = f"The operator 'in' needs $schemaversion={WITH_IN}."
            raise refusals.syntax(message)
        plain = QUALIFIED.sub(lambda found: found[1] or "", text)
        try:
            condition = Condition(self.dialect)
            return condition.build(self._cased(parse_filter(plain))), condition.parameters
        except QueryError as error:
            message = str(error)
            if message.startswith("OR conditions"):
                message = (
                    "The 'OR' operator is not supported on distinct fields on an OData filter."
                )
                raise refusals.body(message) from error
            raise refusals.syntax(message) from error

    def _cased(self, node: Node) -> Node:
        """Let text functions on codes compare capitals, as codes are stored."""
        match node:
            case Logic(operator, parts):
                return Logic(operator, tuple(self._cased(part) for part in parts))
            case Not(part):
                return Not(self._cased(part))
            case Call(name, (Property(path, "") as prop, Literal(str() as text, kind)), named):
                column = self.fields.get(path[0])
                upper = column is not None and is_code(column.column)
                return Call(name, (prop, Literal(text.upper() if upper else text, kind)), named)
            case _:
                return node

    def selected(self, text: str | None) -> tuple[str, ...] | None:
        """Return the fields asked for, or None for all."""
        if not text or text.strip() == "*":
            return None
        return tuple(self.column(name).name for name in split_top(text, ","))

    def keys(self, text: str | None) -> list[Key]:
        """Return the order: the table's key unless another is asked for; ties are broken by id."""
        items = split_top(text or "", ",")
        if not items:
            items = [name for name in self.page.table.natural_key if name in self.fields]
        keys: dict[str, Key] = {}
        for item in items:
            name, _, direction = item.partition(" ")
            if direction.strip() not in ("", "asc", "desc"):
                message = f"Syntax error in $orderby at '{item}'."
                raise refusals.syntax(message)
            column = self.column(name)
            value = self.fields[name].value
            keys.setdefault(name, Key(value, column.name, direction.strip() == "desc"))
        key = self.page.table.key
        keys.setdefault(key, Key(self.fields[key].value, key))
        return list(keys.values())


def literal(column: Column, value: Literal) -> Any:
    """Return a constant of a $filter as the store compares it."""
    kind, given = value.kind, value.value
    match column.type:
        case Type.GUID if kind in ("guid", "text"):
            return str(given).lower()
        case Type.DATETIME if kind == "time":
            return _time(str(given))
        case Type.DATE if kind == "date":
            return str(given)
        case Type.INTEGER | Type.DECIMAL if kind == "number":
            return given if -LARGEST < given < LARGEST else float(given)
        case Type.BOOLEAN if kind == "boolean":
            return int(given)
        case Type.ENUM if kind == "text":
            member = decoded(str(given))
            return member if member.strip() or " " not in column.members else " "
        case Type.STRING if kind in ("text", "guid", "date"):
            return str(given).strip().upper() if is_code(column) else str(given)
        case _:
            message = (
                "A binary operator with incompatible types was detected: "
                f"'{given}' does not fit the type of '{column.name}'."
            )
            raise refusals.body(message)


def _time(text: str) -> str:
    try:
        stored = moment(text)
    except ValueError as error:
        message = f"'{text}' is no time."
        raise refusals.syntax(message) from error
    # Compared as text: what is finer than the milliseconds kept sorts behind the one it belongs to.
    fraction = text.partition(".")[2].rstrip("Z0").partition("+")[0]
    return f"{stored}~" if len(fraction) > 3 else stored
