"""The budget of a principal: shared by all workers through Redis, or by threads without it."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

import redis

from connections.limits import LONG, SHORT, Allowance, Ask, Climb, Lease, Ledger, as_numbers

CHUNK = 20  # requests a lease holds: a second of the published limit
FRESH = 0.5  # seconds after which a lease is renewed, to hear what others were told
BLOCKED = 0.25  # seconds to wait for another request of ours to end
SOON = 0.05  # seconds before more slots are asked for again
BRIEFLY = 0.001
AWAY = 5.0  # seconds before Redis is tried again
TIMEOUT = 1.0
FORGET = 3600  # seconds after which an unused account is dropped

# The same account as connections.limits.Ledger, on Redis's clock.
LEASE = """
local account, slots = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local function bucket(name, brim, rate)
  local held = redis.call('HMGET', account, name, name .. '_at')
  local level = tonumber(held[1]) or brim
  local at = tonumber(held[2]) or now
  return math.min(brim, level + math.max(0, now - at) * rate)
end
local requests_rate, execution_rate = tonumber(ARGV[2]), tonumber(ARGV[4])
local requests = bucket('requests', tonumber(ARGV[1]), requests_rate)
local execution = bucket('execution', tonumber(ARGV[3]), execution_rate) - tonumber(ARGV[8])
local paused = tonumber(redis.call('HGET', account, 'paused_until')) or 0
local wanted, granted, wait = tonumber(ARGV[6]), 0, 0
if now < paused then
  wait = paused - now
elseif execution <= 0 then
  wait = (1 - execution) / execution_rate
else
  granted = math.min(wanted, math.max(0, math.floor(requests)))
  requests = requests - granted
  if granted == 0 and wanted > 0 then wait = math.max(0, (1 - requests) / requests_rate) end
end
redis.call('HSET', account, 'requests', tostring(requests), 'requests_at', tostring(now),
  'execution', tostring(execution), 'execution_at', tostring(now))
local others, held = 0, redis.call('HGETALL', slots)
for i = 1, #held, 2 do
  local number, until_ = string.match(held[i + 1], '^(%d+) (.+)$')
  if tonumber(until_) <= now then
    redis.call('HDEL', slots, held[i])
  elseif held[i] ~= ARGV[9] then
    others = others + tonumber(number)
  end
end
local asked, own = tonumber(ARGV[7]), 0
if asked > 0 then own = math.max(1, math.min(asked, tonumber(ARGV[5]) - others)) end
redis.call('HSET', slots, ARGV[9], own .. ' ' .. string.format('%.6f', now + tonumber(ARGV[10])))
redis.call('EXPIRE', account, ARGV[11])
redis.call('EXPIRE', slots, ARGV[11])
return {granted, own, tostring(wait)}
"""
PAUSE = """
local time = redis.call('TIME')
local wanted = time[1] + time[2] / 1000000 + tonumber(ARGV[1])
local paused = tonumber(redis.call('HGET', KEYS[1], 'paused_until')) or 0
if wanted > paused then
  redis.call('HSET', KEYS[1], 'paused_until', string.format('%.6f', wanted))
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 0
"""


class Account(Protocol):
    """Where a principal's ledger is kept."""

    def lease(self, ask: Ask) -> Lease: ...

    def pause(self, seconds: float) -> None: ...


class OwnAccount:
    """The ledger in this process's memory."""

    def __init__(self, allowance: Allowance, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger = Ledger(allowance)
        self._clock = clock
        self._lock = threading.Lock()

    def lease(self, ask: Ask) -> Lease:
        with self._lock:
            return self._ledger.lease(ask, self._clock())

    def pause(self, seconds: float) -> None:
        with self._lock:
            self._ledger.pause(seconds, self._clock())


class SharedAccount:
    """The ledger in Redis; raises redis.RedisError while Redis is away."""

    def __init__(self, server: redis.Redis, principal: str, allowance: Allowance) -> None:
        name = hashlib.sha256(principal.encode()).hexdigest()[:32]
        self._keys = [f"limits:{{{name}}}:account", f"limits:{{{name}}}:slots"]
        self._numbers: list[str | float] = [*as_numbers(allowance).values()]
        self._lease = server.register_script(LEASE)
        self._pause = server.register_script(PAUSE)

    def lease(self, ask: Ask) -> Lease:
        kept = LONG if ask.busy else SHORT
        arguments = [
            *self._numbers,
            ask.requests,
            ask.slots,
            ask.spent_ms,
            ask.holder,
            kept,
            FORGET,
        ]
        granted, slots, wait = self._lease(self._keys, arguments)
        return Lease(int(granted), int(slots), float(wait))

    def pause(self, seconds: float) -> None:
        self._pause(self._keys[:1], [seconds, FORGET])

    def usage(self, server: redis.Redis, allowance: Allowance) -> Usage:
        now_s, micros = server.time()
        now = now_s + micros / 1_000_000
        names = ("requests", "requests_at", "execution", "execution_at", "paused_until")
        told = [float(value) if value else None for value in server.hmget(self._keys[0], names)]
        level, at, spent, spent_at, paused = told
        return Usage(
            _used(level, at, now, allowance.requests_at_once, allowance.requests_a_second),
            _used(spent, spent_at, now, allowance.execution_at_once, allowance.execution_a_second),
            datetime.fromtimestamp(paused, UTC) if paused else None,
        )


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of its allowance a principal has used up, and when it was last told to wait."""

    requests: float  # 0 nothing, 1 everything that may be used at once
    execution: float
    paused_until: datetime | None


def usage_of(principal: str, allowance: Allowance, redis_url: str) -> Usage:
    """Look at an account without taking anything of it; raises redis.RedisError."""
    server = redis.Redis.from_url(redis_url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
    return SharedAccount(server, principal, allowance).usage(server, allowance)


class SafeAccount:
    """The shared ledger, or one's own while Redis is away: then limits hold for this process."""

    def __init__(
        self, shared: Account, own: Account, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._shared = shared
        self._own = own
        self._clock = clock
        self._away_until = 0.0

    def lease(self, ask: Ask) -> Lease:
        if self._clock() >= self._away_until:
            try:
                return self._shared.lease(ask)
            except redis.RedisError:
                self._away_until = self._clock() + AWAY
        return self._own.lease(ask)

    def pause(self, seconds: float) -> None:
        self._own.pause(seconds)
        if self._clock() >= self._away_until:
            try:
                self._shared.pause(seconds)
            except redis.RedisError:
                self._away_until = self._clock() + AWAY


class SharedBudget:
    """What this process may send now, as one principal; threads share it."""

    def __init__(
        self, account: Account, most_at_once: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._account = account
        self._clock = clock
        self._climb = Climb(most_at_once)
        self._lease = Lease(0, 1)
        self._leased_at = float("-inf")
        self._paused_until = 0.0
        self._running = 0
        self._waiting = 0
        self._demand = 1  # the most that wanted to run at once since the last lease
        self._spent_ms = 0.0
        self._free = threading.Condition()

    @property
    def at_once(self) -> int:
        """Return how many requests may run at once at the moment."""
        return max(1, min(self._climb.at_once, self._lease.slots))

    def admit(self) -> float:
        with self._free:
            self._waiting += 1
            self._demand = max(self._demand, self._running + self._waiting)
            try:
                return self._admit()
            finally:
                self._waiting -= 1

    def _admit(self) -> float:
        if self._running >= self.at_once and not self._wants_more_slots():
            self._free.wait(BLOCKED)
        now = self._clock()
        if now < self._paused_until:
            return self._paused_until - now
        is_old = now - self._leased_at >= FRESH
        if is_old or self._lease.requests < 1 or self._wants_more_slots():
            self._renew(now)
        if self._lease.requests < 1:
            return max(BRIEFLY, self._lease.wait)
        if self._running >= self.at_once:
            return BRIEFLY
        self._lease = Lease(self._lease.requests - 1, self._lease.slots)
        self._running += 1
        return 0.0

    def leave(self, seconds: float, *, kind: str, throttled: bool) -> None:
        with self._free:
            self._running -= 1
            self._spent_ms += seconds * 1000
            self._climb.note(kind, seconds, throttled=throttled)
            if self._running + self._waiting == 0 and self._lease.slots > 1:
                self._release()
            self._free.notify_all()

    def pause(self, seconds: float) -> None:
        with self._free:
            self._paused_until = max(self._paused_until, self._clock() + seconds)
            self._account.pause(seconds)

    def _wants_more_slots(self) -> bool:
        """Whether we are held back by the slots we were given, and may ask for more again."""
        wanted = min(self._demand, self._climb.at_once)
        is_held = self._lease.slots <= self._running and self._lease.slots < wanted
        return is_held and self._clock() - self._leased_at >= SOON

    def _renew(self, now: float) -> None:
        kept, slots = self._lease.requests, min(self._demand, self._climb.at_once)
        busy = self._running > 0
        ask = Ask(_holder(), CHUNK - kept, slots, self._spent_ms, busy=busy)
        lease = self._account.lease(ask)
        self._spent_ms, self._leased_at = 0.0, now
        self._demand = self._running + self._waiting
        # Somebody was told to wait: what is left of the old lease waits too.
        self._lease = lease if lease.wait else Lease(kept + lease.requests, lease.slots)

    def _release(self) -> None:
        """Give the slots but one back at once: others may be waiting for them."""
        lease = self._account.lease(Ask(_holder(), 0, 1, self._spent_ms))
        self._spent_ms = 0.0
        self._lease = Lease(self._lease.requests, lease.slots)


def _used(level: float | None, at: float | None, now: float, brim: float, rate: float) -> float:
    """Return the share of a bucket that is empty by now."""
    if level is None or at is None:
        return 0.0
    return 1 - min(brim, level + max(0.0, now - at) * rate) / brim


def _holder() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


@lru_cache(maxsize=64)
def budget_of(principal: str, allowance: Allowance, redis_url: str) -> SharedBudget:
    """Return the budget of a principal: one in each process, one account for all of them.

    A principal is who signs in where, for instance "dataverse https://org… <client id>".
    """
    own = OwnAccount(allowance)
    server = redis.Redis.from_url(redis_url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
    account = SafeAccount(SharedAccount(server, principal, allowance), own)
    return SharedBudget(account, allowance.concurrency)
