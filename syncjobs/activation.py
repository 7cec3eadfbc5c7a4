"""What wakes, creates and holds the entries of a company's recurring jobs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from connections import setup
from connections.models import Company
from mappings import defaults
from mappings.defaults import DefaultJob
from mappings.documents import reason_left_out
from mappings.models import IntegrationTableMapping
from mappings.reset import choices_of
from mappings.setup_choices import SetupChoices
from syncjobs import jobs, queue
from syncjobs.entries import drop_waiting_runs, move, only, schedule_of
from syncjobs.models import JobQueueEntry
from syncjobs.schedule import Next, next_opening
from syncjobs.terms import HoldReason, JobStatus

SYNCHRONIZE = "synchronize"
WAKE_AFTER = timedelta(seconds=30)  # E-7.42
WORTH_WAKING = timedelta(seconds=30)  # … if that is so much earlier than planned
AWAKE_SOON = (JobStatus.READY, JobStatus.ON_HOLD_INACTIVE)
# What the console does for itself, for every company: it is no synchronization of a mapping.
OWN_JOBS = (
    DefaultJob(
        key="SWEEP",
        name="Daily sweep: no change was missed",
        order=1000,
        frequency_minutes=24 * 60,
        inactivity_minutes=0,
        max_attempts=3,
    ),
    DefaultJob(
        key="CHECK HEALTH",
        name="Health check of both connections",
        order=1010,
        frequency_minutes=30,
        inactivity_minutes=0,
        max_attempts=3,
    ),
)


@dataclass(frozen=True, slots=True)
class JobCount:
    """How many of a company's jobs are active (E-7.51)."""

    active: int
    total: int


# The entries of the default setup


@transaction.atomic
def create_default_entries(
    company: Company,
    *,
    now: datetime,
    choices: SetupChoices | None = None,
    start: bool = True,
) -> list[JobQueueEntry]:
    """Create the recurring entries that the company's choices ask for and that are not there.

    Entries of mappings that are gone are removed, and those of what was switched off (C-0615).
    What needs a connection that is disabled starts when that is enabled; with start=False all of
    them are on hold until a person says so.
    """
    chosen = choices or choices_of(company)
    names = set(_mappings(company).values_list("name", flat=True))
    wanted = [
        job
        for job in defaults.jobs()
        if chosen.hold(job.when) and (not job.mapping or job.mapping in names)
    ]
    recurring = JobQueueEntry.objects.filter(company=company, recurring=True)
    gone = recurring.filter(job=SYNCHRONIZE).exclude(mapping_name__in=names)
    gone |= recurring.filter(job__in=_switched_off(chosen))
    gone.exclude(status=JobStatus.IN_PROCESS).delete()
    known = set(recurring.values_list("job", "mapping_name"))
    held = HoldReason.CONNECTION if start else HoldReason.PERSON
    created = {
        _create(company, job, held): job
        for job in (*wanted, *OWN_JOBS)
        if (_job_name(job), job.mapping) not in known
    }
    for entry in _held(company).filter(pk__in=[entry.pk for entry in created]):
        if created[entry].on_hold:
            queue.make_inactive(entry, now=now)  # E-7.19
        else:
            queue.make_ready(entry, now=now)
    return list(created)


def _switched_off(chosen: SetupChoices) -> list[str]:
    """Return the jobs of documents that the choices leave out; a disabled Sales leaves all."""
    chosen = replace(chosen, sales_connection_enabled=True, integration_solution_installed=True)
    return [
        _job_name(job) for job in defaults.jobs() if not job.mapping and not chosen.hold(job.when)
    ]


def _job_name(job: DefaultJob) -> str:
    return SYNCHRONIZE if job.mapping else job.key.lower().replace(" ", "_")


def _create(company: Company, job: DefaultJob, held: HoldReason) -> JobQueueEntry:
    can_start = not _reason_not_carried(_job_name(job), job.mapping)
    return JobQueueEntry.objects.create(
        company=company,
        job=_job_name(job),
        mapping_name=job.mapping,
        description=job.name,
        hold_reason=held if can_start else "",
        recurring=True,
        minutes_between_runs=job.frequency_minutes,
        inactivity_timeout=job.inactivity_minutes,
        maximum_attempts=job.max_attempts,
        rerun_delay=job.rerun_delay_seconds,
        category=job.category,
    )


# Waking


def wake(company: Company, mapping_names: Collection[str], *, now: datetime) -> int:
    """Let the jobs of changed mappings run soon; return how many were moved (E-7.40 to E-7.42).

    Only a job that recurs, is scheduled and would run later than in about a minute is moved.
    """
    quiet = _mappings(company).filter(disable_event_job_resch=True)
    asleep = JobQueueEntry.objects.filter(
        company=company,
        job=SYNCHRONIZE,
        mapping_name__in=set(mapping_names),
        recurring=True,
        status__in=AWAKE_SOON,
        earliest_start__gt=now + WAKE_AFTER + WORTH_WAKING,
    ).exclude(mapping_name__in=quiet.values("name"))
    return sum(_wake(entry, asleep, now) for entry in asleep)


def _wake(entry: JobQueueEntry, asleep: QuerySet[JobQueueEntry], now: datetime) -> bool:
    opening = next_opening(schedule_of(entry), now + WAKE_AFTER)
    following = Next(JobStatus.READY, opening, entry.attempts)
    return move(asleep.filter(pk=entry.pk, earliest_start__gt=opening), following, now=now)


def wake_table(company: Company, table: str, *, now: datetime) -> int:
    """Let the jobs of a Business Central table run soon, since a record of it changed."""
    return wake(
        company, _mappings(company).filter(table=table).values_list("name", flat=True), now=now
    )


def wake_integration_table(company: Company, table: str, *, now: datetime) -> int:
    """Let the jobs that read a Dataverse table run soon, since a row of it changed (E-7.43)."""
    reading = _mappings(company).filter(integration_table=table)
    reading = reading.exclude(direction="ToIntegrationTable")
    return wake(company, reading.values_list("name", flat=True), now=now)


def wake_dependents(company: Company, mapping_name: str, *, now: datetime) -> int:
    """Let the jobs run soon that may have waited for records of this mapping to be coupled."""
    waiting = _mappings(company).values_list("name", "depends_on")
    return wake(company, [name for name, needs in waiting if mapping_name in needs], now=now)


# The state of the connections


@transaction.atomic
def hold(company: Company, *, now: datetime) -> int:
    """Put on hold what needs a connection that is disabled; return how many (E-7.50).

    What rests for a redeploy meanwhile waits for the connection too; what a person holds is theirs.
    """
    cut_off = _recurring(company).exclude(_reached(company))
    active = list(cut_off.exclude(status=JobStatus.ON_HOLD))
    for entry in active:
        only(entry).update(
            status=JobStatus.ON_HOLD, hold_reason=HoldReason.CONNECTION, error_message=""
        )
        drop_waiting_runs(entry, now=now)
    paused = cut_off.filter(status=JobStatus.ON_HOLD, hold_reason=HoldReason.PAUSE)
    paused.update(hold_reason=HoldReason.CONNECTION)
    return len(active)


@transaction.atomic
def resume(company: Company, *, now: datetime) -> int:
    """Make ready what the console itself held, as far as its connection is enabled now (E-7.50).

    That is what was held when the connection was disabled, and what was refused while a set-up
    was not in order: enabling has just checked it. What a person put on hold stays on hold.
    """
    held = [row for row in _held(company) if not _reason_not_carried(row.job, row.mapping_name)]
    for entry in held:
        queue.make_ready(entry, now=now)
    return len(held)


def that_rest(company: Company, *, ends_all: bool) -> QuerySet[JobQueueEntry]:
    """Select the jobs that would go on hold if all were disabled, or only Sales (E-7.50)."""
    entries = _recurring(company) if ends_all else _recurring(company).filter(_needs_sales())
    return entries.exclude(status=JobStatus.ON_HOLD)


def count(company: Company) -> JobCount:
    """Return how many of the company's synchronization jobs are ready or in process (E-7.51)."""
    entries = _recurring(company).exclude(job__in=[_job_name(job) for job in OWN_JOBS])
    active = entries.filter(status__in=(JobStatus.READY, JobStatus.IN_PROCESS))
    return JobCount(active.count(), entries.count())


def why_on_hold(entry: JobQueueEntry) -> str:
    """Return why an entry is on hold and what lets it go on, or "" if it is not."""
    if entry.status != JobStatus.ON_HOLD:
        return ""
    if reason := _reason_not_carried(entry.job, entry.mapping_name):
        return reason
    match entry.hold_reason:
        case HoldReason.PERSON:
            return "A person put it on hold. It rests until somebody sets it to Ready."
        case HoldReason.CONNECTION:
            return "The connection is disabled. The entry goes on when it is enabled."
        case HoldReason.REFUSED:
            return "Its last run was refused. Mend what the error says, then restart it."
        case HoldReason.PAUSE:
            return "A redeploy or a guide is at work. The entry goes on when that has ended."
        case _:
            return "It was not started yet. Set it to Ready to start it."


def _reason_not_carried(job: str, mapping_name: str) -> str:
    """Return why an entry never starts, or "" if it may."""
    if reason := reason_left_out(mapping_name):
        return reason
    return "" if jobs.is_known(job) else "This version does not carry it."


def _held(company: Company) -> QuerySet[JobQueueEntry]:
    """Select what the console holds though its connection is enabled."""
    reasons = (HoldReason.CONNECTION, HoldReason.REFUSED)
    held = _recurring(company).filter(status=JobStatus.ON_HOLD, hold_reason__in=reasons)
    return held.filter(_reached(company))


def _reached(company: Company) -> Q:
    """Select the jobs whose connections are enabled: without Sales those of Dataverse go on."""
    if not setup.is_enabled(company):
        return Q(pk__in=())
    return Q() if setup.has_sales(company) else ~_needs_sales()


def _needs_sales() -> Q:
    """Select the jobs of what comes with Dynamics 365 Sales: its mappings and the documents."""
    documents = [_job_name(job) for job in defaults.jobs() if not job.mapping]
    return Q(mapping_name__in=defaults.of_sales()) | Q(job__in=documents)


def _recurring(company: Company) -> QuerySet[JobQueueEntry]:
    return JobQueueEntry.objects.filter(company=company, recurring=True)


def _mappings(company: Company) -> QuerySet[IntegrationTableMapping]:
    return IntegrationTableMapping.objects.filter(company=company)
