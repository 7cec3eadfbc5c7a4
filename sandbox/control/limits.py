"""The published service limits: enforced on demand, latency, and what work costs."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
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
    refusals: int = 0

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
                self.numbers[name] = float(value)
            case "window_s":
                self.window = float(value)
            case "token_lifetime_s":
                self.token_lifetime_s = int(value)
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
        if usage.running >= self.numbers["concurrency"]:
            limit = self.numbers["concurrency"]
            text = f"Number of concurrent requests exceeded the limit of {limit:g}."
            return self._refusal(system, usage, "0x80072326", text)
        if len(usage.requests) >= self.numbers["requests"]:
            limit = self.numbers["requests"]
            text = (
                f"Number of requests exceeded the limit of {limit:g} "
                f"over time window of {self.window:g} seconds."
            )
            return self._refusal(system, usage, "0x80072322", text)
        if usage.execution_ms >= self.numbers["execution_ms_total"]:
            limit = self.numbers["execution_ms_total"]
            text = (
                f"Combined execution time of incoming requests exceeded limit of {limit:g} "
                f"milliseconds over time window of {self.window:g} seconds."
            )
            return self._refusal(system, usage, "0x80072321", text)
        return None

    def _refusal(self, system: str, usage: Usage, code: str, text: str) -> Reply:
        usage.refusals += 1
        headers = {}
        if self.retry_after and system == "dataverse":
            oldest = usage.requests[0][0] if usage.requests else time.monotonic()
            wait = max(1, int(oldest + self.window - time.monotonic()) + 1)
            headers["Retry-After"] = str(min(wait, 5) if code == "0x80072326" else wait)
        if system == "bc":
            return Reply(429, {"error": {"code": "TooManyRequests", "message": text}}, headers)
        return Reply(429, {"error": {"code": code, "message": text}}, headers)

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
    return {name: float(number) for name, number in value.items()}
