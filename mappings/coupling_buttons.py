"""The buttons of the coupling pages: synchronize, retry, delete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
from integration_admin.roles import Right, SignedInRequest, has_right, requires
from integration_admin.selection import acts_on
from mappings import pairing
from mappings.coupling_views import FROM, TO, failed_way
from mappings.models import Coupling, IntegrationTableMapping, OptionCoupling, PendingCoupling
from mappings.terms import Direction
from syncjobs import clock, on_demand
from syncjobs.on_demand import Wanted

MOST_FOR_SUPPORT = 100  # C-4016
MANY = 10  # couplings from which deleting them is asked for at level 2


def _chosen(request: SignedInRequest) -> list[int]:
    return [int(pk) for pk in request.POST.getlist("selected") if pk.isdecimal()]


def _couplings(request: SignedInRequest, ids: Sequence[int]) -> QuerySet[Coupling]:
    return Coupling.objects.filter(company=company_of(request), pk__in=ids)


def within_limit(request: SignedInRequest, count: int) -> bool:
    """Whether these are some, but not more than the person may do at once; says so if not."""
    if not count:
        messages.warning(request, "Select at least one row first. (E-SELECT)")
        return False
    if count > MOST_FOR_SUPPORT and not has_right(request.user, Right.RETRY_ALL):
        messages.error(
            request,
            f"You may do {MOST_FOR_SUPPORT} records at once, not {count}. Select fewer, or ask an "
            "operator. (E-TOO-MANY)",
        )
        return False
    return True


def wanted(rows: Iterable[Coupling], ways: dict[str, str]) -> list[Wanted]:
    """Return what to synchronize of these couplings: the way that failed, else all ways."""
    found: list[Wanted] = []
    for row in rows:
        ids = {TO: row.business_central_id, FROM: row.dataverse_id}
        allowed = ways.get(row.mapping_name, Direction.BIDIRECTIONAL)
        failed = [failed_way(row)] if row.skipped else [TO, FROM]
        chosen = [way for way in failed if allowed in (way, Direction.BIDIRECTIONAL)]
        found += [Wanted(row.mapping_name, way, ids[way]) for way in chosen]
    return found


def _synchronize(request: SignedInRequest, rows: Sequence[Coupling], list_url: str) -> HttpResponse:
    company = company_of(request)
    if company is None or not within_limit(request, len(rows)):
        return back(request, list_url)
    ways = dict(
        IntegrationTableMapping.objects.filter(company=company).values_list("name", "direction")
    )
    pairing.retry([row.pk for row in rows], by=request.user)
    runs = on_demand.synchronize_records(
        company, wanted(rows, ways), now=clock.now(), user=request.user
    )
    if len(runs) == 1:
        return redirect("run", pk=runs[0].pk)
    messages.success(request, f"{len(runs)} runs for {len(rows)} couplings are in the queue.")
    return redirect("runs") if runs else back(request, list_url)


@require_POST
@requires(Right.RETRY_RECORD)
@acts_on(Coupling)
def synchronize_couplings(request: SignedInRequest) -> HttpResponse:
    """Synchronize the ticked couplings at once."""
    return _synchronize(request, list(_couplings(request, _chosen(request))), "couplings")


@require_POST
@requires(Right.RETRY_RECORD)
def synchronize_coupling(request: SignedInRequest, pk: int) -> HttpResponse:
    """Synchronize one coupling at once and show the run."""
    return _synchronize(request, list(_couplings(request, [pk])), "couplings")


@require_POST
@requires(Right.RETRY_RECORD)
@acts_on(Coupling)
def retry_couplings(request: SignedInRequest) -> HttpResponse:
    """Take the mark off the ticked couplings; the next run includes them."""
    rows = list(_couplings(request, _chosen(request)).values_list("pk", flat=True))
    if within_limit(request, len(rows)):
        count = pairing.retry(rows, by=request.user)
        messages.success(request, f"{count} couplings will be synchronized again.")
    return back(request, "coupling_errors")


@require_POST
@requires(Right.RETRY_RECORD)
def retry_coupling(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take the mark off one coupling."""
    row = get_object_or_404(_couplings(request, [pk]))
    pairing.retry([row.pk], by=request.user)
    messages.success(request, "The next run synchronizes this pair again.")
    return redirect("coupling", pk=pk)


@require_POST
@requires(Right.RETRY_ALL)
def retry_all(request: SignedInRequest) -> HttpResponse:
    """Take the mark off every held-back record of the company."""
    company = company_of(request)
    if company is None:
        return back(request, "coupling_errors")
    if not is_confirmed(request):
        held = Coupling.objects.filter(company=company).in_error().count()
        return ask(
            request,
            title="Retry everything that is held back?",
            text=f"{held:,} couplings, and the pending records and options that are held back, "
            "are tried again in the next runs.",
            yes="Retry all",
            no="Leave them held back",
        )
    count = pairing.retry_all(company, by=request.user)
    messages.success(request, f"{count} records will be synchronized again.")
    return back(request, "coupling_errors")


@require_POST
@requires(Right.RETRY_RECORD)
@acts_on(PendingCoupling)
def retry_pending(request: SignedInRequest) -> HttpResponse:
    """Let the next run try the ticked records again."""
    rows = PendingCoupling.objects.filter(company=company_of(request), pk__in=_chosen(request))
    ids = list(rows.values_list("pk", flat=True))
    if within_limit(request, len(ids)):
        count = pairing.retry_pending(ids, by=request.user)
        messages.success(request, f"{count} held-back records will be tried again.")
    return back(request, "pending_couplings")


@require_POST
@requires(Right.RETRY_RECORD)
@acts_on(OptionCoupling)
def retry_options(request: SignedInRequest) -> HttpResponse:
    """Let the next run try the ticked options again."""
    rows = OptionCoupling.objects.filter(company=company_of(request), pk__in=_chosen(request))
    ids = list(rows.values_list("pk", flat=True))
    if within_limit(request, len(ids)):
        count = pairing.retry_options(ids, by=request.user)
        messages.success(request, f"{count} held-back options will be tried again.")
    return back(request, "option_errors")


def _delete(request: SignedInRequest, ids: Sequence[int], list_url: str) -> HttpResponse:
    rows = _couplings(request, ids)
    count = rows.count()
    if not count:
        messages.warning(request, "Select at least one row first. (E-SELECT)")
        return back(request, list_url)
    named = "this coupling" if count == 1 else f"{count} couplings"
    number = count if count >= MANY else 0
    if not is_confirmed(request, number):
        return ask(
            request,
            title=f"Delete {named}?",
            text="The records of both systems stay as they are; they are no longer kept in step.",
            yes=f"Delete {named}",
            no="Keep it" if count == 1 else "Keep them",
            number=number,
        )
    deleted = pairing.remove(list(rows.values_list("pk", flat=True)), by=request.user)
    messages.success(request, f"{deleted} couplings were deleted; the records stayed.")
    return redirect(list_url)


@require_POST
@requires(Right.MANAGE_COUPLINGS)
@acts_on(Coupling)
def delete_couplings(request: SignedInRequest) -> HttpResponse:
    """Delete the ticked couplings, after asking."""
    return _delete(request, _chosen(request), "couplings")


@require_POST
@requires(Right.MANAGE_COUPLINGS)
def delete_coupling(request: SignedInRequest, pk: int) -> HttpResponse:
    """Delete one coupling, after asking."""
    return _delete(request, [pk], "couplings")
