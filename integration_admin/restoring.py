"""Restore Connection: what was disabled for a while is tested and enabled again (E-9.26)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q

from connections.health import Finding
from connections.models import Company, DataverseConnectionSetup, SalesConnectionSetup
from integration_admin import enabling
from syncjobs import clock, queue
from syncjobs.jobs import Done, JobReport, JobRequest
from syncjobs.models import JobQueueEntry
from syncjobs.progress import RunProgress
from syncjobs.terms import JobStatus, Trigger

JOB = "restore_connections"
DESCRIPTION = "Restore Connection: test and enable again what was disabled for a while"
UPGRADE = "The console is upgraded. The connection is tested and enabled again at its next start."
STOPPED = (JobStatus.ON_HOLD, JobStatus.ERROR)


@dataclass(slots=True)
class Restored:
    """Which connections are enabled again, and what keeps the next one from it."""

    names: list[str] = field(default_factory=list)
    in_the_way: list[Finding] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.names:
            return "No connection was enabled again."
        return f"{' and '.join(self.names)} enabled again, and the jobs go on."


def rest(company: Company, *, now: datetime, reason: str = UPGRADE, restore: bool = True) -> int:
    """Disable what is enabled, Sales first; return how many job queue entries are on hold."""
    held = 0
    for model in (SalesConnectionSetup, DataverseConnectionSetup):
        row = model.objects.filter(company=company, is_enabled=True).first()
        if row is not None:
            held += enabling.disable(row, now=now, reason=reason, restore=restore)
    return held


def restore(company: Company, *, now: datetime, by: AbstractBaseUser | None = None) -> Restored:
    """Test and enable what is to be restored; what does not pass waits and says why."""
    done = Restored()
    for model, enable in (
        (DataverseConnectionSetup, enabling.enable_dataverse),
        (SalesConnectionSetup, enabling.enable_sales),
    ):
        row = model.objects.filter(company=company, restore_connection=True).first()
        if row is None or done.in_the_way:
            continue
        outcome = enable(company, now=now, by=by)
        if outcome.mappings is None:
            done.in_the_way = outcome.in_the_way
        else:
            done.names.append(str(row._meta.verbose_name))
    return done


def restore_connections(request: JobRequest, progress: RunProgress) -> JobReport:
    """Restore as a job does: what is in the way ends it, and it is tried again where that heals."""
    restored = restore(request.company, now=clock.now())
    progress.log(str(restored))
    if restored.in_the_way:
        raise enabling.refusal(restored.in_the_way)
    return Done()


def ask_for_it(*, now: datetime) -> None:
    """Let a worker restore what was disabled before the console started."""
    waits = Q(dataverse_connection_setup__restore_connection=True)
    waits |= Q(sales_connection_setup__restore_connection=True)
    for company in Company.objects.filter(waits):
        entries = JobQueueEntry.objects.filter(company=company, job=JOB)
        entries.filter(status__in=STOPPED).delete()
        if not entries.exists():
            queue.enqueue(company, JOB, description=DESCRIPTION, now=now, trigger=Trigger.SCHEDULE)
