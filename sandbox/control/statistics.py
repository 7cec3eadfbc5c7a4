"""Counts what clients cost each system."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.control.limits import EXECUTION_A_SECOND, REQUESTS_A_SECOND

ROOT = re.compile(r"^/api/data/v[\d.]+|^/v2\.0/[^/]+/[^/]+/api")
KEYS = re.compile(r"\((?:[^()']|'[^']*')*\)")


@dataclass(slots=True)
class Figures:
    """What was counted for one route, or one principal."""

    requests: int = 0
    operations: int = 0
    execution_seconds: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0

    def add(self, operations: int, execution_ms: float, received: int, sent: int) -> None:
        self.requests += 1
        self.operations += operations
        self.execution_seconds += execution_ms / 1000
        self.bytes_in += received
        self.bytes_out += sent


@dataclass(slots=True)
class Statistics:
    """Figures by route and by principal, since the last reset."""

    routes: dict[tuple[str, str, str, int], Figures] = field(default_factory=dict)
    principals: dict[tuple[str, str], Figures] = field(default_factory=dict)
    running: dict[str, int] = field(default_factory=dict)
    peak: dict[str, int] = field(default_factory=dict)

    def clear(self) -> None:
        self.routes.clear()
        self.principals.clear()
        self.peak.clear()

    def begin(self, system: str) -> None:
        self.running[system] = self.running.get(system, 0) + 1
        self.peak[system] = max(self.peak.get(system, 0), self.running[system])

    def end(self, system: str) -> None:
        # A reset may have come between.
        self.running[system] = max(0, self.running.get(system, 0) - 1)

    def count(
        self,
        system: str,
        principal: str,
        request: tuple[str, str],
        status: int,
        cost: tuple[int, float, int, int],
    ) -> None:
        """Note one request: route, status, and operations, milliseconds, bytes in and out."""
        method, path = request
        key = (system, method, route(path), status)
        self.routes.setdefault(key, Figures()).add(*cost)
        self.principals.setdefault((system, principal), Figures()).add(*cost)

    def described(self) -> dict[str, Any]:
        systems: dict[str, dict[str, Any]] = {}
        for system in ("entra", "dataverse", "bc"):
            own = [(key, f) for key, f in self.routes.items() if key[0] == system]
            statuses: dict[str, int] = {}
            total = Figures()
            for (_, _, _, status), figures in own:
                statuses[str(status)] = statuses.get(str(status), 0) + figures.requests
                _merge(total, figures)
            systems[system] = {
                **asdict(total),
                "accounted_seconds": self._accounted(system),
                "running": self.running.get(system, 0),
                "peak_concurrency": self.peak.get(system, 0),
                "statuses": statuses,
            }
        return {
            "systems": systems,
            "routes": [
                {"system": s, "method": m, "route": r, "status": c, **asdict(figures)}
                for (s, m, r, c), figures in sorted(self.routes.items())
            ],
            "principals": [
                {"system": s, "principal": p, **asdict(f), "accounted_seconds": accounted(s, f)}
                for (s, p), f in sorted(self.principals.items())
            ],
        }

    def _accounted(self, system: str) -> float:
        """Principals have budgets of their own: the slowest of them is what a run takes."""
        own = [accounted(system, f) for (s, _), f in self.principals.items() if s == system]
        return max(own, default=0.0)


def accounted(system: str, figures: Figures) -> float:
    """Return the seconds that the published limits ask for at least."""
    by_execution = figures.execution_seconds * 1000 / EXECUTION_A_SECOND[system]
    return max(figures.requests / REQUESTS_A_SECOND, by_execution)


def route(path: str) -> str:
    """Return a path without its keys and its root."""
    return KEYS.sub("()", ROOT.sub("", path)) or "/"


def _merge(total: Figures, figures: Figures) -> None:
    total.requests += figures.requests
    total.operations += figures.operations
    total.execution_seconds += figures.execution_seconds
    total.bytes_in += figures.bytes_in
    total.bytes_out += figures.bytes_out
