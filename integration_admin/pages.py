"""The two kinds of page the console is made of: lists and cards, declared in a few lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, TypeVar, cast
from uuid import UUID

from django.contrib.auth.mixins import AccessMixin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Count, Model, Q, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import DetailView, ListView

from connections.models import Company
from integration_admin.columns import Cell, Column, Shows, column_of
from integration_admin.roles import Right, has_right, refusal

M = TypeVar("M", bound=Model)
EVERYTHING = Q()
COUNTED_AT_MOST = 250_000


@dataclass(frozen=True, slots=True)
class Action:
    """A button; one on rows posts the selected ones, a primary one is the act of the page."""

    caption: str
    url_name: str
    right: Right
    icon: str = "play"
    on_rows: bool = True
    is_primary: bool = False
    values: tuple[tuple[str, str], ...] = ()  # what it posts besides


@dataclass(frozen=True, slots=True)
class View:
    """A tab above a list: the same list, narrowed."""

    key: str
    caption: str
    condition: Q = EVERYTHING


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice above a list; it lives in the query string, so a link shows the same picture."""

    key: str
    caption: str
    field: str
    choices: Callable[[Company], Iterable[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Empty:
    """What a list says that has nothing to show yet, and the next step."""

    title: str
    text: str
    button: str = ""
    url_name: str = ""


class BoundedPaginator(Paginator[M]):
    """Counts so far and no further: nobody turns to page 20,000, and counting costs."""

    most: ClassVar[int] = COUNTED_AT_MOST

    @cached_property
    def count(self) -> int:
        return min(self._seen, self.most)

    @cached_property
    def is_more(self) -> bool:
        return self._seen > self.most

    @cached_property
    def _seen(self) -> int:
        # In their order, and of the column that orders, so that the index of the list counts.
        rows = cast("QuerySet[Any]", self.object_list)
        first = str(rows.query.order_by[0]).removeprefix("-")
        return rows.values(first)[: self.most + 1].count()


class Heading(NamedTuple):
    column: Column
    caption: str
    sorted: str  # "ascending", "descending", "none"; empty: cannot be sorted
    sort: str  # what a click asks for


class Row(NamedTuple):
    key: Any
    label: str
    cells: list[Cell]


class RightRequired(AccessMixin):
    """Lets only people with the page's right through; others are told which one it is."""

    right: ClassVar[Right]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        if not has_right(request.user, self.right):
            raise PermissionDenied(refusal(self.right))
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return response


class ListPage(RightRequired, Shows, ListView[M]):
    """A list: tabs, search, filters, sorting, paging, and acts on rows."""

    template_name = "pages/list.html"
    paginate_by = 50
    title: ClassVar[str]
    columns: ClassVar[tuple[str | Column, ...]]
    actions: ClassVar[tuple[Action, ...]] = ()
    views: ClassVar[tuple[View, ...]] = ()
    counts_views: ClassVar[bool] = True
    filters: ClassVar[tuple[Filter, ...]] = ()
    searches: ClassVar[tuple[str, ...]] = ()
    searches_ids: ClassVar[tuple[str, ...]] = ()
    search_hint: ClassVar[str] = "Search this list"
    company_field: ClassVar[str] = "company"
    default_order: ClassVar[tuple[str, ...]] = ("-pk",)
    empty: ClassVar[Empty] = Empty("Nothing here yet", "")

    def everything(self) -> QuerySet[M]:
        """Select all rows of the company, before any narrowing."""
        rows: QuerySet[M] = super().get_queryset()
        if self.company is None:
            return rows.none()
        return rows.filter(**{self.company_field: self.company})

    def get_queryset(self) -> QuerySet[M]:
        rows = self.everything().filter(self.view.condition if self.view else Q())
        for chosen in self.filters:
            if value := self._asked(chosen.key):
                rows = rows.filter(**{chosen.field: value})
        return rows.filter(self._searched()).order_by(*self._order())

    @cached_property
    def view(self) -> View | None:
        asked = self.request.GET.get("view", "")
        by_key = {view.key: view for view in self.views}
        return by_key.get(asked) or (self.views[0] if self.views else None)

    @cached_property
    def search(self) -> str:
        return self._asked("q")

    def _asked(self, name: str) -> str:
        """Return a part of the query string; no text in PostgreSQL holds a NUL."""
        return self.request.GET.get(name, "").replace("\x00", "").strip()

    def _searched(self) -> Q:
        condition = Q()
        if not self.search:
            return condition
        for field in self.searches:
            condition |= Q(**{f"{field}__icontains": self.search})
        try:
            wanted = UUID(self.search)
        except ValueError:
            return condition
        for field in self.searches_ids:
            condition |= Q(**{field: wanted})
        return condition

    @cached_property
    def _columns(self) -> list[Column]:
        return [column_of(given) for given in self.columns]

    def _order(self) -> Sequence[str]:
        """Order as asked; the key decides between equals, the same way round (an index serves)."""
        asked = self.request.GET.get("sort", "")
        known = {column.order for column in self._columns if column.order}
        if asked.removeprefix("-") not in known:
            return self.default_order
        return (asked, "-pk" if asked.startswith("-") else "pk")

    def paginate_queryset(
        self, queryset: Any, page_size: int
    ) -> tuple[Paginator[M], Page[M], QuerySet[M], bool]:
        """Show the last page for a number that is too large, rather than refusing it."""
        paginator = BoundedPaginator(queryset, page_size)
        page = paginator.get_page(self.request.GET.get("page"))
        return paginator, page, page.object_list, page.has_other_pages()  # type: ignore[return-value]

    def gather(self, rows: Sequence[M]) -> None:
        """Look up what the rows of this page need beyond their own fields: queries for a page."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        rows = list(context["page_obj"].object_list)
        self.gather(rows)
        allowed = [one for one in self.actions if has_right(self.request.user, one.right)]
        return context | {
            "title": self.title,
            "headings": [self._heading(column) for column in self._columns],
            "rows": [self._row(row) for row in rows],
            "is_live": self.is_live(rows),
            "page_actions": [one for one in allowed if not one.on_rows],
            "row_actions": [one for one in allowed if one.on_rows],
            "views": self._counted_views(),
            "filters": self._chosen_filters(),
            "search": self.search,
            "is_searchable": bool(self.searches),
            "search_hint": self.search_hint,
            "is_narrowed": self._is_narrowed(),
            "empty": self.empty,
            "numbers": context["paginator"].get_elided_page_range(context["page_obj"].number),
        }

    def is_live(self, _rows: Sequence[M]) -> bool:
        """Whether a row still changes by itself; the list then follows it, quietly."""
        return False

    def _heading(self, column: Column) -> Heading:
        asked = self.request.GET.get("sort", "")
        caption = self.caption(column)
        if not column.order:
            return Heading(column, caption, "", "")
        if asked == column.order:
            return Heading(column, caption, "ascending", f"-{column.order}")
        if asked == f"-{column.order}":
            return Heading(column, caption, "descending", "")
        return Heading(column, caption, "none", column.order)

    def _row(self, row: M) -> Row:
        return Row(row.pk, str(row), [self.cell(row, column) for column in self._columns])

    def _counted_views(self) -> list[tuple[View, bool, int | None]]:
        if not self.views:
            return []
        counts: dict[str, int] = {}
        if self.counts_views:
            rows = self.everything().order_by()
            # Counted apart, in one query: where there are many rows each view has its own index.
            first, *others = (
                rows.filter(one.condition).annotate(view=Value(one.key)).values_list("view")
                .annotate(number=Count("pk"))
                for one in self.views
            )  # fmt: skip
            counts = dict(first.union(*others, all=True).values_list("view", "number"))
        return [(one, one is self.view, counts.get(one.key)) for one in self.views]

    def _chosen_filters(self) -> list[tuple[Filter, list[tuple[str, str, bool]]]]:
        if self.company is None:
            return []
        return [
            (
                one,
                [
                    (value, caption, value == self.request.GET.get(one.key))
                    for value, caption in one.choices(self.company)
                ],
            )
            for one in self.filters
        ]

    def _is_narrowed(self) -> bool:
        chosen = any(self.request.GET.get(one.key) for one in self.filters)
        is_first = not self.views or self.view is self.views[0]
        return bool(self.search) or chosen or not is_first


@dataclass(frozen=True, slots=True)
class Section:
    """A FastTab of a card: fields, or a template for what is not a field."""

    caption: str
    fields: tuple[str | Column, ...] = ()
    template: str = ""
    is_open: bool = True


class CardPage(RightRequired, Shows, DetailView[M]):
    """A card: one record, its fields in FastTabs, its acts above them."""

    template_name = "pages/card.html"
    sections: ClassVar[tuple[Section, ...]]
    actions: ClassVar[tuple[Action, ...]] = ()
    list_title: ClassVar[str]
    list_url: ClassVar[str]
    company_field: ClassVar[str] = "company"

    def get_queryset(self) -> QuerySet[M]:
        rows: QuerySet[M] = super().get_queryset()
        return rows.filter(**{self.company_field: self.company})

    def title(self) -> str:
        return str(self.object)

    def can(self, _action: Action) -> bool:
        """Whether an act makes sense for this record; the right is checked besides."""
        return True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        user = self.request.user
        return context | {
            "title": self.title(),
            "list_title": self.list_title,
            "list_url": reverse(self.list_url),
            "sections": [(section, self._shown(section)) for section in self.sections],
            "actions": [
                one for one in self.actions if has_right(user, one.right) and self.can(one)
            ],
        }

    def _shown(self, section: Section) -> list[Cell]:
        return [self.cell(self.object, column_of(given)) for given in section.fields]


def back(request: HttpRequest, url_name: str) -> HttpResponse:
    """Return to the page that the button was on, filters and all, or to a list."""
    asked = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure()):
        return redirect(asked)
    return redirect(url_name)


def is_confirmed(request: HttpRequest, number: int = 0) -> bool:
    """Whether the person has said yes on the page that asks, and typed the number if asked to."""
    typed = re.sub(r"\W", "", request.POST.get("number", ""))
    return request.POST.get("confirmed") == "yes" and (not number or typed == str(number))


def ask(
    request: HttpRequest, *, title: str, text: str, yes: str, no: str, number: int = 0
) -> HttpResponse:
    """Ask before something that touches many records; the buttons name the act (C-0008).

    With a number it asks at level 2: the person types how many records it touches.
    """
    posted = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in {"csrfmiddlewaretoken", "confirmed", "number"}
        for value in values
    ]
    return render(
        request,
        "pages/confirm.html",
        {
            "title": title,
            "text": text,
            "yes": yes,
            "no": no,
            "posted": posted,
            "number": number,
            "is_wrong": "confirmed" in request.POST,
            "back": request.POST.get("next") or reverse("home"),
        },
    )
