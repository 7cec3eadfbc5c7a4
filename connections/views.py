"""The page of the connections: how both systems are reached, and Test Connection."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from audit import trail
from audit.terms import Act
from connections import checks
from connections.models import Company
from integration_admin.chrome import company_of
from integration_admin.home import setups_of
from integration_admin.roles import Right, SignedInRequest, has_right, requires
from integration_admin.views import SETUPS
from syncjobs import activation, clock, healing


@requires(Right.VIEW_CONNECTION)
def connections(request: SignedInRequest) -> HttpResponse:
    """Show the set-ups as they are; a secret only shows whether it is set."""
    return _page(request)


def _page(request: SignedInRequest, **more: object) -> HttpResponse:
    chosen = company_of(request)
    if chosen is None:
        return render(request, "pages/welcome.html")
    company = Company.objects.select_related(*SETUPS).get(pk=chosen.pk)
    context = {
        "setups": setups_of(company, request.user),
        "jobs": activation.count(company),
        "can_test": has_right(request.user, Right.TEST_CONNECTION),
        "can_restore": has_right(request.user, Right.CHANGE_CONNECTION),
        **more,
    }
    return render(request, "pages/connections.html", context)


@require_POST
@requires(Right.TEST_CONNECTION)
def test_connection(request: SignedInRequest) -> HttpResponse:
    """Run the checks of both sides and show what each found; nothing is changed outside."""
    company = company_of(request)
    if company is None:
        return redirect("connections")
    found = checks.test_connection(company)
    failed = sum(not check.passed for check in found)
    after = {"checks": len(found), "failed": failed}
    trail.note(Act.TESTED, company, company=company, after=after, by=request.user)
    if not failed and (count := healing.start_again(company, now=clock.now())):
        entries = "entries that stopped start" if count > 1 else "entry that stopped starts"
        messages.success(request, f"{count} job queue {entries} again.")
    return _page(request, checks=found, failed=failed)
