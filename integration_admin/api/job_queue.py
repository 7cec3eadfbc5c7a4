"""The job queue: list, run now, hold, set ready, restart."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from integration_admin.api.access import ApiToken, user_of
from integration_admin.api.lists import Listing, answer, listed
from integration_admin.api.refusals import not_found
from integration_admin.api.scope import Id, Scope, company_of
from integration_admin.api.shapes import Entries, EntryShape, RunShape
from integration_admin.personal import one_as_seen_by
from integration_admin.roles import Right
from syncjobs import clock, queue
from syncjobs.models import JobQueueEntry
from syncjobs.queue_views import JobQueueList
from syncjobs.terms import JobStatus

router = Router(tags=["Job queue"])
RUN_JOB = ApiToken(Right.RUN_JOB)


class EntriesAsked(Listing):
    status: JobStatus | None = None


@router.get("/job-queue", auth=ApiToken(Right.VIEW_JOB), response=Entries)
def list_entries(request: HttpRequest, asked: Query[EntriesAsked]) -> Any:
    """List job queue entries."""
    page = listed(JobQueueList, request, company_of(request, asked))
    return answer(page, page.get_queryset(), asked, order=("pk",))


@router.get("/job-queue/{id}", auth=ApiToken(Right.VIEW_JOB), response=EntryShape)
def get_entry(request: HttpRequest, id: Id, scope: Query[Scope]) -> Any:  # noqa: A002
    """Show one entry."""
    return one_as_seen_by(request.user, _entry(request, scope, id))


@router.post("/job-queue/{id}/run-now", auth=RUN_JOB, response={202: RunShape})
def run_now(request: HttpRequest, id: Id, scope: Query[Scope]) -> Any:  # noqa: A002
    """Start an entry; the answer is the run to follow."""
    return queue.run_now(_entry(request, scope, id), now=clock.now(), user=user_of(request))


@router.post("/job-queue/{id}/hold", auth=RUN_JOB, response=EntryShape)
def hold(request: HttpRequest, id: Id, scope: Query[Scope]) -> Any:  # noqa: A002
    """Let an entry not run until somebody says so; what is running goes on."""
    entry = _entry(request, scope, id)
    queue.set_on_hold(entry, now=clock.now(), by=user_of(request))
    return entry


@router.post("/job-queue/{id}/ready", auth=RUN_JOB, response=EntryShape)
def ready(request: HttpRequest, id: Id, scope: Query[Scope]) -> Any:  # noqa: A002
    """Let an entry run at its next allowed moment."""
    entry = _entry(request, scope, id)
    queue.set_ready(entry, now=clock.now(), by=user_of(request))
    return entry


@router.post("/job-queue/{id}/restart", auth=RUN_JOB, response=EntryShape)
def restart(request: HttpRequest, id: Id, scope: Query[Scope]) -> Any:  # noqa: A002
    """Start an entry that failed, is held or rests, without waiting for its time."""
    entry = _entry(request, scope, id)
    queue.restart(entry, now=clock.now(), by=user_of(request))
    return entry


def _entry(request: HttpRequest, scope: Scope, pk: int) -> JobQueueEntry:
    rows = JobQueueEntry.objects.filter(company=company_of(request, scope), pk=pk)
    entry = rows.select_related("company").first()
    if entry is None:
        raise not_found(JobQueueEntry, pk, "See GET /api/v1/job-queue.")
    return entry
