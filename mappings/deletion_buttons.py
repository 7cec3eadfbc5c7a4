"""The buttons for couplings that lost a record: find them, and restore what was deleted."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from connections.causes import Cause
from integration_admin.chrome import company_of
from integration_admin.pages import ask, back, is_confirmed
from integration_admin.roles import Right, SignedInRequest, requires
from integration_admin.selection import acts_on
from mappings import pairing
from mappings.coupling_buttons import wanted
from mappings.models import Coupling, IntegrationTableMapping
from syncjobs import clock, on_demand

LIST = "coupling_errors"


@require_POST
@requires(Right.RETRY_ALL)
def find_deleted(request: SignedInRequest) -> HttpResponse:
    """Look for couplings that lost a record, and show the run (C-1606)."""
    company = company_of(request)
    if company is None:
        return back(request, LIST)
    if not is_confirmed(request):
        number = Coupling.objects.filter(company=company).count()
        return ask(
            request,
            title="Look for deleted records?",
            text=f"Both systems are asked for the records of {number:,} couplings, which may take "
            "minutes. A coupling that lost one of them is held back here, or left to the rule of "
            "its mapping for deletions; one that lost both is deleted.",
            yes="Find for deleted",
            no="Not now",
        )
    run = on_demand.find_deleted(company, now=clock.now(), user=request.user)
    return redirect("run", pk=run.pk)


@require_POST
@requires(Right.RETRY_ALL)
@acts_on(Coupling)
def restore_records(request: SignedInRequest) -> HttpResponse:
    """Create the deleted partners of the ticked couplings again, from the records left (C-1911)."""
    company = company_of(request)
    chosen = [pk for pk in request.POST.getlist("selected") if pk.isdecimal()]
    rows = Coupling.objects.filter(company=company, pk__in=chosen)
    lost = list(rows.filter(cause=Cause.DELETED))
    ways = dict(
        IntegrationTableMapping.objects.filter(company=company).values_list("name", "direction")
    )
    records = wanted(lost, ways)
    if company is None or not records:
        sentence = (
            "Nothing to restore: select couplings with a deleted record, of mappings that carry "
            "the other one there. (E-SELECT)"
        )
        messages.warning(request, sentence)
        return back(request, LIST)
    if not is_confirmed(request):
        return ask(
            request,
            title=f"Restore {len(records)} of {rows.count()} records?",
            text="Each record that was deleted is created again from the one that is left, and "
            "coupled with it.",
            yes="Restore records",
            no="Leave them deleted",
        )
    pairing.retry([row.pk for row in lost], by=request.user)
    runs = on_demand.synchronize_records(
        company, records, now=clock.now(), user=request.user, restore=True
    )
    if len(runs) == 1:
        return redirect("run", pk=runs[0].pk)
    messages.success(request, f"{len(runs)} runs restore {len(records)} records.")
    return redirect("runs")
