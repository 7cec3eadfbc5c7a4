"""Turns the tree of a $filter into a condition of SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.odata.errors import QueryError, UnsupportedError
from sandbox.odata.syntax import Call, Compare, Lambda, Literal, Logic, Node, Not, Property
from sandbox.schema import Column, Type

OPERATORS = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}


@dataclass(frozen=True, slots=True)
class Operand:
    """What a property is in SQL, and its column."""

    sql: str
    column: Column


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a system reads queries: its properties, values, and comparison of text."""

    resolve: Callable[[Property], Operand]
    literal: Callable[[Column, Literal], Any]
    wildcards: bool  # contains and its kin read % and _ (Dataverse)
    ignores_case: bool
    one_field_or: bool  # `or` joins conditions on one field only (Business Central)
    # How the rows of a collection are read, and "… AS alias WHERE …" to find them.
    collection: Callable[[str], tuple[Dialect, str]] | None = None


@dataclass(slots=True)
class Condition:
    """SQL with its parameters."""

    dialect: Dialect
    parameters: list[Any] = field(default_factory=list)

    def build(self, node: Node) -> str:
        match node:
            case Logic("or", parts):
                return self._disjunction(parts)
            case Logic(_, parts):
                return "(" + " AND ".join(self.build(part) for part in parts) + ")"
            case Not(part):
                return f"NOT COALESCE({self.build(part)}, 0)"
            case Compare(operator, left, right):
                return self._compare(operator, left, right)
            case Call():
                return self._call(node)
            case Lambda():
                return self._lambda(node)
            case Property():
                return self._truth(node)
            case _:
                message = "A condition was expected."
                raise QueryError(message)

    def _truth(self, node: Property) -> str:
        operand = self.dialect.resolve(node)
        if operand.column.type != Type.BOOLEAN:
            message = f"'{'/'.join(node.path)}' is no condition."
            raise QueryError(message)
        return f"{operand.sql} = 1"

    def _disjunction(self, parts: tuple[Node, ...]) -> str:
        if self.dialect.one_field_or and len({_property_of(part) for part in parts}) > 1:
            message = "OR conditions over distinct fields are not supported."
            raise QueryError(message)
        equal = [part for part in parts if _is_plain_equal(part)]
        other = [part for part in parts if not _is_plain_equal(part)]
        by_property: dict[Property, list[Literal]] = {}
        for part in equal:
            assert isinstance(part, Compare)
            assert isinstance(part.left, Property)
            assert isinstance(part.right, Literal)
            by_property.setdefault(part.left, []).append(part.right)
        pieces = []
        for prop, literals in by_property.items():
            operand = self.dialect.resolve(prop)
            values = [self.dialect.literal(operand.column, item) for item in literals]
            pieces.append(self._among(operand, values))
        pieces += [self.build(part) for part in other]
        return "(" + " OR ".join(pieces) + ")"

    def _compare(self, operator: str, left: Node, right: Node) -> str:
        if isinstance(left, Literal):
            left, right = right, left
            operator = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}.get(operator, operator)
        if not isinstance(left, Property):
            message = "A comparison needs a property on one side."
            raise QueryError(message)
        operand = self.dialect.resolve(left)
        if isinstance(right, Property):
            return f"{operand.sql} {OPERATORS[operator]} {self.dialect.resolve(right).sql}"
        if not isinstance(right, Literal):
            message = "A comparison needs a value."
            raise QueryError(message)
        if right.value is None:
            return f"{operand.sql} IS {'' if operator == 'eq' else 'NOT '}NULL"
        value = self.dialect.literal(operand.column, right)
        sql = operand.sql
        if operator in ("eq", "ne") and self._folds(operand, value):
            sql, value = f"FOLDED({sql})", value.casefold()
        self.parameters.append(value)
        if operator == "ne":
            return f"{sql} IS NOT ?"
        return f"{sql} {OPERATORS[operator]} ?"

    def _folds(self, operand: Operand, value: Any) -> bool:
        """SQLite ignores the case of A to Z only; other letters are folded where they occur."""
        is_text = self.dialect.ignores_case and operand.column.type == Type.STRING
        return is_text and isinstance(value, str) and not value.isascii()

    def _among(self, operand: Operand, values: list[Any]) -> str:
        plain = [value for value in values if not self._folds(operand, value)]
        folded = [value.casefold() for value in values if self._folds(operand, value)]
        pieces = []
        for sql, some in ((operand.sql, plain), (f"FOLDED({operand.sql})", folded)):
            if some:
                pieces.append(f"{sql} IN ({', '.join('?' * len(some))})")
                self.parameters += some
        return f"({' OR '.join(pieces)})" if pieces else "0"

    def _lambda(self, node: Lambda) -> str:
        if self.dialect.collection is None:
            message = f"Lambda operators such as '{node.operator}' are not supported."
            raise QueryError(message)
        dialect, rows = self.dialect.collection(node.collection)
        if node.body is None:
            return f"EXISTS (SELECT 1 FROM {rows})"
        body = Condition(dialect, self.parameters).build(node.body)
        if node.operator == "any":
            return f"EXISTS (SELECT 1 FROM {rows} AND {body})"
        return f"NOT EXISTS (SELECT 1 FROM {rows} AND NOT COALESCE({body}, 0))"

    def _call(self, node: Call) -> str:
        if not node.named:
            return self._text_function(node)
        arguments = dict(node.named)
        operand = self.dialect.resolve(Property((str(arguments.get("PropertyName")),)))
        values = arguments.get("PropertyValues")
        match node.name:
            case "In" | "NotIn" if isinstance(values, list):
                kind = "guid" if operand.column.type in (Type.GUID, Type.LOOKUP) else "text"
                found = self._among(
                    operand,
                    [
                        self.dialect.literal(operand.column, _typed(operand.column, value, kind))
                        for value in values
                    ],
                )
                return found if node.name == "In" else f"NOT COALESCE({found}, 0)"
            case "Between" if isinstance(values, list) and len(values) == 2:
                self.parameters += [
                    self.dialect.literal(operand.column, _typed(operand.column, value, "text"))
                    for value in values
                ]
                return f"{operand.sql} BETWEEN ? AND ?"
            case "OnOrAfter" | "OnOrBefore":
                value = Literal(str(arguments.get("PropertyValue")), "date")
                self.parameters.append(self.dialect.literal(operand.column, value))
                return f"{operand.sql} {'>=' if node.name == 'OnOrAfter' else '<='} ?"
            case _:
                message = f"The query function {node.name}"
                raise UnsupportedError(message)

    def _text_function(self, node: Call) -> str:
        prop, literal = node.arguments
        if not isinstance(prop, Property) or not isinstance(literal, Literal):
            message = f"'{node.name}' takes a property and a text."
            raise QueryError(message)
        operand = self.dialect.resolve(prop)
        text = str(literal.value)
        before, after = node.name != "startswith", node.name != "endswith"
        if self.dialect.wildcards:
            self.parameters.append(f"{'%' * before}{text}{'%' * after}")
            is_simple = text.isascii() and "[" not in text
            return f"{operand.sql} LIKE ?" if is_simple else f"MATCHES(?, {operand.sql})"
        pattern = text.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")
        self.parameters.append(f"{'*' * before}{pattern}{'*' * after}")
        return f"{operand.sql} GLOB ?"


def _typed(column: Column, value: str, kind: str) -> Literal:
    if column.type in (Type.INTEGER, Type.OPTION, Type.DECIMAL):
        try:
            return Literal(float(value) if "." in value else int(value), "number")
        except ValueError as error:
            message = f"'{value}' is no number."
            raise QueryError(message) from error
    if column.type == Type.BOOLEAN:
        return Literal(value.lower() == "true", "boolean")
    return Literal(value, kind)


def _is_plain_equal(node: Node) -> bool:
    return (
        isinstance(node, Compare)
        and node.operator == "eq"
        and isinstance(node.left, Property)
        and isinstance(node.right, Literal)
        and node.right.value is not None
    )


def _property_of(node: Node) -> Any:
    match node:
        case Compare(_, Property() as left, _):
            return left.path
        case Compare(_, _, Property() as right):
            return right.path
        case Call(_, (Property() as prop, *_)):
            return prop.path
        case Logic(_, parts):
            found = {_property_of(part) for part in parts}
            return found.pop() if len(found) == 1 else tuple(found)
        case _:
            return id(node)
