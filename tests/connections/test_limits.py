"""What is handed out never exceeds what is published, and concurrency follows the system's mood."""

from __future__ import annotations

import pytest

from connections.limits import (
    BUSINESS_CENTRAL,
    DATAVERSE,
    LONG,
    SHORT,
    Allowance,
    Ask,
    Climb,
    Ledger,
)


def _ask(requests: int = 20, *, spent_ms: float = 0, holder: str = "a", slots: int = 1) -> Ask:
    return Ask(holder, requests, slots, spent_ms)


@pytest.mark.parametrize("allowance", [DATAVERSE, BUSINESS_CENTRAL])
def test_no_window_sees_more_than_the_published_requests(allowance: Allowance) -> None:
    ledger = Ledger(allowance)
    granted = [(step / 10, ledger.lease(_ask(), step / 10).requests) for step in range(12_000)]

    for start in range(0, 900, 50):
        within = sum(number for at, number in granted if start <= at < start + 300)
        assert within <= allowance.requests


def test_steady_work_reaches_nine_tenths_of_the_limit() -> None:
    ledger = Ledger(DATAVERSE)

    granted = sum(ledger.lease(_ask(), step / 10).requests for step in range(6000))

    assert granted >= 0.9 * 20 * 600


def test_execution_time_that_was_overspent_is_waited_for() -> None:
    ledger = Ledger(DATAVERSE)
    ledger.lease(_ask(), 0)

    lease = ledger.lease(_ask(spent_ms=DATAVERSE.execution_at_once + 36_000), 0)

    assert lease.requests == 0
    assert lease.wait == pytest.approx(10, abs=0.1)
    assert ledger.lease(_ask(), lease.wait + 0.1).requests == 20


def test_a_pause_binds_everybody_and_a_shorter_one_does_not_end_it() -> None:
    ledger = Ledger(DATAVERSE)
    ledger.pause(30, now=100)
    ledger.pause(5, now=101)

    assert ledger.lease(_ask(holder="b"), 110).wait == 20
    assert ledger.lease(_ask(holder="b"), 131).requests == 20


def test_slots_are_shared_and_whoever_comes_late_gets_one() -> None:
    ledger = Ledger(BUSINESS_CENTRAL)

    assert ledger.lease(_ask(slots=8), 0).slots == 5
    assert ledger.lease(_ask(holder="b", slots=8), 0.1).slots == 1
    assert ledger.lease(_ask(slots=8), 0.2).slots == 4


def test_a_worker_that_fell_silent_loses_its_slots() -> None:
    ledger = Ledger(BUSINESS_CENTRAL)
    ledger.lease(_ask(slots=5), 0)
    ledger.lease(Ask("busy", 1, 4, busy=True), 0)

    assert ledger.lease(_ask(holder="c", slots=5), SHORT + 0.1).slots == 5 - 1
    assert ledger.lease(_ask(holder="c", slots=5), LONG + 0.1).slots == 5


def test_concurrency_climbs_slowly() -> None:
    climb = Climb(52)
    seen = []

    for _ in range(40):
        climb.note("GET accounts", 0.1, throttled=False)
        seen.append(climb.at_once)

    assert seen[0] == 2
    assert seen == sorted(seen)
    assert 6 <= seen[-1] <= 10


def test_concurrency_halves_when_told_to_slow_down_and_only_once_for_one_crowd() -> None:
    climb = Climb(52, limit=16)

    for _ in range(8):
        climb.note("GET accounts", 0.1, throttled=True)

    assert climb.at_once == 8


def test_concurrency_steps_down_when_answers_take_long() -> None:
    climb = Climb(52, limit=16)
    for _ in range(20):
        climb.note("GET accounts", 0.1, throttled=False)
    before = climb.at_once

    for _ in range(10):
        climb.note("GET accounts", 1.0, throttled=False)

    assert climb.at_once < before


def test_a_slow_kind_of_request_is_not_taken_for_strain() -> None:
    climb = Climb(52, limit=8)

    for _ in range(20):
        climb.note("GET accounts", 0.05, throttled=False)
        climb.note("POST CreateMultiple", 9.0, throttled=False)

    assert climb.at_once > 8


def test_concurrency_never_ends() -> None:
    climb = Climb(52)

    for _ in range(100):
        climb.note("GET accounts", 0.1, throttled=True)

    assert climb.at_once == 1
