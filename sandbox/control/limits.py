"""The published service limits: enforced on demand, latency, and what work costs."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from sandbox.control.faults import SettingError
from sandbox.http import Kind, Reply, Work

WINDOW = 300.0
NUMBERS = {"requests": 6000.0, "execution_ms_total": 1_200_000.0, "concurrency": 52.0}
EXECUTION_MS = {
    "read": 20.0,
    "row": 0.05,
    Kind.WRITE.value: 40.0,
    Kind.CREATE_MULTIPLE.value: 10.0,
    Kind.WRITE_MULTIPLE.value: 30.0,
}
EXECUTION_A_SECOND = {"dataverse": 4000.0, "bc": 5000.0, "entra": 4000.0}
REQUESTS_A_SECOND = 20.0


@dataclass(slots=True)
class Usage:
    """What one principal did within the window, and what runs now."""

    requests: deque[tuple[float, float]] = field(default_factory=deque)
    execution_ms: float = 0.0
    running: int = 0

    def forget_before(self, moment: float) -> None:
        while self.requests and self.requests[0][0] < moment:
            self.execution_ms -= self.requests.popleft()[1]


class Limits:
    """Switches of the control API; off by default."""

    def __init__(self) -> None:
        self.enforce = False
        self.retry_after = True
        self.window = WINDOW
        self.numbers = dict(NUMBERS)
        self.latency_ms = {"dataverse": 0.0, "bc": 0.0, "entra": 0.0}
        self.execution_ms = dict(EXECUTION_MS)
        self.token_lifetime_s = 3599
        self.usage: dict[tuple[str, str], Usage] = {}

    def configure(self, wanted: Any) -> None:
        """Take over the switches that are named; raises SettingError."""
        if not isinstance(wanted, dict):
            message = "Limits are an object."
            raise SettingError(message)
        for name, value in wanted.items():
            self._set(name, value)
        self.usage.clear()

    def _set(self, name: str, value: Any) -> None:
        match name:
            case "enforce" | "retry_after":
                setattr(self, name, bool(value))
            case "latency_ms":
                self.latency_ms |= _numbers(value, self.latency_ms)
            case "execution_ms":
                self.execution_ms |= _numbers(value, self.execution_ms)
            case "requests" | "execution_ms_total" | "concurrency":
                self.numbers[name] = _number(value)
            case "window_s":
                self.window = _number(value)
            case "token_lifetime_s":
                self.token_lifetime_s = int(_number(value))
            case _:
                message = f"There is no limit called '{name}'."
                raise SettingError(message)

    def described(self) -> dict[str, Any]:
        return {
            "enforce": self.enforce,
            "retry_after": self.retry_after,
            "window_s": self.window,
            **self.numbers,
            "latency_ms": self.latency_ms,
            "execution_ms": self.execution_ms,
            "token_lifetime_s": self.token_lifetime_s,
        }

    def cost(self, work: Work, rows: int) -> float:
        """Return the accounted execution time of a request in milliseconds."""
        if work.kind == Kind.READ:
            return self.execution_ms["read"] + self.execution_ms["row"] * rows
        return self.execution_ms[work.kind.value] * work.count

    def admit(self, system: str, principal: str) -> Reply | None:
        """Return a refusal when a limit is enforced and reached."""
        if not self.enforce or system == "entra":
            return None
        usage = self._usage(system, principal)
        usage.forget_before(time.monotonic() - self.window)
        limits, window = self.numbers, f"over time window of {self.window:g} seconds."
        if usage.running >= limits["concurrency"]:
            text = "Number of concurrent requests exceeded the limit of"
            return self._refusal(system, 2.0, "0x80072326", f"{text} {limits['concurrency']:g}.")
        if len(usage.requests) >= limits["requests"]:
            text = f"Number of requests exceeded the limit of {limits['requests']:g} {window}"
            return self._refusal(system, self._wait(usage), "0x80072322", text)
        excess = usage.execution_ms - limits["execution_ms_total"]
        if excess >= 0:
            text = "Combined execution time of incoming requests exceeded limit of "
            text += f"{limits['execution_ms_total']:g} milliseconds {window}"
            return self._refusal(system, self._wait(usage, excess), "0x80072321", text)
        return None

    def _wait(self, usage: Usage, excess: float = 0.0) -> float:
        """Return the seconds until enough of the window's work is forgotten."""
        left = 0.0
        for moment, cost_ms in usage.requests:
            left = moment + self.window - time.monotonic()
            excess -= cost_ms
            if excess < 0:
                break
        return left

    def _refusal(self, system: str, wait: float, code: str, text: str) -> Reply:
        if system == "bc":  # promises no time to wait
            return Reply(429, {"error": {"code": "TooManyRequests", "message": text}})
        headers = {"Retry-After": str(max(1, ceil(wait)))} if self.retry_after else {}
        return Reply(429, {"error": {"code": code, "message": text}}, headers)

    def remaining(self, system: str, principal: str) -> dict[str, str]:
        """Return the headers that say what is left of Dataverse's limits."""
        if system != "dataverse":
            return {}
        usage = self._usage(system, principal)
        requests = self.numbers["requests"] - len(usage.requests)
        seconds = (self.numbers["execution_ms_total"] - usage.execution_ms) / 1000
        return {
            "x-ms-ratelimit-burst-remaining-xrm-requests": f"{max(0.0, requests):.0f}",
            "x-ms-ratelimit-time-remaining-xrm-requests": f"{max(0.0, seconds):.2f}",
        }

    def begin(self, system: str, principal: str) -> None:
        self._usage(system, principal).running += 1

    def end(self, system: str, principal: str, cost_ms: float) -> None:
        usage = self._usage(system, principal)
        usage.running = max(0, usage.running - 1)
        if self.enforce:
            usage.requests.append((time.monotonic(), cost_ms))
            usage.execution_ms += cost_ms

    def _usage(self, system: str, principal: str) -> Usage:
        return self.usage.setdefault((system, principal), Usage())


def _numbers(value: Any, known: dict[str, float]) -> dict[str, float]:
    if not isinstance(value, dict) or set(value) - set(known):
        message = f"Only {', '.join(known)} can be set here."
        raise SettingError(message)
    return {name: _number(number) for name, number in value.items()}


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        message = f"'{value}' is no number for a limit."
        raise SettingError(message)
    return float(value)
