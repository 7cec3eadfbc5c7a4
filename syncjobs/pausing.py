"""Lets a company's job queue entries rest for a while, and go on exactly as they were."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TypedDict

from django.db import transaction
from django.db.models import Q

from connections.models import Company
from syncjobs import leases, queue
from syncjobs.entries import move
from syncjobs.models import JobQueueEntry, Run
from syncjobs.schedule import Next
from syncjobs.terms import HoldReason, JobStatus, RunStatus

WAITING = (JobStatus.READY, JobStatus.WAITING, JobStatus.ON_HOLD_INACTIVE)


class Paused(TypedDict):
    """How an entry was before it was put on hold; kept as JSON."""

    entry: int
    status: str
    earliest_start: str | None
    attempts: int


def find(company: Company, *, spare: str, known: Collection[int] = ()) -> list[Paused]:
    """Return the entries to pause, apart from those of a job and those that are known already.

    What runs now and recurs is put on hold too, and ends its run; what runs once just ends.
    """
    running = Q(status=JobStatus.IN_PROCESS, recurring=True)
    entries = JobQueueEntry.objects.filter(Q(status__in=WAITING) | running, company=company)
    return [
        Paused(
            entry=entry.pk,
            status=entry.status,
            earliest_start=entry.earliest_start.isoformat() if entry.earliest_start else None,
            attempts=entry.attempts,
        )
        for entry in entries.exclude(job=spare).exclude(pk__in=known)
    ]


def pause(paused: Collection[Paused]) -> int:
    """Put entries on hold that are still as they were found; return how many."""
    return sum(
        JobQueueEntry.objects.filter(pk=item["entry"], status=item["status"]).update(
            status=JobStatus.ON_HOLD, hold_reason=HoldReason.PAUSE
        )
        for item in paused
    )


def resume(paused: Collection[Paused], *, now: datetime) -> int:
    """Let entries go on as they were.

    One that a person or a connection moved or held meanwhile stays as it is.
    """
    count = 0
    for item in paused:
        with transaction.atomic():
            count += _resume(item, now)
    return count


def _resume(item: Paused, now: datetime) -> bool:
    paused = JobQueueEntry.objects.filter(
        pk=item["entry"], status=JobStatus.ON_HOLD, hold_reason=HoldReason.PAUSE
    )
    entry = paused.first()
    if entry is None:
        return False
    status = JobStatus(item["status"])
    if status == JobStatus.IN_PROCESS:
        queue.set_ready(entry, now=now)
        return True
    start = item["earliest_start"]
    at = datetime.fromisoformat(start) if start else now
    if status == JobStatus.WAITING:
        status = JobStatus.READY  # whoever was before it in its category is gone by now
    return move(paused, Next(status, at, item["attempts"]), now=now)


def is_quiet(company: Company, *, apart_from: int, now: datetime) -> bool:
    """Whether no other run of the company is alive."""
    alive = Run.objects.filter(
        company=company, status=RunStatus.IN_PROCESS, heartbeat_at__gt=now - leases.length()
    )
    return not alive.exclude(pk=apart_from).exists()
