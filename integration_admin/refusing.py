"""What a system or set-up refuses and no page foresaw: said with its code, and what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from connections.errors import IntegrationError, TransientError
from connections.health import refused

logger = logging.getLogger(__name__)
CONFLICT, UNAVAILABLE = 409, 503


def told(error: IntegrationError) -> str:
    """Say a refusal in a line: what is wrong, what to do about it, and its code."""
    found = refused("", error)
    return f"{found.sentence} {found.cure} ({found.code})"


class RefusalMiddleware:
    """Turns such a refusal into a page: what is wrong, what to do, and the code."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, IntegrationError):
            return None
        logger.warning("%s %s: %s", request.method, request.path, error.message)
        found = refused("", error)
        context = {"sentence": found.sentence, "cure": found.cure, "error_code": found.code}
        status = UNAVAILABLE if isinstance(error, TransientError) else CONFLICT
        return render(request, "refused.html", context, status=status)
