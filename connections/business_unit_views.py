"""The page that chooses the coupled business unit."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from connections import business_units, health
from connections.business_units import BusinessUnit
from connections.causes import Cause
from connections.errors import ConfigurationError, IntegrationError
from connections.models import DataverseConnectionSetup
from connections.terms import OwnershipModel
from integration_admin.chrome import company_of
from integration_admin.roles import Right, SignedInRequest, requires

UNPROCESSABLE = 422


@require_GET
@requires(Right.CHANGE_CONNECTION)
def business_unit_page(request: SignedInRequest) -> HttpResponse:
    """Show what is chosen; Dataverse is asked when somebody wants to see its units (C-0512)."""
    row = _row(request)
    if row is None:
        return redirect("dataverse_setup")
    if "look" not in request.GET:
        return _page(request, row)
    try:
        return _page(request, row, business_units.units(row))
    except IntegrationError as error:
        return _page(request, row, [], error)


def _row(request: SignedInRequest) -> DataverseConnectionSetup | None:
    rows = DataverseConnectionSetup.objects.select_related("company")
    return rows.filter(company=company_of(request)).first()


def _page(
    request: SignedInRequest,
    row: DataverseConnectionSetup,
    found: list[BusinessUnit] | None = None,
    refusal: IntegrationError | None = None,
) -> HttpResponse:
    shown = list(found or [])
    if row.business_unit_id and row.business_unit_id not in {unit.id for unit in shown}:
        name = row.business_unit_name or str(row.business_unit_id)
        shown.insert(0, BusinessUnit(row.business_unit_id, name, has_team=bool(row.owning_team_id)))
    context = {
        "row": row,
        "units": shown,
        "has_looked": found is not None,
        "refusal": health.refused("Business unit", refusal) if refusal else None,
        "may_choose": not row.is_enabled and row.ownership_model == OwnershipModel.TEAM,
    }
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "pages/business_unit.html", context, status=status)


@require_POST
@requires(Right.CHANGE_CONNECTION)
def choose_business_unit(request: SignedInRequest) -> HttpResponse:
    """Note the unit, if Dataverse still has it; nothing is moved before enabling."""
    row = _row(request)
    if row is None:
        return redirect("dataverse_setup")
    try:
        unit = _asked_for(row, request.POST.get("unit", ""))
        business_units.choose(row, unit, by=request.user)
    except IntegrationError as error:
        return _page(request, row, [], error)
    name = f"{unit.name} is the coupled business unit" if unit else "The default unit is coupled"
    messages.success(request, f"{name}. Enabling the connection lets its team own.")
    return redirect("dataverse_setup")


def _asked_for(row: DataverseConnectionSetup, text: str) -> BusinessUnit | None:
    if not text:
        return None
    for unit in business_units.units(row):
        if str(unit.id) == text:
            return unit
    if text == str(row.business_unit_id):
        return BusinessUnit(UUID(text), row.business_unit_name, has_team=True)
    message = "Dataverse shows no such business unit under the root. Look the units up again."
    raise ConfigurationError(message, cause=Cause.DELETED)
