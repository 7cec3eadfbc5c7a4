"""Changing connections and secrets asks for a recent sign-in (C-4003); else for the password."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from audit import trail
from audit.facts import SECRET
from audit.terms import Act
from integration_admin import carrying
from integration_admin.idle import BY_ITSELF, SIGNED_IN, back_of
from integration_admin.roles import Right, SignedInRequest, has_right, requires

GUARDED = frozenset({Right.CHANGE_CONNECTION, Right.MANAGE_SECRETS})
PASSWORD = "console_password"  # noqa: S105 - the name of a field
LEFT_OUT = {"csrfmiddlewaretoken", PASSWORD}
FORBIDDEN, UNPROCESSABLE = 403, 422


def is_recent(request: HttpRequest, *, grace: float = 0.0) -> bool:
    """Whether the person has shown lately that it is still them."""
    since: float = request.session.get(SIGNED_IN, 0.0)
    recent: float = settings.SIGN_IN_RECENT_SECONDS
    return time.time() - since <= recent + grace


class RecentSignInMiddleware:
    """Asks for the password before a page or an act that changes connections or secrets.

    An act goes on with what was posted, when the password is right. Secrets and files do not
    travel through the page that asks, so a form that holds some has more time: it was opened
    when the sign-in was recent.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        if not _is_guarded(request, view) or BY_ITSELF in request.headers:
            return None
        holds_secret = bool(request.FILES) or any(map(_is_secret, request.POST.items()))
        if is_recent(request, grace=settings.SESSION_IDLE_SECONDS if holds_secret else 0.0):
            return None
        if request.method != "POST" or holds_secret:
            return _ask(request, after=back_of(request), holds_secret=holds_secret)
        if PASSWORD not in request.POST:
            return _ask(request)
        if not _confirm(request):
            return _ask(request, is_wrong=True)
        posted = request.POST.copy()
        del posted[PASSWORD]  # no view sees it
        request.POST = posted  # type: ignore[assignment]
        return None


def _is_guarded(request: HttpRequest, view: Any) -> bool:
    right = getattr(view, "right", None)
    if right == Right.VIEW_CONNECTION and "edit" in request.GET:
        right = Right.CHANGE_CONNECTION
    return right in GUARDED and has_right(request.user, right)


def _is_secret(posted: tuple[str, object]) -> bool:
    name, value = posted
    if name in LEFT_OUT or name.endswith("_expires_on"):
        return False
    return bool(value) and (SECRET.search(name) is not None or name == "connection_string")


def _ask(
    request: HttpRequest, *, after: str = "", holds_secret: bool = False, is_wrong: bool = False
) -> HttpResponse:
    """Ask for the password: either to open a page afterwards, or to go on with what was posted."""
    posted = carrying.fields(request.POST, without=LEFT_OUT)
    context = {
        "action": reverse("confirm_sign_in") if after else request.get_full_path(),
        "posted": [("next", after)] if after else posted,
        "holds_secret": holds_secret,
        "is_wrong": is_wrong,
    }
    status = UNPROCESSABLE if is_wrong else FORBIDDEN
    return render(request, "pages/sign_in_again.html", context, status=status)


def _confirm(request: HttpRequest) -> bool:
    """Look at the password as the sign-in does, throttle and audit log included."""
    name = request.user.get_username()
    user = authenticate(request, username=name, password=request.POST.get(PASSWORD, ""))
    act = Act.SIGNED_IN if user is not None else Act.SIGN_IN_REFUSED
    trail.note(act, user or request.user, reason="Asked again", by=request.user)  # type: ignore[arg-type]
    if user is not None:
        request.session[SIGNED_IN] = time.time()
    return user is not None


@sensitive_post_parameters(PASSWORD)
@never_cache
@require_POST
@requires(Right.VIEW_CONSOLE)
def confirm_sign_in(request: SignedInRequest) -> HttpResponse:
    """Take the password, and open the page that was asked for."""
    after = carrying.next_page(request) or reverse("home")
    if not _confirm(request):
        return _ask(request, after=after, is_wrong=True)
    return redirect(after)
