"""The lists of the pages for programs: what each can be asked for, and exports of all rows."""

from __future__ import annotations

from typing import Any, Literal, cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from connections.models import Company
from integration_admin.api.access import ApiToken, require
from integration_admin.api.refusals import Code, Problem, RefusalError, of_problems
from integration_admin.api.scope import Paging, Scope, Text, company_of, page_of
from integration_admin.exporting import ExportError, export, list_pages, page_class
from integration_admin.narrowing import Narrowing
from integration_admin.pages import ListPage
from integration_admin.personal import as_seen_by
from integration_admin.roles import Right, has_right

router = Router(tags=["Lists"])


class Listing(Paging):
    """A page of a list, narrowed as on its page; `GET /lists` says what else narrows it."""

    view: Text = Field("", description="One of the list's views")
    q: Text = Field("", description="Words to search for")
    sort: Text = Field("", description="Columns to sort by, the first first; - for descending")


class ColumnShape(Schema):
    name: str
    caption: str
    sort: str  # what `sort` calls it; empty: the list cannot be sorted by it
    is_shown: bool  # without being asked for


class ChoiceShape(Schema):
    value: str
    caption: str


class FilterShape(Schema):
    """A query parameter that narrows the list."""

    key: str
    caption: str
    kind: str  # choice, text, or day
    choices: list[ChoiceShape]


class ListShape(Schema):
    name: str
    title: str
    views: list[ChoiceShape]
    filters: list[FilterShape]
    columns: list[ColumnShape]


class ListsShape(Schema):
    items: list[ListShape]


class Exporting(Scope):
    format: Literal["json", "csv", "xlsx"] = "json"


@router.get("/lists", auth=ApiToken(Right.VIEW_CONSOLE), response=ListsShape)
def list_lists(request: HttpRequest, asked: Query[Scope]) -> Any:
    """Say which lists there are, and how each can be narrowed, sorted and exported."""
    company = company_of(request, asked)
    kinds = [(name, kind) for name, kind in list_pages() if has_right(request.user, kind.right)]
    return {"items": [_shape(name, _page(kind, request, company)) for name, kind in kinds]}


@router.get("/lists/{list_name}/export", auth=ApiToken(Right.EXPORT))
def export_rows(request: HttpRequest, list_name: str, asked: Query[Exporting]) -> HttpResponse:
    """Answer all rows of a list that match, as a file; takes the parameters of the list's page."""
    kind = page_class(list_name)
    if kind is None:
        sentence = f"There is no list {list_name}."
        raise RefusalError(404, Code.NOT_FOUND, sentence, "See GET /api/v1/lists.")
    require(request, kind.right)
    page = _page(kind, request, company_of(request, asked))
    _check(page)
    try:
        return cast(HttpResponse, export(page, list_name, asked.format))
    except ExportError as error:
        cure = "Narrow the list with its filters: see GET /api/v1/lists."
        raise RefusalError(422, Code.TOO_MANY, str(error), cure) from error


def listed(
    kind: type[ListPage[Any]], request: HttpRequest, company: Company, *, view: str = ""
) -> ListPage[Any]:
    """Return a list as it is asked for, with what its page would show."""
    page = _page(kind, request, company)
    _check(page)
    if view and not page.asked.get("view"):
        page.view = next(one for one in page.tabs() if one.key == view)
    return page


def answer(
    page: ListPage[Any], rows: QuerySet[Any], asked: Paging, order: tuple[str, ...] = ("-pk",)
) -> dict[str, Any]:
    """Return one page of the rows in the order that is asked for, else in the usual one."""
    found = page_of(rows, asked, order=tuple(page.order()) if page.sorts else order)
    return {**found, "items": as_seen_by(page.request.user, found["items"])}


def _page(kind: type[ListPage[Any]], request: HttpRequest, company: Company) -> ListPage[Any]:
    page = kind.of(request)
    page.company = company
    return page


def _check(page: ListPage[Any]) -> None:
    """Refuse what a page would leave out: a program is to hear of its mistakes."""
    sorts = [column.order for column in page.all_columns if column.order]
    names = [column.name for column in page.all_columns]
    tabs = [tab.key for tab in page.tabs()]
    asked = page.asked
    wanted = [part.removeprefix("-") for part in asked.get("sort", "").split(",") if part]
    problems = [
        *_unknown("view", [view for view in asked.getlist("view") if view], tabs),
        *_unknown("sort", wanted, sorts),
        *_unknown("column", asked.getlist("column"), names),
        *(Problem(field=one.key, sentence=one.problem) for one in page.narrowings if one.problem),
    ]
    if problems:
        cure = "Correct the parameters under problems; GET /api/v1/lists says what there is."
        raise of_problems(problems, cure)


def _unknown(field: str, wanted: list[str], known: list[str]) -> list[Problem]:
    allowed = ", ".join(dict.fromkeys(known)) or "nothing"
    return [
        Problem(field=field, sentence=f"{one} is none of {allowed}.")
        for one in wanted
        if one not in known
    ]


def _shape(name: str, page: ListPage[Any]) -> dict[str, Any]:
    return {
        "name": name,
        "title": page.title,
        "views": [{"value": tab.key, "caption": tab.caption} for tab in page.tabs()],
        "filters": [_filter(one) for one in page.narrowings],
        "columns": [
            {
                "name": column.name,
                "caption": page.caption(column),
                "sort": column.order,
                "is_shown": not column.is_extra,
            }
            for column in page.all_columns
        ],
    }


def _filter(one: Narrowing) -> dict[str, Any]:
    choices = [{"value": value, "caption": caption} for value, caption in one.choices]
    return {"key": one.key, "caption": one.caption, "kind": one.kind, "choices": choices}
