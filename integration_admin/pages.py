"""The two kinds of page the console is made of: lists and cards, declared in a few lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Self, TypeVar, cast

from django.contrib.auth.mixins import AccessMixin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Count, Model, QuerySet, Value
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.views.generic import DetailView, ListView

from integration_admin import carrying, list_tools, personal, saved_views
from integration_admin.columns import Cell, Column, Shows, column_of
from integration_admin.following import MOST_NEWER, Follows
from integration_admin.history import history_of
from integration_admin.models import SavedView
from integration_admin.narrowing import Filter, View
from integration_admin.roles import Right, has_right, refusal

__all__ = ["Filter", "View"]  # declared with the page that they belong to
M = TypeVar("M", bound=Model)
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
    place: int  # among what is sorted by: 1 is the first, 0 none
    sort: str  # where a click leads
    more: str  # where it leads with Shift, which keeps what is sorted by already


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


class ListPage(RightRequired, Follows, ListView[M]):
    """A list: tabs, search, filters, sorting, columns, paging, export, and acts on rows."""

    template_name = "pages/list.html"
    title: ClassVar[str]
    actions: ClassVar[tuple[Action, ...]] = ()
    counts_views: ClassVar[bool] = True
    search_hint: ClassVar[str] = "Search this list"
    company_field: ClassVar[str] = "company"
    empty: ClassVar[Empty] = Empty("Nothing here yet", "")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the list; where nothing is asked for, as the person wants it to open (C-0011)."""
        default = next((one for one in self.saved_views if one.is_default), None)
        if default is not None and not request.GET:
            return redirect(list_tools.address_of(default))
        if moved := list_tools.moved(self):
            return redirect(f"{request.path}{moved}")
        return super().get(request, *args, **kwargs)

    @classmethod
    def of(cls, request: HttpRequest, asked: QueryDict | None = None) -> Self:
        """Return the list as its page would be asked for, by this address or by another one."""
        page = cls()
        page.setup(request)
        if asked is not None:
            page.asked = asked
        return page

    @cached_property
    def name(self) -> str:
        """Return the URL name of the list, by which its views and its export know it."""
        match = self.request.resolver_match
        return (match.url_name or "") if match else ""

    @cached_property
    def saved_views(self) -> list[Any]:
        views = saved_views.visible_to(cast(User, self.request.user))
        return list(views.filter(list_name=self.name))

    @cached_property
    def saved(self) -> SavedView | None:
        """Return the saved view that the list was opened with."""
        return next((one for one in self.saved_views if str(one.pk) == self._asked("saved")), None)

    def everything(self) -> QuerySet[M]:
        """Select all rows of the company, before any narrowing."""
        rows: QuerySet[M] = super().get_queryset()
        if self.company is None:
            return rows.none()
        return rows.filter(**{self.company_field: self.company})

    def get_queryset(self) -> QuerySet[M]:
        return self.narrowed(self.everything()).order_by(*self.order())

    def get_paginate_by(self, _queryset: Any) -> int:
        return self.size

    def paginate_queryset(
        self, queryset: Any, page_size: int
    ) -> tuple[Paginator[M], Page[M], QuerySet[M], bool]:
        """Show the last page for a number that is too large, rather than refusing it."""
        self.newer_rows = self.newer(queryset)
        paginator = BoundedPaginator(self.as_seen(queryset), page_size)
        page = paginator.get_page(self.request.GET.get("page"))
        return paginator, page, page.object_list, page.has_other_pages()  # type: ignore[return-value]

    def gather(self, rows: Sequence[M]) -> None:
        """Look up what the rows of this page need beyond their own fields: queries for a page."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        rows = personal.as_seen_by(self.request.user, context["page_obj"].object_list)
        self.gather(rows)
        allowed = [one for one in self.actions if has_right(self.request.user, one.right)]
        return context | {
            "title": self.title,
            "list": self,
            "headings": [self._heading(column) for column in self.shown_columns],
            "rows": [self._row(row) for row in rows],
            "is_live": self.is_followed or self.is_live(rows),
            "as_of": self.as_of(rows),
            "newer_rows": self.newer_rows,
            "most_newer": MOST_NEWER,
            "page_actions": [one for one in allowed if not one.on_rows],
            "row_actions": [one for one in allowed if one.on_rows],
            "views": self._counted_views(),
            "search": self.search,
            "is_narrowed": self._is_narrowed(),
            "empty": self.empty,
            "numbers": context["paginator"].get_elided_page_range(context["page_obj"].number),
            **list_tools.of(self, context["paginator"]),
        }

    def is_live(self, _rows: Sequence[M]) -> bool:
        """Whether a row still changes by itself; the list then follows it, quietly."""
        return False

    def _heading(self, column: Column) -> Heading:
        order, caption = column.order, self.caption(column)
        if not order:
            return Heading(column, caption, "", 0, "", "")
        names = [one.removeprefix("-") for one in self.sorts]
        place = names.index(order) + 1 if order in names else 0
        now = self.sorts[place - 1] if place else ""
        wanted = {"": order, order: f"-{order}"}.get(now)  # the third click takes it back
        others = [one for one in self.sorts if one.removeprefix("-") != order]
        replaced = [wanted if one == now else one for one in self.sorts]
        more = [one for one in replaced if one] if place else [*self.sorts, order]
        state = {"": "none", order: "ascending"}.get(now, "descending")
        return Heading(
            column,
            caption,
            state,
            place if others else 0,
            self.address(sort=wanted),
            self.address(sort=",".join(more) or None),
        )

    def _row(self, row: M) -> Row:
        cells = [
            self.cell(row, column)._replace(narrow=self.narrowed_to(row, column))
            for column in self.shown_columns
        ]
        return Row(row.pk, str(row), cells)

    def _counted_views(self) -> list[tuple[View, bool, int | None]]:
        tabs = self.tabs()
        if not tabs:
            return []
        counts: dict[str, int] = {}
        if self.counts_views:
            rows = self.everything().order_by()
            # Counted apart, in one query: where there are many rows each view has its own index.
            first, *others = (
                rows.filter(one.condition).annotate(view=Value(one.key)).values_list("view")
                .annotate(number=Count("pk"))
                for one in tabs
            )  # fmt: skip
            counts = dict(first.union(*others, all=True).values_list("view", "number"))
        here = self.view.key if self.view and self.saved is None else None
        return [(one, one.key == here, counts.get(one.key)) for one in tabs]

    def _is_narrowed(self) -> bool:
        is_first = self.view is None or self.view.key == self.first_tab
        return bool(self.search or self.chips()) or not is_first


def list_at(path: str) -> type[ListPage[Any]] | None:
    """Return the list whose page is at a path."""
    try:
        kind: Any = getattr(resolve(path).func, "view_class", None)
    except Resolver404:
        return None
    return kind if kind is not None and issubclass(kind, ListPage) else None


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
    has_history: ClassVar[bool] = False  # whether people change the record

    def get_queryset(self) -> QuerySet[M]:
        rows: QuerySet[M] = super().get_queryset()
        return rows.filter(**{self.company_field: self.company})

    def get_object(self, queryset: QuerySet[M] | None = None) -> M:
        row: M = personal.one_as_seen_by(self.request.user, super().get_object(queryset))
        return row

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
            "record_history": history_of(self.object, user) if self.has_history else "",
            "sections": [(section, self._shown(section)) for section in self.sections],
            "actions": [
                one for one in self.actions if has_right(user, one.right) and self.can(one)
            ],
        }

    def _shown(self, section: Section) -> list[Cell]:
        columns = [column_of(given) for given in section.fields]
        hidden = self.hidden_fields
        return [self.cell(self.object, one) for one in columns if one.name not in hidden]


def back(request: HttpRequest, url_name: str) -> HttpResponse:
    """Return to the page that the button was on, filters and all, or to a list."""
    return redirect(carrying.next_page(request) or url_name)


def is_confirmed(request: HttpRequest, number: int = 0) -> bool:
    """Whether the person has said yes on the page that asks, and typed the number if asked to."""
    typed = re.sub(r"\W", "", request.POST.get("number", ""))
    return request.POST.get("confirmed") == "yes" and (not number or typed == str(number))


def ask(
    request: HttpRequest,
    *,
    title: str,
    text: str,
    yes: str,
    no: str,
    number: int = 0,
    previews: bool = False,
) -> HttpResponse:
    """Ask before something that touches many records; the buttons name the act (C-0008).

    With a number it asks at level 2: the person types how many records it touches.
    `previews` offers a preview: the same address is asked with `preview` (C-0009).
    """
    left_out = {"csrfmiddlewaretoken", "confirmed", "number"}
    if "all" in request.POST:  # the rows are found anew
        left_out.add("selected")
    return render(
        request,
        "pages/confirm.html",
        {
            "title": title,
            "text": text,
            "yes": yes,
            "no": no,
            "posted": carrying.fields(request.POST, without=left_out),
            "number": number,
            "previews": previews,
            "is_wrong": "confirmed" in request.POST,
            "back": carrying.next_page(request) or reverse("home"),
        },
    )
