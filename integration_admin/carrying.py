"""What a form carries along: answers that are asked for once more, and the page to go on with."""

from __future__ import annotations

from collections.abc import Collection

from django.http import HttpRequest, QueryDict
from django.utils.http import url_has_allowed_host_and_scheme


def fields(asked: QueryDict, *, without: Collection[str]) -> list[tuple[str, str]]:
    """Return the names and values that a form repeats as hidden fields."""
    return [
        (name, value) for name, values in asked.lists() if name not in without for value in values
    ]


def next_page(request: HttpRequest) -> str:
    """Return the page of ours that the form goes on with; empty if it names none, or a stranger."""
    asked = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure())
    return asked if is_ours else ""
