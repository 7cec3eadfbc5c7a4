"""The rows that an act is for: the ticked ones, or all that match what the list is narrowed to."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.db.models import Model
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect

from integration_admin.pages import ListPage, ask, back, is_confirmed, list_at
from integration_admin.roles import SignedInRequest

MOST = 10_000  # rows of one act
ASKED_FROM = 500  # more than these are asked for with their number (C-0008)
ALL = "all"  # what the list posts: how many rows the person saw

Act = Callable[[SignedInRequest], HttpResponse]


def acts_on(model: type[Model]) -> Callable[[Act], Act]:
    """Let an act on ticked rows also be for all rows that match: it finds their keys ticked."""

    def wrap(act: Act) -> Act:
        @wraps(act)
        def chosen(request: SignedInRequest) -> HttpResponse:
            if ALL not in request.POST:
                return act(request)
            page = _list_of(request, model)
            if page is None:
                messages.warning(
                    request, "Select the rows on their list, then try again. (E-SELECT)"
                )
                return redirect("home")
            return _for_all(request, page, act)

        return chosen

    return wrap


def _list_of(request: SignedInRequest, model: type[Model]) -> ListPage[Any] | None:
    """Return the list that the button was on, as narrowed; one of another kind is none."""
    address = urlsplit(request.POST.get("next", ""))
    kind = list_at(address.path)
    if kind is None or kind.model is not model:
        return None
    return kind.of(request, QueryDict(address.query))


def _for_all(request: SignedInRequest, page: ListPage[Any], act: Act) -> HttpResponse:
    keys = list(page.get_queryset().values_list("pk", flat=True)[: MOST + 1])
    if len(keys) > MOST:
        sentence = f"One act is for {MOST:,} rows at most. Narrow the list first."
        messages.error(request, f"{sentence} (E-TOO-MANY)")
        return back(request, "home")
    is_many = len(keys) > ASKED_FROM
    is_seen = request.POST[ALL] == str(len(keys))
    number = len(keys) if is_many else 0
    if (is_many or not is_seen) and not is_confirmed(request, number):
        return _ask(request, page, len(keys), number)
    posted = request.POST.copy()
    posted.setlist("selected", [str(key) for key in keys])
    request.POST = posted  # type: ignore[assignment]  # as if the person had ticked them
    return act(request)


def _ask(request: SignedInRequest, page: ListPage[Any], count: int, number: int) -> HttpResponse:
    match = request.resolver_match
    name = match.url_name if match else ""
    caption = next((one.caption for one in page.actions if one.url_name == name), "Go on")
    narrowed = "what the list is narrowed to" if page.chips() or page.search else "the list"
    return ask(
        request,
        title=f"{caption}: all {count:,} rows?",
        text=f"{count:,} rows match {narrowed}, on this page and on all others.",
        yes=f"{caption}, {count:,} rows",
        no="Do nothing",
        number=number,
    )
