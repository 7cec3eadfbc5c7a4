"""The pages of a guide's run: what it has done and will do, and the ways on when it stopped."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from connections.errors import ConfigurationError
from integration_admin.chrome import company_of
from integration_admin.guides import drafts, finishing, starting
from integration_admin.guides.guides import GUIDES
from integration_admin.models import GuideRun
from integration_admin.pages import ask, is_confirmed
from integration_admin.roles import Right, SignedInRequest, requires
from syncjobs import clock
from syncjobs.causes import explain
from syncjobs.leases import BusyError
from syncjobs.models import Run
from syncjobs.run_views import progress_of

LOOKS = {
    GuideRun.Result.IN_PROCESS: ("move", "moving"),
    GuideRun.Result.DONE: ("good", "good"),
    GuideRun.Result.WITH_WARNINGS: ("held", "warn"),
    GuideRun.Result.FAILED: ("bad", "bad"),
    GuideRun.Result.CANCELLED: ("held", "stop"),
    GuideRun.Result.UNDONE: ("quiet", "quiet"),
}


def _record(request: SignedInRequest, pk: int) -> GuideRun:
    rows = GuideRun.objects.select_related("company", "user")
    return get_object_or_404(rows, pk=pk, company=company_of(request))


@require_GET
@requires(Right.CHANGE_CONNECTION)
def guide_run(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what the run has done, is doing and will do; what stopped it, and the ways on."""
    drafts.forget_expired(now=clock.now())
    record = _record(request, pk)
    alive = starting.is_alive(record)
    run = Run.objects.filter(pk=record.run_id or 0, company=record.company).first()
    result = GuideRun.Result(record.result)
    stopped = not alive and result not in starting.OVER
    context: dict[str, Any] = {
        "record": record,
        "guide": GUIDES[record.guide],
        "steps": _steps(record, alive=alive),
        "look": LOOKS[result],
        "is_stopped": stopped,
        "explained": explain(record.cause) if record.cause else None,
        "may_undo": stopped or result in (GuideRun.Result.DONE, GuideRun.Result.WITH_WARNINGS),
    }
    if run is not None:
        context |= progress_of(run, clock.now())
    context["is_live"] = alive
    situation = drafts.setups_of(record.company)
    context["next_guide"] = next(
        (one for one in GUIDES.values() if not one.is_enabled(situation)), None
    )
    return render(request, "pages/guide_run.html", context)


def _steps(record: GuideRun, *, alive: bool) -> list[tuple[str, str, str]]:
    """Return title, tone and sentence of each step."""
    sentences = {number: sentence for number, _, sentence in record.steps}
    found = []
    for number, title in enumerate(finishing.titles_of(record), 1):
        if number in sentences:
            found.append((title, "good", sentences[number]))
        elif number == record.position + 1 and alive:
            found.append((title, "move", ""))
        elif number == record.position + 1 and record.error_message:
            found.append((title, "bad", record.error_message))
        else:
            found.append((title, "quiet", ""))
    return found


@require_POST
@requires(Right.CHANGE_CONNECTION)
def retry_guide_run(request: SignedInRequest, pk: int) -> HttpResponse:
    """Go on from the step that stopped."""
    record = _record(request, pk)
    try:
        if record.result not in starting.OVER:
            starting.retry(record, GUIDES[record.guide], now=clock.now(), by=request.user)
    except BusyError as error:
        messages.error(request, f"{error.message} (E-BUSY)")
    return redirect("guide_run", pk)


@require_POST
@requires(Right.CHANGE_CONNECTION)
def undo_guide_run(request: SignedInRequest, pk: int) -> HttpResponse:
    """Disable again what the run has enabled, after asking; nothing is deleted."""
    record = _record(request, pk)
    if record.result == GuideRun.Result.UNDONE:
        return redirect("guide_run", pk)
    if not is_confirmed(request):
        return ask(
            request,
            title="Undo this guide?",
            text="The connection is disabled again and its jobs go On Hold. What was saved, "
            "imported, created and coupled stays; nothing is deleted in either system.",
            yes="Disable the connection",
            no="Leave it as it is",
        )
    try:
        messages.success(request, starting.undo(record, now=clock.now(), by=request.user))
    except BusyError as error:
        messages.error(request, f"{error.message} (E-BUSY)")
    except ConfigurationError as error:
        messages.error(request, f"{error.message} (E-SALES-ON)")
    return redirect("guide_run", pk)
