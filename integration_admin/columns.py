"""How a value of a model is shown: as a column of a list or a field of a card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import CharField, Field, Model, TextField
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from connections.models import Company
from integration_admin import cells, personal
from integration_admin.chrome import company_of
from mappings.terms import Direction, FieldStatus, SynchResult
from syncjobs.terms import JobStatus, RunStatus

STATES = (JobStatus, RunStatus, SynchResult, FieldStatus)
TEXTS = (CharField, TextField)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list or a field of a card; the caption is the model field's unless given."""

    name: str
    caption: str = ""
    order: str = ""  # what sorting by it orders by; empty: it does not sort
    side: str = ""  # "bc" or "sales"
    is_number: bool = False
    hides_when_narrow: bool = False
    is_extra: bool = False  # shown only to those who choose it
    is_filter: bool = False  # offered by the filter pane
    is_personal: bool = False  # names people, as the model's PERSONAL fields do (C-4013)


class Cell(NamedTuple):
    html: SafeString | str
    css: str
    caption: str
    narrow: str = ""  # the address of the list narrowed to this value


class Shows:
    """How a value of a model is shown: by a `show_…` method of the page, else by its field."""

    model: Any
    request: HttpRequest

    @cached_property
    def company(self) -> Company | None:
        return company_of(self.request)

    def caption(self, column: Column) -> str:
        if column.caption:
            return column.caption
        return capfirst(str(self._fields[column.name].verbose_name))

    def cell(self, row: Model, column: Column) -> Cell:
        shown = getattr(self, f"show_{column.name}", None)
        html = shown(row) if shown else self._value(row, self._fields[column.name])
        number = column.is_number or isinstance(getattr(row, column.name, None), int | float)
        zero = number and str(html) == "0"
        css = " ".join(
            name
            for name, applies in (
                ("num", column.is_number),
                ("zero", zero),
                ("hide-narrow", column.hides_when_narrow),
            )
            if applies
        )
        return Cell(html, css, self.caption(column))

    def value(self, row: Model, column: Column) -> Any:
        """Return what an export holds: a `value_…` method's, else the bare value, else the text."""
        given = getattr(self, f"value_{column.name}", None)
        if given:
            return given(row)
        field, shown = self._fields.get(column.name), getattr(self, f"show_{column.name}", None)
        if field is None or (shown and not field.choices and isinstance(field, TEXTS)):
            return cells.text(shown(row)) if shown else ""
        if field.choices:
            return str(getattr(row, f"get_{field.name}_display")())
        value = getattr(row, field.name)
        return str(value) if isinstance(value, UUID | Model) else value

    @cached_property
    def hidden_fields(self) -> frozenset[str]:
        """Return the model's fields that the person may not see, nor find rows by."""
        if personal.sees_people(self.request.user):
            return frozenset()
        return personal.fields_of(self.model)

    def field(self, name: str) -> Field[Any, Any] | None:
        """Return the model's field behind a column, if there is one."""
        return self._fields.get(name)

    @cached_property
    def _fields(self) -> dict[str, Field[Any, Any]]:
        assert self.model is not None
        return {field.name: field for field in self.model._meta.fields}

    def _value(self, row: Model, field: Field[Any, Any]) -> SafeString | str:
        value = getattr(row, field.name)
        if field.choices:
            return self._choice(row, field, value)
        match value:
            case None:
                return ""
            case bool():
                return "Yes" if value else "No"
            case datetime():
                return cells.moment(value)
            case int():
                return cells.number(value)
            case UUID():
                return format_html("<code>{}</code>", value)
            case _:
                return str(value)

    def _choice(self, row: Model, field: Field[Any, Any], value: Any) -> SafeString | str:
        choices = list(field.choices or ())
        if choices == Direction.choices:
            return cells.route(value)
        if any(choices == state.choices for state in STATES):
            return cells.state(value)
        display: Callable[[], str] = getattr(row, f"get_{field.name}_display")
        return display()


def column_of(given: str | Column) -> Column:
    return given if isinstance(given, Column) else Column(given, order=given)
