"""The page of one's own API tokens: make one, see when each was used, revoke."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from integration_admin import tokens
from integration_admin.models import ApiToken
from integration_admin.pages import ask, is_confirmed
from integration_admin.roles import Right, SignedInRequest, requires
from integration_admin.tokens import TokenError
from syncjobs import clock


@require_GET
@requires(Right.USE_API)
def api_tokens(request: SignedInRequest) -> HttpResponse:
    """Show the tokens of the person who is signed in, and nobody else's."""
    return _page(request)


def _page(
    request: SignedInRequest, *, text: str = "", name: str = "", problem: str = ""
) -> HttpResponse:
    now = clock.now()
    rows = [(row, _is_over(row, now)) for row in ApiToken.objects.filter(user=request.user)]
    return render(
        request,
        "pages/api_tokens.html",
        {
            "title": "API Tokens",
            "rows": rows,
            "lifetimes": tokens.LIFETIMES,
            "new_token": text,
            "name": name,
            "problem": problem,
        },
        status=422 if problem else 200,
    )


def _is_over(row: ApiToken, now: datetime) -> bool:
    return row.expires_at is not None and row.expires_at <= now


@never_cache
@require_POST
@requires(Right.USE_API)
def create_api_token(request: SignedInRequest) -> HttpResponse:
    """Make a token and show it, this once."""
    name, days = request.POST.get("name", ""), request.POST.get("days", "90")
    chosen = int(days) if days in {str(one) for one in tokens.LIFETIMES} else None
    try:
        _, text = tokens.create(request.user, name, days=chosen, now=clock.now())
    except TokenError as error:
        return _page(request, name=name, problem=str(error))
    return _page(request, text=text)


@require_POST
@requires(Right.USE_API)
def revoke_api_token(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let one of one's own tokens work no longer, after asking."""
    token = get_object_or_404(ApiToken, pk=pk, user=request.user)
    if not is_confirmed(request):
        return ask(
            request,
            title=f"Revoke {token.name}?",
            text="Whatever uses this token is refused from now on.",
            yes=f"Revoke {token.name}",
            no="Keep it",
        )
    tokens.revoke(token, by=request.user)
    messages.success(request, f"{token.name} works no longer.")
    return redirect("api_tokens")
