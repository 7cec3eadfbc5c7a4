"""The scheduler: rings due entries, frees those of dead workers; one is in charge at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import OperationalError, connection

from syncjobs import clock, dispatch, leases

logger = logging.getLogger(__name__)

LEASE = "scheduler"
LEADS_FOR = timedelta(seconds=15)  # without a sign of life; then another scheduler takes over
EVERY = timedelta(seconds=1)
A_MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Scheduler:
    """One scheduler process; several may run, and any may take over."""

    owner: str
    leads_for: timedelta = LEADS_FOR
    fence: int | None = None
    chore: Callable[[datetime], object] | None = None  # of the console, once a minute
    _chore_at: datetime | None = None

    @property
    def is_leader(self) -> bool:
        return self.fence is not None

    def tick(self, now: datetime) -> bool:
        """Do a second's work if we are in charge; return whether we are."""
        if not self._leads(now):
            return False
        dispatch.free_dead(now=now)
        dispatch.activate_waiting(now=now)
        dispatch.ring_due(now=now)
        if self.chore and (self._chore_at is None or now - self._chore_at >= A_MINUTE):
            self._chore_at = now
            self.chore(now)
        return True

    def resign(self, now: datetime) -> None:
        """Let another scheduler take over at once."""
        if self.fence is not None:
            leases.release(LEASE, self.fence, now=now)
            self.fence = None

    def _leads(self, now: datetime) -> bool:
        if self.fence is not None and not leases.renew(
            LEASE, self.fence, now=now, lasts=self.leads_for
        ):
            self.fence = None
        if self.fence is None:
            self.fence = leases.take(LEASE, self.owner, now=now, lasts=self.leads_for)
        return self.is_leader


def run(scheduler: Scheduler, stop: threading.Event, *, every: timedelta = EVERY) -> None:
    """Tick until asked to stop; a database that is away for a moment is waited for."""
    while not stop.wait(every.total_seconds()):
        try:
            scheduler.tick(clock.now())
        except OperationalError as error:
            logger.warning("The database is away: %s", error)
            connection.close()
    scheduler.resign(clock.now())
