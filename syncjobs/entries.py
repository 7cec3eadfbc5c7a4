"""How the row of a job queue entry moves from one status to the next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from syncjobs import bell
from syncjobs.models import JobQueueEntry, Run
from syncjobs.schedule import Next, Schedule
from syncjobs.terms import HoldReason, JobStatus, RunStatus

STARTABLE = (JobStatus.READY, JobStatus.WAITING, JobStatus.ON_HOLD_INACTIVE)  # E-7.10
RUNG_WHEN_DUE = (JobStatus.READY, JobStatus.ON_HOLD_INACTIVE)  # a waiting one is activated


def schedule_of(entry: JobQueueEntry) -> Schedule:
    """Return the recurrence an administrator set; its times are those of the console's zone."""
    flags = enumerate(entry.run_on_weekdays)
    return Schedule(
        recurring=entry.recurring,
        minutes_between_runs=entry.minutes_between_runs,
        weekdays=frozenset(day for day, flag in flags if flag == "1"),
        starting_time=entry.starting_time,
        ending_time=entry.ending_time,
        inactivity_timeout=timedelta(minutes=entry.inactivity_timeout),
        maximum_attempts=entry.maximum_attempts,
        rerun_delay=timedelta(seconds=entry.rerun_delay),
        zone=ZoneInfo(settings.TIME_ZONE),
    )


def only(entry: JobQueueEntry) -> QuerySet[JobQueueEntry]:
    """Select this one row, to be moved on a condition."""
    return JobQueueEntry.objects.filter(pk=entry.pk)


def move(
    rows: QuerySet[JobQueueEntry], following: Next, *, now: datetime, error: str | None = None
) -> bool:
    """Move the one row that meets the condition, and ring the bell if it is due at once.

    What ends on hold was refused (a person and the connections use other ways). The run number
    belongs to the bell's id: what is scheduled anew is another bell.
    """
    changes: dict[str, Any] = {
        "status": following.status,
        "hold_reason": HoldReason.REFUSED if following.status == JobStatus.ON_HOLD else "",
        "earliest_start": following.at,
        "attempts": following.attempts,
        "run_number": F("run_number") + 1,
        "rung_at": None,
        "lease_owner": "",
        "lease_expires_at": None,
    }
    if error is not None:
        changes["error_message"] = error[:2048]
    if following.status == JobStatus.READY:
        changes["last_ready_state"] = now  # E-7.5
    pk = rows.values_list("pk", flat=True).first()
    if pk is None or not rows.filter(pk=pk).update(**changes):
        return False
    if following.status == JobStatus.READY and following.at is not None and following.at <= now:
        transaction.on_commit(lambda: ring(pk, now=now))
    return True


def ring(pk: int, *, now: datetime) -> None:
    """Ring for an entry that is due, and note that it was rung."""
    entry = due(now).filter(pk=pk).first()
    if entry is not None and bell.ring(entry):
        rows = JobQueueEntry.objects.filter(pk=pk, run_number=entry.run_number)
        rows.update(rung_at=now)


def due(now: datetime) -> QuerySet[JobQueueEntry]:
    """Select the entries whose moment has come."""
    return JobQueueEntry.objects.filter(status__in=RUNG_WHEN_DUE, earliest_start__lte=now)


def activate_next(company_id: int, category: str, *, now: datetime) -> bool:
    """Let the next waiting entry of a category run: by priority, then by number (E-7.14)."""
    same = JobQueueEntry.objects.filter(company_id=company_id, category=category)
    if not category or same.filter(status=JobStatus.IN_PROCESS).exists():
        return False
    waiting = same.filter(Q(expiration=None) | Q(expiration__gt=now), status=JobStatus.WAITING)
    first = waiting.order_by("priority", "pk").first()
    if first is None:
        return False
    following = Next(JobStatus.READY, now, first.attempts)
    return move(only(first).filter(status=JobStatus.WAITING), following, now=now)


def drop_waiting_runs(entry: JobQueueEntry, *, now: datetime) -> None:
    """Close the runs that somebody asked for and no worker will take any more."""
    waiting = Run.objects.filter(entry_id=entry.pk, status=RunStatus.WAITING)
    waiting.update(status=RunStatus.CANCELLED, finished_at=now)
