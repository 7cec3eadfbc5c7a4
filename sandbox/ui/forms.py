"""The form of a record: its inputs, and what a person changed in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from sandbox.schema import Column, Table, Type
from sandbox.store import Row
from sandbox.ui.html import Child, Markup, element, joined, link
from sandbox.ui.records import BLANKS, Records, plain

LONG_TEXT = 1000  # from here on, and without a limit, a text has lines


def read_form(body: bytes) -> dict[str, str]:
    text = body.decode("utf-8", "replace")
    return dict(parse_qsl(text, keep_blank_values=True))


def form_text(column: Column, row: Mapping[str, Any]) -> str:
    """Return a stored value as its input shows it; a lookup to several tables names its table."""
    value = row.get(column.name)
    if column.type == Type.ENUM:
        return str(value if value is not None else column.members[0])
    if value in BLANKS:
        return ""
    if column.is_polymorphic:
        return f"{row.get(f'{column.name}__t')}:{value}"
    return plain(value)


def changes(records: Records, table: Table, row: Row, form: Mapping[str, str]) -> Row:
    """Return the values that a person changed; the system says which of them do not fit."""
    values: Row = {}
    for column in records.editable(table, creates=not row):
        if column.name not in form:
            continue
        text = form[column.name].replace("\r\n", "\n")
        if text != form_text(column, row).replace("\r\n", "\n"):
            values[column.name] = _value(column, text)
    return values


def _value(column: Column, text: str) -> Any:
    """Return a text as the kind of its column; what cannot be is left for the system to refuse."""
    if column.type in (Type.STRING, Type.LOOKUP, Type.ENUM):
        return text or None
    text = text.strip()
    if not text:
        return None
    if column.type == Type.BOOLEAN:
        return text == "1"
    try:
        if column.type in (Type.INTEGER, Type.OPTION):
            return int(text)
        return float(text) if column.type == Type.DECIMAL else text
    except ValueError:
        return text


def record_form(
    records: Records,
    table: Table,
    row: Row,
    entered: Mapping[str, str],
) -> Markup:
    """Return the form of a record, or of a new one; `entered` stands over what the row holds."""
    usual: list[Markup] = []
    others: list[Markup] = []
    filled = records.usual(table)
    filled |= {name for name, value in row.items() if value not in BLANKS}
    for column in records.editable(table, creates=not row):
        text = entered.get(column.name, form_text(column, row))
        (usual if column.name in filled or text else others).append(
            _field(records, table, column, text)
        )
    key = row.get(table.key)
    address = records.address(table.name, str(key) if key else "new")
    return element(
        "form",
        element("input", type="hidden", name="version", value=_version(records, row, entered)),
        element("div", *usual, class_="card"),
        element(
            "details",
            element("summary", "All other fields"),
            element("div", *others, class_="card"),
        ),
        element(
            "p",
            element("button", "Save", class_="main", name="action", value="save"),
            " ",
            link(address if key else f"/ui/{records.path}/{table.name}", "Cancel", class_="button"),
            class_="bar",
        ),
        method="post",
        action=address,
    )


def _version(records: Records, row: Row, entered: Mapping[str, str]) -> str:
    return entered.get("version") or (records.version(row) if row else "")


def _field(records: Records, table: Table, column: Column, text: str) -> Markup:
    label = element("span", column.label or column.name, " ", element("small", column.name))
    return element("label", label, _input(records, table, column, text))


def _input(records: Records, table: Table, column: Column, text: str) -> Markup:
    options: Mapping[str, str] = {}
    if column.type == Type.BOOLEAN:
        options = {"1": "Yes", "0": "No"}
    elif column.type in (Type.OPTION, Type.ENUM):
        options = records.options(table, column)
    if options:
        return _choice(column, options, text)
    if column.type == Type.STRING and (column.max_length or LONG_TEXT) >= LONG_TEXT:
        return element("textarea", "\n", text, name=column.name, rows=3)
    return element(
        "input", name=column.name, value=text, placeholder=_hint(column), autocomplete="off"
    )


def _choice(column: Column, options: Mapping[str, str], text: str) -> Markup:
    known = {**({} if " " in options else {"": ""}), **options}
    if text not in known:
        known[text] = text
    chosen: list[Child] = [
        element("option", label, value=value, selected=value == text)
        for value, label in known.items()
    ]
    return element("select", joined(*chosen), name=column.name)


def _hint(column: Column) -> str:
    if column.type == Type.LOOKUP:
        return (
            " or ".join(f"{target}:id" for target in column.targets)
            if column.is_polymorphic
            else "id"
        )
    hints = {Type.DATE: "2025-12-31", Type.DATETIME: "2025-12-31T12:00:00Z"}
    return hints.get(column.type, "")
