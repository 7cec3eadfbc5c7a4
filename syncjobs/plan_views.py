"""What would be changed, for a person to decide about: runs that the mass-change guard stopped."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from integration_admin.chrome import company_of
from integration_admin.pages import ask, is_confirmed
from integration_admin.roles import Right, SignedInRequest, has_right, requires
from mappings.models import IntegrationTableMapping
from syncjobs import clock, on_demand, queue
from syncjobs.models import MassChange
from syncjobs.terms import JobStatus

SAID_BEFORE = "Somebody has said yes to this before; a run that is stopped again asks again."


@require_POST
@requires(Right.RUN_FULL_SYNC)
def run_anyway(request: SignedInRequest, pk: int) -> HttpResponse:
    """Run what the mass-change guard stopped, once the number of records was typed (C-0008)."""
    stopped = get_object_or_404(
        MassChange.objects.select_related("run__company", "run__entry"),
        pk=pk,
        run__company=company_of(request),
    )
    mapping = IntegrationTableMapping.objects.filter(
        company=stopped.run.company, name=stopped.mapping_name
    ).first()
    if mapping is None:
        messages.error(request, f"There is no mapping {stopped.mapping_name} any more.")
        return redirect("run", pk=stopped.run_id)
    if stopped.confirmed_at is not None:
        messages.warning(request, SAID_BEFORE)
        return redirect("run", pk=stopped.run_id)
    if not is_confirmed(request, stopped.records):
        return _ask(request, stopped, mapping)
    run = on_demand.run_anyway(stopped, now=clock.now(), user=request.user)
    if run is None:
        messages.warning(request, SAID_BEFORE)
        return redirect("run", pk=stopped.run_id)
    _resume(request, stopped)
    return redirect("run", pk=run.pk)


def _ask(
    request: SignedInRequest, stopped: MassChange, mapping: IntegrationTableMapping
) -> HttpResponse:
    number = f"{stopped.records:,}"
    return ask(
        request,
        title=f"Change {number} coupled records of {mapping.name} {stopped.way}?",
        text=f"The guard stopped the run, since that is {stopped.percent} % of the "
        f"{stopped.coupled:,} coupled records and it allows {mapping.guard_percent} %. What is "
        "written is planned anew; should that be much more by now, the run stops and asks again.",
        yes="Run it anyway",
        no="Leave them alone",
        number=stopped.records,
    )


def _resume(request: SignedInRequest, stopped: MassChange) -> None:
    """Let the entry that was put on hold by the guard run by its schedule again."""
    entry, run = stopped.run.entry, stopped.run
    if entry is None or not entry.recurring or entry.status != JobStatus.ON_HOLD:
        return
    if entry.error_message != run.error_message:  # on hold for another reason
        return
    if has_right(request.user, Right.RUN_JOB):
        queue.set_ready(entry, now=clock.now(), by=request.user)
        messages.success(request, f"The job queue entry of {stopped.mapping_name} is ready again.")
    else:
        messages.warning(request, f"The job queue entry of {stopped.mapping_name} is on hold.")
