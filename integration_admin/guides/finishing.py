"""The run that Finish starts: deeds in order, each noted, to be gone on with where it stopped."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from audit import trail
from audit.terms import Act
from connections import setup
from connections.causes import Cause
from connections.errors import ConfigurationError, IntegrationError
from connections.models import Company, SignIn
from connections.secrets import Secret
from integration_admin.guides import drafts
from integration_admin.guides.guide import Situation
from integration_admin.models import GuideRun
from syncjobs import clock, leases, pausing
from syncjobs.jobs import Done, JobReport, JobRequest
from syncjobs.leases import BusyError, StaleWorkerError
from syncjobs.progress import CancelledError, RunProgress, WorkerStoppingError

JOB = "assisted_setup"
CATEGORY = "GUIDE"
LEFT_TO_OTHERS = (StaleWorkerError, WorkerStoppingError, BusyError)


@dataclass(slots=True)
class Finishing:
    """One pass of Finish on its way."""

    record: GuideRun
    company: Company
    situation: Situation
    progress: RunProgress
    administrator: Callable[[], SignIn]

    @property
    def by(self) -> Any:
        return self.record.user

    def warn(self, sentence: str) -> None:
        """Note what did not stop the run and needs a look."""
        if sentence not in self.record.warnings:
            self.record.warnings = [*self.record.warnings, sentence]
            self.record.save(update_fields=["warnings"])
        self.progress.log(sentence)

    def fresh(self) -> Company:
        """Return the company with its set-ups as they are now."""
        return Company.objects.get(pk=self.company.pk)


@dataclass(frozen=True, slots=True)
class Deed:
    """A step of the run; it says what it did. Taken again it changes nothing more."""

    title: str
    take: Callable[[Finishing], str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What Finish of a guide does, by what was answered, and who signs in as administrator."""

    deeds: Callable[[Situation], tuple[Deed, ...]]
    administrator: Callable[[Situation], SignIn]


def finish(request: JobRequest, progress: RunProgress) -> JobReport:
    """Take the deeds of a guide's run; parameter: guide_run."""
    record = GuideRun.objects.select_related("company", "user").get(
        pk=request.parameters["guide_run"]
    )
    with leases.hold(f"{CATEGORY}:{record.company_id}", leases.me(), busy=_busy(record.company)):
        take_deeds(record, progress)
    return Done()


def take_deeds(record: GuideRun, progress: RunProgress) -> None:
    """Go on where the run stopped; how it ends stands on its record."""
    drafts.forget_expired(now=clock.now())
    record.refresh_from_db()
    record.run_id, record.result = progress.run_id, GuideRun.Result.IN_PROCESS
    record.error_message = record.cause = ""
    record.save()
    try:
        _take(record, progress)
    except LEFT_TO_OTHERS:
        raise
    except BaseException as error:
        let_go_on(record)
        _end(record, **_failed(error))
        raise
    let_go_on(record)
    result = GuideRun.Result.WITH_WARNINGS if record.warnings else GuideRun.Result.DONE
    _end(record, result=result, secrets=Secret(), secrets_until=None)


def _take(record: GuideRun, progress: RunProgress) -> None:
    from integration_admin.guides.guides import PLANS  # they know the deeds, which know this

    plan = PLANS[record.guide]
    situation = drafts.situation_of(record)
    deeds = plan.deeds(situation)
    here = Finishing(
        record, record.company, situation, progress, lambda: plan.administrator(situation)
    )
    for number, deed in enumerate(deeds, 1):
        if number <= record.position:
            continue
        progress.check()
        progress.start(f"{number} of {len(deeds)}: {deed.title}", 0)
        sentence = deed.take(here)
        progress.log(sentence)
        progress.confirm()
        record.steps = [*record.steps, [number, deed.title, sentence]]
        record.position = number
        record.save(update_fields=["steps", "position"])


def titles_of(record: GuideRun) -> list[str]:
    """Return what the run does, in order."""
    from integration_admin.guides.guides import PLANS

    return [deed.title for deed in PLANS[record.guide].deeds(drafts.situation_of(record))]


def let_go_on(record: GuideRun) -> None:
    """Let the job queue entries go on that waited for the run."""
    if record.paused:
        pausing.resume(record.paused, now=clock.now())
        record.paused = []
        record.save(update_fields=["paused"])


@transaction.atomic
def _end(record: GuideRun, **facts: Any) -> None:
    for name, value in {"finished_at": clock.now(), **facts}.items():
        setattr(record, name, value)
    record.save()
    note_ended(record, by=None)


def note_ended(record: GuideRun, *, by: AbstractBaseUser | None) -> None:
    """Let the audit log say how it ended."""
    after = {
        "result": str(GuideRun.Result(record.result).label),
        "steps": [title for _, title, _ in record.steps],
        "warnings": record.warnings,
    }
    trail.note(Act.RUN_ENDED, record, after=after, reason=record.error_message, by=by)


def _failed(error: BaseException) -> dict[str, Any]:
    if isinstance(error, CancelledError):
        return {"result": GuideRun.Result.CANCELLED}
    cause = str(error.cause) if isinstance(error, IntegrationError) else ""
    message = (str(error) or type(error).__name__)[:2048]
    return {"result": GuideRun.Result.FAILED, "error_message": message, "cause": cause}


def _busy(company: Company) -> str:
    return f"Another guide is at work for {company}. Wait until it has ended."


@contextlib.contextmanager
def as_administrator(here: Finishing) -> Any:
    """Sign in as the administrator for a while."""
    client = setup.dataverse_as(
        here.administrator(), setup.dataverse_setup(here.company), check=here.progress.check
    )
    try:
        yield client
    finally:
        client.close()


def forgotten(what: str = "The administrator's secret") -> ConfigurationError:
    """Say that a secret is gone."""
    message = (
        f"{what} was kept for an hour only. Go through the guide again "
        "and enter it; what is done already stays."
    )
    return ConfigurationError(message, cause=Cause.NOT_CONFIGURED)
