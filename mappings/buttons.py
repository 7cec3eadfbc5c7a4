"""The buttons of the mapping pages: each puts a run into the queue and shows it."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from integration_admin.chrome import company_of
from integration_admin.pages import (
    ask,
    back,
    is_confirmed,
)
from integration_admin.roles import Right, SignedInRequest, has_right, refusal, requires
from integration_admin.selection import acts_on
from mappings.models import (
    IntegrationTableMapping,
)
from mappings.terms import Direction
from mappings.views import counts_of
from syncjobs import clock, on_demand
from syncjobs.terms import Mode

MANY = 100  # coupled records from which a run over all of them is asked for at level 2


def _mappings(request: SignedInRequest) -> QuerySet[IntegrationTableMapping]:
    rows = IntegrationTableMapping.objects.filter(company=company_of(request))
    return rows.select_related("company")


@require_POST
@requires(Right.RUN_SYNC)
def synchronize(request: SignedInRequest, pk: int) -> HttpResponse:
    """Start a run of one mapping and show it."""
    mapping = get_object_or_404(_mappings(request), pk=pk)
    asked = _asked(request)
    if asked is None:
        return redirect("mapping", pk=pk)
    mode, direction = asked
    if "preview" in request.POST and has_right(request.user, Right.PREVIEW):
        return _preview(request, mapping, mode, direction)
    if mode != Mode.MODIFIED:
        if not has_right(request.user, Right.RUN_FULL_SYNC):
            messages.error(request, f"{refusal(Right.RUN_FULL_SYNC)} (E-FORBIDDEN)")
            return redirect("mapping", pk=pk)
        coupled = counts_of(mapping)["coupled"]
        number = coupled if coupled >= MANY else 0
        if not is_confirmed(request, number):
            return _ask_for_all(request, mapping, mode, coupled, number)
    run = on_demand.synchronize(
        mapping, mode=mode, direction=direction, now=clock.now(), user=request.user
    )
    return redirect("run", pk=run.pk)


@require_POST
@requires(Right.PREVIEW)
def preview(request: SignedInRequest, pk: int) -> HttpResponse:
    """Start a run that plans only, and show it (C-0009)."""
    mapping = get_object_or_404(_mappings(request), pk=pk)
    asked = _asked(request)
    return _preview(request, mapping, *asked) if asked else redirect("mapping", pk=pk)


def _preview(
    request: SignedInRequest,
    mapping: IntegrationTableMapping,
    mode: Mode,
    direction: Direction | None,
) -> HttpResponse:
    run = on_demand.preview(
        mapping, mode=mode, direction=direction, now=clock.now(), user=request.user
    )
    return redirect("run", pk=run.pk)


def _asked(request: SignedInRequest) -> tuple[Mode, Direction | None] | None:
    """Return how much and which way a button says; None, with a message, if it says neither."""
    named, _, way = request.POST.get("mode", Mode.MODIFIED).partition(":")
    try:
        return Mode(named), Direction(way) if way else None
    except ValueError:
        sentence = "Choose one of the buttons of the mapping to synchronize it."
        messages.error(request, f"{sentence} (E-SELECT)")
        return None


def _ask_for_all(
    request: SignedInRequest,
    mapping: IntegrationTableMapping,
    mode: Mode,
    coupled: int,
    number: int,
) -> HttpResponse:
    what = (
        "Every record in the filters is compared, and a missing partner is created on the other "
        "side."
        if mode == Mode.FULL
        else "Every coupled record is written again, whether it changed or not."
    )
    return ask(
        request,
        title=f"Run the {on_demand.MODES[mode]} of {mapping.name} now?",
        text=f"{what} {coupled:,} are coupled. The guard stops a run that would modify more than "
        f"{mapping.guard_percent} % of them.",
        yes=f"Synchronize {mapping.name}",
        no="Not now",
        number=number,
        previews=has_right(request.user, Right.PREVIEW),
    )


@require_POST
@requires(Right.MANAGE_COUPLINGS)
def match(request: SignedInRequest, pk: int) -> HttpResponse:
    """Couple what matches and show the run."""
    mapping = get_object_or_404(_mappings(request), pk=pk)
    run = on_demand.match(mapping, now=clock.now(), user=request.user)
    return redirect("run", pk=run.pk)


@require_POST
@requires(Right.RUN_SYNC)
@acts_on(IntegrationTableMapping)
def synchronize_selected(request: SignedInRequest) -> HttpResponse:
    """Start a run for each ticked mapping, in the order of their dependencies."""
    chosen = [pk for pk in request.POST.getlist("selected") if pk.isdecimal()]
    rows = list(_mappings(request).filter(pk__in=chosen).order_by("priority", "name"))
    if not rows:
        messages.warning(request, "Select at least one mapping first. (E-SELECT)")
        return back(request, "mappings")
    runs = [on_demand.synchronize(row, now=clock.now(), user=request.user) for row in rows]
    if len(runs) == 1:
        return redirect("run", pk=runs[0].pk)
    messages.success(request, f"{len(runs)} runs are in the queue.")
    return redirect("runs")


@require_POST
@requires(Right.RUN_SYNC)
def synchronize_all(request: SignedInRequest) -> HttpResponse:
    """Start one run over all mappings and show it."""
    company = company_of(request)
    if company is None:
        messages.error(request, "Connect a company first: none is there yet. (E-NOT-CONFIGURED)")
        return redirect("connections")
    number = _mappings(request).count()
    mappings = "one mapping" if number == 1 else f"{number} mappings"
    if not is_confirmed(request):
        return ask(
            request,
            title=f"Synchronize modified records of {mappings}?",
            text="One run takes them in the order of their dependencies; only what changed since "
            "their last run is looked at.",
            yes="Synchronize Modified Records",
            no="Not now",
        )
    run = on_demand.synchronize_all(company, now=clock.now(), user=request.user)
    return redirect("run", pk=run.pk)
