"""The job queue log and the page of a run: live progress, log, outcome, cancel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from connections.models import Company
from integration_admin import cells
from integration_admin.chrome import company_of
from integration_admin.columns import Column
from integration_admin.pages import CardPage, Empty, Filter, ListPage, View
from integration_admin.personal import one_as_seen_by
from integration_admin.roles import Right, SignedInRequest, has_right, requires
from mappings.coupling_views import BY_MAPPING
from syncjobs import clock, health, queue
from syncjobs.causes import explain
from syncjobs.jobs import PLACES
from syncjobs.models import Run, SynchJob
from syncjobs.plan_views import plan_of
from syncjobs.progress import estimate, total_seconds
from syncjobs.terms import RunStatus

STOPS_POLLING = 286  # htmx asks no more
UNFINISHED = (RunStatus.WAITING, RunStatus.IN_PROCESS)
TOTALS = ("inserted", "modified", "deleted", "unchanged", "skipped", "failed", "coupled")


def _kinds(_company: Company) -> Iterable[tuple[str, str]]:
    return [(name, name.replace("_", " ").capitalize()) for name in sorted(PLACES)]


def _people(_company: Company) -> Iterable[tuple[str, str]]:
    names = User.objects.order_by("username").values_list("username", flat=True)
    return [(name, name) for name in names]


class RunList(ListPage[Run]):
    """Executions: of job queue entries, of people's requests, of the command line."""

    title = "Job Queue Log Entries"
    model = Run
    right = Right.VIEW_LOG
    columns = (
        Column("description", order="description"),
        Column("status", order="status", is_filter=True),
        Column("started_at", order="started_at", is_filter=True),
        Column("took", "Duration", is_number=True),
        Column("trigger", order="trigger", is_filter=True),
        Column("who", "User", is_personal=True),
        Column("mapping_name", "Mapping", is_extra=True),
        Column("finished_at", is_extra=True),
        Column("done", is_number=True, is_extra=True),
        Column("total", is_number=True, is_extra=True),
        Column("error_message", is_extra=True),
        Column("cause", is_extra=True),
    )
    views = (
        View("all", "All"),
        View("mine", "Mine"),
        View("running", "Running", Q(status__in=UNFINISHED)),
        View("failed", "Failed", Q(status=RunStatus.ERROR)),
    )
    counts_views = False
    newest_by = "pk"
    filters = (
        BY_MAPPING,
        Filter("kind", "Kind", "job", _kinds),
        Filter("user", "User", "user__username", _people, is_personal=True),
    )
    searches = ("description", "error_message")
    search_hint = "Search description or error"
    empty = Empty(
        "Nothing has run yet",
        "Synchronize a mapping, or wait for its job queue entry.",
        "Integration Table Mappings",
        "mappings",
    )

    def get_queryset(self) -> QuerySet[Run]:
        return super().get_queryset().select_related("user").defer("log", "error_detail")

    def tabs(self) -> Sequence[View]:
        mine = Q(user_id=self.request.user.pk)
        return [replace(one, condition=mine) if one.key == "mine" else one for one in self.views]

    def is_live(self, rows: Sequence[Run]) -> bool:
        return any(row.status in UNFINISHED for row in rows)

    def show_description(self, row: Run) -> SafeString:
        return cells.link(reverse("run", args=[row.pk]), row.description)

    def show_status(self, row: Run) -> SafeString:
        shown = cells.state(row.status)
        if row.error_message:
            return format_html(
                '{}<span class="table__sub message">{}</span>', shown, row.error_message
            )
        return shown

    def show_took(self, row: Run) -> str:
        return cells.duration(total_seconds(row, now=clock.now()))

    def show_who(self, row: Run) -> str:
        return row.user.get_username() if row.user else "console"


def progress_of(run: Run, now: datetime) -> dict[str, Any]:
    """Return what the live part of a run's page shows."""
    jobs = list(SynchJob.objects.filter(run=run).order_by("started_at"))
    waiting = run.status == RunStatus.WAITING
    return {
        "run": run,
        "is_live": run.status in UNFINISHED,
        "jobs": jobs,
        "failed": sum(job.failed for job in jobs),
        "skipped": sum(job.skipped for job in jobs),
        "sums": _sums(jobs),
        "elapsed": total_seconds(run, now=now),
        "estimate": estimate(run, now=now),
        "percent": min(100 * run.done // run.total, 100) if run.total else 0,
        "lines": _lines(run),
        "explained": explain(run.cause) if run.cause else None,
        "troubles": health.troubles(now=now) if waiting else [],
        "plan": plan_of(run) if run.job == "preview" else None,
        "mass_changes": run.mass_changes.all() if run.status == RunStatus.ERROR else (),
    }


def _sums(jobs: Sequence[SynchJob]) -> list[tuple[str, str, int]]:
    fields = {field.name: str(field.verbose_name) for field in SynchJob._meta.fields}
    return [(name, fields[name], sum(getattr(job, name) for job in jobs)) for name in TOTALS]


def _lines(run: Run) -> list[tuple[datetime | None, str]]:
    """Return the log, the newest line first, so that a live one needs no scrolling."""
    return [(parse_datetime(when), text) for when, text in reversed(run.log)]


class RunPage(CardPage[Run]):
    """One run: while it works, the page follows it; afterwards it says how it went."""

    model = Run
    right = Right.VIEW_LOG
    template_name = "pages/run.html"
    list_title = "Job Queue Log Entries"
    list_url = "runs"
    sections = ()

    def get_queryset(self) -> QuerySet[Run]:
        return super().get_queryset().select_related("user", "entry")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return context | progress_of(self.object, clock.now()) | may_do(self.request)


def may_do(request: HttpRequest) -> dict[str, bool]:
    """Say which buttons the page of a run has for somebody."""
    return {
        "can_cancel": has_right(request.user, Right.RUN_JOB),
        "can_run_anyway": has_right(request.user, Right.RUN_FULL_SYNC),
        "can_run": has_right(request.user, Right.RUN_SYNC),
        "can_preview": has_right(request.user, Right.PREVIEW),
    }


@requires(Right.VIEW_LOG)
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer what the run's page asks for every second; the last answer ends the asking."""
    run = get_object_or_404(Run, pk=pk, company=company_of(request))
    run = one_as_seen_by(request.user, run)
    context = progress_of(run, clock.now()) | may_do(request) | {"is_update": True}
    status = 200 if context["is_live"] else STOPS_POLLING
    return render(request, "parts/progress.html", context, status=status)


@require_POST
@requires(Right.RUN_JOB)
def cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    """Stop a run at its next page, or before it begins."""
    run = get_object_or_404(Run, pk=pk, company=company_of(request))
    queue.cancel(run, now=clock.now(), by=request.user)
    if run.status == RunStatus.CANCELLED:
        messages.success(request, "The run was cancelled before it began.")
    elif run.cancel_requested and run.status == RunStatus.IN_PROCESS:
        messages.success(request, "The run stops after the page it is working on.")
    else:
        messages.warning(request, "The run had finished already.")
    return redirect("run", pk=pk)
