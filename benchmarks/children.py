"""Runs each measured client in a process of its own, so that none pays for another."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from benchmarks.sandbox import ROOT, Sandbox
from syncjobs.orphans import die_with_parent

STRAIN_ROUNDS, STRAIN_SIZE = 60, 20_000
MARK = "MEASURED "  # before the line that a child answers with


def run(module: str, sandbox: Sandbox, **order: Any) -> dict[str, Any]:
    """Run `python -m benchmarks.<module>` on a sandbox's directory; return what it measured."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "integration_admin.settings",
        "VAR_DIR": str(sandbox.directory),
        "ALLOWED_SYSTEM_HOSTS": "localhost=private",
        "SYSTEM_CA_BUNDLE": sandbox.env["SANDBOX_CA_BUNDLE"],
        "REQUESTS_CA_BUNDLE": sandbox.env["SANDBOX_CA_BUNDLE"],  # Microsoft's client looks here
    }
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", f"benchmarks.{module}", json.dumps(order)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        preexec_fn=partial(die_with_parent, os.getpid()),
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    if done.returncode or not lines:
        message = f"benchmarks.{module} ended with status {done.returncode}."
        raise RuntimeError(message)
    answer: dict[str, Any] = json.loads(lines[-1].removeprefix(MARK))
    return answer


@dataclass
class Costs:
    """What a stretch of work cost this process."""

    seconds: float = 0.0
    user: float = 0.0
    system: float = 0.0
    figures: dict[str, Any] = field(default_factory=dict)

    def tell(self) -> None:
        """Answer the parent; called once, at the end."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        costs = {"seconds": self.seconds, "user": self.user, "system": self.system}
        text = json.dumps({**costs, "peak_mb": peak, **self.figures})
        sys.stdout.write(f"\n{MARK}{text}\n")


@contextmanager
def measured() -> Iterator[Costs]:
    """Measure wall and processor time of what happens within."""
    costs = Costs()
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    yield costs
    after = resource.getrusage(resource.RUSAGE_SELF)
    costs.seconds = time.perf_counter() - began
    costs.user = after.ru_utime - before.ru_utime
    costs.system = after.ru_stime - before.ru_stime


def strain() -> float:
    """Return how much longer than at best a fixed loop takes, in processor time.

    Whoever shares the cores slows them: their caches, and their halves where two threads share one.
    """
    times = []
    for _ in range(STRAIN_ROUNDS):
        began = time.process_time()
        {str(number): (number, number * 2) for number in range(STRAIN_SIZE)}
        times.append(time.process_time() - began)
    return sum(times) / len(times) / min(times)


def order() -> dict[str, Any]:
    """Return what the parent asked this process for."""
    asked: dict[str, Any] = json.loads(sys.argv[1])
    return asked
