"""Whether the console itself is well: its processes, Redis, the database, the job queue."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta

import django_rq
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from redis.exceptions import RedisError
from rq.worker import Worker

from connections.catalogue import CATALOGUE
from connections.causes import Cause
from connections.health import CONSOLE, Finding, State
from connections.models import Company
from mappings.models import IntegrationTableMapping
from syncjobs import healing
from syncjobs.entries import RUNG_WHEN_DUE
from syncjobs.models import JobQueueEntry, Lease, Sweep
from syncjobs.scheduler import LEASE
from syncjobs.sweeping import JOB as SWEEP
from syncjobs.terms import JobStatus

OVERDUE = timedelta(minutes=10)
A_SWEEP_IS_OLD = timedelta(days=2)
MEGABYTE = 1024 * 1024
TOO_LITTLE, LITTLE = 500 * MEGABYTE, 2_000 * MEGABYTE  # of free space
NAMED = 5


def check_processes(_company: Company, *, now: datetime) -> list[Finding]:
    """Look for a scheduler, for workers, and for Redis, which rings the bells between them.

    A console that was stopped, or never started, is no fault; a scheduler that is gone is.
    """
    lease = Lease.objects.filter(name=LEASE).first()
    is_led = lease is not None and lease.expires_at > now
    died = lease is not None and bool(lease.owner) and not is_led
    found = [_scheduler(is_led=is_led, died=died)]
    try:
        workers = Worker.count(connection=django_rq.get_connection("default"))
    except RedisError:
        sentence = "Redis does not answer, so runs start late; nothing is lost."
        return [*found, _lacking("Redis", sentence, "Redis", is_wrong=is_led)]
    found.append(Finding(CONSOLE, "Redis", State.HEALTHY, "Redis answers."))
    if workers:
        sentence = f"{workers} worker{'s are' if workers > 1 else ' is'} running."
        return [*found, Finding(CONSOLE, "Workers", State.HEALTHY, sentence)]
    sentence = "No worker is running, so nothing that is due is done."
    return [*found, _lacking("Workers", sentence, "manage.py worker", is_wrong=is_led)]


def _scheduler(*, is_led: bool, died: bool) -> Finding:
    if is_led:
        return Finding(CONSOLE, "Scheduler", State.HEALTHY, "A scheduler is in charge.")
    sentence = "No scheduler is running, so entries do not start at their time."
    return _lacking("Scheduler", sentence, "manage.py scheduler", is_wrong=died)


def _lacking(name: str, sentence: str, start: str, *, is_wrong: bool) -> Finding:
    state = State.WRONG if is_wrong else State.ATTENTION
    names = (name,) if is_wrong else ()
    return Finding(CONSOLE, name, state, sentence, f"Start {start}.", Cause.STANDS_STILL, names)


# The job queue


def check_job_queue(company: Company, *, now: datetime) -> list[Finding]:
    """Look for entries that have stopped, and for entries that nobody came for."""
    entries = JobQueueEntry.objects.filter(company=company)
    stopped = entries.filter(status=JobStatus.ERROR)
    late = entries.filter(status__in=RUNG_WHEN_DUE, earliest_start__lt=now - OVERDUE)
    is_led = Lease.objects.filter(name=LEASE, expires_at__gt=now).exists()
    troubles = [
        (stopped, "stopped after failures"),
        (healing.held(company), "on hold until a person acts"),
    ]
    if is_led:  # without a scheduler nothing could be on time
        troubles.append((late, "should have started long ago"))
    told, names = [], []
    for rows, what in troubles:
        some = list(rows.order_by("pk").values_list("description", flat=True)[: NAMED + 1])
        if some:
            listed = "; ".join(some[:NAMED]) + (" and others" if len(some) > NAMED else "")
            told.append(f"{rows.count()} {what}: {listed}.")
            names += some[:NAMED]
    if not told:
        return [Finding(CONSOLE, "Job queue", State.HEALTHY, "No entry has stopped or is late.")]
    return [_wrong("Job queue", Cause.STANDS_STILL, " ".join(told), *names)]


# The database


def check_database(_company: Company, *, now: datetime) -> list[Finding]:  # noqa: ARG001
    """Look whether the tables are those of this version, and whether there is room."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        sentence = f"{len(missing)} migrations are not applied. Run manage.py migrate."
        names = [f"{migration.app_label}.{migration.name}" for migration, _ in missing]
        database = _wrong("Database", Cause.DATABASE, sentence, *names)
    else:
        sentence = f"The tables are those of this version ({connection.vendor})."
        database = Finding(CONSOLE, "Database", State.HEALTHY, sentence)
    return [database, _free_space()]


def _free_space() -> Finding:
    free = shutil.disk_usage(settings.VAR_DIR).free
    sentence = f"{free // MEGABYTE:,} MB are free where the console keeps its files."
    if free < TOO_LITTLE:
        return _wrong("Free space", Cause.DATABASE, sentence, "free space")
    state = State.ATTENTION if free < LITTLE else State.HEALTHY
    return Finding(CONSOLE, "Free space", state, sentence)


# The sweep


def check_sweeps(company: Company, *, now: datetime) -> list[Finding]:
    """Look what the last sweeps found: a change that stays unseen is wrong."""
    mappings = IntegrationTableMapping.objects.filter(company=company)
    swept = list(Sweep.objects.filter(company=company, mapping_name__in=mappings.values("name")))
    left = [one for one in swept if one.left]
    if left:
        told = "; ".join(f"{one.left} of {one.mapping_name}" for one in left)
        names = dict.fromkeys(one.mapping_name for one in left)
        return [_wrong("Sweep", Cause.SWEEP, f"Changes were missed: {told}.", *names)]
    entry = JobQueueEntry.objects.filter(company=company, job=SWEEP, recurring=True).first()
    if not swept:
        sentence = "Nothing was swept yet; the job queue does it once a day."
        return [Finding(CONSOLE, "Sweep", State.HEALTHY, sentence)]
    newest = max(one.swept_at for one in swept)
    sentence = (
        f"The last sweep, {newest:%Y-%m-%d %H:%M} UTC, looked at "
        f"{sum(one.looked_at for one in swept)} records; every change is carried or parked."
    )
    if entry is None or now - newest > A_SWEEP_IS_OLD:
        cure = "Set its job queue entry ready, or run manage.py check_invariants --repair."
        return [Finding(CONSOLE, "Sweep", State.ATTENTION, sentence, cure)]
    return [Finding(CONSOLE, "Sweep", State.HEALTHY, sentence)]


def _wrong(name: str, cause: Cause, sentence: str, *names: str) -> Finding:
    advice = CATALOGUE[cause].advice
    return Finding(CONSOLE, name, State.WRONG, sentence, advice, cause, names)
