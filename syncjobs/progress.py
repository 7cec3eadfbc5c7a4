"""What a run tells about itself while it is on its way, and where it learns that it must stop."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet

from audit import trail
from audit.terms import Act
from connections.errors import IntegrationError
from connections.models import Company
from syncjobs import clock, leases
from syncjobs.leases import Heart, StaleWorkerError
from syncjobs.models import Run
from syncjobs.terms import RunStatus, Trigger

WRITE_EVERY = timedelta(seconds=1)
LONGEST_LOG = 500
MESSAGE = 2048


class CancelledError(Exception):
    """A person stopped the run."""


class WorkerStoppingError(Exception):
    """The worker was asked to stop; the run goes on later, at its last page."""


def _never() -> bool:
    return False


@dataclass(slots=True)
class RunProgress:
    """Progress of one run, noted at most once a second and only while the run is ours."""

    run_id: int
    fence: int = 0
    now: Callable[[], datetime] = clock.now
    is_stopping: Callable[[], bool] = _never
    _noted_at: datetime | None = None
    _total: int = 0
    _changes: dict[str, Any] = field(default_factory=dict)
    _log: list[list[str]] = field(default_factory=list)

    def start(self, step: str, total: int) -> None:
        """Begin a step of so many records."""
        begun = self.now()
        self._changes = {"step": step[:100], "done": 0, "total": total, "step_started_at": begun}
        self._total = total
        self._note(begun)

    def advance(self, done: int, total: int | None = None) -> None:
        """Say how many records of the step are done."""
        self._changes["done"] = done
        if total is None and done > self._total > 0:
            total = 0  # there are more than it seemed, and nobody knows how many
        if total is not None:
            self._changes["total"] = self._total = total
        self._note_if_due()

    def log(self, text: str) -> None:
        """Add a line to the log of the run."""
        self._log.append([self.now().isoformat(), text])
        self._note_if_due()

    def check(self) -> None:
        """Raise if the run must stop: cancelled, no longer ours, or the worker is stopping."""
        if self.is_stopping():
            message = "The worker was asked to stop."
            raise WorkerStoppingError(message)
        asked = self._ours().values_list("cancel_requested", flat=True).first()
        if asked is None:
            raise self._stale()
        if asked:
            message = "The run was cancelled."
            raise CancelledError(message)

    def confirm(self) -> None:
        """Raise if the run is no longer ours; within a transaction it stays ours until the end."""
        if not self._ours().update(heartbeat_at=self.now()):
            raise self._stale()

    def at(self, point: str) -> None:
        """Pass a point at which a crash would matter; a crash test listens here."""

    def flush(self) -> None:
        """Note what was told since the last second."""
        if self._changes or self._log:
            self._note(self.now())

    def _note_if_due(self) -> None:
        moment = self.now()
        if self._noted_at is None or moment - self._noted_at >= WRITE_EVERY:
            self._note(moment)

    def _note(self, moment: datetime) -> None:
        changes = {**self._changes, "heartbeat_at": moment}
        if self._log:
            known = self._ours().values_list("log", flat=True).first() or []
            changes["log"] = [*known, *self._log][-LONGEST_LOG:]
        if not self._ours().update(**changes):
            raise self._stale()
        self._noted_at, self._changes, self._log = moment, {}, []

    def _ours(self) -> QuerySet[Run]:
        return Run.objects.filter(pk=self.run_id, status=RunStatus.IN_PROCESS, fence=self.fence)

    def _stale(self) -> StaleWorkerError:
        return StaleWorkerError(f"Run {self.run_id} is no longer ours; nothing more is written.")


def estimate(run: Run, *, now: datetime) -> timedelta | None:
    """Estimate how long the step still takes; None while there is nothing to go by."""
    if run.status != RunStatus.IN_PROCESS or not run.done or run.step_started_at is None:
        return None
    left = max(run.total - run.done, 0)
    return (now - run.step_started_at) / run.done * left


def total_seconds(run: Run, *, now: datetime) -> float:
    """Return how long the run took, or has taken so far."""
    return ((run.finished_at or now) - run.started_at).total_seconds()


@contextmanager
def in_foreground(
    company: Company,
    *,
    job: str,
    description: str,
    mapping_name: str = "",
    trigger: Trigger = Trigger.COMMAND,
    user: AbstractBaseUser | None = None,
) -> Iterator[RunProgress]:
    """Run something outside the queue; it leaves the same trace as a job queue entry does."""
    begun = clock.now()
    run = Run.objects.create(
        company=company,
        job=job,
        mapping_name=mapping_name,
        description=description,
        trigger=trigger,
        user_id=user.pk if user else None,
        started_at=begun,
        heartbeat_at=begun,
    )
    trail.note(Act.RUN_STARTED, run, after={"job": job}, by=user)
    progress = RunProgress(run.pk)
    rows = Run.objects.filter(pk=run.pk, status=RunStatus.IN_PROCESS)
    heart = Heart(
        lambda: bool(rows.update(heartbeat_at=clock.now())),
        leases.length() / leases.BEATS_PER_LEASE,
    )
    heart.start()
    ending: dict[str, Any] = {"status": RunStatus.SUCCESS}
    try:
        yield progress
        progress.flush()
    except CancelledError:
        ending = {"status": RunStatus.CANCELLED}
        raise
    except BaseException as error:
        ending = failure(error)
        raise
    finally:
        heart.stop()
        rows.update(**ending, finished_at=clock.now())


def failure(error: BaseException) -> dict[str, Any]:
    """Say on a run why it failed."""
    ending = {
        "status": RunStatus.ERROR,
        "error_message": (str(error) or type(error).__name__)[:MESSAGE],
    }
    if isinstance(error, IntegrationError):
        return ending | {"error_detail": error.detail, "cause": str(error.cause)}
    return ending | {"error_detail": "".join(traceback.format_exception(error))}
