"""The job queue, as people and pages see it: what may be done with an entry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from audit import trail
from audit.facts import facts_of
from audit.terms import Act
from connections.models import Company
from syncjobs.entries import STARTABLE, activate_next, drop_waiting_runs, move, only, schedule_of
from syncjobs.models import JobQueueEntry, Run
from syncjobs.schedule import Next, is_open, next_opening, rest
from syncjobs.terms import HoldReason, JobPriority, JobStatus, RunStatus, Trigger

START_DELAY = timedelta(seconds=1)  # E-7.7
NOTED = ("status", "earliest_start", "priority", "user")


class RunningError(Exception):
    """The entry is in process; the message says what to do."""


def enqueue(
    company: Company,
    job: str,
    *,
    description: str,
    now: datetime,
    mapping_name: str = "",
    parameters: dict[str, Any] | None = None,
    user: AbstractBaseUser | None = None,
    category: str = "",
    trigger: Trigger = Trigger.PERSON,
) -> Run:
    """Let a worker do something once, as soon as one is free; return the run to look at."""
    with transaction.atomic():
        entry = JobQueueEntry.objects.create(
            company=company,
            job=job,
            mapping_name=mapping_name,
            parameters=parameters or {},
            description=description,
            user_id=user.pk if user else None,
            category=category,
            priority=JobPriority.HIGH if trigger == Trigger.PERSON else JobPriority.NORMAL,
        )
        run = _waiting_run(entry, trigger, user, now)
        move(only(entry), Next(JobStatus.READY, now), now=now)
        note_started(run, entry.parameters, by=user)
    return run


def run_once(
    entry: JobQueueEntry,
    *,
    now: datetime,
    user: AbstractBaseUser | None = None,
    trigger: Trigger = Trigger.PERSON,
) -> Run:
    """Run a copy of the entry that does not recur; the entry stays as it is (E-7.9)."""
    return enqueue(
        entry.company,
        entry.job,
        description=entry.description,
        now=now,
        mapping_name=entry.mapping_name,
        parameters=entry.parameters,
        user=user,
        category=entry.category,
        trigger=trigger,
    )


def run_now(
    entry: JobQueueEntry,
    *,
    now: datetime,
    user: AbstractBaseUser | None = None,
    trigger: Trigger = Trigger.PERSON,
) -> Run:
    """Start at once an entry that would run by itself; one that is on hold or failed runs once."""
    with transaction.atomic():
        entry.refresh_from_db()
        startable = only(entry).filter(status__in=STARTABLE)
        is_allowed = is_open(schedule_of(entry), now)
        if is_allowed and move(startable, Next(JobStatus.READY, now, entry.attempts), now=now):
            waiting = entry.runs.filter(status=RunStatus.WAITING).first()
            run = waiting or _waiting_run(entry, trigger, user, now)
            note_started(run, entry.parameters, by=user)
            return run
    return run_once(entry, now=now, user=user, trigger=trigger)


def note_started(run: Run, parameters: dict[str, Any], *, by: AbstractBaseUser | None) -> None:
    """Note a run that a person asked for; what runs by schedule has its log entry."""
    if run.trigger in (Trigger.PERSON, Trigger.COMMAND):
        trail.note(Act.RUN_STARTED, run, after={"job": run.job, **parameters}, by=by)


def make_ready(entry: JobQueueEntry, *, now: datetime) -> None:
    """Let the entry run at its next allowed moment (E-7.8); no person asked for it."""
    wanted = max(now + START_DELAY, entry.earliest_start or now)
    _move(entry, Next(JobStatus.READY, next_opening(schedule_of(entry), wanted)), now)


def make_inactive(entry: JobQueueEntry, *, now: datetime) -> None:
    """Put the entry on hold until its inactivity timeout elapses; no person asked for it."""
    _move(entry, rest(schedule_of(entry), now=now), now)


def set_ready(entry: JobQueueEntry, *, now: datetime, by: AbstractBaseUser | None = None) -> None:
    """Let the entry run at its next allowed moment (E-7.8)."""
    with _noted(Act.SET_READY, entry, by):
        make_ready(entry, now=now)
        _take_over(entry, by)


def restart(entry: JobQueueEntry, *, now: datetime, by: AbstractBaseUser | None = None) -> None:
    """Start an entry that failed, is held or rests, without waiting for its time (E-7.46)."""
    with _noted(Act.RESTARTED, entry, by):
        _move(entry, Next(JobStatus.READY, next_opening(schedule_of(entry), now)), now)
        _take_over(entry, by)


def set_inactive(
    entry: JobQueueEntry, *, now: datetime, by: AbstractBaseUser | None = None
) -> None:
    """Put the entry on hold until its inactivity timeout elapses (E-7.8)."""
    with _noted(Act.SET_INACTIVE, entry, by):
        make_inactive(entry, now=now)


def set_on_hold(entry: JobQueueEntry, *, now: datetime, by: AbstractBaseUser | None = None) -> None:
    """Let the entry not run until somebody says so; what is running goes on (C-2303)."""
    with _noted(Act.SET_ON_HOLD, entry, by):
        only(entry).update(
            status=JobStatus.ON_HOLD, hold_reason=HoldReason.PERSON, error_message=""
        )
        drop_waiting_runs(entry, now=now)
        activate_next(entry.company_id, entry.category, now=now)
        entry.refresh_from_db()


def set_priority(
    entry: JobQueueEntry, priority: JobPriority, *, by: AbstractBaseUser | None = None
) -> None:
    """Choose who of a category comes first."""
    with _noted(Act.CHANGED, entry, by):
        only(entry).update(priority=priority)
        entry.refresh_from_db()


def delete(entry: JobQueueEntry, *, now: datetime, by: AbstractBaseUser | None = None) -> None:
    """Remove an entry, unless it is in process (E-7.6)."""
    with transaction.atomic():
        drop_waiting_runs(entry, now=now)
        trail.note(Act.DELETED, entry, before=facts_of(entry, NOTED), by=by)
        deleted, _ = only(entry).exclude(status=JobStatus.IN_PROCESS).delete()
        if not deleted:
            raise _running(entry)


def cancel(run: Run, *, now: datetime, by: AbstractBaseUser | None = None) -> None:
    """Stop a run at its next page, or before it begins."""
    rows = Run.objects.filter(pk=run.pk)
    with transaction.atomic():
        stops = rows.filter(status=RunStatus.WAITING).update(
            status=RunStatus.CANCELLED, finished_at=now
        )
        if stops:
            once = JobQueueEntry.objects.filter(runs__pk=run.pk, recurring=False)
            once.exclude(status=JobStatus.IN_PROCESS).delete()
        else:
            stops = rows.filter(status=RunStatus.IN_PROCESS).update(cancel_requested=True)
        if stops:
            trail.note(Act.RUN_CANCELLED, run, before={"status": run.status}, by=by)
    run.refresh_from_db()


def drop_once(run: Run) -> None:
    """Remove the entry of a run that was to run once, stopped, and has nothing left to wait for."""
    if not run.mass_changes.filter(confirmed_at=None).exists():
        held = JobQueueEntry.objects.filter(runs__pk=run.pk, status=JobStatus.ON_HOLD)
        held.filter(recurring=False).delete()


def _take_over(entry: JobQueueEntry, by: AbstractBaseUser | None) -> None:
    """Let an entry of somebody else belong to whoever starts it; the console's own stay (E-7.5)."""
    if by is not None and entry.user_id not in (None, by.pk):
        only(entry).update(user_id=by.pk)
        entry.refresh_from_db()


@contextmanager
def _noted(act: Act, entry: JobQueueEntry, by: AbstractBaseUser | None) -> Iterator[None]:
    """Note what an entry was before and is after; all of it or nothing."""
    before = facts_of(entry, NOTED)
    with transaction.atomic():
        yield
        trail.note(act, entry, before=before, after=facts_of(entry, NOTED), by=by)


def _move(entry: JobQueueEntry, following: Next, now: datetime) -> None:
    if not move(only(entry).exclude(status=JobStatus.IN_PROCESS), following, now=now, error=""):
        raise _running(entry)
    entry.refresh_from_db()


def _running(entry: JobQueueEntry) -> RunningError:
    return RunningError(f"{entry} is in process. Wait until it has finished, or cancel its run.")


def _waiting_run(
    entry: JobQueueEntry, trigger: Trigger, user: AbstractBaseUser | None, now: datetime
) -> Run:
    return Run.objects.create(
        company_id=entry.company_id,
        entry=entry,
        job=entry.job,
        mapping_name=entry.mapping_name,
        description=entry.description,
        trigger=trigger,
        user_id=user.pk if user else None,
        status=RunStatus.WAITING,
        started_at=now,
    )
