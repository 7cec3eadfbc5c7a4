"""Processes that synchronize, and are killed at a point that a line of JSON names.

`python -m tests.syncjobs.crashes.worker` starts Django once. For each line with mapping, direction,
point, trace, control and system it forks a worker and answers with how that one ended. At the point
the worker writes the point's name into the trace file and kills itself as `kill -9` would. Two
points lie within a request: the sandbox holds it back, and the process dies while it waits.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path

import django
import requests

HELD_BACK = {"while the request hangs": "delay", "after the server's commit": "delay_after_commit"}
HOLD_MS = 1500
DIES_AFTER = 0.5  # seconds into the request
TOO_LONG = 300  # seconds


class Doomed:
    """Progress that listens for one point, the first time it is passed."""

    def __init__(self, point: str, trace: Path, control: str, system: str) -> None:
        self.point = point
        self.trace = trace
        self.control = control
        self.system = system

    def at(self, point: str) -> None:
        if point == self.point:
            self._die()
        elif point == "after the intent" and self.point in HELD_BACK:
            self._hold_back()

    def _hold_back(self) -> None:
        fault = {
            "system": self.system,
            "method": "POST",
            "action": HELD_BACK[self.point],
            "delay_ms": HOLD_MS,
            "times": 1,
        }
        answer = requests.post(f"{self.control}/_sandbox/faults", json=[fault], timeout=30)
        answer.raise_for_status()
        threading.Timer(DIES_AFTER, self._die).start()

    def _die(self) -> None:
        self.trace.write_text(self.point, encoding="utf-8")
        os.kill(os.getpid(), signal.SIGKILL)

    def start(self, step: str, total: int) -> None: ...

    def advance(self, done: int) -> None: ...

    def log(self, text: str) -> None: ...

    def check(self) -> None: ...

    def confirm(self) -> None: ...


def synchronize(
    mapping: str, direction: str, point: str, trace: str, control: str, system: str
) -> None:
    from connections.models import Company
    from mappings.terms import Direction
    from syncjobs.runs.synchronize import synchronize_mapping
    from syncjobs.terms import Mode

    synchronize_mapping(
        Company.objects.get(),
        mapping,
        mode=Mode.FULL,
        directions=(Direction(direction),),
        confirmed=True,
        progress=Doomed(point, Path(trace), control, system),
    )


def born(order: dict[str, str]) -> int:
    """Fork a worker, wait for its end, and return its exit code; a signal's is negative."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    signal.alarm(TOO_LONG)  # also one that never comes to its point ends
    try:
        synchronize(**order)
    finally:  # whoever survives says why, and does not go on as its parent
        traceback.print_exc()
        os._exit(1)


def main() -> None:
    django.setup()
    import syncjobs.runs.synchronize  # noqa: F401 - loaded here for all that are forked

    for line in sys.stdin:
        sys.stdout.write(f"{born(json.loads(line))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
