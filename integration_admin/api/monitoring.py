"""What ran and how it went: runs, synch. jobs, errors, and the audit log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from audit.models import AuditEntry
from connections.models import Company
from integration_admin.api.access import ApiToken, user_of
from integration_admin.api.couplings import check_number
from integration_admin.api.lists import Listing, answer, listed
from integration_admin.api.refusals import Code, RefusalError, not_found
from integration_admin.api.scope import Id, Ids, Scope, Text, company_of
from integration_admin.api.shapes import (
    AuditEntries,
    Causes,
    CountShape,
    RunCard,
    Runs,
    RunShape,
    SynchErrors,
    SynchJobs,
    SynchJobShape,
)
from integration_admin.audit_views import AuditLog, shows_values
from integration_admin.personal import as_seen_by, one_as_seen_by
from integration_admin.roles import Right
from mappings import pairing
from mappings.models import PendingCoupling
from mappings.terms import Direction
from syncjobs import clock, queue
from syncjobs.causes import explain
from syncjobs.error_views import ErrorList, couplings_of
from syncjobs.models import Run, SynchError, SynchJob
from syncjobs.progress import estimate
from syncjobs.run_views import RunList
from syncjobs.terms import RunStatus
from syncjobs.views import SynchJobList

router = Router(tags=["Monitoring"])


class RunsAsked(Listing):
    mapping: Text = ""
    status: RunStatus | None = None


class OfMapping(Listing):
    mapping: Text = ""


class ErrorsAsked(Listing):
    mapping: Text = ""
    cause: Text = ""
    job: UUID | None = None
    warnings: bool = False


class Days(Scope):
    days: int = Field(7, ge=1, le=365)


class ErrorsChosen(Schema):
    """Which errors."""

    ids: Ids


class AuditAsked(Listing):
    act: Text = ""
    user: Text = ""
    correlation_id: Text = ""


# Runs


@router.get("/runs", auth=ApiToken(Right.VIEW_LOG), response=Runs)
def list_runs(request: HttpRequest, asked: Query[RunsAsked]) -> Any:
    """List runs, the newest first."""
    page = listed(RunList, request, company_of(request, asked))
    return answer(page, page.get_queryset(), asked)


@router.get("/runs/{id}", auth=ApiToken(Right.VIEW_LOG), response=RunCard)
def get_run(request: HttpRequest, id: Id, scope: Query[Scope]) -> Any:  # noqa: A002
    """Show a run: how far it is, how long it will take, its log and its synch. jobs."""
    run = one_as_seen_by(request.user, _run(company_of(request, scope), id))
    left = estimate(run, now=clock.now())
    return {
        **RunShape.from_orm(run).model_dump(),
        "estimate_seconds": left.total_seconds() if left is not None else None,
        "log": run.log,
        "synch_jobs": as_seen_by(
            request.user, SynchJob.objects.filter(run=run).order_by("started_at")
        ),
        "mass_changes": run.mass_changes.all(),
    }


@router.post("/runs/{id}/cancel", auth=ApiToken(Right.RUN_JOB), response={202: RunShape})
def cancel_run(request: HttpRequest, id: Id, scope: Query[Scope]) -> Any:  # noqa: A002
    """Stop a run after the page it is working on, or before it begins."""
    run = _run(company_of(request, scope), id)
    queue.cancel(run, now=clock.now(), by=user_of(request))
    if run.status != RunStatus.CANCELLED and not run.cancel_requested:
        raise RefusalError(409, Code.FINISHED, "The run has finished already.", "Nothing to do.")
    return run


def _run(company: Company, pk: int) -> Run:
    run = Run.objects.filter(company=company, pk=pk).first()
    if run is None:
        raise not_found(Run, pk, "See GET /api/v1/runs.")
    return run


# Synch. jobs


@router.get("/synch-jobs", auth=ApiToken(Right.VIEW_LOG), response=SynchJobs)
def list_synch_jobs(request: HttpRequest, asked: Query[OfMapping]) -> Any:
    """List integration synch. jobs with their counters, the newest first."""
    page = listed(SynchJobList, request, company_of(request, asked))
    return answer(page, page.get_queryset(), asked, order=("-started_at", "-pk"))


@router.get("/synch-jobs/{id}", auth=ApiToken(Right.VIEW_LOG), response=SynchJobShape)
def get_synch_job(request: HttpRequest, id: UUID, scope: Query[Scope]) -> Any:  # noqa: A002
    """Show one integration synch. job."""
    row = SynchJob.objects.filter(company=company_of(request, scope), pk=id).first()
    if row is None:
        raise not_found(SynchJob, id, "See GET /api/v1/synch-jobs.")
    return one_as_seen_by(request.user, row)


# Errors


@router.get("/errors", auth=ApiToken(Right.VIEW_LOG), response=SynchErrors)
def list_errors(request: HttpRequest, asked: Query[ErrorsAsked]) -> Any:
    """List errors of records, the newest first."""
    view = "warnings" if asked.warnings else "errors"
    page = listed(ErrorList, request, company_of(request, asked), view=view)
    return answer(page, page.get_queryset(), asked)


@router.get("/errors/causes", auth=ApiToken(Right.VIEW_LOG), response=Causes)
def list_causes(request: HttpRequest, asked: Query[Days]) -> Any:
    """Group the errors of some days by cause, most first, each with what to do."""
    since = clock.now() - timedelta(days=asked.days)
    errors = SynchError.objects.filter(
        company=company_of(request, asked), warning=False, logged_at__gte=since
    )
    counted = errors.order_by().values("cause", "mapping_name").annotate(
        n=Count("pk"), first=Min("logged_at"), last=Max("logged_at")
    )  # fmt: skip
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in counted:
        groups.setdefault(row["cause"], []).append(dict(row))
    items = [_cause(cause, rows) for cause, rows in groups.items()]
    return {"items": sorted(items, key=lambda item: -item["number"])}


def _cause(cause: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    explained = explain(cause)
    return {
        "cause": cause,
        "title": explained.title,
        "advice": explained.advice,
        "remedy": explained.remedy,
        "number": sum(row["n"] for row in rows),
        "first": min(row["first"] for row in rows),
        "last": max(row["last"] for row in rows),
        "mappings": sorted(row["mapping_name"] for row in rows),
    }


@router.post("/errors/retry", auth=ApiToken(Right.RETRY_RECORD), response=CountShape)
def retry_errors(request: HttpRequest, body: ErrorsChosen, scope: Query[Scope]) -> Any:
    """Let the next runs take the held-back records behind these errors again."""
    company, user = company_of(request, scope), user_of(request)
    check_number(request, len(body.ids))
    mine = SynchError.objects.filter(company=company, pk__in=body.ids)
    errors = list(mine)
    held = [row.pk for row in couplings_of(errors).values() if row.skipped]
    parked = PendingCoupling.objects.filter(
        company=company, skipped=True, record_id__in=[_source(error) for error in errors]
    )
    count = pairing.retry(held, by=user)
    count += pairing.retry_pending(list(parked.values_list("pk", flat=True)), by=user)
    return {"count": count}


def _source(error: SynchError) -> UUID | None:
    to = error.direction == Direction.TO_INTEGRATION_TABLE
    return error.business_central_id if to else error.dataverse_id


# Audit log


@router.get("/audit-log", auth=ApiToken(Right.VIEW_AUDIT), response=AuditEntries)
def list_audit_log(request: HttpRequest, asked: Query[AuditAsked]) -> Any:
    """List who changed what, the newest first; values of set-ups are for administrators."""
    page = listed(AuditLog, request, company_of(request, asked))
    rows = page.get_queryset()
    if asked.correlation_id:
        rows = rows.filter(correlation_id=asked.correlation_id)
    found = answer(page, rows, asked)
    for entry in found["items"]:
        _hide(entry, request)
    return found


def _hide(entry: AuditEntry, request: HttpRequest) -> None:
    if not shows_values(request.user, entry):
        entry.before = entry.after = {}
