"""The page that silences a health check, with a reason and an end (C-3302)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from integration_admin.chrome import company_of
from integration_admin.personal import one_as_seen_by
from integration_admin.roles import Right, SignedInRequest, requires
from syncjobs import clock, silencing
from syncjobs.models import HealthCheck
from syncjobs.silencing import SilenceError

UNPROCESSABLE = 422


def _check(request: SignedInRequest, pk: int) -> HealthCheck:
    return get_object_or_404(HealthCheck, pk=pk, company=company_of(request))


@require_GET
@requires(Right.TEST_CONNECTION)
def silence_page(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask why a check is to be silent, and for how long."""
    return _page(request, _check(request, pk))


def _page(
    request: SignedInRequest, check: HealthCheck, problem: SilenceError | None = None
) -> HttpResponse:
    context = {
        "check": one_as_seen_by(request.user, check),
        "days": silencing.DAYS,
        "chosen": request.POST.get("days", "7"),
        "reason": request.POST.get("reason", check.silence_reason),
        "longest": silencing.LONGEST_REASON,
        "problem": problem,
    }
    status = UNPROCESSABLE if problem else 200
    return render(request, "pages/silence.html", context, status=status)


@require_POST
@requires(Right.TEST_CONNECTION)
def silence_check(request: SignedInRequest, pk: int) -> HttpResponse:
    """Silence a check until some days are over."""
    check, days = _check(request, pk), request.POST.get("days", "")
    known = {str(one): one for one in silencing.DAYS}
    try:
        silencing.silence(
            check,
            request.POST.get("reason", ""),
            days=known.get(days),
            now=clock.now(),
            by=request.user,
        )
    except SilenceError as error:
        return _page(request, check, error)
    messages.success(request, f"{check} is silent for {days} days; it is looked at as before.")
    return redirect("health")


@require_POST
@requires(Right.TEST_CONNECTION)
def ring_again(request: SignedInRequest, pk: int) -> HttpResponse:
    """End a silence before its time."""
    check = _check(request, pk)
    silencing.ring_again(check, by=request.user)
    messages.success(request, f"{check} is no longer silent.")
    return redirect("health")
