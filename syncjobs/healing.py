"""Entries that a broken connection stopped, and how they go on once it is well again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import In

from audit import trail
from audit.terms import Act
from connections.catalogue import CATALOGUE
from connections.causes import Cause, Remedy
from connections.models import Company
from syncjobs.entries import move, only, schedule_of
from syncjobs.models import JobQueueEntry, Run
from syncjobs.schedule import Next, next_opening
from syncjobs.terms import HoldReason, JobStatus, RunStatus

# What holds an entry although neither the entry nor its mapping is to blame.
OF_A_CONNECTION = frozenset(
    {
        Cause.SIGN_IN,
        Cause.FORBIDDEN,
        Cause.NO_ADDRESS,
        Cause.NOT_SECURE,
        Cause.HOST_NOT_ALLOWED,
        Cause.CERTIFICATE,
        Cause.NOT_AN_API,
        Cause.SOLUTION,
        Cause.ROLES,
        Cause.PAGES_MISSING,
        Cause.VERSION,
        Cause.SDK,
        Cause.ADMINISTRATION_MODE,
        Cause.ENCRYPTION,
        Cause.USER_NONE,
        Cause.USER_DISABLED,
        Cause.USER_LICENCE,
        Cause.USER_NO_ROLES,
        Cause.USER_ACCESS,
    }
)
PASSES = frozenset(cause for cause, told in CATALOGUE.items() if told.remedy == Remedy.RETRY)
CARRYING = ("synchronize", "synchronize_all")  # what a person asked for once, and still wants
LONG = timedelta(minutes=1)
REASON = "Both systems answer again."


HELD = Q(status=JobStatus.ON_HOLD, hold_reason=HoldReason.REFUSED)


def held(company: Company) -> QuerySet[JobQueueEntry]:
    """Select what a refused run put on hold, and no person since."""
    return JobQueueEntry.objects.filter(HELD, company=company)


def start_again(company: Company, *, now: datetime) -> int:
    """Let go on what only a broken connection stopped, now that both answer; return how many.

    The pauses of E-7.22 grow to six hours, a refused sign-in holds an entry for good, and the
    eleventh failure ends it: none of that is needed once the connection is well. What failed for
    a while keeps its count of attempts, so that one more failure stops it again.
    """
    refused = Q(pk__in=held(company).filter(_failed_of(OF_A_CONNECTION)).values("pk"))
    gave_up = Q(status=JobStatus.ERROR)
    rests = Q(status=JobStatus.READY, attempts__gt=0, earliest_start__gt=now + LONG)
    asked_for = Q(recurring=True) | Q(job__in=CARRYING)
    entries = JobQueueEntry.objects.filter(asked_for, company=company)
    passed = entries.filter(gave_up | rests).filter(_failed_of(PASSES))
    stopped = entries.filter(refused | Q(pk__in=passed.values("pk")))
    return sum(_start(entry, now) for entry in stopped.order_by("pk"))


def _failed_of(causes: Collection[Cause]) -> In:
    """Return the condition that an entry's last failure had one of these causes."""
    failed = Run.objects.filter(entry_id=OuterRef("pk"), status=RunStatus.ERROR).order_by("-pk")
    return In(Subquery(failed.values("cause")[:1]), [str(cause) for cause in causes])


@transaction.atomic
def _start(entry: JobQueueEntry, now: datetime) -> bool:
    attempts = 0 if entry.status == JobStatus.ON_HOLD else entry.attempts
    following = Next(JobStatus.READY, next_opening(schedule_of(entry), now), attempts)
    if not move(only(entry).filter(status=entry.status), following, now=now, error=""):
        return False
    before = {"status": entry.status, "error_message": entry.error_message}
    after = {"status": JobStatus.READY, "error_message": ""}
    trail.note(Act.RESTARTED, entry, before=before, after=after, reason=REASON)
    return True
