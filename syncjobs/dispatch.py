"""How workers take entries and give them back, and how lost ones are found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from connections.errors import ConfigurationError, IntegrationError, TransientError
from syncjobs import bell, leases
from syncjobs.entries import STARTABLE, activate_next, due, move, only, schedule_of
from syncjobs.models import JobQueueEntry, Run
from syncjobs.schedule import (
    Next,
    after_death,
    after_failure,
    after_success,
    is_open,
    next_opening,
)
from syncjobs.terms import JobStatus, RunStatus, Trigger

RING_AGAIN = timedelta(seconds=10)
BUSY_PAUSE = timedelta(seconds=30)
WORKER_DIED = "The worker stopped without a word. The run goes on at its last page."
WORKER_STOPPED = "The worker was asked to stop. The run goes on at its last page."
MESSAGE = 2048


@dataclass(frozen=True, slots=True)
class Claim:
    """An entry that a worker has taken, and the run it has begun."""

    entry: JobQueueEntry
    run: Run


# Taking


def claim(pk: int, *, owner: str, now: datetime) -> Claim | None:
    """Take a due entry for this worker; None when it is taken, not due, or must wait (E-7.11)."""
    entry = JobQueueEntry.objects.filter(pk=pk, status__in=STARTABLE).first()
    if entry is None or entry.earliest_start is None or entry.earliest_start > now:
        return None
    if entry.expiration is not None and entry.expiration <= now:
        _expire(entry, now)
        return None
    schedule = schedule_of(entry)
    startable = only(entry).filter(status__in=STARTABLE, earliest_start__lte=now)
    if not is_open(schedule, now):
        opening = Next(JobStatus.READY, next_opening(schedule, now), entry.attempts)
        move(startable, opening, now=now)
        return None
    try:
        with transaction.atomic():
            return _take(entry, startable, owner, now)
    except IntegrityError:  # one entry in process per category (E-7.14)
        startable.update(status=JobStatus.WAITING)
        return None


def _expire(entry: JobQueueEntry, now: datetime) -> None:
    with transaction.atomic():
        waiting = Run.objects.filter(entry=entry, status=RunStatus.WAITING)
        waiting.update(
            status=RunStatus.ERROR, finished_at=now, error_message="The entry has expired."
        )
        only(entry).filter(status__in=STARTABLE).delete()


def _take(
    entry: JobQueueEntry, startable: QuerySet[JobQueueEntry], owner: str, now: datetime
) -> Claim | None:
    taken = startable.update(
        status=JobStatus.IN_PROCESS,
        error_message="",
        lease_owner=owner,
        lease_expires_at=now + leases.length(),
        fence=F("fence") + 1,
    )
    if not taken:
        return None
    entry.refresh_from_db()
    # A worker that still runs this entry is a stranger from here on.
    _runs(entry, RunStatus.IN_PROCESS).update(
        status=RunStatus.ERROR, finished_at=now, error_message="Another worker took over."
    )
    run = _runs(entry, RunStatus.WAITING).order_by("pk").first() or Run(
        company_id=entry.company_id,
        entry=entry,
        job=entry.job,
        mapping_name=entry.mapping_name,
        description=entry.description,
        trigger=Trigger.SCHEDULE,
        user_id=entry.user_id,
    )
    run.status = RunStatus.IN_PROCESS
    run.started_at = run.heartbeat_at = now
    run.fence = entry.fence
    run.save()
    return Claim(entry, run)


def _runs(entry: JobQueueEntry, status: RunStatus) -> QuerySet[Run]:
    return Run.objects.filter(entry_id=entry.pk, status=status)


def beat(claim: Claim, *, now: datetime) -> bool:
    """Give a sign of life; False means that the run is no longer ours."""
    until = now + leases.length()
    only(claim.entry).filter(fence=claim.run.fence).update(lease_expires_at=until)
    return bool(_ours(claim).update(heartbeat_at=now))


# Giving back


def finish(claim: Claim, *, idle: bool, now: datetime) -> None:
    """Note that a run ended well, and when the entry runs next (E-7.15, E-7.17)."""
    following = after_success(schedule_of(claim.entry), now=now, idle=idle)
    _end(claim, RunStatus.SUCCESS, following, now=now, error="")


def finish_cancelled(claim: Claim, *, now: datetime) -> None:
    """Note that a person stopped the run; a recurring entry runs again at its time."""
    following = after_success(schedule_of(claim.entry), now=now, idle=False)
    _end(claim, RunStatus.CANCELLED, following, now=now, error="")


def fail(claim: Claim, error: BaseException, *, now: datetime, detail: str = "") -> None:
    """Note why a run failed, and what happens next by the class of the error."""
    entry = claim.entry
    message = str(error) or type(error).__name__
    match error:
        case TransientError():
            following = after_failure(
                schedule_of(entry), now=now, attempts=entry.attempts, retry_after=error.retry_after
            )
        case ConfigurationError():
            following = Next(JobStatus.ON_HOLD)
        case _:
            following = Next(JobStatus.ERROR, attempts=entry.attempts)
    cause = error.cause if isinstance(error, IntegrationError) else ""
    _end(claim, RunStatus.ERROR, following, now=now, error=message, detail=detail, cause=str(cause))


def fail_for_now(claim: Claim, error: Exception, *, now: datetime) -> None:
    """Note a failure that passes by itself, such as a database that was away for a moment."""
    entry = claim.entry
    following = after_failure(schedule_of(entry), now=now, attempts=entry.attempts)
    _end(claim, RunStatus.ERROR, following, now=now, error=str(error))


def postpone(claim: Claim, reason: str, *, now: datetime, pause: timedelta = BUSY_PAUSE) -> None:
    """Give the entry back untried; it is no failure that somebody else is at it."""
    again = Next(JobStatus.READY, now + pause, claim.entry.attempts)
    _end(claim, RunStatus.CANCELLED, again, now=now, error=reason, note_on_entry=False)


def hand_over(claim: Claim, *, now: datetime) -> None:
    """Give the entry to the next worker, since this one was asked to stop."""
    again = Next(JobStatus.READY, now, claim.entry.attempts)
    _end(claim, RunStatus.CANCELLED, again, now=now, error=WORKER_STOPPED, note_on_entry=False)


def _end(
    claim: Claim,
    status: RunStatus,
    following: Next,
    *,
    now: datetime,
    error: str,
    detail: str = "",
    cause: str = "",
    note_on_entry: bool = True,
) -> None:
    entry = claim.entry
    with transaction.atomic():
        ended = _ours(claim).update(
            status=status,
            finished_at=now,
            error_message=error[:MESSAGE],
            error_detail=detail,
            cause=cause,
        )
        if not ended:
            return  # freed meanwhile: whoever took over decides
        # What a person set meanwhile stays (E-7.16).
        ours = only(entry).filter(status=JobStatus.IN_PROCESS, fence=claim.run.fence)
        if following.status == JobStatus.FINISHED:
            ours.delete()
        else:
            move(ours, following, now=now, error=error if note_on_entry else "")
        activate_next(entry.company_id, entry.category, now=now)


def _ours(claim: Claim) -> QuerySet[Run]:
    return Run.objects.filter(pk=claim.run.pk, status=RunStatus.IN_PROCESS, fence=claim.run.fence)


# Finding what was lost


def ring_due(*, now: datetime) -> int:
    """Ring for every entry that is due; again for one that nobody came for. Return how many."""
    unheard = due(now).filter(Q(rung_at=None) | Q(rung_at__lte=now - RING_AGAIN))
    rung = [
        entry for entry in unheard.order_by("priority", "earliest_start", "pk") if bell.ring(entry)
    ]
    for entry in rung:
        only(entry).filter(run_number=entry.run_number).update(rung_at=now)
    return len(rung)


def free_dead(*, now: datetime) -> int:
    """Free what dead workers left: their entries resume, their runs are closed (E-7.25)."""
    ended = JobQueueEntry.objects.filter(status=JobStatus.IN_PROCESS, lease_expires_at__lte=now)
    freed = sum(free(entry, now=now) for entry in ended)
    silent = Run.objects.filter(
        status=RunStatus.IN_PROCESS, heartbeat_at__lte=now - leases.length()
    )
    silent.exclude(entry__status=JobStatus.IN_PROCESS).update(
        status=RunStatus.ERROR, finished_at=now, error_message=WORKER_DIED
    )
    return freed


def free(entry: JobQueueEntry, *, now: datetime) -> bool:
    """Free an entry whose worker died, if it is still as we saw it."""
    same = only(entry).filter(
        status=JobStatus.IN_PROCESS,
        fence=entry.fence,
        lease_expires_at=entry.lease_expires_at,
    )
    following = after_death(schedule_of(entry), now=now, attempts=entry.attempts)
    with transaction.atomic():
        is_freed = move(same, following, now=now, error=WORKER_DIED)
        if is_freed:
            _runs(entry, RunStatus.IN_PROCESS).update(
                status=RunStatus.ERROR, finished_at=now, error_message=WORKER_DIED
            )
            activate_next(entry.company_id, entry.category, now=now)
    return is_freed


def activate_waiting(*, now: datetime) -> int:
    """Look again at every category in which somebody waits (E-7.14); return how many may run."""
    waiting = JobQueueEntry.objects.filter(status=JobStatus.WAITING)
    categories = waiting.order_by().values_list("company_id", "category").distinct()
    return sum(activate_next(company, category, now=now) for company, category in categories)
