"""How many requests a caller may send: counted in Redis for all web processes together."""

from __future__ import annotations

import logging
import time

import django_rq
from django.conf import settings
from redis.exceptions import RedisError

from integration_admin.api.refusals import Code, RefusalError

WINDOW = 60  # seconds
logger = logging.getLogger(__name__)


def spend(who: str, limit: int, *, now: float | None = None) -> None:
    """Count one request of a caller; refuse it when the minute's requests are used up.

    Redis is no truth of ours: while it is away nobody is held back.
    """
    moment = time.time() if now is None else now
    window, into = divmod(moment, WINDOW)
    key = f"api:{who}:{int(window)}"
    try:
        redis = django_rq.get_connection("default")
        with redis.pipeline() as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, 2 * WINDOW)
            count, _ = pipeline.execute()
    except RedisError as error:
        logger.warning("Requests are not counted, since Redis is away: %s", error)
        return
    if count > limit:
        wait = int(WINDOW - into) + 1
        raise RefusalError(
            429,
            Code.THROTTLED,
            f"More than {limit} requests in a minute.",
            f"Wait {wait} seconds, then go on.",
            retry_after=wait,
        )


def spend_request(user_id: int) -> None:
    """Count a request of somebody who is signed in."""
    spend(f"user:{user_id}", settings.API_REQUESTS_PER_MINUTE)


def spend_failure(address: str) -> None:
    """Count a token that was wrong; guessing ends soon."""
    spend(f"failed:{address}", settings.API_FAILURES_PER_MINUTE)
