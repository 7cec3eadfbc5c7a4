"""The act that switches Unit Group Mapping, after saying what it does to products (C-0620)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from connections.causes import Cause
from connections.models import SalesConnectionSetup
from connections.terms import UnitOfMeasureModel
from integration_admin import unit_switch
from integration_admin.chrome import company_of
from integration_admin.pages import ask, is_confirmed
from integration_admin.roles import Right, SignedInRequest, requires
from mappings import new_choices, unit_groups
from mappings.unit_groups import Coupled
from syncjobs import clock

ON = UnitOfMeasureModel.UNIT_GROUP


@require_POST
@requires(Right.CHANGE_CONNECTION)
def switch_unit_groups(request: SignedInRequest) -> HttpResponse:
    """Let a run set products aside and switch, once their number was typed."""
    company = company_of(request)
    row = SalesConnectionSetup.objects.select_related("company").filter(company=company).first()
    if row is None:
        return redirect("sales_setup")
    if row.is_enabled:
        message = "Disable the connection first: no job may be at work on products meanwhile."
        messages.error(request, f"{message} ({Cause.UNIT_GROUP})")
        return redirect("sales_setup")
    present = unit_groups.applied(row.company) or row.unit_of_measure_model
    model = unit_groups.other(present)
    found = unit_groups.coupled(row.company)
    number = found.products + found.units + found.prices
    if number and not is_confirmed(request, number):
        word = "on" if model == ON else "off"
        return ask(
            request,
            title=f"Switch Unit Group Mapping {word}?",
            text=_what_follows(row, found, model),
            yes=f"Switch Unit Group Mapping {word}",
            no="Leave it as it is",
            number=number,
        )
    run = unit_switch.start(row.company, model, now=clock.now(), user=request.user)
    return redirect("run", run.pk)


def _what_follows(row: SalesConnectionSetup, found: Coupled, model: UnitOfMeasureModel) -> str:
    choices = unit_groups.choices_with(row.company, model)
    plan = new_choices.preview(row.company, choices=choices)
    lost = ", ".join(plan.customised)
    changes = f" The changes made by hand to {lost} are lost." if lost else ""
    return (
        f"Sales gives a published product no other unit, so products are made anew. A run deletes "
        f"{found.units} couplings of units and {found.prices} of prices, and sets {found.products} "
        "products in Sales aside: they are retired, get a mark behind their number, and are "
        "uncoupled. Quotes, orders and opportunities keep them; nothing is deleted in Sales."
        f"{changes} Then enable the connection and run a full synchronization: it makes the "
        "products with their units and prices, under their numbers. Switching back takes the old "
        "ones up again."
    )
