"""A console that a test starts as a person would: its own processes, in a folder of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from integration_admin import ports

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180.0  # seconds until a promise counts as broken
START_TAKES = 600.0  # of a demo, which is filled first, on a busy machine
# What the tests set for themselves, and a person's console does not have.
OURS = ("DJANGO_SETTINGS_MODULE", "REDIS_URL", "DATABASE_URL")


def until(promise: Callable[[], Any], what: str, *, patience: float = PATIENCE) -> Any:
    """Return what the promise returns as soon as it is something."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        kept = promise()
        if kept:
            return kept
        time.sleep(0.05)
    pytest.fail(f"Waited {patience:.0f} s in vain: {what}")


def manage(directory: Path, *command: str, **environment: str) -> subprocess.Popen[str]:
    """Start a command of manage.py in a folder of its own."""
    inherited = {name: value for name, value in os.environ.items() if name not in OURS}
    return subprocess.Popen(  # noqa: S603
        [sys.executable, str(ROOT / "manage.py"), *command],
        cwd=ROOT,
        env={**inherited, "VAR_DIR": str(directory), "PLAIN_HTTP": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


class Console:
    """A supervisor and its processes; what it prints is kept."""

    def __init__(self, directory: Path, *command: str, **environment: str) -> None:
        self.directory = directory
        self.port = ports.free(1)[0]
        self.lines: list[str] = []
        environment = {"PORT": str(self.port), "WEB_CONCURRENCY": "1", **environment}
        self.process = manage(directory, *command, **environment)
        threading.Thread(target=self._listen, daemon=True).start()
        until(self._is_up, "the console to start", patience=START_TAKES)

    def pages_answer(self) -> bool:
        """Whether somebody answers a page, whatever it is."""
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/", timeout=30).status_code > 0
        except requests.RequestException:
            return False

    def child(self, words: str) -> int:
        """Return the process of the supervisor's whose command has these words; 0 if none."""
        for pid in children(self.process.pid):
            if words in command_of(pid):
                return pid
        return 0

    def everybody(self) -> list[int]:
        """Return all processes below the supervisor."""
        below = children(self.process.pid)
        for pid in below:
            below += children(pid)
        return below

    def stop(self) -> int:
        """Press Ctrl-C, wait, and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=PATIENCE)

    def _is_up(self) -> bool:
        if self.process.poll() is not None:
            pytest.fail("\n".join(["The console ended:", *self.lines]))
        return any("Ctrl-C stops" in line for line in self.lines)

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())


def children(pid: int) -> list[int]:
    """Return the children of a process, over all its threads."""
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, listed.read_text(encoding="ascii").split())
        except OSError:  # the thread has just ended
            continue
    return found


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").replace("\0", " ")
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
