"""What a worker calls."""

from __future__ import annotations

import logging
import threading
import traceback
from types import TracebackType

from django.db import OperationalError

from audit import scene
from audit.scene import Scene
from audit.terms import Source
from connections.errors import ConfigurationError, TransientError
from syncjobs import clock, dispatch, jobs, leases
from syncjobs.dispatch import Claim
from syncjobs.jobs import JobRequest
from syncjobs.leases import BusyError, Heart, StaleWorkerError
from syncjobs.progress import CancelledError, RunProgress, WorkerStoppingError
from syncjobs.terms import Trigger

logger = logging.getLogger(__name__)

stopping = threading.Event()  # set when this process was asked to stop


def run_entry(pk: str) -> None:
    """Run a job queue entry, if it is still there to be run."""
    claim = dispatch.claim(int(pk), owner=leases.me(), now=clock.now())
    if claim is not None:
        run_claimed(claim)


def run_claimed(claim: Claim) -> None:
    """Run what was claimed, and note how it ended."""
    entry, run = claim.entry, claim.run
    here = Scene(Source.JOB, person=lambda: run.user, name="console")
    with scene.at(here), Execution(claim) as execution:
        request = JobRequest(
            entry.company, entry.mapping_name, entry.parameters, Trigger(run.trigger)
        )
        report = jobs.find(entry.job)(request, execution.progress)
        execution.progress.flush()
        execution.idle = report.idle


class Execution:
    """A claimed entry on its way: its heart beats, and leaving notes how it ended.

    What nobody foresaw is noted too, and goes on as an error: it ends the job loudly.
    """

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.idle = False
        self.progress = RunProgress(
            claim.run.pk, fence=claim.run.fence, is_stopping=stopping.is_set
        )
        self._heart = Heart(
            lambda: dispatch.beat(claim, now=clock.now()),
            leases.length() / leases.BEATS_PER_LEASE,
        )

    def __enter__(self) -> Execution:
        self._heart.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._heart.stop()
        if error is None:
            dispatch.finish(self.claim, idle=self.idle, now=clock.now())
            return True
        return self._end(error)

    def _end(self, error: BaseException) -> bool:
        """Note how the run ended; True when that was foreseen."""
        claim, now = self.claim, clock.now()
        match error:
            case CancelledError():
                dispatch.finish_cancelled(claim, now=now)
            case StaleWorkerError():
                logger.warning("%s: %s", claim.entry, error)
            case WorkerStoppingError():
                dispatch.hand_over(claim, now=now)
            case BusyError():
                dispatch.postpone(claim, error.message, now=now)
            case TransientError() | ConfigurationError():
                dispatch.fail(claim, error, now=now, detail=error.detail)
            case OperationalError():
                dispatch.fail_for_now(claim, error, now=now)
            case _:
                detail = "".join(traceback.format_exception(error))
                dispatch.fail(claim, error, now=now, detail=detail)
                return False
        return True
