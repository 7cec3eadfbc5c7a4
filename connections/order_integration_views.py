"""The page that switches sales order integration, signed in as a Sales administrator (C-0614)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from connections import health
from connections.administrator_sign_in import form_for_once, problems_of
from connections.errors import IntegrationError
from connections.models import DeploymentIdentity, SalesConnectionSetup, SignIn
from connections.sales_setup_views import enabled_row
from connections.setup_forms import DeploymentForm, Problem
from connections.setup_lines import asking_for
from connections.terms import SalesOrderModel
from integration_admin import enabling
from integration_admin.roles import Right, SignedInRequest, requires
from mappings import links, reset
from syncjobs import clock

UNPROCESSABLE = 422
STORED, ONCE = "stored", "once"


@require_GET
@requires(Right.CHANGE_CONNECTION)
def order_integration_page(request: SignedInRequest) -> HttpResponse:
    """Say what switching does and ask who signs in; Sales is not asked yet."""
    row = enabled_row(request)
    if row is None:
        return redirect("sales_setup")
    is_on = row.sales_order_model == SalesOrderModel.ORDER_INTEGRATION
    asked = request.GET.get("to") or ("off" if is_on else "on")
    return _page(request, row, form_for_once(row.company), on=asked == "on")


def _page(
    request: SignedInRequest,
    row: SalesConnectionSetup,
    form: DeploymentForm,
    problems: Sequence[Problem] = (),
    *,
    on: bool,
) -> HttpResponse:
    identity = DeploymentIdentity.objects.filter(company=row.company).first()
    model = SalesOrderModel.ORDER_INTEGRATION if on else SalesOrderModel.OFF
    chosen = replace(reset.choices_of(row.company), sales_order_model=model[:1].lower() + model[1:])
    present = reset.preview(row.company, choices=chosen)
    context: dict[str, Any] = {
        "on": on,
        "orders_url": links.sales_list(row.company, "salesorder"),
        "created": present.created,
        "removed": present.removed,
        "identity": identity,
        "who": request.POST.get("who") or (STORED if identity else ONCE),
        **asking_for(form, problems),
    }
    status = UNPROCESSABLE if problems else 200
    return render(request, "pages/order_integration.html", context, status=status)


@never_cache
@require_POST
@requires(Right.CHANGE_CONNECTION)
def switch_order_integration(request: SignedInRequest) -> HttpResponse:
    """Set the switch in Sales and here; who signs in is stored already, or is forgotten."""
    row = enabled_row(request)
    if row is None:
        return redirect("sales_setup")
    on = request.POST.get("to") == "on"
    stored = DeploymentIdentity.objects.filter(company=row.company).first()
    form = form_for_once(row.company, request.POST)
    who: SignIn
    if stored is not None and request.POST.get("who") == STORED:
        who, form = stored, form_for_once(row.company)
    elif problems := problems_of(row.company, form):
        return _page(request, row, form, problems, on=on)
    else:
        who = form.instance
    try:
        switched, summary, count = enabling.switch_orders(
            row.company, on=on, sign_in=who, now=clock.now(), by=request.user
        )
    except IntegrationError as error:
        problems = form.located([health.refused("Sales order integration", error)])
        return _page(request, row, form, problems, on=on)
    messages.success(request, f"{switched.sentence} {summary}; {count} job queue entries created.")
    return redirect("sales_setup")
