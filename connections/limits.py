"""What a system lets a principal do, counted before it has to refuse; no clock and no Redis here.

Both systems publish how many requests, how much execution time and how many requests at once a
principal may use within five minutes. A ledger hands out small leases of all three, so that nobody
need ask for every request; each lease tells what was spent since the last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SHARE = 0.9  # of the published limits; others may use the same principal
SHORT, LONG = 1.5, 20.0  # seconds for which an idle and a busy worker keep their slots


@dataclass(frozen=True, slots=True)
class Allowance:
    """The published limits of one principal."""

    requests: int
    execution_ms: int
    concurrency: int
    window: float = 300.0

    @property
    def requests_a_second(self) -> float:
        return SHARE * self.requests / self.window

    @property
    def execution_a_second(self) -> float:
        return SHARE * self.execution_ms / self.window

    @property
    def requests_at_once(self) -> float:
        """What may be used in a burst: burst and steady use together stay below the limit."""
        return self.requests - self.requests_a_second * self.window

    @property
    def execution_at_once(self) -> float:
        return self.execution_ms - self.execution_a_second * self.window


DATAVERSE = Allowance(requests=6000, execution_ms=1_200_000, concurrency=52)
BUSINESS_CENTRAL = Allowance(requests=6000, execution_ms=1_500_000, concurrency=5)


@dataclass(frozen=True, slots=True)
class Ask:
    """What a worker wants of the ledger, and what it spent since it asked last."""

    holder: str
    requests: int
    slots: int
    spent_ms: float = 0.0
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Lease:
    """What a worker may use now; `wait` says when to ask again if there is nothing."""

    requests: int
    slots: int
    wait: float = 0.0


@dataclass(slots=True)
class Bucket:
    """Fills steadily up to a brim; what was spent unasked may put it below zero."""

    brim: float
    rate: float
    level: float = -1.0
    at: float = 0.0

    def __post_init__(self) -> None:
        if self.level < 0:
            self.level = self.brim

    def fill(self, now: float) -> None:
        self.level = min(self.brim, self.level + max(0.0, now - self.at) * self.rate)
        self.at = max(self.at, now)

    def wait(self, wanted: float) -> float:
        """Return the seconds until there is so much."""
        return max(0.0, (wanted - self.level) / self.rate)


@dataclass(slots=True)
class Ledger:
    """The account of one principal; `connections.budget` keeps the same one in Redis."""

    allowance: Allowance
    requests: Bucket = field(init=False)
    execution: Bucket = field(init=False)
    slots: dict[str, tuple[int, float]] = field(default_factory=dict)  # holder: how many, until
    paused_until: float = 0.0

    def __post_init__(self) -> None:
        given = self.allowance
        self.requests = Bucket(given.requests_at_once, given.requests_a_second)
        self.execution = Bucket(given.execution_at_once, given.execution_a_second)

    def lease(self, ask: Ask, now: float) -> Lease:
        """Account for what was spent, and hand out what there is."""
        for bucket in (self.requests, self.execution):
            bucket.fill(now)
        self.execution.level -= ask.spent_ms
        granted, wait = 0, 0.0
        if now < self.paused_until:
            wait = self.paused_until - now
        elif self.execution.level <= 0:
            wait = self.execution.wait(1.0)
        else:
            granted = min(ask.requests, int(self.requests.level))
            self.requests.level -= granted
            wait = 0.0 if granted or not ask.requests else self.requests.wait(1.0)
        return Lease(granted, self._slots(ask, now), wait)

    def _slots(self, ask: Ask, now: float) -> int:
        others = 0
        for holder, (held, until) in list(self.slots.items()):
            if until <= now:
                del self.slots[holder]
            elif holder != ask.holder:
                others += held
        # Whoever comes late gets one: the others give it back with their next lease.
        granted = max(1, min(ask.slots, self.allowance.concurrency - others)) if ask.slots else 0
        self.slots[ask.holder] = granted, now + (LONG if ask.busy else SHORT)
        return granted

    def pause(self, seconds: float, now: float) -> None:
        """Let everybody wait; a longer pause that was asked for before stands."""
        self.paused_until = max(self.paused_until, now + seconds)


FIRST, FLOOR = 2.0, 1.0
SLOW = 2.5  # so many times its usual time: the system is under strain
MEMORY, MOOD = 0.05, 0.3  # how fast the usual time of a kind, and the present strain, are learnt


@dataclass(slots=True)
class Climb:
    """How many requests to run at once: climbs slowly, steps down when the system strains.

    Times are compared within a kind of request only: a bulk message is slow by nature.
    """

    most: int
    limit: float = FIRST
    strain: float = 1.0
    usual: dict[str, float] = field(default_factory=dict)
    rest: int = 0  # answers to let pass after a step down: they were sent before it

    @property
    def at_once(self) -> int:
        return max(1, min(self.most, int(self.limit)))

    def note(self, kind: str, seconds: float, *, throttled: bool) -> None:
        """Learn from one answer."""
        if throttled:
            self._down(0.5)
            return
        usual = self.usual.setdefault(kind, seconds)
        self.usual[kind] = usual + MEMORY * (seconds - usual)
        ratio = seconds / usual if usual > 0 else 1.0
        self.strain += MOOD * (ratio - self.strain)
        if self.rest > 0:
            self.rest -= 1
        elif self.strain > SLOW:
            self._down(0.8)
        else:
            self.limit = min(self.most, self.limit + 1 / self.limit)

    def _down(self, factor: float) -> None:
        if self.rest <= 0:
            self.limit = max(FLOOR, self.limit * factor)
            self.rest = self.at_once
            self.strain = 1.0


def as_numbers(allowance: Allowance) -> Mapping[str, float]:
    """Return an allowance as the ledger in Redis takes it."""
    return {
        "requests_brim": allowance.requests_at_once,
        "requests_rate": allowance.requests_a_second,
        "execution_brim": allowance.execution_at_once,
        "execution_rate": allowance.execution_a_second,
        "concurrency": allowance.concurrency,
    }
