"""Exporting a list: who may take how much, which rows and columns, and the trace it leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import DateTimeField, Model
from django.http import StreamingHttpResponse
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from audit import trail
from audit.terms import Act
from integration_admin import personal
from integration_admin.columns import Column
from integration_admin.exports import FORMATS, Head, Rows
from integration_admin.list_tools import export_limit, too_many
from integration_admin.pages import ListPage, list_at

A_TIME = 500  # rows read at once


class ExportError(Exception):
    """A list is not exported; the message says why, and what to do."""

    code = "E-TOO-MANY"


def page_class(name: str) -> type[ListPage[Any]] | None:
    """Return the list page behind a URL name."""
    try:
        return list_at(reverse(name))
    except NoReverseMatch:
        return None


def list_pages() -> Iterator[tuple[str, type[ListPage[Any]]]]:
    """Yield every list page with its URL name, in the order of the addresses."""
    for name in _names(get_resolver().url_patterns):
        if kind := page_class(name):
            yield name, kind


def _names(patterns: Sequence[Any]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and pattern.namespace is None:
            yield from _names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name


def export(page: ListPage[Any], name: str, form: str) -> StreamingHttpResponse:
    """Answer the rows of a list in a format; the rows are chosen at once and read in pieces.

    The ids are noted first: the file holds each row once however long it takes, and the
    database is left alone while a slow client reads.
    """
    user, chosen = page.request.user, FORMATS[form]
    most = export_limit(user)
    keys = list(page.get_queryset().values_list("pk", flat=True)[: most + 1])
    if len(keys) > most:
        raise ExportError(too_many(most))
    columns = page.shown_columns
    trail.note(
        Act.EXPORTED,
        kind="list",
        name=page.title,
        company=page.company,
        after={"rows": len(keys), "format": chosen.caption, "shown": page.picture},
        by=user,
    )
    heads = [Head(column.name, _caption(page, column, form)) for column in columns]
    return as_file(name.replace("_", "-"), form, heads, _rows(page, columns, keys))


def as_file(name: str, form: str, heads: Sequence[Head], rows: Rows) -> StreamingHttpResponse:
    """Answer rows as a file of today."""
    chosen = FORMATS[form]
    answer = StreamingHttpResponse(chosen.write(heads, rows), content_type=chosen.content_type)
    day = timezone.localdate().isoformat()
    filename = f"{name}-{day}.{form}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _caption(page: ListPage[Any], column: Column, form: str) -> str:
    """Return the caption; a time in a sheet has no zone, so its column says it."""
    caption = page.caption(column)
    is_moment = isinstance(page.field(column.name), DateTimeField)
    return f"{caption} (UTC)" if is_moment and form == "xlsx" else caption


def _rows(
    page: ListPage[Any], columns: Sequence[Column], keys: Sequence[Any]
) -> Iterator[list[Any]]:
    rows = page.get_queryset().order_by()
    for first in range(0, len(keys), A_TIME):
        some = keys[first : first + A_TIME]
        found: dict[Any, Model] = {row.pk: row for row in rows.filter(pk__in=some)}
        ordered = [found[key] for key in some if key in found]
        ordered = personal.as_seen_by(page.request.user, ordered)
        page.gather(ordered)
        for row in ordered:
            yield [page.value(row, column) for column in columns]
