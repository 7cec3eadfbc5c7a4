"""What is sent to a system, and what a client needs to send it: tokens, a budget, patience."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Protocol

JITTER = SystemRandom()


class Tokens(Protocol):
    """Where access tokens come from."""

    def token(self) -> str:
        """Return a valid token, from memory if possible."""
        ...

    def renew(self) -> str:
        """Return a new token, whatever is remembered."""
        ...


class Budget(Protocol):
    """What a principal may ask of a system; shared by all who speak as that principal."""

    def admit(self) -> float:
        """Take the right to send one request, or return the seconds to wait before asking again."""
        ...

    def leave(self, seconds: float, *, kind: str, throttled: bool) -> None:
        """Note that an admitted request ended; requests of a kind take about the same time."""
        ...

    def pause(self, seconds: float) -> None:
        """Let everybody wait: the system said Retry-After."""
        ...


class Unlimited:
    """A budget without limits, for single calls and tests."""

    def admit(self) -> float:
        return 0.0

    def leave(self, seconds: float, *, kind: str, throttled: bool) -> None:
        """Nothing to note."""

    def pause(self, seconds: float) -> None:
        """Nobody else to tell."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait for what, in seconds."""

    connect: float = 10.0
    read: float = 150.0  # Dataverse ends an operation after two minutes
    patience: float = 300.0  # for one request, all waits together
    attempts: int = 5
    first_pause: float = 0.5
    longest_pause: float = 30.0

    def pause(self, attempt: int) -> float:
        """Return how long to wait before the next attempt: exponential, with full jitter."""
        return jitter(min(self.longest_pause, self.first_pause * 2**attempt))


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. `path` is below the client's root, or a link that a system gave.

    A request is `repeatable` if sending it twice does no harm, however the first one ended.
    """

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = False
    wants: str = "json"  # what a good answer holds: "json", "text" (anything)

    @property
    def reads(self) -> bool:
        return self.method in ("GET", "HEAD")

    @property
    def kind(self) -> str:
        """Return what requests that take about the same time have in common."""
        last = self.path.partition("?")[0].rpartition("/")[2]
        return f"{self.method} {last.partition('(')[0]}"

    @property
    def is_safe(self) -> bool:
        return self.repeatable or self.reads


def jitter(most: float) -> float:
    """Return a random pause, so that not all come back at the same moment."""
    return JITTER.uniform(0, most)
