"""The RQ worker: it hears the bell and lets a process of its own run the entry."""

from __future__ import annotations

import os
import signal
from typing import Any

from django.db import connections
from rq import Worker
from rq.job import Job
from rq.queue import Queue

from syncjobs import clock, dispatch, tasks
from syncjobs.models import JobQueueEntry
from syncjobs.orphans import die_with_parent
from syncjobs.terms import JobStatus


class BellWorker(Worker):
    """A worker that leaves no orphan and hands its entry over when it is asked to stop.

    A horse of RQ outlives a worker that is killed, and a job that is told to stop would be lost.
    """

    _own_pid = 0

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        die_with_parent(self._own_pid)
        super().main_work_horse(job, queue)

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        self._own_pid = os.getpid()
        connections.close_all()  # a connection must not be shared with the horse
        super().fork_work_horse(job, queue)

    def setup_work_horse_signals(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: tasks.stopping.set())

    def handle_warm_shutdown_request(self) -> None:
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]
        if self.horse_pid:
            os.kill(self.horse_pid, signal.SIGTERM)

    def handle_work_horse_killed(self, job: Job, retpid: int, ret_val: int, rusage: Any) -> None:
        """Free the entry at once instead of when its lease ends, as when memory ran out."""
        super().handle_work_horse_killed(job, retpid, ret_val, rusage)  # type: ignore[no-untyped-call]
        taken = JobQueueEntry.objects.filter(pk=int(job.args[0]), status=JobStatus.IN_PROCESS)
        entry = taken.filter(lease_owner__endswith=f":{retpid}").first()
        if entry is not None:
            dispatch.free(entry, now=clock.now())
        connections.close_all()
