"""Whether what flows is well: how many records fail, which runs only fail, whose entries go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import add

from django.db.models import F, Min, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from connections.catalogue import CATALOGUE
from connections.causes import Cause
from connections.health import CONSOLE, Finding, State
from connections.models import Company
from syncjobs.models import JobQueueEntry, Run, SynchJob
from syncjobs.terms import JobStatus, RunStatus

A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
LONG_AGO = Value(datetime(1970, 1, 1, tzinfo=UTC))
SYNCHRONIZE = "synchronize"
STOPPED = (JobStatus.ON_HOLD, JobStatus.ERROR)
HIGH = 0.05  # C-3301
MOST = 0.5  # of a mapping's records: nothing to speak of goes through
FEW = 10  # failures that tell nothing of a rate
LOOKED_AT = ("inserted", "modified", "deleted", "unchanged", "skipped", "failed")
INTERVALS = 2  # that a mapping may miss (C-2305)
NAMED = 5


def check_failures(company: Company, *, now: datetime) -> list[Finding]:
    """Look how many of a mapping's records failed in the last day: one query."""
    jobs = SynchJob.objects.filter(company=company, started_at__gte=now - A_DAY)
    counted = (
        jobs.order_by()
        .values_list("mapping_name")
        .annotate(bad=Sum("failed"), looked=Sum(reduce(add, map(F, LOOKED_AT))))
    )
    rates = [(f / n, name, f, n) for name, f, n in counted if f >= FEW and f > n * HIGH]
    total = sum(looked for *_, looked in counted)
    if not rates:
        sentence = f"{total:,} records were looked at in a day; of no mapping more than 5 % failed."
        return [Finding(CONSOLE, "Error rate", State.HEALTHY, sentence)]
    worst = sorted(rates, reverse=True)
    told = "; ".join(f"{name} {f:,} of {n:,} ({rate:.0%})" for rate, name, f, n in worst)
    state = State.WRONG if worst[0][0] > MOST else State.ATTENTION
    return [_finding("Error rate", state, Cause.ERROR_RATE, f"Failed in the last day: {told}.",
                     *(name for rate, name, *_ in worst if rate > MOST))]  # fmt: skip


def check_lag(company: Company, *, now: datetime) -> list[Finding]:
    """Look for mappings whose runs have only failed for twice as long as lies between two runs.

    An entry that nobody came for, or that has given up, is named by the check of the job queue.
    """
    runs = Run.objects.filter(company=company, job=SYNCHRONIZE)
    ended = runs.filter(mapping_name=OuterRef("mapping_name"), status=RunStatus.SUCCESS)
    failed = runs.filter(status=RunStatus.ERROR, started_at__gte=now - A_WEEK)
    since = failed.annotate(
        ended=Coalesce(Subquery(ended.order_by("-pk").values("started_at")[:1]), LONG_AGO)
    ).filter(started_at__gt=F("ended"))
    began = dict(since.order_by().values_list("mapping_name").annotate(Min("started_at")))
    going = JobQueueEntry.objects.filter(company=company, recurring=True, mapping_name__in=began)
    late = [
        (entry.mapping_name, lag)
        for entry in going.exclude(status__in=STOPPED).order_by("pk")
        if (lag := now - began[entry.mapping_name]) > INTERVALS * _interval(entry)
    ]
    if not late:
        sentence = "The runs of every mapping come to their end."
        return [Finding(CONSOLE, "Lag", State.HEALTHY, sentence)]
    told = "; ".join(f"{name} for {_told(lag)}" for name, lag in late[:NAMED])
    more = f" and {len(late) - NAMED} more" if len(late) > NAMED else ""
    sentence = f"Runs have only failed: {told}{more}."
    return [_finding("Lag", State.WRONG, Cause.LAG, sentence, *(name for name, _ in late))]


def _interval(entry: JobQueueEntry) -> timedelta:
    return timedelta(minutes=entry.minutes_between_runs)


def _told(lag: timedelta) -> str:
    minutes = round(lag.total_seconds() / 60)
    return f"{minutes // 60} h {minutes % 60:02} min"


def check_owners(company: Company, *, now: datetime) -> list[Finding]:  # noqa: ARG001
    """Look for entries of people who may no longer sign in: they go on under that name."""
    entries = JobQueueEntry.objects.filter(company=company, user__is_active=False)
    orphans = entries.exclude(status__in=(JobStatus.ON_HOLD, JobStatus.FINISHED)).order_by("pk")
    some = list(orphans.values_list("description", flat=True)[: NAMED + 1])
    if not some:
        sentence = "Every entry belongs to the console, or to somebody who may sign in."
        return [Finding(CONSOLE, "Owners", State.HEALTHY, sentence)]
    listed = "; ".join(some[:NAMED]) + (" and others" if len(some) > NAMED else "")
    sentence = f"{orphans.count()} belong to users who are switched off: {listed}."
    return [_finding("Owners", State.WRONG, Cause.OWNER, sentence, *some[:NAMED])]


def _finding(name: str, state: State, cause: Cause, sentence: str, *names: str) -> Finding:
    return Finding(CONSOLE, name, state, sentence, CATALOGUE[cause].advice, cause, names)
