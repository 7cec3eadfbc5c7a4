"""What home shows: both connections, what flows, what is counted, what needs a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncHour
from django.urls import reverse
from django.utils import timezone

from connections.causes import Remedy
from connections.health import State
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    SalesConnectionSetup,
)
from integration_admin.personal import as_seen_by, one_as_seen_by
from integration_admin.setup_checklist import checklist
from mappings.models import Coupling, OptionCoupling, PendingCoupling
from mappings.terms import Direction
from syncjobs import checkup, healing, health
from syncjobs.causes import explain
from syncjobs.models import HealthCheck, JobQueueEntry, Run, SynchError, SynchJob
from syncjobs.progress import estimate
from syncjobs.terms import JobStatus, RunStatus

A_DAY = timedelta(days=1)
SERIES = ("modified", "inserted", "skipped", "failed")
HEIGHT = 160  # of the chart, in its own units
BAR, GAP = 20, 30
NUMBERS = ("Nothing", "One thing", "Two things", "Three things", "Four things", "Five things")
MOST_TO_DO = 5


class Cue(NamedTuple):
    """A figure that leads to its list; the tone follows its limits (C-0107)."""

    caption: str
    number: int
    url: str
    bad_from: int = 0  # 0: never
    held_from: int = 0

    @property
    def tone(self) -> str:
        if not self.number:
            return "zero"
        if self.bad_from and self.number >= self.bad_from:
            return "bad"
        return "held" if self.held_from and self.number >= self.held_from else ""


class ToDo(NamedTuple):
    """Something that needs a person, and the button that leads to its cure."""

    tone: str
    title: str
    text: str
    button: str
    url: str


@dataclass(frozen=True, slots=True)
class Setups:
    """The set-ups of a company that are there."""

    business_central: BusinessCentralConnection | None
    dataverse: DataverseConnectionSetup | None
    sales: SalesConnectionSetup | None

    @property
    def connected(self) -> bool:
        return bool(self.business_central and self.dataverse and self.dataverse.is_enabled)


def setups_of(company: Company, user: User) -> Setups:
    """Return the set-ups of a company that was read together with them, as somebody sees them."""
    return Setups(
        *(
            one_as_seen_by(user, getattr(company, name, None))
            for name in (
                "business_central_connection",
                "dataverse_connection_setup",
                "sales_connection_setup",
            )
        )
    )


def picture(company: Company, user: User, *, now: datetime) -> dict[str, Any]:
    """Return everything that home shows to somebody; a constant number of queries."""
    setups, counts = setups_of(company, user), _counts(company)
    errors = _errors_of_a_day(company, now)
    checks = as_seen_by(user, HealthCheck.objects.filter(company=company))
    failing = checkup.failing(checks)
    todo = _todo(company, user, setups, counts, now) + _ill(failing) + _records(counts, errors)
    sent, received = _carried(company, now)
    latest = list(SynchJob.objects.filter(company=company).order_by("-started_at")[:8])
    running = Run.objects.filter(company=company, status=RunStatus.IN_PROCESS).defer("log")[:4]
    return {
        "setups": setups,
        "headline": _headline(setups, todo, sent + received),
        "todo": todo[:MOST_TO_DO],
        "cues": _cues(counts, errors, len(failing)),
        "health": checkup.state_of(checks) if checks else "",
        "health_since": min((row.since for row in failing), default=None),
        "sent": sent,
        "received": received,
        "jobs": latest,
        "checklist": checklist(
            company, setups.dataverse, setups.sales, has_synchronized=bool(latest)
        ),
        "is_live": bool(running),
        "running": [(run, estimate(run, now=now)) for run in running],
        "chart": _chart(company, now),
        "coupled": counts["coupled"],
        "waiting": counts["pending"],
    }


def _counts(company: Company) -> dict[str, int]:
    entries = JobQueueEntry.objects.filter(company=company).aggregate(
        failed=Count("pk", filter=Q(status=JobStatus.ERROR)),
        running=Count("pk", filter=Q(status=JobStatus.IN_PROCESS)),
        refused=Count("pk", filter=healing.HELD),
        queued=Count("pk", filter=Q(status__in=(JobStatus.READY, JobStatus.WAITING))),
        failed_synch=Count(
            "pk", filter=Q(status=JobStatus.ERROR, job__in=("synchronize", "synchronize_all"))
        ),
    )
    couplings = Coupling.objects.filter(company=company)
    options = OptionCoupling.objects.filter(company=company)
    return entries | {
        "coupled": couplings.count(),
        "skipped": couplings.filter(skipped=True).count(),
        "options_held": options.filter(skipped=True).count(),
        "pending": PendingCoupling.objects.filter(company=company).count(),
    }


def _carried(company: Company, now: datetime) -> tuple[int, int]:
    """Return how many records went to Sales and to Business Central in a day."""
    jobs = SynchJob.objects.filter(company=company, started_at__gte=now - A_DAY)
    rows = jobs.values("direction").annotate(n=Sum("inserted") + Sum("modified") + Sum("deleted"))
    carried = {row["direction"]: row["n"] for row in rows}
    return (
        carried.get(Direction.TO_INTEGRATION_TABLE, 0),
        carried.get(Direction.FROM_INTEGRATION_TABLE, 0),
    )


def _headline(setups: Setups, todo: list[ToDo], carried: int) -> str:
    if not setups.connected:
        return "Business Central and Sales are not connected."
    flow = "Data is flowing." if carried else "Nothing was carried over in the last 24 hours."
    count = len(todo)
    if not count:
        return f"{flow} Nothing needs a person."
    words = NUMBERS[count] if count < len(NUMBERS) else f"{count} things"
    return f"{flow} {words} need{'s' if count == 1 else ''} a person."


def _errors_of_a_day(company: Company, now: datetime) -> list[tuple[str, str, int]]:
    """Return how many errors there were of each cause and mapping."""
    errors = SynchError.objects.filter(company=company, warning=False, logged_at__gte=now - A_DAY)
    counted = errors.order_by().values_list("cause", "mapping_name").annotate(Count("pk"))
    return [(cause, name, number) for cause, name, number in counted]


def _cues(
    counts: Mapping[str, int], errors: Sequence[tuple[str, str, int]], failing: int
) -> list[tuple[str, list[Cue]]]:
    entries, fresh = reverse("job_queue"), sum(number for _, _, number in errors)
    return [
        (
            "Job queue tasks",
            [
                Cue("Tasks Failed", counts["failed"], f"{entries}?view=failed", 1),
                Cue("Tasks In Process", counts["running"], f"{entries}?view=running", 0, 4),
                Cue("Tasks In Queue", counts["queued"], f"{entries}?view=queue", 99),
            ],
        ),
        (
            "Synchronization",
            [
                Cue("Failed Synch. Jobs", counts["failed_synch"], f"{entries}?view=failed", 1),
                Cue("Integration Errors, 24 hours", fresh, f"{reverse('errors')}?days=1", 10, 1),
                Cue("Coupled Data Sync Errors", *_held(counts), 10, 1),
            ],
        ),
        (
            "Records",
            [
                Cue("Coupled", counts["coupled"], reverse("couplings")),
                Cue("Pending couplings", counts["pending"], reverse("pending_couplings"), 0, 1),
                Cue("Health Checks Failing", failing, reverse("health"), 1),
            ],
        ),
    ]


def _held(counts: Mapping[str, int]) -> tuple[int, str]:
    """Return how many coupled records are held back, and the list that shows them."""
    only_options = counts["options_held"] and not counts["skipped"]
    url = reverse("option_errors" if only_options else "coupling_errors")
    return counts["skipped"] + counts["options_held"], url


def _todo(
    company: Company,
    user: User,
    setups: Setups,
    counts: Mapping[str, int],
    now: datetime,
) -> list[ToDo]:
    """Return what keeps everything, or an entry, from going on."""
    found = [
        ToDo("bad", "The job queue does not go on by itself", trouble, "Job Queue Entries",
             reverse("job_queue"))
        for trouble in health.troubles(now=now)
    ]  # fmt: skip
    dataverse = setups.dataverse
    if dataverse and not dataverse.is_enabled:
        reason = dataverse.disable_reason or "Enable it when its checks pass."
        found.append(
            ToDo("bad", "The Dataverse connection is disabled", reason, "Look at the connection",
                 reverse("connections"))
        )  # fmt: skip
    if counts["failed"]:
        stopped = JobQueueEntry.objects.filter(company=company, status=JobStatus.ERROR)
        for entry in as_seen_by(user, stopped[:1]):
            others = counts["failed"] - 1
            more = f", and {others} more" if others else ""
            found.append(
                ToDo("bad", f"{entry} has stopped{more}", entry.error_message, "Look and restart",
                     f"{reverse('job_queue')}?view=failed")
            )  # fmt: skip
    return found + (_refused(company, user) if counts["refused"] else [])


def _refused(company: Company, user: User) -> list[ToDo]:
    """Return the entries that a refused run put on hold, as one thing to do."""
    rows = as_seen_by(user, healing.held(company)[: MOST_TO_DO + 1])
    if not rows:
        return []
    others = len(rows) - 1
    more = f", and {others if others < MOST_TO_DO else 'many'} more" if others else ""
    url = reverse("job_queue_entry", args=[rows[0].pk]) if not others else reverse("job_queue")
    title = f"{rows[0]} is on hold{more}"
    return [
        ToDo("bad", title, rows[0].error_message, "Look and restart",
             f"{url}?view=held" if others else url)
    ]  # fmt: skip


def _records(counts: Mapping[str, int], errors: Sequence[tuple[str, str, int]]) -> list[ToDo]:
    """Return what single records need."""
    found = _errors_to_cure(errors)
    held, url = _held(counts)
    if held:
        found.append(
            ToDo("held", f"{held} coupled record{'s are' if held > 1 else ' is'} held back",
                 "The same error came twice for the same change. Cure it, then retry.",
                 f"Look at {held}", url)
        )  # fmt: skip
    return found


def _ill(failing: Sequence[HealthCheck]) -> list[ToDo]:
    """Return what the last look at the health found (C-0106)."""
    if not failing:
        return []
    names = list(dict.fromkeys(name for row in failing for name in row.names))
    first = failing[0]
    said = first.sentence or first
    title = f"Health: {said}" if len(failing) == 1 else f"{len(failing)} health checks"
    text = f"{', '.join(names[:MOST_TO_DO]) or first.name}. {first.cure}".strip()
    tone = "bad" if first.state == State.WRONG else "held"
    if len(failing) > 1:
        title = f"{title} need a person"
    return [ToDo(tone, title, text, "Look at the health", reverse("health"))]


def _errors_to_cure(errors: Sequence[tuple[str, str, int]]) -> list[ToDo]:
    """Return the commonest causes of a day that do not pass by themselves."""
    counts: dict[str, int] = defaultdict(int)
    names: dict[str, set[str]] = defaultdict(set)
    for cause, name, number in errors:
        counts[cause] += number
        names[cause].add(name)
    found = []
    for cause in sorted(counts, key=lambda one: -counts[one]):
        explained = explain(cause)
        if explained.remedy != Remedy.CURE:
            continue
        n = counts[cause]
        url = f"{reverse('all_errors')}?cause={cause}"
        records = f"{n} record{'s' if n > 1 else ''}"
        text = f"{', '.join(sorted(names[cause]))}. {explained.advice}"
        title = f"{explained.title}: {records} failed"
        found.append(ToDo("bad", title, text, f"Look at {records}", url))
    return found[:3]


class Bar(NamedTuple):
    """A part of a column of the chart."""

    series: str
    x: int
    y: float
    height: float


def _chart(company: Company, now: datetime) -> dict[str, Any]:
    """Return the throughput of 24 hours as bars, a table and a sentence: one query."""
    zone = timezone.get_current_timezone()
    end = timezone.localtime(now).replace(minute=0, second=0, microsecond=0)
    hours = [end - timedelta(hours=back) for back in range(23, -1, -1)]
    jobs = SynchJob.objects.filter(company=company, started_at__gte=hours[0])
    rows = (
        jobs.annotate(hour=TruncHour("started_at", tzinfo=zone))
        .values_list("hour")
        .annotate(*(Sum(name) for name in SERIES))
    )
    sums: dict[datetime, dict[str, int]] = {}
    for hour, *values in rows:
        sums[hour] = dict(zip(SERIES, values, strict=True))
    columns = [(hour, sums.get(hour, dict.fromkeys(SERIES, 0))) for hour in hours]
    highest = max(sum(values.values()) for _, values in columns)
    top = _rounded_up(highest)
    total = sum(sum(values.values()) for _, values in columns)
    busiest = max(columns, key=lambda column: sum(column[1].values()))[0]
    return {
        "bars": _bars(columns, top),
        "width": BAR + GAP * (len(hours) - 1) + 10,
        "height": HEIGHT,
        "lines": [round(HEIGHT * part / 4) for part in range(5)],
        "scale": [round(top * part / 4) for part in range(4, -1, -1)],
        "labels": [hours[index].strftime("%H:%M") for index in (0, 6, 12, 18, 23)],
        "rows": [(hour, values) for hour, values in columns if any(values.values())],
        "total": total,
        "busiest": busiest,
    }


def _rounded_up(highest: int) -> int:
    """Return a top of the scale whose quarters are whole and easy to read."""
    unit = 1
    while True:
        for quarter in (1, 2, 3, 4, 5, 6, 8):
            if quarter * unit * 4 >= highest:
                return quarter * unit * 4
        unit *= 10


def _bars(columns: list[tuple[datetime, dict[str, int]]], top: int) -> list[Bar]:
    bars = []
    for place, (_, values) in enumerate(columns):
        level = float(HEIGHT)
        for name in SERIES:
            if not values[name]:
                continue
            height = max(values[name] / top * HEIGHT, 1.5)
            level -= height
            bars.append(Bar(name, 5 + GAP * place, round(level, 1), round(height, 1)))
    return bars
