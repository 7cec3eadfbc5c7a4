"""What wakes, creates and holds the entries of a company's recurring jobs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

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
from syncjobs.terms import JobStatus

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
# What goes on when Sales is switched off and Dataverse stays (E-7.50).
BASE_MAPPINGS = ("CURRENCY", "SALESPEOPLE", "CONTACT", "CUSTOMER", "VENDOR")


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
    With start=False all of them are on hold.
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
    return [
        _create(company, job, now=now, start=start)
        for job in (*wanted, *OWN_JOBS)
        if (_job_name(job), job.mapping) not in known
    ]


def _switched_off(chosen: SetupChoices) -> list[str]:
    """Return the jobs of documents that the choices leave out; a disabled Sales leaves all."""
    chosen = replace(chosen, sales_connection_enabled=True, integration_solution_installed=True)
    return [
        _job_name(job) for job in defaults.jobs() if not job.mapping and not chosen.hold(job.when)
    ]


def _job_name(job: DefaultJob) -> str:
    return SYNCHRONIZE if job.mapping else job.key.lower().replace(" ", "_")


def _create(company: Company, job: DefaultJob, *, now: datetime, start: bool) -> JobQueueEntry:
    entry = JobQueueEntry.objects.create(
        company=company,
        job=_job_name(job),
        mapping_name=job.mapping,
        description=job.name,
        recurring=True,
        minutes_between_runs=job.frequency_minutes,
        inactivity_timeout=job.inactivity_minutes,
        maximum_attempts=job.max_attempts,
        rerun_delay=job.rerun_delay_seconds,
        category=job.category,
    )
    if start and jobs.is_known(entry.job) and not reason_left_out(job.mapping):
        if job.on_hold:
            queue.make_inactive(entry, now=now)  # E-7.19
        else:
            queue.make_ready(entry, now=now)
    return entry


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


def hold_all(company: Company, *, now: datetime) -> int:
    """Put every recurring job on hold, since Dataverse was disabled (E-7.50)."""
    return _hold(that_rest(company, ends_all=True), now)


def hold_sales(company: Company, *, now: datetime) -> int:
    """Put on hold what needs Dynamics 365 Sales; the jobs that Dataverse carries go on."""
    return _hold(that_rest(company, ends_all=False), now)


def that_rest(company: Company, *, ends_all: bool) -> QuerySet[JobQueueEntry]:
    """Select the jobs that would go on hold if all were disabled, or only Sales (E-7.50)."""
    entries = _recurring(company) if ends_all else _recurring(company).exclude(_without_sales())
    return entries.exclude(status=JobStatus.ON_HOLD)


def resume(company: Company, *, now: datetime, has_sales: bool = True) -> int:
    """Make ready what is on hold, since a connection was enabled; some of it needs Sales."""
    entries = _recurring(company).filter(Q() if has_sales else _without_sales())
    held = [
        entry
        for entry in entries.filter(status=JobStatus.ON_HOLD)
        if jobs.is_known(entry.job) and not reason_left_out(entry.mapping_name)
    ]
    for entry in held:
        queue.make_ready(entry, now=now)
    return len(held)


def count(company: Company) -> JobCount:
    """Return how many of the company's synchronization jobs are ready or in process (E-7.51)."""
    entries = _recurring(company).exclude(job__in=[_job_name(job) for job in OWN_JOBS])
    active = entries.filter(status__in=(JobStatus.READY, JobStatus.IN_PROCESS))
    return JobCount(active.count(), entries.count())


def _without_sales() -> Q:
    """Select the jobs that go on while Sales is disabled."""
    own = [_job_name(job) for job in OWN_JOBS]
    return Q(mapping_name__in=BASE_MAPPINGS) | Q(job__in=own)


def _hold(entries: QuerySet[JobQueueEntry], now: datetime) -> int:
    held = list(entries)
    for entry in held:
        only(entry).update(status=JobStatus.ON_HOLD, error_message="")
        drop_waiting_runs(entry, now=now)
    return len(held)


def _recurring(company: Company) -> QuerySet[JobQueueEntry]:
    return JobQueueEntry.objects.filter(company=company, recurring=True)


def _mappings(company: Company) -> QuerySet[IntegrationTableMapping]:
    return IntegrationTableMapping.objects.filter(company=company)
