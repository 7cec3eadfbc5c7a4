"""The tab Sellers of Security Roles (C-0805): who sees stock, and who opens Business Central."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from audit import trail
from audit.terms import Act
from connections import deployment, sellers, setup
from connections.checks import IMPATIENT
from connections.errors import IntegrationError
from connections.models import Company
from connections.sellers import Seller
from integration_admin.chrome import company_of
from integration_admin.refusing import told
from integration_admin.roles import Right, SignedInRequest, has_right, requires
from mappings.links import sales


@require_GET
@requires(Right.VIEW_ROLES)
def sellers_page(request: SignedInRequest) -> HttpResponse:
    """Say what sellers need; who has it is looked up when somebody wants to know."""
    company = company_of(request)
    if company is None:
        return render(request, "pages/welcome.html")
    return _page(request, company, {})


@require_POST
@requires(Right.TEST_CONNECTION)
def check_sellers(request: SignedInRequest) -> HttpResponse:
    """Look who has the role, and who lacks a privilege."""
    company = company_of(request)
    if company is None:
        return redirect("sellers")
    try:
        found = _read(company)
    except IntegrationError as error:
        trouble = told(error)
        trail.note(Act.TESTED, company, company=company, reason=trouble, by=request.user)
        return _page(request, company, {"trouble": trouble})
    context = {
        "found": [(one, sales(company, "systemuser", one.id)) for one in found],
        "with_role": sum(one.has_role for one in found),
        "lacking": sum(one.lacks for one in found),
    }
    after = {"sellers": len(found), "lacking privileges": sum(one.lacks for one in found)}
    trail.note(Act.TESTED, company, company=company, after=after, by=request.user)
    return _page(request, company, context)


def _read(company: Company) -> list[Seller]:
    row = setup.dataverse_setup(company)
    setup.check_enabled(row)
    client = setup.dataverse_of(row, timing=IMPATIENT).client
    return sellers.read(client, deployment.package_of(company).manifest)


def _page(request: SignedInRequest, company: Company, context: dict[str, Any]) -> HttpResponse:
    role = sellers.role_of_sellers(deployment.package_of(company).manifest)
    return render(
        request,
        "pages/sellers.html",
        {
            "role": role.name if role else "",
            "needed": sellers.NEEDED,
            "may_check": has_right(request.user, Right.TEST_CONNECTION),
            "may_redeploy": has_right(request.user, Right.REDEPLOY_SOLUTION),
            **context,
        },
    )
