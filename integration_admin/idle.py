"""Who does nothing for a while is signed out (C-7011); what the page asks by itself is no doing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, resolve_url
from django.urls import Resolver404, resolve, reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from audit import trail
from audit.terms import Act
from integration_admin.chrome import page_above
from integration_admin.roles import Right, SignedInRequest, requires

ACTIVE, SIGNED_IN = "active_at", "signed_in_at"  # keys in the session
BY_ITSELF = "X-By-Itself"  # what the page asks while nobody does anything
WARNING = 120.0  # seconds before somebody is signed out
PARTS = 20  # of the time, after which doing something is noted again: not at every request


def left(request: HttpRequest) -> float:
    """Return in how many seconds the person will be signed out."""
    since: float = request.session.get(ACTIVE, time.time())
    lasts: float = settings.SESSION_IDLE_SECONDS
    return since + lasts - time.time()


def warning() -> float:
    """Return how many seconds before that a page warns."""
    lasts: float = settings.SESSION_IDLE_SECONDS
    return min(WARNING, lasts / 2)


def idle(request: HttpRequest) -> dict[str, Any]:
    """Give every template what the frame says of the time that is left to a signed-in person."""
    if not isinstance(getattr(request, "user", None), User):
        return {}
    return {"idle": {"left": left(request), "warning": warning(), "back": back_of(request)}}


@receiver(user_logged_in)
def begin(request: HttpRequest, **_: Any) -> None:
    """Let the time begin where somebody signs in."""
    request.session[ACTIVE] = request.session[SIGNED_IN] = time.time()


class IdleMiddleware:
    """Ends a session that nobody has used for SESSION_IDLE_SECONDS; after authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session and request.path_info != reverse("session_left"):
            if left(request) <= 0:
                return self._end(request)
            if BY_ITSELF not in request.headers and _is_worth_noting(request):
                request.session[ACTIVE] = time.time()
        return self.get_response(request)

    def _end(self, request: HttpRequest) -> HttpResponse:
        trail.note(Act.SIGNED_OUT, request.user, reason="Nothing was done", by=request.user)  # type: ignore[arg-type]
        logout(request)
        sign_in = resolve_url(settings.LOGIN_URL)
        path = request.path_info
        if path.startswith("/api/") or path == sign_in:
            return self.get_response(request)
        messages.warning(request, "You were signed out, since nothing was done for a while.")
        address = f"{sign_in}?{urlencode({'next': back_of(request)})}"
        if "HX-Request" in request.headers:  # a part of a page cannot show the sign-in
            return HttpResponse(headers={"HX-Redirect": address})
        return redirect(address)


def _is_worth_noting(request: HttpRequest) -> bool:
    done = settings.SESSION_IDLE_SECONDS - left(request)
    return ACTIVE not in request.session or done > settings.SESSION_IDLE_SECONDS / PARTS


def back_of(request: HttpRequest) -> str:
    """Return the page to come back to; an act is not repeated, its page is shown again."""
    if request.method == "GET" and "HX-Request" not in request.headers:
        return request.get_full_path()
    before = urlsplit(request.headers.get("Referer", ""))
    is_act = request.method != "GET" and before.path == request.path
    if before.netloc == request.get_host() and not is_act:
        return f"{before.path}?{before.query}" if before.query else before.path
    try:
        return reverse(page_above(resolve(request.path_info).url_name or ""))
    except Resolver404:
        return reverse("home")


@login_not_required
@require_GET
@never_cache
def session_left(request: HttpRequest) -> HttpResponse:
    """Tell how long the session lasts; asking makes it no longer."""
    signed_in = request.user.is_authenticated
    return JsonResponse({"left": max(left(request), 0.0) if signed_in else 0.0})


@require_POST
@never_cache
@requires(Right.VIEW_CONSOLE)
def stay_signed_in(request: SignedInRequest) -> HttpResponse:
    """Begin the time anew."""
    request.session[ACTIVE] = time.time()
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"left": left(request)})
    return redirect("home")
