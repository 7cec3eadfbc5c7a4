"""What a list shows of all its rows: its tab, search, filters, order and columns, as asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import DateTimeField, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date

from connections.models import Company
from integration_admin import carrying, personal
from integration_admin.columns import Column, Shows, column_of

EVERYTHING = Q()
SIZES = (25, 50, 100, 200)
DENSITIES = (("compact", "Compact"), ("", "Standard"), ("comfortable", "Comfortable"))
MOST_SORTS = 3
# What of an address is not part of the picture that a saved view keeps.
PASSING = ("page", "saved", "pane", "format", "up", "down", "moved")
ONCE = ("page", "moved")  # what no other address of the list carries along


@dataclass(frozen=True, slots=True)
class View:
    """A tab above a list: the same list, narrowed."""

    key: str
    caption: str
    condition: Q = EVERYTHING


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice of the filter pane; it lives in the query string, so a link shows the same."""

    key: str
    caption: str
    field: str
    choices: Callable[[Company], Iterable[tuple[str, str]]]
    is_personal: bool = False  # its choices name people
    finds: Callable[[str], Q] | None = None  # where a choice is more than the value of the field

    def condition(self, value: str) -> Q:
        if not value:
            return EVERYTHING
        return self.finds(value) if self.finds else Q(**{self.field: value})


class Narrowing(NamedTuple):
    """A field of the filter pane as it is filled in, and what it makes of the rows."""

    key: str
    caption: str
    kind: str  # "choice", "text" or "day"
    value: str = ""
    choices: Sequence[tuple[str, str]] = ()
    condition: Q = EVERYTHING
    problem: str = ""

    @property
    def shown(self) -> str:
        """Say what is chosen, in the words of the pane."""
        return dict(self.choices).get(self.value, self.value)


class Narrows(Shows):
    """Reads from the address what of a list is asked for; every way to the list asks the same."""

    columns: ClassVar[tuple[str | Column, ...]]
    views: ClassVar[tuple[View, ...]] = ()
    filters: ClassVar[tuple[Filter, ...]] = ()
    drilled: ClassVar[tuple[tuple[str, str], ...]] = ()  # what only links ask for, and its caption
    searches: ClassVar[tuple[str, ...]] = ()
    searches_ids: ClassVar[tuple[str, ...]] = ()
    default_order: ClassVar[tuple[str, ...]] = ("-pk",)

    @cached_property
    def asked(self) -> QueryDict:
        return self.request.GET

    def _asked(self, name: str) -> str:
        """Return a part of the query string; no text in PostgreSQL holds a NUL."""
        return self.asked.get(name, "").replace("\x00", "").strip()

    @cached_property
    def view(self) -> View | None:
        by_key = {view.key: view for view in self.tabs()}
        return by_key.get(self._asked("view")) or next(iter(by_key.values()), None)

    def tabs(self) -> Sequence[View]:
        """Return the views of the list; a list may have some that depend on who looks."""
        return self.views

    @cached_property
    def search(self) -> str:
        return self._asked("q")

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Select what the tab, the filters and the search leave."""
        rows = rows.filter(self.view.condition if self.view else EVERYTHING)
        for one in self.narrowings:
            rows = rows.filter(one.condition)
        return rows.filter(self._searched())

    def _searched(self) -> Q:
        if not self.search:
            return EVERYTHING
        condition = Q(pk__in=())
        for field in self.searches:
            if field not in self.hidden_fields:
                condition |= Q(**{f"{field}__icontains": self.search})
        try:
            wanted = UUID(self.search)
        except ValueError:
            return condition
        for field in self.searches_ids:
            condition |= Q(**{field: wanted})
        return condition

    # The filter pane

    @cached_property
    def narrowings(self) -> list[Narrowing]:
        """Return the fields of the filter pane, filled in."""
        if self.company is None:
            return []
        sees_people = personal.sees_people(self.request.user)
        allowed = (one for one in self.filters if sees_people or not one.is_personal)
        declared = [self._of_filter(one, self.company) for one in allowed]
        asked = (self._of_column(one) for one in self.all_columns if one.is_filter)
        return declared + [one for several in asked for one in several]

    def _of_filter(self, declared: Filter, company: Company) -> Narrowing:
        value = self._asked(declared.key)
        choices = list(declared.choices(company))
        same = (known for known, _ in choices if known.casefold() == value.casefold())
        value = next(same, value)
        condition = declared.condition(value)
        return Narrowing(declared.key, declared.caption, "choice", value, choices, condition)

    def _of_column(self, column: Column) -> Iterator[Narrowing]:
        name, caption = column.order or column.name, self.caption(column)
        field = self._fields[name]
        value = self._asked(column.name)
        if field.choices:
            choices = [(str(key), str(label)) for key, label in field.flatchoices if key]
            condition = Q(**{name: value}) if value in dict(choices) else EVERYTHING
            yield Narrowing(column.name, caption, "choice", value, choices, condition)
        elif isinstance(field, DateTimeField):
            yield self._day(f"{column.name}_from", f"{caption}, from", f"{name}__gte")
            yield self._day(f"{column.name}_to", f"{caption}, to", f"{name}__lt", days=1)
        else:
            condition = Q(**{f"{name}__icontains": value}) if value else EVERYTHING
            yield Narrowing(column.name, caption, "text", value, condition=condition)

    def _day(self, key: str, caption: str, lookup: str, *, days: int = 0) -> Narrowing:
        value = self._asked(key)
        if not value:
            return Narrowing(key, caption, "day")
        begins = _beginning(value, days)
        if begins is None:
            problem = f"{value} is not a date. Write it as 2026-01-31."
            return Narrowing(key, caption, "day", value, problem=problem)
        return Narrowing(key, caption, "day", value, condition=Q(**{lookup: begins}))

    def narrowed_to(self, row: Any, column: Column) -> str:
        """Return where Alt+F3 leads: the list narrowed to a row's value as well (C-6008)."""
        field = column.order or column.name
        declared = (one for one in self.filters if field == one.field or column.name == one.key)
        if not column.is_filter and (found := next(declared, None)) is not None:
            key, field = found.key, found.field
        else:
            key = column.name if column.is_filter else ""
        value = getattr(row, field, None)
        if not key or value in (None, ""):
            return ""
        if isinstance(value, datetime):
            day = timezone.localdate(value)
            return self.address(**{f"{key}_from": day, f"{key}_to": day})
        return self.address(**{key: value})

    @cached_property
    def is_pane_open(self) -> bool:
        """Whether the filter pane is asked for, or has something to say."""
        return bool(self._asked("pane")) or any(one.problem for one in self.narrowings)

    # Columns and order

    @cached_property
    def all_columns(self) -> list[Column]:
        """Return the columns that the person may see, each sorted by what they may see."""
        columns = [column_of(given) for given in self.columns]
        if personal.sees_people(self.request.user):
            return columns
        hidden = self.hidden_fields
        return [
            replace(one, order="", is_filter=False) if hidden & {one.name, one.order} else one
            for one in columns
            if not (one.is_personal or self._is_bare(one, hidden))
        ]

    def _is_bare(self, column: Column, hidden: frozenset[str]) -> bool:
        """Whether a column shows a hidden field and nothing else."""
        return column.name in hidden and not hasattr(self, f"show_{column.name}")

    @cached_property
    def shown_columns(self) -> list[Column]:
        """Return the columns that are asked for, in that order; the first always leads."""
        first, *others = self.all_columns
        by_name = {column.name: column for column in others}
        names = dict.fromkeys(name for name in self.asked.getlist("column") if name in by_name)
        if not names:
            return [first, *(column for column in others if not column.is_extra)]
        return [first, *(by_name[name] for name in names)]

    @cached_property
    def sorts(self) -> list[str]:
        """Return what is sorted by, the first first; what cannot be sorted by is left out."""
        known = {column.order for column in self.all_columns if column.order}
        found: dict[str, str] = {}
        for part in self._asked("sort").split(","):
            if (name := part.removeprefix("-")) in known:
                found.setdefault(name, part)
        return list(found.values())[:MOST_SORTS]

    def order(self) -> Sequence[str]:
        """Order as asked; the key decides between equals, the same way round (an index serves)."""
        if not self.sorts:
            return self.default_order
        return (*self.sorts, "-pk" if self.sorts[-1].startswith("-") else "pk")

    @cached_property
    def size(self) -> int:
        asked = self._asked("size")
        return int(asked) if asked in {str(size) for size in SIZES} else 50

    @cached_property
    def density(self) -> str:
        asked = self._asked("density")
        return asked if asked in dict(DENSITIES) else ""

    # The address

    def address(self, **changed: Any) -> str:
        """Return the query string of the same picture with parts changed; None leaves one out."""
        query = self.asked.copy()
        for name in ONCE:
            query.pop(name, None)
        for name, value in changed.items():
            query.pop(name, None)
            if value is not None:
                query[name] = str(value)
        return f"?{query.urlencode(safe=',')}"

    def kept(self, *without: str) -> list[tuple[str, str]]:
        """Return what a form has to carry along that asks for something else."""
        return carrying.fields(self.asked, without={*ONCE, *without})

    @cached_property
    def picture(self) -> str:
        """Return what a saved view keeps of the address."""
        query = self.asked.copy()
        for name in PASSING:
            query.pop(name, None)
        kept = [(name, values) for name, values in sorted(query.lists()) if any(values)]
        return urlencode(kept, doseq=True, safe=",")

    @cached_property
    def first_tab(self) -> str:
        return next((view.key for view in self.tabs()), "all")

    @cached_property
    def cleared(self) -> str:
        """Return the address of the same list with nothing narrowed; how it looks stays."""
        looks = {"column", "size", "density", "sort"}
        query = self.asked.copy()
        for name in [name for name in query if name not in looks]:
            del query[name]
        query["view"] = self.first_tab
        return f"?{query.urlencode(safe=',')}"

    def chips(self) -> list[tuple[str, str, str]]:
        """Return what narrows the list: caption, value, and the address without it."""
        found = [
            (one.caption, one.shown, self.address(**{one.key: None}))
            for one in self.narrowings
            if one.value and not one.problem
        ]
        found += [
            (caption, "", self.address(**{key: None}))
            for key, caption in self.drilled
            if self._asked(key)
        ]
        return found


def _beginning(text: str, days: int) -> datetime | None:
    """Return when a day begins in the console's zone, or so many days later."""
    try:
        day: date | None = parse_date(text)
        if day is None:
            return None
        return timezone.make_aware(datetime.combine(day + timedelta(days=days), time.min))
    except (ValueError, OverflowError):
        return None
