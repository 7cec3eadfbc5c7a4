"""The list and the card of job queue entries, and their buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import F, Max, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from integration_admin import cells
from integration_admin.chrome import company_of
from integration_admin.columns import Column
from integration_admin.pages import (
    Action,
    CardPage,
    Empty,
    ListPage,
    Section,
    View,
    back,
)
from integration_admin.personal import as_seen_by
from integration_admin.roles import Right, SignedInRequest, requires
from integration_admin.selection import acts_on
from syncjobs import activation, clock, health, jobs, queue
from syncjobs.models import JobQueueEntry, Run
from syncjobs.queue import RunningError
from syncjobs.schedule import NeverOpenError
from syncjobs.terms import JobStatus
from syncjobs.views import mapping_link

ENTRY_ACTIONS = (
    ("Run Now", "run_entries_now", "run_entry_now", "play"),
    ("Set Status to Ready", "set_entries_ready", "set_entry_ready", "check"),
    ("Set On Hold", "hold_entries", "hold_entry", "hold"),
    ("Restart", "restart_entries", "restart_entry", "refresh"),
)


class JobQueueList(ListPage[JobQueueEntry]):
    """What runs when, what runs now, and what stopped."""

    title = "Job Queue Entries"
    template_name = "pages/job_queue.html"
    model = JobQueueEntry
    right = Right.VIEW_JOB
    columns = (
        Column("description", order="description"),
        Column("status", order="status", is_filter=True),
        Column("category", order="category", hides_when_narrow=True, is_filter=True),
        Column("minutes_between_runs", "Every", is_number=True, hides_when_narrow=True),
        Column("last_result", "Last result"),
        Column("attempts", "Attempts", is_number=True),
        Column("earliest_start", "Next run", order="earliest_start"),
        Column("mapping_name", "Mapping", is_extra=True, order="mapping_name"),
        Column("priority", is_extra=True, is_filter=True, order="priority"),
        Column("recurring", is_extra=True),
        Column("maximum_attempts", is_number=True, is_extra=True),
        Column("last_ready_state", is_extra=True),
        Column("expiration", is_extra=True),
        Column("error_message", is_extra=True),
    )
    actions = tuple(
        Action(caption, many, Right.RUN_JOB, icon) for caption, many, _, icon in ENTRY_ACTIONS
    )
    views = (
        View("all", "All"),
        View("synch", "Synchronization", ~Q(job__in=jobs.OF_THE_CONSOLE)),
        View("running", "Running", Q(status=JobStatus.IN_PROCESS)),
        View("failed", "Failed", Q(status=JobStatus.ERROR)),
        View("held", "On hold", Q(status__in=(JobStatus.ON_HOLD, JobStatus.ON_HOLD_INACTIVE))),
        View("queue", "In queue", Q(status__in=(JobStatus.READY, JobStatus.WAITING))),
    )
    searches = ("description", "mapping_name", "error_message")
    search_hint = "Search entries"
    default_order = ("-recurring", "pk")
    empty = Empty(
        "No entry yet",
        "The default entries are made together with the default mappings.",
        "Integration Table Mappings",
        "mappings",
    )

    def gather(self, rows: Sequence[JobQueueEntry]) -> None:
        newest = (
            Run.objects.filter(entry__in=rows, finished_at__isnull=False)
            .values("entry")
            .annotate(newest=Max("pk"))
            .values("newest")
        )
        self.last = {run.entry_id: run for run in Run.objects.filter(pk__in=newest)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return context | {"troubles": health.troubles(now=clock.now())}

    def show_description(self, row: JobQueueEntry) -> SafeString:
        return cells.link(reverse("job_queue_entry", args=[row.pk]), row.description)

    def show_status(self, row: JobQueueEntry) -> SafeString:
        shown = cells.state(row.status)
        if row.status == JobStatus.ERROR and row.error_message:
            return format_html(
                '{}<span class="table__sub message">{}</span>', shown, row.error_message
            )
        if row.status == JobStatus.ON_HOLD and row.hold_reason:
            reason = row.get_hold_reason_display()
            return format_html('{}<span class="table__sub">{}</span>', shown, reason)
        return shown

    def show_category(self, row: JobQueueEntry) -> SafeString | str:
        return format_html('<span class="tag">{}</span>', row.category) if row.category else ""

    def show_minutes_between_runs(self, row: JobQueueEntry) -> str:
        if not row.recurring:
            return "once"
        return cells.interval(row.minutes_between_runs) if row.minutes_between_runs else "day"

    def show_last_result(self, row: JobQueueEntry) -> SafeString:
        run = self.last.get(row.pk)
        if run is None:
            return cells.muted("never run")
        return cells.link(reverse("run", args=[run.pk]), cells.state(run.status))

    def show_attempts(self, row: JobQueueEntry) -> str:
        return f"{row.attempts} of {row.maximum_attempts}"

    def show_earliest_start(self, row: JobQueueEntry) -> SafeString:
        match row.status:
            case JobStatus.READY | JobStatus.ON_HOLD_INACTIVE if row.earliest_start:
                return cells.moment(row.earliest_start)
            case JobStatus.WAITING:
                return cells.muted("after its category")
            case JobStatus.IN_PROCESS:
                return cells.muted("running")
            case _:
                return cells.muted("not planned")


class JobQueueCard(CardPage[JobQueueEntry]):
    """One entry: when it runs, how it went, and its buttons."""

    model = JobQueueEntry
    right = Right.VIEW_JOB
    template_name = "pages/job_queue_entry.html"
    list_title = "Job Queue Entries"
    list_url = "job_queue"
    has_history = True
    actions = tuple(
        Action(caption, one, Right.RUN_JOB, icon, is_primary=caption == "Run Now")
        for caption, _, one, icon in ENTRY_ACTIONS
    )
    sections = (
        Section(
            "General",
            (
                "description",
                "mapping_name",
                "status",
                "earliest_start",
                "category",
                "priority",
                "attempts",
                "maximum_attempts",
                "rerun_delay",
                "last_ready_state",
            ),
        ),
        Section(
            "Recurrence",
            (
                "recurring",
                "minutes_between_runs",
                "inactivity_timeout",
                "starting_time",
                "ending_time",
                "expiration",
            ),
        ),
        Section("Log", template="parts/entry_runs.html"),
    )

    def show_mapping_name(self, row: JobQueueEntry) -> SafeString:
        return mapping_link(row.company, row.mapping_name)

    def show_rerun_delay(self, row: JobQueueEntry) -> str:
        return cells.duration(row.rerun_delay)

    def show_inactivity_timeout(self, row: JobQueueEntry) -> str:
        return cells.interval(row.inactivity_timeout)

    def get_queryset(self) -> QuerySet[JobQueueEntry]:
        return super().get_queryset().select_related("company")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        runs = self.object.runs.select_related("user")[:20]
        return context | {
            "runs": as_seen_by(self.request.user, runs),
            "why_on_hold": activation.why_on_hold(self.object),
        }


# Buttons

Act = Callable[[SignedInRequest, JobQueueEntry, datetime], object]


def _run_now(request: SignedInRequest, entry: JobQueueEntry, now: datetime) -> Run:
    return queue.run_now(entry, now=now, user=request.user)


def _ready(request: SignedInRequest, entry: JobQueueEntry, now: datetime) -> None:
    queue.set_ready(entry, now=now, by=request.user)


def _hold(request: SignedInRequest, entry: JobQueueEntry, now: datetime) -> None:
    queue.set_on_hold(entry, now=now, by=request.user)


def _restart(request: SignedInRequest, entry: JobQueueEntry, now: datetime) -> None:
    queue.restart(entry, now=now, by=request.user)


def _entries(request: SignedInRequest) -> QuerySet[JobQueueEntry]:
    rows = JobQueueEntry.objects.filter(company=company_of(request))
    return rows.select_related("company").order_by(F("priority"), "pk")


def _each(request: SignedInRequest, act: Act, done: str) -> HttpResponse:
    """Do something with each ticked entry; one that refuses says why, the others go on."""
    ids = [pk for pk in request.POST.getlist("selected") if pk.isdecimal()]
    rows = list(_entries(request).filter(pk__in=ids))
    if not rows:
        messages.warning(request, "Select at least one entry first. (E-SELECT)")
    results = [result for row in rows if (result := _try(request, row, act)) is not False]
    runs = [result for result in results if isinstance(result, Run)]
    if len(rows) == 1 and runs:
        return redirect("run", pk=runs[0].pk)
    if results:
        named = str(rows[0]) if len(rows) == 1 else f"{len(results)} entries"
        messages.success(request, f"{named}: {done}.")
    return back(request, "job_queue")


def _one(request: SignedInRequest, pk: int, act: Act, done: str) -> HttpResponse:
    entry = get_object_or_404(_entries(request), pk=pk)
    result = _try(request, entry, act)
    if isinstance(result, Run):
        return redirect("run", pk=result.pk)
    if result is not False:
        messages.success(request, f"{entry}: {done}.")
    return redirect("job_queue_entry", pk=pk)


def _try(request: SignedInRequest, entry: JobQueueEntry, act: Act) -> object:
    try:
        return act(request, entry, clock.now())
    except RunningError as error:
        messages.error(request, f"{error} (E-RUNNING)")
    except NeverOpenError as error:
        messages.error(request, f"{entry}: {error}. Correct its schedule. (E-SCHEDULE)")
    return False


@require_POST
@requires(Right.RUN_JOB)
@acts_on(JobQueueEntry)
def run_entries_now(request: SignedInRequest) -> HttpResponse:
    """Start the ticked entries."""
    return _each(request, _run_now, "in the queue")


@require_POST
@requires(Right.RUN_JOB)
@acts_on(JobQueueEntry)
def set_entries_ready(request: SignedInRequest) -> HttpResponse:
    """Let the ticked entries run at their next allowed moment."""
    return _each(request, _ready, "ready")


@require_POST
@requires(Right.RUN_JOB)
@acts_on(JobQueueEntry)
def hold_entries(request: SignedInRequest) -> HttpResponse:
    """Let the ticked entries not run until somebody says so."""
    return _each(request, _hold, "on hold; what is running goes on")


@require_POST
@requires(Right.RUN_JOB)
@acts_on(JobQueueEntry)
def restart_entries(request: SignedInRequest) -> HttpResponse:
    """Start the ticked entries without waiting for their time."""
    return _each(request, _restart, "restarted")


@require_POST
@requires(Right.RUN_JOB)
def run_entry_now(request: SignedInRequest, pk: int) -> HttpResponse:
    """Start one entry and show its run."""
    return _one(request, pk, _run_now, "in the queue")


@require_POST
@requires(Right.RUN_JOB)
def set_entry_ready(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let one entry run at its next allowed moment."""
    return _one(request, pk, _ready, "ready")


@require_POST
@requires(Right.RUN_JOB)
def hold_entry(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let one entry not run until somebody says so."""
    return _one(request, pk, _hold, "on hold; what is running goes on")


@require_POST
@requires(Right.RUN_JOB)
def restart_entry(request: SignedInRequest, pk: int) -> HttpResponse:
    """Start one entry without waiting for its time."""
    return _one(request, pk, _restart, "restarted")
