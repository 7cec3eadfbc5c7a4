"""Gives each request its correlation id, and its acts the scene they are noted with."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from audit import scene
from audit.scene import Scene
from audit.terms import Source

HEADER = "X-Correlation-ID"
API = "/api/"
Answer = Callable[[HttpRequest], HttpResponse]


class CorrelationMiddleware:
    """Outermost of all, so that error pages and refusals of other middleware have the id too."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        here = Scene(
            Source.API if request.path_info.startswith(API) else Source.PAGE,
            scene.correlation_of(request.headers.get(HEADER)),
            address=address_of(request),
            person=lambda: getattr(request, "user", None),
        )
        request.correlation_id = here.correlation_id  # type: ignore[attr-defined]
        with scene.at(here):
            response = self.get_response(request)
        response.headers[HEADER] = here.correlation_id
        return response


def address_of(request: HttpRequest) -> str:
    """Return where the request came from; a header that anybody can write is not asked."""
    return str(request.META.get("REMOTE_ADDR", ""))[:45]
