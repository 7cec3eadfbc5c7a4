"""The addresses that read records of Business Central: columns, filters, order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from uuid import UUID

from connections.business_central_pages import ID, Page
from connections.business_central_values import literal, quoted, time_text
from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.odata.escaping import Escapes
from connections.systems import Column, Condition, Kind, Operator, Selection, Value

FUNCTIONS = {Operator.CONTAINS: "contains", Operator.STARTS_WITH: "startswith"}
encoded = Escapes("$(),'=!*:")  # these signs may stand in a query as they are
LONGEST = 6000  # signs of a filter, so that an address passes every proxy
MOST = 100  # comparisons in a filter


def column_of(page: Page, name: str) -> Column:
    """Return a column, or say that the page lacks it."""
    column = page.table.columns.get(name)
    if column is None:
        message = (
            f"The page {page.table.name} of Business Central has no field {name}. Correct the "
            "mapping, or install the version of the extension that brings the field."
        )
        raise ConfigurationError(message, cause=Cause.UNKNOWN_TABLE)
    return column


def query(
    page: Page, columns: Collection[str], *, filter_text: str = "", ordered: bool = False
) -> str:
    """Return the query part of an address."""
    wanted = [ID, page.modified_column, *columns]
    names = dict.fromkeys(name for name in wanted if name)
    for name in columns:
        column_of(page, name)
    options = [f"$select={','.join(names)}"]
    if filter_text:
        options.append(f"$filter={encoded(filter_text)}")
    if ordered and not page.is_singleton:
        options.append("$orderby=" + ",".join(name for name in (page.modified_column, ID) if name))
    return "&".join(options)


def filter_of(page: Page, selection: Selection) -> str:
    """Return the filter of a selection; changes by an author cannot be told apart here."""
    parts = [_condition(page, condition) for condition in selection.conditions]
    if selection.changed_after is not None and page.modified_column:
        parts.append(f"{page.modified_column} gt {time_text(selection.changed_after)}")
    return " and ".join(parts)


def _condition(page: Page, condition: Condition) -> str:
    column = column_of(page, condition.column)
    name, operator = condition.column, condition.operator
    match operator:
        case Operator.IS_NULL:
            return f"{name} eq {literal(column, None)}"
        case Operator.NOT_NULL:
            return f"{name} ne {literal(column, None)}"
        case Operator.IN:
            return any_of(column, condition.values)
        case Operator.CONTAINS | Operator.STARTS_WITH:
            return f"{FUNCTIONS[operator]}({name},{literal(column, condition.values[0])})"
        case _:
            return f"{name} {operator} {literal(column, condition.values[0])}"


def any_of(column: Column, values: Collection[Value]) -> str:
    """Return a filter that lets several values of one column pass; of none, nobody."""
    texts = dict.fromkeys(literal(column, value) for value in values)
    if not texts:
        return f"{ID} eq {UUID(int=0)}"
    joined = " or ".join(f"{column.name} eq {text}" for text in texts)
    return f"({joined})" if len(texts) > 1 else joined


def comparisons(column: Column, values: Collection[Value]) -> Iterator[str]:
    """Yield filters that together find every value of a column, text without regard to case."""
    if column.kind == Kind.TEXT:
        texts = dict.fromkeys(quoted(str(value or "").lower()) for value in values)
        name = f"tolower({column.name})"
    else:
        texts = dict.fromkeys(literal(column, value) for value in values)
        name = column.name
    return _chunks([f"{name} eq {text}" for text in texts])


def _chunks(parts: Sequence[str]) -> Iterator[str]:
    chunk: list[str] = []
    length = 0
    for part in parts:
        size = len(encoded(part)) + len(" or ") * 3
        if chunk and (len(chunk) == MOST or length + size > LONGEST):
            yield " or ".join(chunk)
            chunk, length = [], 0
        chunk.append(part)
        length += size
    if chunk:
        yield " or ".join(chunk)
