"""One account for all workers in a real Redis, and one of its own for a worker without."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import uuid4

import pytest
import redis

from connections.budget import OwnAccount, SafeAccount, SharedAccount, SharedBudget, budget_of
from connections.limits import BUSINESS_CENTRAL, DATAVERSE, Allowance, Ask, Lease, Ledger
from integration_admin.embedded_redis import EmbeddedRedis, address

SMALL = Allowance(requests=600, execution_ms=60_000, concurrency=4)


@dataclass
class Moving:
    """A clock that is moved by hand."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def url(redis_server: EmbeddedRedis) -> str:
    return address(redis_server.directory)


@pytest.fixture
def server(url: str) -> Iterator[redis.Redis]:
    server = redis.Redis.from_url(url)
    yield server
    server.close()


def test_workers_share_what_is_left(server: redis.Redis) -> None:
    principal = str(uuid4())
    first, second = (SharedAccount(server, principal, SMALL) for _ in range(2))

    granted = [account.lease(Ask(str(n), 40, 1)) for n, account in enumerate([first, second])]

    assert granted[0].requests == 40
    assert 20 <= granted[1].requests < 40  # what has flowed in meanwhile is little
    refused = first.lease(Ask("0", 40, 1))
    assert refused.requests < 20
    assert refused.wait < 1


def test_principals_do_not_share(server: redis.Redis) -> None:
    SharedAccount(server, str(uuid4()), SMALL).lease(Ask("a", 60, 1))

    assert SharedAccount(server, str(uuid4()), SMALL).lease(Ask("a", 60, 1)).requests == 60


def test_a_pause_is_heard_by_other_workers(server: redis.Redis) -> None:
    principal = str(uuid4())
    SharedAccount(server, principal, SMALL).pause(30)
    SharedAccount(server, principal, SMALL).pause(2)

    lease = SharedAccount(server, principal, SMALL).lease(Ask("b", 20, 1))

    assert lease.requests == 0
    assert 2 < lease.wait <= 30


def test_the_account_in_redis_reckons_like_the_one_in_memory(server: redis.Redis) -> None:
    shared, own = SharedAccount(server, str(uuid4()), SMALL), Ledger(SMALL)
    asks = [
        Ask("a", 20, 3),
        Ask("b", 20, 3),
        Ask("a", 10, 3, spent_ms=500, busy=True),
        Ask("c", 0, 2),
        Ask("b", 0, 0),
        Ask("c", 5, 4),
        Ask("a", 20, 4, spent_ms=6_500),
    ]

    there, here, begun = list[Lease](), list[Lease](), time.monotonic()
    for ask in asks:
        there.append(shared.lease(ask))
        here.append(own.lease(ask, time.monotonic() - begun))  # however long that took

    assert [(x.requests, x.slots) for x in there] == [(x.requests, x.slots) for x in here]
    assert there[-1].wait == pytest.approx(here[-1].wait, abs=0.5)
    assert here[-1].wait > 4


def test_without_redis_a_worker_counts_for_itself() -> None:
    nowhere = redis.Redis.from_url("unix:///nowhere/redis.sock")
    clock = Moving()
    account = SafeAccount(
        SharedAccount(nowhere, "somebody", SMALL), OwnAccount(SMALL, clock), clock
    )

    account.pause(1)

    assert account.lease(Ask("a", 20, 4)) == Lease(0, 4, 1.0)
    clock.now += 1.5
    assert account.lease(Ask("a", 20, 4)).requests == 20


class Counting:
    """An account that counts how often it is asked."""

    def __init__(self, account: OwnAccount) -> None:
        self.account = account
        self.asked = 0

    def lease(self, ask: Ask) -> Lease:
        self.asked += 1
        return self.account.lease(ask)

    def pause(self, seconds: float) -> None:
        self.account.pause(seconds)


def _leave(budget: SharedBudget) -> None:
    budget.leave(0.01, kind="GET accounts", throttled=False)


def _budget(allowance: Allowance = DATAVERSE) -> tuple[SharedBudget, Counting, Moving]:
    clock = Moving()
    account = Counting(OwnAccount(allowance, clock))
    return SharedBudget(account, allowance.concurrency, clock=clock), account, clock


def test_many_small_requests_ask_redis_rarely() -> None:
    budget, account, _ = _budget()

    for _ in range(100):
        assert budget.admit() == 0
        _leave(budget)

    assert account.asked <= 6


def test_what_other_workers_were_told_is_heard_within_a_second() -> None:
    budget, account, clock = _budget()
    budget.admit()
    _leave(budget)
    account.pause(10)

    clock.now += 0.6

    assert budget.admit() > 9


def test_no_more_run_at_once_than_there_are_slots() -> None:
    budget = SharedBudget(OwnAccount(BUSINESS_CENTRAL), 50)
    running, most, lock = 0, 0, threading.Lock()

    def work(_: int) -> None:
        nonlocal running, most
        while budget.admit():
            pass
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.002)  # the work of a request
        with lock:
            running -= 1
        _leave(budget)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(work, range(300)))

    assert 1 < most <= 5


def test_a_worker_that_is_done_gives_its_slots_back(server: redis.Redis) -> None:
    principal = str(uuid4())
    budget = SharedBudget(SharedAccount(server, principal, SMALL), 4)
    other = SharedAccount(server, principal, SMALL)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: _one(budget), range(40)))

    assert other.lease(Ask("other", 1, 4)).slots >= 3


def _one(budget: SharedBudget) -> None:
    while budget.admit():
        pass
    _leave(budget)


def test_a_process_has_one_budget_for_a_principal(url: str) -> None:
    assert budget_of("a", DATAVERSE, url) is budget_of("a", DATAVERSE, url)
    assert budget_of("a", DATAVERSE, url) is not budget_of("b", DATAVERSE, url)
    assert budget_of("a", DATAVERSE, url).admit() == 0
