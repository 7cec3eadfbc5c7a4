"""Redis rings the bell for a job queue entry; it may ring twice, late or never."""

from __future__ import annotations

import logging

import django_rq
from redis.exceptions import RedisError
from rq.job import Job
from rq.queue import Queue

from syncjobs.models import JobQueueEntry

logger = logging.getLogger(__name__)

TASK = "syncjobs.tasks.run_entry"
FAILED_BELLS_ARE_KEPT = 24 * 60 * 60  # seconds; the truth about a failure is in the database


def ring(entry: JobQueueEntry) -> bool:
    """Ring for an entry that is due, unless its bell still waits; False while Redis is away."""
    bell = f"entry-{entry.pk}-{entry.run_number}"
    try:
        queue = django_rq.get_queue("default", commit_mode="auto")
        if queue.get_job_position(bell) is None:
            _enqueue(queue, entry, bell)
    except RedisError as error:
        logger.warning("Redis is away, %s will be rung later: %s", entry, error)
        return False
    return True


def _enqueue(queue: Queue, entry: JobQueueEntry, bell: str) -> None:
    # A bell that was heard by a worker that died would otherwise block its own id.
    if Job.exists(bell, connection=queue.connection):
        Job.fetch(bell, connection=queue.connection, serializer=queue.serializer).delete()
    queue.enqueue(
        TASK,
        str(entry.pk),
        job_id=bell,
        job_timeout=entry.job_timeout,
        result_ttl=0,
        failure_ttl=FAILED_BELLS_ARE_KEPT,
        description=entry.description,
    )
