"""Home, and the pages that say why something cannot be shown."""

from __future__ import annotations

import sys

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from audit import trail
from audit.terms import Act
from connections.models import Company
from integration_admin.chrome import company_of
from integration_admin.home import picture
from integration_admin.roles import Right, SignedInRequest, has_right, requires
from integration_admin.setup_checklist import checklist
from syncjobs import clock

SETUPS = (
    "business_central_connection",
    "dataverse_connection_setup",
    "sales_connection_setup",
)


@requires(Right.VIEW_CONSOLE)
def home(request: SignedInRequest) -> HttpResponse:
    """Show in five seconds whether data flows and what needs a person."""
    chosen = company_of(request)
    may_connect = has_right(request.user, Right.CHANGE_CONNECTION)
    if chosen is None:
        context = {"checklist": checklist(None), "may_connect": may_connect}
        return render(request, "pages/welcome.html", context)
    company = Company.objects.select_related(*SETUPS).get(pk=chosen.pk)
    context = picture(company, request.user, now=clock.now()) | {"may_connect": may_connect}
    return render(request, "pages/home.html", context)


def styleguide(request: HttpRequest) -> HttpResponse:
    """Show every component with its states, to those who build pages (C-0010)."""
    if not (isinstance(request.user, User) and request.user.is_staff):
        message = "Only staff see the style guide."
        raise PermissionDenied(message)
    return render(request, "pages/styleguide.html")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say which right is missing and who can give it."""
    named = exception if isinstance(exception, PermissionDenied) else None
    if request.method == "POST" and request.user.is_authenticated:
        where = f"{request.method} {request.path}"
        trail.note(Act.REFUSED, kind="page", name=where, reason=str(named or ""), by=request.user)
    return render(request, "403.html", {"exception": str(named or "")}, status=403)


def failed(_request: HttpRequest) -> HttpResponse:
    """Say that something went wrong, without needing anything that may be what is broken."""
    error = sys.exc_info()[1]
    if isinstance(error, OperationalError | InterfaceError):
        return HttpResponse(render_to_string("503.html"), status=503)
    return HttpResponse(render_to_string("500.html"), status=500)
