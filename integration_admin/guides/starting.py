"""What a person does with a guide at its end: finish, retry, undo."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from audit import trail
from audit.facts import facts_of
from audit.terms import Act
from connections.models import Company, DataverseConnectionSetup, SalesConnectionSetup
from connections.secrets import Secret
from integration_admin import connecting, enabling
from integration_admin.guides import drafts, rows
from integration_admin.guides.finishing import CATEGORY, JOB, let_go_on, note_ended
from integration_admin.guides.guide import Guide
from integration_admin.models import GuideDraft, GuideRun
from syncjobs import queue
from syncjobs.leases import BusyError
from syncjobs.models import JobQueueEntry
from syncjobs.terms import JobStatus

ALIVE = (JobStatus.READY, JobStatus.WAITING, JobStatus.IN_PROCESS)
OVER = (GuideRun.Result.DONE, GuideRun.Result.WITH_WARNINGS, GuideRun.Result.UNDONE)
COMPANY_FACTS = ("business_central_id", "name", "display_name")


@transaction.atomic
def finish(draft: GuideDraft, guide: Guide, *, now: datetime, by: AbstractBaseUser) -> GuideRun:
    """Start the one run of a guide; the draft has become its answers."""
    _take(draft)
    company = draft.company or _new_company(draft, by)
    check_idle(company)
    record = GuideRun.objects.create(
        company=company,
        guide=guide.key,
        user_id=by.pk,
        started_at=now,
        answers=draft.answers,
        told=draft.told,
        secrets=draft.secrets,
        secrets_until=draft.secrets_until,
    )
    return _enqueue(record, guide, now=now, by=by)


def _take(draft: GuideDraft) -> None:
    """Remove the draft; of two clicks on Finish only one finds it, and starts a run."""
    removed, _ = GuideDraft.objects.filter(pk=draft.pk).delete()
    if not removed:
        message = "Finish was chosen already."
        raise BusyError(message)


def _new_company(draft: GuideDraft, by: AbstractBaseUser) -> Company:
    company = rows.company(drafts.situation_of(draft))
    company.name = connecting.free_name(company, company.name)
    try:
        with transaction.atomic():
            company.save()
    except IntegrityError as error:
        message = f"{company} was set up by somebody else meanwhile."
        raise BusyError(message) from error
    after = facts_of(company, COMPANY_FACTS)
    trail.note(Act.CREATED, company, company=company, after=after, by=by)
    return company


def _enqueue(record: GuideRun, guide: Guide, *, now: datetime, by: AbstractBaseUser) -> GuideRun:
    run = queue.enqueue(
        record.company,
        JOB,
        description=f"Assisted Setup: {guide.title}"[:250],
        now=now,
        parameters={"guide_run": record.pk},
        user=by,
        category=CATEGORY,
    )
    record.run_id = run.pk
    record.save(update_fields=["run_id"])
    return record


@transaction.atomic
def retry(record: GuideRun, guide: Guide, *, now: datetime, by: AbstractBaseUser) -> GuideRun:
    """Go on from the step that stopped."""
    check_idle(record.company)
    for entry in _entries(record.company):
        queue.delete(entry, now=now, by=by)  # what stopped stays on hold for good
    record.result, record.finished_at = GuideRun.Result.IN_PROCESS, None
    record.error_message = record.cause = ""
    record.save()
    return _enqueue(record, guide, now=now, by=by)


def undo(record: GuideRun, *, now: datetime, by: AbstractBaseUser) -> str:
    """Disable again what the run has enabled; nothing is deleted in either system."""
    check_idle(record.company)
    for entry in _entries(record.company):
        queue.delete(entry, now=now, by=by)
    let_go_on(record)
    model = DataverseConnectionSetup if record.guide == "dataverse" else SalesConnectionSetup
    row = model._default_manager.filter(company=record.company, is_enabled=True).first()
    held = enabling.disable(row, now=now, by=by) if row is not None else 0
    record.result, record.finished_at = GuideRun.Result.UNDONE, now
    record.secrets, record.secrets_until = Secret(), None
    record.save()
    note_ended(record, by=by)
    if row is None:
        return "Nothing was enabled; what is saved and imported stays."
    return f"The connection is disabled again; {held} job queue entries are on hold."


def check_idle(company: Company) -> None:
    """Refuse a second run at the same time, and name the first (E-BUSY)."""
    entry = _entries(company).filter(status__in=ALIVE).first()
    if entry is None:
        return
    run = entry.runs.order_by("-pk").first()
    where = f" Its run is {run.pk}." if run else ""
    message = f"A guide is at work for {company} already.{where}"
    raise BusyError(message)


def is_alive(record: GuideRun) -> bool:
    """Whether somebody works on it, or will."""
    return _entries(record.company).filter(runs__pk=record.run_id or 0, status__in=ALIVE).exists()


def _entries(company: Company) -> QuerySet[JobQueueEntry]:
    return JobQueueEntry.objects.filter(company=company, job=JOB)
