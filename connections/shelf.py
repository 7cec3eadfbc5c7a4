"""A shelf for what is slow to ask for and rarely changes: all workers share it, for a while.

Every job runs in a process of its own, so what a process remembers is gone with it.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Protocol

import redis

LIFETIME = 600  # seconds
TIMEOUT = 1.0


class Shelf(Protocol):
    """Keeps texts under names for a while; may lose any of them at any time."""

    def take(self, name: str) -> str | None: ...

    def put(self, name: str, text: str) -> None: ...

    def drop(self, name: str) -> None: ...


class OwnShelf:
    """A shelf in this process's memory, for as long as its owner lives."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def take(self, name: str) -> str | None:
        return self._kept.get(name)

    def put(self, name: str, text: str) -> None:
        self._kept[name] = text

    def drop(self, name: str) -> None:
        self._kept.pop(name, None)


class RedisShelf:
    """A principal's shelf in Redis; while Redis is away it keeps nothing."""

    def __init__(self, server: redis.Redis, principal: str) -> None:
        self._server = server
        self._prefix = f"shelf:{hashlib.sha256(principal.encode()).hexdigest()[:32]}:"

    def take(self, name: str) -> str | None:
        try:
            kept = self._server.get(self._prefix + name)
        except redis.RedisError:
            return None
        return kept.decode() if isinstance(kept, bytes) else kept

    def put(self, name: str, text: str) -> None:
        try:
            self._server.set(self._prefix + name, text, ex=LIFETIME)
        except redis.RedisError:
            return

    def drop(self, name: str) -> None:
        try:
            self._server.delete(self._prefix + name)
        except redis.RedisError:
            return

    def clear(self) -> None:
        """Drop everything of this principal."""
        try:
            for name in self._server.scan_iter(match=f"{self._prefix}*"):
                self._server.delete(name)
        except redis.RedisError:
            return


@lru_cache(maxsize=64)
def shelf_of(principal: str, redis_url: str) -> RedisShelf:
    """Return the shelf of whoever signs in somewhere: others may see other things."""
    server = redis.Redis.from_url(redis_url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
    return RedisShelf(server, principal)
