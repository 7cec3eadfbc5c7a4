"""The syntax of $filter: tokens and a recursive-descent parser."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from sandbox.odata.errors import QueryError

TOKEN = re.compile(
    r"""\s*(?:
      (?P<guid>[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})
    | (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))
    | (?P<date>\d{4}-\d\d-\d\d)
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | '(?P<text>(?:[^']|'')*)'
    | [A-Za-z_]\w*(?:\.\w+)+'(?P<member>\w*)'
    | (?P<list>\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\])
    | (?P<name>@?[A-Za-z_][\w.]*(?:/[A-Za-z_][\w.]*)*)
    | (?P<mark>[(),=:])
    )""",
    re.VERBOSE,
)
COMPARISONS = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
TEXT_FUNCTIONS = frozenset({"contains", "startswith", "endswith"})


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; `kind` tells a guid or time from a text."""

    value: Any
    kind: str


@dataclass(frozen=True, slots=True)
class Property:
    """A property, maybe over a navigation property."""

    path: tuple[str, ...]
    folded: str = ""  # tolower or toupper around it


@dataclass(frozen=True, slots=True)
class Compare:
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic:
    operator: str  # and, or
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function: contains and its kin, or a query function with named arguments."""

    name: str
    arguments: tuple[Node, ...]
    named: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Lambda:
    """Whether any or all rows of a collection fulfil a condition."""

    collection: str
    operator: str  # any, all
    body: Node | None


CONSTANTS = {
    "true": Literal(value=True, kind="boolean"),
    "false": Literal(value=False, kind="boolean"),
    "null": Literal(value=None, kind="null"),
}
Node = Literal | Property | Compare | Logic | Not | Call | Lambda


def parse_filter(text: str, aliases: dict[str, str] | None = None) -> Node:
    """Return the tree of a $filter; raises QueryError."""
    parser = _Parser(_tokens(text), aliases or {})
    node = parser.disjunction()
    parser.expect_end()
    return node


def _tokens(text: str) -> list[Token]:
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        found = TOKEN.match(text, position)
        if found is None:
            message = f"Syntax error at position {position} in '{text[:200]}'."
            raise QueryError(message)
        kind = str(found.lastgroup)
        tokens.append(Token(kind, found[kind]))
        position = found.end()
    return tokens


class _Parser:
    def __init__(self, tokens: Sequence[Token], aliases: dict[str, str]) -> None:
        self.tokens = tokens
        self.aliases = aliases
        self.position = 0
        self.variable = ""  # of the lambda around what is read

    def peek(self) -> Token:
        if self.position < len(self.tokens):
            return self.tokens[self.position]
        return Token("end", "")

    def take(self) -> Token:
        token = self.peek()
        self.position += 1
        return token

    def accept(self, text: str) -> bool:
        token = self.peek()
        if token.kind in ("name", "mark") and token.text == text:
            self.position += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            message = f"'{text}' expected, found '{self.peek().text}'."
            raise QueryError(message)

    def expect_end(self) -> None:
        if self.peek().kind != "end":
            message = f"Syntax error near '{self.peek().text}'."
            raise QueryError(message)

    def disjunction(self) -> Node:
        parts = [self.conjunction()]
        while self.accept("or"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else Logic("or", tuple(parts))

    def conjunction(self) -> Node:
        parts = [self.negation()]
        while self.accept("and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else Logic("and", tuple(parts))

    def negation(self) -> Node:
        if self.accept("not"):
            return Not(self.negation())
        if self.accept("("):
            inside = self.disjunction()
            self.expect(")")
            return inside
        return self.comparison()

    def comparison(self) -> Node:
        left = self.operand()
        token = self.peek()
        if token.kind == "name" and token.text in COMPARISONS:
            self.take()
            return Compare(token.text, left, self.operand())
        if token.kind == "name" and token.text == "in":
            self.take()
            self.expect("(")
            values = [self.operand()]
            while self.accept(","):
                values.append(self.operand())
            self.expect(")")
            return Logic("or", tuple(Compare("eq", left, value) for value in values))
        if isinstance(left, Call | Property | Lambda):
            return left
        message = f"A comparison was expected near '{token.text}'."
        raise QueryError(message)

    def operand(self) -> Node:
        token = self.take()
        match token.kind:
            case "text":
                return Literal(token.text.replace("''", "'"), "text")
            case "number":
                return Literal(_number(token.text), "number")
            case "guid" | "time" | "date" | "member":
                return Literal(token.text, token.kind)
            case "name":
                return self.named(token.text)
            case _:
                message = f"Syntax error near '{token.text}'."
                raise QueryError(message)

    def named(self, name: str) -> Node:
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name.startswith("@"):
            return self._alias(name)
        if self.peek().text != "(" or self.peek().kind != "mark":
            return self._property(name)
        self.take()
        collection, slash, operator = name.rpartition("/")
        if slash and operator in ("any", "all"):
            return self._lambda(collection, operator)
        if name in TEXT_FUNCTIONS:
            return self._text_function(name)
        if name in ("tolower", "toupper"):
            inner = self.operand()
            self.expect(")")
            return _folded(name, inner)
        if name.startswith("Microsoft.Dynamics.CRM."):
            return self._query_function(name)
        message = f"An unknown function with name '{name}' was found."
        raise QueryError(message)

    def _text_function(self, name: str) -> Node:
        first = self.operand()
        self.expect(",")
        second = self.operand()
        self.expect(")")
        return Call(name, (first, second))

    def _property(self, name: str) -> Property:
        path = tuple(name.split("/"))
        if self.variable and path[0] == self.variable:
            path = path[1:]
        if not path:
            message = f"'{name}' names no property."
            raise QueryError(message)
        return Property(path)

    def _lambda(self, collection: str, operator: str) -> Node:
        if self.accept(")"):
            return Lambda(collection, operator, None)
        variable = self.take().text
        self.expect(":")
        outer, self.variable = self.variable, variable
        body = self.disjunction()
        self.variable = outer
        self.expect(")")
        return Lambda(collection, operator, body)

    def _alias(self, name: str) -> Node:
        if name not in self.aliases:
            message = f"The parameter alias '{name}' has no value."
            raise QueryError(message)
        return _Parser(_tokens(self.aliases[name]), {}).operand()

    def _query_function(self, name: str) -> Node:
        named: list[tuple[str, Any]] = []
        while not self.accept(")"):
            argument = self.take()
            self.expect("=")
            value = self.take()
            if value.kind == "name" and value.text.startswith("@"):
                value = _tokens(self.aliases.get(value.text, ""))[0]
            named.append((argument.text, _argument(value)))
            self.accept(",")
        return Call(name.removeprefix("Microsoft.Dynamics.CRM."), (), tuple(named))


def _folded(function: str, inner: Node) -> Node:
    if isinstance(inner, Property):
        return Property(inner.path, "lower" if function == "tolower" else "upper")
    if isinstance(inner, Literal) and isinstance(inner.value, str):
        text = inner.value.lower() if function == "tolower" else inner.value.upper()
        return Literal(text, inner.kind)
    message = f"'{function}' takes a property or a text."
    raise QueryError(message)


def _number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"-?\d+", text) else float(text)


def _argument(token: Token) -> Any:
    if token.kind == "list":
        try:
            return [str(item) for item in json.loads(token.text)]
        except ValueError as error:
            message = f"The list {token.text[:60]} cannot be read; values stand in double quotes."
            raise QueryError(message) from error
    return token.text.replace("''", "'") if token.kind == "text" else token.text


def split_options(query: str) -> dict[str, str]:
    """Return the query options of a URL, decoded; names may be percent-encoded."""
    options: dict[str, str] = {}
    for part in query.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        name = unquote(name.replace("+", " "))
        if name in options:
            message = f"Query option '{name}' was specified more than once."
            raise QueryError(message)
        options[name] = unquote(value.replace("+", " "))
    return options


def split_top(text: str, mark: str) -> list[str]:
    """Split at a mark, but not inside parentheses or quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for index, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
        elif letter == mark and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def split_segments(path: str) -> list[str]:
    """Split a path at slashes that do not stand in parentheses or quotes."""
    segments, depth, quoted, start = [], 0, False, 0
    for index, letter in enumerate(path):
        if letter == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
        elif letter == "/" and depth == 0:
            segments.append(path[start:index])
            start = index + 1
    segments.append(path[start:])
    return [segment for segment in segments if segment]
