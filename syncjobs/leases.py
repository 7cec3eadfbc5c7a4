"""Leases: something that only one process may do at a time, and until when it may."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F

from syncjobs import clock
from syncjobs.models import Lease

logger = logging.getLogger(__name__)

BEATS_PER_LEASE = 4


class BusyError(Exception):
    """Somebody else holds the lease; the message is a sentence for a person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class StaleWorkerError(Exception):
    """The lease ended and somebody else may have taken over: nothing more may be written."""


def length() -> timedelta:
    """How long a lease lasts without a sign of life."""
    return timedelta(seconds=settings.JOB_LEASE_SECONDS)


def me() -> str:
    """Name this process, so that a person can find it."""
    return f"{socket.gethostname()}:{os.getpid()}"


def take(name: str, owner: str, *, now: datetime, lasts: timedelta) -> int | None:
    """Take a lease that is free or has ended; return its fence, None when somebody has it."""
    ends = now + lasts
    rows = Lease.objects.filter(name=name)
    ended = rows.filter(expires_at__lte=now)
    if ended.update(owner=owner, expires_at=ends, fence=F("fence") + 1):
        return rows.values_list("fence", flat=True).get()
    try:
        with transaction.atomic():
            return Lease.objects.create(name=name, owner=owner, expires_at=ends, fence=1).fence
    except IntegrityError:
        return None


def renew(name: str, fence: int, *, now: datetime, lasts: timedelta) -> bool:
    """Keep a lease that is still ours; False means that somebody else took it."""
    return bool(Lease.objects.filter(name=name, fence=fence).update(expires_at=now + lasts))


def release(name: str, fence: int, *, now: datetime) -> None:
    """Give a lease back; its fence stays, so that it never counts backwards."""
    Lease.objects.filter(name=name, fence=fence).update(owner="", expires_at=now)


@dataclass(slots=True)
class Heart:
    """Beats in a thread of its own while a request of minutes is under way.

    A beat answers whether the lease is still ours. A database that is away for a moment is no
    reason to give up before the lease would have ended.
    """

    beat: Callable[[], bool]
    every: timedelta
    lost: threading.Event = field(default_factory=threading.Event)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stopped.wait(self.every.total_seconds()):
                self._beat()
                if self.lost.is_set():
                    return
        finally:
            connection.close()

    def _beat(self) -> None:
        try:
            if not self.beat():
                self.lost.set()
        except DatabaseError as error:
            logger.warning("A sign of life could not be noted: %s", error)
            connection.close()


@dataclass(frozen=True, slots=True)
class Held:
    """A lease that is ours until the block ends."""

    name: str
    fence: int
    heart: Heart

    def confirm(self) -> None:
        """Raise if the lease was lost meanwhile; within a transaction it stays ours until the end.

        Writing the row keeps everybody from taking it before that; reading it would not.
        """
        still_ours = Lease.objects.filter(name=self.name, fence=self.fence).exclude(owner="")
        if self.heart.lost.is_set() or not still_ours.update(fence=self.fence):
            message = f"The lease {self.name} was taken over"
            raise StaleWorkerError(message)


@contextmanager
def hold(name: str, owner: str, *, busy: str = "") -> Iterator[Held]:
    """Hold a lease during a block, renewing it; raise BusyError when somebody has it already."""
    lasts = length()
    fence = take(name, owner, now=clock.now(), lasts=lasts)
    if fence is None:
        raise BusyError(busy or _busy(name))
    heart = Heart(lambda: renew(name, fence, now=clock.now(), lasts=lasts), lasts / BEATS_PER_LEASE)
    heart.start()
    try:
        yield Held(name, fence, heart)
    finally:
        heart.stop()
        release(name, fence, now=clock.now())


def _busy(name: str) -> str:
    subject = name.rpartition(":")[2]
    holder = Lease.objects.filter(name=name).values_list("owner", flat=True).first()
    by = f" by {holder}" if holder else ""
    return f"{subject} is being synchronized already{by}. Wait until that run has finished."
