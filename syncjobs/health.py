"""Whether the processes that make the job queue go are there, as a person would ask."""

from __future__ import annotations

from datetime import datetime

import django_rq
from redis.exceptions import RedisError
from rq.worker import Worker

from syncjobs.models import Lease
from syncjobs.scheduler import LEASE


def troubles(*, now: datetime) -> list[str]:
    """Return what is wrong, each as a sentence with what to do; nothing when all is well."""
    found = []
    if not Lease.objects.filter(name=LEASE, expires_at__gt=now).exists():
        found.append(
            "No scheduler is running, so entries do not start at their time. Start one with "
            "“manage.py scheduler”."
        )
    try:
        if not Worker.count(connection=django_rq.get_connection("default")):
            found.append(
                "No worker is running, so nothing that is due is done. Start one with "
                "“manage.py worker”."
            )
    except RedisError:
        found.append(
            "Redis does not answer, so runs start late. Nothing is lost: start Redis, and the "
            "scheduler rings for what is due."
        )
    return found
