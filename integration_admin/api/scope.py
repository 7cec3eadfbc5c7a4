"""What all operations have in common: the company they are about, and pages of long lists."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Annotated, Any, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Field, Model, Q, QuerySet
from django.http import HttpRequest
from ninja import Field as Limited
from ninja import Schema
from pydantic import AfterValidator

from connections.models import Company
from integration_admin.api.refusals import Code, RefusalError
from integration_admin.chrome import COMPANY

M = TypeVar("M", bound=Model)
MOST = 200  # rows of a page
LARGEST = 2**63 - 1


def _without_nul(text: str) -> str:
    """No text in PostgreSQL holds a NUL."""
    if "\x00" in text:
        message = "must hold no NUL character"
        raise ValueError(message)
    return text


Text = Annotated[str, AfterValidator(_without_nul)]
Id = Annotated[int, Limited(ge=1, le=LARGEST)]
Ids = Annotated[list[Id], Limited(min_length=1, max_length=1000)]


class Scope(Schema):
    """Which company; may be left out where there is only one."""

    company: Text = Limited("", description="Name of the company, where there are several")


class Paging(Scope):
    """Which company, and which page of the list."""

    cursor: str = Limited("", description="The `next` of the page before", max_length=400)
    limit: int = Limited(50, ge=1, le=MOST, description="Rows of a page")


def company_of(request: HttpRequest, scope: Scope) -> Company:
    """Return the company that is named; else the one chosen on the pages, or the only one."""
    companies = list(Company.objects.order_by("name"))
    wanted = scope.company.casefold()
    if wanted:
        found = [row for row in companies if wanted in (row.name.casefold(), str(row).casefold())]
    else:
        chosen = request.session.get(COMPANY)
        found = [row for row in companies if row.pk == chosen] or companies
    if len(found) == 1:
        return found[0]
    if not companies:
        raise RefusalError(
            409, Code.COMPANY, "No company is set up.", "Connect one first: manage.py configure."
        )
    names = ", ".join(row.name for row in companies)
    sentence = f"There is no company {scope.company}." if wanted else "There are several companies."
    raise RefusalError(400, Code.COMPANY, sentence, f"Name one as ?company=…: {names}.")


def page_of(rows: QuerySet[M], paging: Paging, order: tuple[str, ...] = ("-pk",)) -> dict[str, Any]:
    """Return one page and where the next begins; a cursor, so that page 20,000 costs no more."""
    if paging.cursor:
        rows = rows.filter(_after(rows.model, paging.cursor, order))
    found = list(rows.order_by(*order)[: paging.limit + 1])
    items = found[: paging.limit]
    more = len(found) > paging.limit
    return {"items": items, "next": _cursor(items[-1], order) if more else None}


def _cursor(row: Model, order: tuple[str, ...]) -> str:
    values = [getattr(row, name.removeprefix("-")) for name in order]
    texts = [_text(value) for value in values]
    return urlsafe_b64encode(json.dumps(texts).encode()).decode("ascii")


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _after(model: type[Model], cursor: str, order: tuple[str, ...]) -> Q:
    """Select what comes after a row: equal in the first columns, further in the next."""
    condition, equal = Q(pk__in=[]), Q()
    for name, value in zip(order, _values(model, cursor, order), strict=True):
        condition |= equal & _further(model, name, value)
        equal &= Q(**{name.removeprefix("-"): value}) if value is not None else _empty(name)
    return condition


def _further(model: type[Model], name: str, value: Any) -> Q:
    """Select what is further in one column; SQLite has what is empty before all, others after."""
    column, falls = name.removeprefix("-"), name.startswith("-")
    ends_empty = falls == connection.features.order_by_nulls_first
    if value is None:
        return Q(pk__in=[]) if ends_empty else ~_empty(name)
    further = Q(**{f"{column}__{'lt' if falls else 'gt'}": value})
    can_be_empty = _field(model, column).null
    return further | _empty(name) if ends_empty and can_be_empty else further


def _empty(name: str) -> Q:
    return Q(**{f"{name.removeprefix('-')}__isnull": True})


def _values(model: type[Model], cursor: str, order: tuple[str, ...]) -> list[Any]:
    """Return where a cursor stands, as its columns hold it; a made-up one is refused."""
    try:
        texts = json.loads(urlsafe_b64decode(cursor))
        if not isinstance(texts, list) or len(texts) != len(order):
            raise _wrong_cursor()
        values = [
            None if text is None else _field(model, name.removeprefix("-")).to_python(str(text))
            for name, text in zip(order, texts, strict=True)
        ]
    except (ValueError, ValidationError) as error:
        raise _wrong_cursor() from error
    if any(isinstance(value, int) and abs(value) > LARGEST for value in values):
        raise _wrong_cursor()
    return values


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    return cast("Field[Any, Any]", field)


def _wrong_cursor() -> RefusalError:
    return RefusalError(
        400,
        Code.CURSOR,
        "The cursor is none of this list.",
        "Take the `next` of the page before, or leave it out to begin anew.",
    )
