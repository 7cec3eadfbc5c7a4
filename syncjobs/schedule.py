"""When a job queue entry runs, waits or rests. Pure: the clock is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from syncjobs.terms import JobStatus

EVERY_DAY = frozenset(range(7))
A_DAY_IN_MINUTES = 1440
MOST_ATTEMPTS = 10  # whatever the entry says (E-7.21)
LAST_SHORT_ATTEMPT = 7
LONG_PAUSE = timedelta(hours=6)
DAYS_AHEAD = 15  # a week, and a week more for a clock change that swallows the opening


class NeverOpenError(ValueError):
    """The schedule allows no moment at all."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The recurrence an administrator set on an entry; times are those of `zone`."""

    recurring: bool = True
    minutes_between_runs: int = 0
    weekdays: frozenset[int] = EVERY_DAY  # 0 = Monday
    starting_time: time | None = None
    ending_time: time | None = None
    inactivity_timeout: timedelta = timedelta(0)
    maximum_attempts: int = 3
    rerun_delay: timedelta = timedelta(0)
    zone: tzinfo = UTC

    @property
    def interval(self) -> timedelta:
        """The pause between runs; none given means once a day (E-7.3)."""
        return timedelta(minutes=self.minutes_between_runs or A_DAY_IN_MINUTES)


@dataclass(frozen=True, slots=True)
class Next:
    """What the entry does next; without a moment it waits until something wakes it."""

    status: JobStatus
    at: datetime | None = None
    attempts: int = 0


def after_success(schedule: Schedule, *, now: datetime, idle: bool) -> Next:
    """Decide what follows a run that ended well (E-7.15, E-7.17)."""
    if not schedule.recurring:
        return Next(JobStatus.FINISHED)
    if not idle:
        return Next(JobStatus.READY, next_opening(schedule, now + schedule.interval))
    return rest(schedule, now=now)


def rest(schedule: Schedule, *, now: datetime) -> Next:
    """Put the entry on hold until its inactivity timeout elapses; 0 schedules nothing (E-7.7)."""
    if not schedule.inactivity_timeout:
        return Next(JobStatus.ON_HOLD_INACTIVE)
    rested = now + schedule.inactivity_timeout
    return Next(JobStatus.ON_HOLD_INACTIVE, next_opening(schedule, rested))


def after_failure(
    schedule: Schedule, *, now: datetime, attempts: int, retry_after: timedelta | None = None
) -> Next:
    """Decide what follows a run that another attempt may heal (E-7.21, E-7.22)."""
    if attempts >= min(schedule.maximum_attempts, MOST_ATTEMPTS):
        return Next(JobStatus.ERROR, attempts=attempts)
    pause = max(_pause(schedule, attempts + 1), retry_after or timedelta(0))
    return Next(JobStatus.READY, next_opening(schedule, now + pause), attempts + 1)


def after_death(schedule: Schedule, *, now: datetime, attempts: int) -> Next:
    """Decide what follows a run whose worker died: at once the first time, then as a failure."""
    if attempts == 0 and schedule.maximum_attempts > 0:
        return Next(JobStatus.READY, now, attempts=1)
    return after_failure(schedule, now=now, attempts=attempts)


def _pause(schedule: Schedule, attempt: int) -> timedelta:
    if attempt > LAST_SHORT_ATTEMPT:
        return schedule.rerun_delay + LONG_PAUSE
    return schedule.rerun_delay + timedelta(milliseconds=10**attempt)


def next_opening(schedule: Schedule, moment: datetime) -> datetime:
    """Return the first moment at or after this one that the schedule allows (E-7.18).

    What comes too late, too early or on a day that is not flagged moves to the starting time
    of the next flagged day. An entry that does not recur has no such limits (E-7.4).
    """
    if is_open(schedule, moment):
        return moment
    today = moment.astimezone(schedule.zone).date()
    for days in range(DAYS_AHEAD):
        wall = datetime.combine(today + timedelta(days=days), schedule.starting_time or time.min)
        opens = wall.replace(tzinfo=schedule.zone).astimezone(UTC)
        if opens >= moment and is_open(schedule, opens):
            return opens
    message = "the schedule allows no weekday"
    raise NeverOpenError(message)


def is_open(schedule: Schedule, moment: datetime) -> bool:
    """Whether an entry may start at this moment (E-7.12, E-7.18)."""
    if not schedule.recurring:
        return True
    local = moment.astimezone(schedule.zone)
    return local.weekday() in schedule.weekdays and _within(schedule, local.time())


def _within(schedule: Schedule, at: time) -> bool:
    start, end = schedule.starting_time, schedule.ending_time
    if start is None or end is None:
        return (start is None or at >= start) and (end is None or at <= end)
    if start == end:  # as if only the start were set
        return at >= start
    if start > end:  # the window crosses midnight
        return at >= start or at <= end
    return start <= at <= end
