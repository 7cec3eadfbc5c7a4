"""Who may call what: a token or a session, and a right for each operation; checked before input."""

from __future__ import annotations

from typing import Any, NoReturn, cast

from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja.security import HttpBearer
from ninja.utils import check_csrf

from audit import trail
from audit.terms import Act
from integration_admin import tokens
from integration_admin.api import throttle
from integration_admin.api.refusals import Code, RefusalError, lacks
from integration_admin.correlation import address_of
from integration_admin.recent import GUARDED, is_recent
from integration_admin.roles import Right, has_right
from syncjobs import clock

SAFE = ("GET", "HEAD", "OPTIONS")


class ApiToken(HttpBearer):
    """Lets a user with a right through: by token, or by the session of the console's pages.

    Only a session needs the token against forgery, since no browser sends a bearer by itself.
    """

    def __init__(self, right: Right) -> None:
        super().__init__()
        self.right = right

    def __call__(self, request: HttpRequest) -> Any:
        header = request.headers.get("Authorization", "")
        user = self._of_token(request, header) if header else self._of_session(request)
        throttle.spend_request(user.pk)
        if not has_right(user, self.right):
            trail.note(Act.REFUSED, kind="API", name=f"{request.method} {request.path}", by=user)
            raise lacks(self.right)
        if not header and request.method not in SAFE:
            self._check_recent(request)
        return user

    def _check_recent(self, request: HttpRequest) -> None:
        """A session changes connections and secrets after a recent sign-in only (C-4003)."""
        if self.right in GUARDED and not is_recent(request):
            raise RefusalError(
                403,
                Code.SIGN_IN_AGAIN,
                "The session's sign-in is not recent enough for this.",
                "Sign in again, or send an API token.",
            )

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        return tokens.user_of(token, address=address_of(request), now=clock.now())

    def _of_token(self, request: HttpRequest, header: str) -> User:
        scheme, _, text = header.partition(" ")
        user = None
        if scheme.lower() == "bearer":
            user = self.authenticate(request, text.strip())
        if user is None or not has_right(user, Right.USE_API):
            throttle.spend_failure(address_of(request))
            _unauthenticated("The token is unknown, over, or of a user who may not use tokens.")
        request.user = user
        return user

    def _of_session(self, request: HttpRequest) -> User:
        if not request.user.is_authenticated:
            _unauthenticated("The request names nobody.")
        if request.method not in SAFE and check_csrf(request) is not None:
            raise RefusalError(
                403,
                Code.CSRF,
                "The session's request has no valid CSRF token.",
                "Send the header X-CSRFToken, or an API token instead of the session.",
            )
        return request.user


def _unauthenticated(sentence: str) -> NoReturn:
    cure = "Send Authorization: Bearer <token>; tokens are made on the page API Tokens."
    raise RefusalError(401, Code.UNAUTHENTICATED, sentence, cure)


def user_of(request: HttpRequest) -> User:
    """Return who calls; an operation without somebody is not reached."""
    return cast(User, request.user)


def require(request: HttpRequest, right: Right) -> None:
    """Ask for a second right, where what is asked for needs more than the operation itself."""
    if not has_right(request.user, right):
        raise lacks(right)
