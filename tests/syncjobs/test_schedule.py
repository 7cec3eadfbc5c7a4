"""When a job queue entry runs, waits or rests: rules E-7.3, E-7.7, E-7.12 and E-7.15 to E-7.22."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncjobs.schedule import (
    NeverOpenError,
    Schedule,
    after_death,
    after_failure,
    after_success,
    is_open,
    next_opening,
)
from syncjobs.terms import JobStatus

FRIDAY = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
WORKDAYS = frozenset(range(5))
MAPPING_JOB = Schedule(
    minutes_between_runs=30,
    inactivity_timeout=timedelta(minutes=720),
    maximum_attempts=10,
    rerun_delay=timedelta(seconds=30),
)


def at(hour: int, minute: int = 0) -> datetime:
    return FRIDAY.replace(hour=hour, minute=minute)


def test_a_run_that_did_something_is_followed_after_the_minutes_between_runs() -> None:  # E-7.18
    following = after_success(MAPPING_JOB, now=FRIDAY, idle=False)

    assert following.status == JobStatus.READY
    assert following.at == FRIDAY + timedelta(minutes=30)


def test_an_idle_run_puts_its_entry_to_rest_for_the_inactivity_timeout() -> None:  # E-7.15, E-7.17
    following = after_success(MAPPING_JOB, now=FRIDAY, idle=True)

    assert following.status == JobStatus.ON_HOLD_INACTIVE
    assert following.at == FRIDAY + timedelta(hours=12)


def test_without_an_inactivity_timeout_a_resting_entry_has_no_time() -> None:  # E-7.7
    following = after_success(Schedule(minutes_between_runs=30), now=FRIDAY, idle=True)

    assert following.status == JobStatus.ON_HOLD_INACTIVE
    assert following.at is None


def test_an_entry_that_does_not_recur_is_finished_after_its_run() -> None:  # E-7.17
    following = after_success(Schedule(recurring=False), now=FRIDAY, idle=False)

    assert following.status == JobStatus.FINISHED


def test_no_minutes_between_runs_means_once_a_day() -> None:  # E-7.3
    following = after_success(Schedule(), now=FRIDAY, idle=False)

    assert following.at == FRIDAY + timedelta(days=1)


def test_a_mapping_job_retries_with_the_pauses_business_central_takes() -> None:  # E-7.22
    pauses, attempts = [], 0
    while (following := after_failure(MAPPING_JOB, now=FRIDAY, attempts=attempts)).at:
        pauses.append((following.at - FRIDAY).total_seconds())
        attempts = following.attempts

    assert pauses == [30.01, 30.1, 31, 40, 130, 1030, 10030, 21630, 21630, 21630]
    assert following.status == JobStatus.ERROR


def test_a_system_that_asks_to_wait_longer_is_obeyed() -> None:  # E-7.21
    following = after_failure(MAPPING_JOB, now=FRIDAY, attempts=0, retry_after=timedelta(minutes=5))

    assert following.at == FRIDAY + timedelta(minutes=5)


def test_a_dead_worker_costs_no_pause_the_first_time() -> None:  # E-7.25
    first = after_death(MAPPING_JOB, now=FRIDAY, attempts=0)
    second = after_death(MAPPING_JOB, now=FRIDAY, attempts=first.attempts)

    assert first.at == FRIDAY
    assert second.at is not None
    assert second.at > FRIDAY


@pytest.mark.parametrize(
    ("start", "end", "open_at", "closed_at"),
    [
        (None, None, [0, 12, 23], []),
        (time(8), time(18), [8, 12, 18], [7, 19]),
        (time(22), time(6), [22, 23, 0, 6], [7, 12, 21]),  # crosses midnight
        (time(8), None, [8, 23], [7]),
        (None, time(18), [0, 18], [19]),
        (time(8), time(8), [8, 23], [7]),  # as if only the start were set
    ],
)
def test_a_window_is_open_from_start_to_end(  # E-7.12
    start: time | None, end: time | None, open_at: list[int], closed_at: list[int]
) -> None:
    schedule = Schedule(starting_time=start, ending_time=end)

    assert all(is_open(schedule, at(hour)) for hour in open_at)
    assert not any(is_open(schedule, at(hour)) for hour in closed_at)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (at(10), at(10)),
        (at(7), at(8)),  # too early: at the starting time
        (at(19), at(8) + timedelta(days=3)),  # too late on a Friday: on Monday
    ],
)
def test_what_comes_outside_the_window_moves_to_the_next_opening(  # E-7.18
    moment: datetime, opens: datetime
) -> None:
    schedule = Schedule(weekdays=WORKDAYS, starting_time=time(8), ending_time=time(18))

    assert next_opening(schedule, moment) == opens


def test_times_are_those_of_the_consoles_zone() -> None:
    oslo = Schedule(starting_time=time(8), zone=ZoneInfo("Europe/Oslo"))

    assert next_opening(oslo, at(6)) == at(7)


def test_a_schedule_without_weekdays_never_opens() -> None:
    with pytest.raises(NeverOpenError):
        next_opening(Schedule(weekdays=frozenset()), FRIDAY)


@given(
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    start=st.none() | st.times(),
    end=st.none() | st.times(),
    zone=st.sampled_from(["UTC", "Europe/Oslo", "America/New_York", "Australia/Lord_Howe"]),
)
def test_an_opening_is_open_and_never_in_the_past(
    moment: datetime, days: frozenset[int], start: time | None, end: time | None, zone: str
) -> None:
    schedule = Schedule(weekdays=days, starting_time=start, ending_time=end, zone=ZoneInfo(zone))

    opens = next_opening(schedule, moment)

    assert opens >= moment
    assert is_open(schedule, opens)
