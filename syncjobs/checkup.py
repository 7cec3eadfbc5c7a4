"""The check-up: everything that health looks at, in groups, and what was found kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from connections import checks, expiry, health, quota, web_clients, write_in
from connections.errors import IntegrationError
from connections.health import Finding, State
from connections.models import Company
from connections.order_switch import check_order_switch
from connections.systems import Side
from syncjobs import clock, console_checks, flow_checks, healing
from syncjobs.jobs import Done, JobReport, JobRequest
from syncjobs.mapping_checks import check_mappings
from syncjobs.models import HealthCheck, HealthReport
from syncjobs.permission_checks import check_permissions
from syncjobs.progress import RunProgress
from syncjobs.redeploy_checks import check_redeploys

KEPT = timedelta(days=90)  # C-3302
FOUND = (
    "group", "position", "state", "since", "checked_at", "sentence", "cure", "code", "names",
    "milliseconds",
)  # fmt: skip
Look = Callable[[Company, datetime], list[Finding]]


@dataclass(frozen=True, slots=True)
class Group:
    """Checks that are looked at together; `needs` names the sides that must answer for them."""

    key: str
    caption: str
    look: Look
    needs: tuple[Side, ...] = ()


BC, SALES = Side.BUSINESS_CENTRAL, Side.DATAVERSE
GROUPS = (
    Group(
        "business-central",
        "Connection with Business Central",
        lambda company, _: health.findings(checks.test_business_central(company)),
    ),
    Group(
        "dataverse",
        "Connection with Dataverse",
        lambda company, _: [
            *health.findings(checks.test_dataverse(company)),
            *health.check_enabled(company),
        ],
    ),
    Group(
        "solution",
        "Integration solution, roles and privileges",
        lambda company, _: check_permissions(company),
        (SALES,),
    ),
    Group("redeploy", "Last redeploy", lambda company, _: check_redeploys(company)),
    Group(
        "clock-dataverse",
        "Clock of Dataverse",
        lambda company, _: health.check_clock(company, SALES),
        (SALES,),
    ),
    Group(
        "clock-business-central",
        "Clock of Business Central",
        lambda company, _: health.check_clock(company, BC),
        (BC,),
    ),
    Group(
        "currency",
        "Base currency",
        lambda company, _: health.check_currencies(company),
        (BC, SALES),
    ),
    Group(
        "availability",
        "Item availability service",
        lambda company, _: health.check_availability(company),
        (BC, SALES),
    ),
    Group(
        "orders",
        "Sales order integration",
        lambda company, _: check_order_switch(company),
        (SALES,),
    ),
    Group(
        "write-in",
        "Write-in products of orders",
        lambda company, _: write_in.check_write_in(company),
        (BC,),
    ),
    Group(
        "web-clients",
        "Web clients",
        lambda company, _: web_clients.check_web_clients(company),
    ),
    Group(
        "credentials",
        "Credentials that end",
        lambda company, now: expiry.check_credentials(company, now=now),
    ),
    Group("encryption", "Encryption of secrets", lambda *_: health.check_encryption()),
    Group(
        "limits",
        "Service limits",
        lambda company, now: quota.check_limits(company, now=now),
        (BC, SALES),
    ),
    Group(
        "mappings",
        "Mappings that cannot run",
        lambda company, _: check_mappings(company),
        (BC, SALES),
    ),
    Group("error-rate", "Error rate", lambda c, now: flow_checks.check_failures(c, now=now)),
    Group("lag", "Lag", lambda c, now: flow_checks.check_lag(c, now=now)),
    Group("sweep", "Daily sweep", lambda c, now: console_checks.check_sweeps(c, now=now)),
    Group("job-queue", "Job queue", lambda c, now: console_checks.check_job_queue(c, now=now)),
    Group("owners", "Owners of entries", lambda c, now: flow_checks.check_owners(c, now=now)),
    Group(
        "processes",
        "Scheduler, workers, Redis",
        lambda c, now: console_checks.check_processes(c, now=now),
    ),
    Group("database", "Database", lambda c, now: console_checks.check_database(c, now=now)),
)
CONNECTED = ("business-central", "dataverse", "solution", "encryption")
ENTRIES = "job-queue"
KEYS = tuple(group.key for group in GROUPS)


def look(
    company: Company,
    *,
    only: Collection[str] = (),
    by: AbstractBaseUser | None = None,
    now: Callable[[], datetime] = clock.now,
) -> list[HealthCheck]:
    """Look at everything, or at some groups; keep and return what each check found.

    What builds on a system that does not answer is not looked at, and not known.
    """
    began = now()
    found: dict[str, list[Finding] | None] = {}
    for group in GROUPS:
        if only and group.key not in only:
            continue
        if group.key == ENTRIES and is_connected(found):
            healing.start_again(company, now=now())
        known = [finding for some in found.values() for finding in some or ()]
        if all(health.is_usable(side, known) for side in group.needs):
            found[group.key] = _looked(group, company, began)
        else:
            found[group.key] = None
    rows = _keep(company, found, now())
    _report(company, now(), by)
    return rows


def is_connected(found: Mapping[str, list[Finding] | None]) -> bool:
    """Whether everything that a run needs of both systems was looked at, and is well."""
    needed = [found.get(key) for key in CONNECTED]
    return all(
        some is not None and all(one.state not in (State.WRONG, State.UNKNOWN) for one in some)
        for some in needed
    )


def _looked(group: Group, company: Company, now: datetime) -> list[Finding]:
    try:
        return group.look(company, now)
    except IntegrationError as error:
        return [health.refused(group.caption, error)]


def state_of(rows: Iterable[HealthCheck]) -> State:
    """Return the worst that is known of these checks; silent ones ring nobody."""
    states = {row.state for row in rows if not row.is_silent}
    worst = (State.WRONG, State.UNKNOWN)
    return next((state for state in worst if state in states), State.HEALTHY)


def check_health(request: JobRequest, progress: RunProgress) -> JobReport:
    """Look at everything as a job queue entry does, every half hour by default."""
    rows = look(request.company)
    for row in rows:
        if not row.is_well:
            progress.log(f"{row}: {row.sentence}")
    progress.log(f"{len(rows)} checks: {state_of(rows)}.")
    return Done()


# What is kept


@transaction.atomic
def _keep(
    company: Company, found: dict[str, list[Finding] | None], at: datetime
) -> list[HealthCheck]:
    """Keep what was found; one statement, so that two looks at once do not collide."""
    before = {(row.side, row.name): row for row in HealthCheck.objects.filter(company=company)}
    now: dict[tuple[str, str], HealthCheck] = {}
    for key, findings in found.items():
        if findings is None:
            rows = [_not_known(row, at) for row in before.values() if row.group == key]
        else:
            rows = [
                _found(company, key, position, finding, at)
                for position, finding in enumerate(findings)
            ]
        now |= {(row.side, row.name): row for row in rows}
    for name, row in now.items():
        if (old := before.get(name)) is not None and old.state == row.state:
            row.since = old.since
        if old is not None:
            row.silenced_until, row.silence_reason = old.silenced_until, old.silence_reason
            row.silenced_by_id = old.silenced_by_id
    kept = HealthCheck.objects.bulk_create(
        now.values(),
        update_conflicts=True,
        unique_fields=("company", "side", "name"),
        update_fields=FOUND,
    )
    gone = [row.pk for name, row in before.items() if row.group in found and name not in now]
    HealthCheck.objects.filter(pk__in=gone).delete()
    return kept


def _found(
    company: Company, group: str, position: int, finding: Finding, at: datetime
) -> HealthCheck:
    return HealthCheck(
        company=company,
        side=finding.side,
        name=finding.name[:60],
        group=group,
        position=KEYS.index(group) * 20 + position,
        state=finding.state,
        since=at,
        checked_at=at,
        sentence=finding.sentence,
        cure=finding.cure,
        code=str(finding.code),
        names=list(finding.names),
        milliseconds=finding.milliseconds,
    )


def _not_known(row: HealthCheck, at: datetime) -> HealthCheck:
    """Return what was found last, with a word that it was not looked at now."""
    facts = {name: getattr(row, name) for name in ("company", "side", "name", *FOUND)}
    if row.state != State.UNKNOWN:
        told = f"Not looked at, since the system does not answer. Before: {row.sentence}"
        facts |= {"state": State.UNKNOWN, "since": at, "sentence": told}
    return HealthCheck(**facts)


def _report(company: Company, at: datetime, by: AbstractBaseUser | None) -> None:
    rows = list(HealthCheck.objects.filter(company=company))
    HealthReport.objects.create(
        company=company,
        checked_at=at,
        state=state_of(rows),
        checks=len(rows),
        wrong=[
            name
            for row in rows
            if row.state == State.WRONG and not row.is_silent
            for name in row.names
        ],
        user_id=by.pk if by else None,
    )
    HealthReport.objects.filter(company=company, checked_at__lt=at - KEPT).delete()


def failing(rows: Iterable[HealthCheck]) -> list[HealthCheck]:
    """Return the checks that need a person, those that are wrong first."""
    worst = [row for row in rows if row.state in (State.WRONG, State.UNKNOWN) and not row.is_silent]
    return sorted(worst, key=lambda row: (row.state != State.WRONG, row.position))
