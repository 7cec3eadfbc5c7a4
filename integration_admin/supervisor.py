"""Starts the console's processes in order, starts again what ends, and stops all in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO

from syncjobs.orphans import die_with_parent

LOOK_EVERY = 0.1  # seconds
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # between an end and the next start
SETTLED_AFTER = 30.0  # a program that ran so long starts again without having to wait longer
REMEMBERED_LINES = 20


class NotStartedError(Exception):
    """A program did not come up; the message says which, and what it said last."""


class StopRequested(Exception):  # noqa: N818 - no error: somebody pressed Ctrl-C
    """Somebody asked to stop while the programs were starting."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is to run, how to know that it is up, and how long it may take to end."""

    name: str
    command: tuple[str, ...]
    is_ready: Callable[[], bool] = lambda: True
    ready_within: float = 60.0
    grace: float = 10.0
    environment: Mapping[str, str] = field(default_factory=dict)
    keeps_open: tuple[int, ...] = ()  # descriptors that it inherits
    is_quiet: bool = False  # only its errors are worth reading


class Child:
    """One program: running, or about to run again."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.last_lines: deque[str] = deque(maxlen=REMEMBERED_LINES)
        self._pause = FIRST_PAUSE
        self._start_again_at: float | None = None
        self.start()

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches only the supervisor."""
        parent = os.getpid()
        self._start_again_at = None
        self._started = time.monotonic()
        quiet = self.program.is_quiet
        self.process = subprocess.Popen(  # noqa: S603
            self.program.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if quiet else subprocess.PIPE,
            stderr=subprocess.PIPE if quiet else subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.program.environment},
            preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509 - calls into libc only
            pass_fds=self.program.keeps_open,
            start_new_session=True,
        )
        output = self.process.stderr if quiet else self.process.stdout
        assert output is not None
        threading.Thread(target=self._forward, args=(output,), daemon=True).start()

    def look(self, now: float) -> None:
        """Start the program again when it has ended and its pause is over."""
        status = self.process.poll()
        if status is None:
            return
        if self._start_again_at is not None:
            if now >= self._start_again_at:
                self.start()
            return
        self._sweep()
        if now - self._started >= SETTLED_AFTER:
            self._pause = FIRST_PAUSE
        self.say(f"{ended(status)}; starts again in {self._pause:g} s")
        self._start_again_at = now + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def stop(self, is_hurried: Callable[[], bool]) -> None:
        """Ask the process to end, wait as long as it may take, then leave nothing of it."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        ends = time.monotonic() + self.program.grace
        while self.process.poll() is None and time.monotonic() < ends and not is_hurried():
            time.sleep(LOOK_EVERY / 2)
        self._sweep()
        self.process.wait()

    def say(self, text: str) -> None:
        """Print a line under the name of the program."""
        say(f"{self.program.name:9} | {text}")

    def _sweep(self) -> None:
        """Leave nothing of the process and of what it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def _forward(self, output: IO[bytes]) -> None:
        with output:
            for line in output:
                text = line.decode(errors="replace").rstrip()
                self.last_lines.append(text)
                self.say(text)


class Supervisor:
    """Runs programs until it is asked to stop; leaving it stops them, the last one first."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self._requests = 0  # plain numbers: a handler must not wait for a lock

    def __enter__(self) -> Supervisor:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._request())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        for child in reversed(self.children):
            child.stop(self._is_hurried)
        return isinstance(error, StopRequested)

    def start(self, program: Program) -> None:
        """Start a program and wait until it is ready."""
        child = Child(program)
        self.children.append(child)
        ends = time.monotonic() + program.ready_within
        while not program.is_ready():
            self._wait()
            if child.process.poll() is not None or time.monotonic() > ends:
                self.children.remove(child)
                message = _not_started(child)
                child.stop(self._is_hurried)
                raise NotStartedError(message)

    def run(self, program: Program) -> None:
        """Run a program that ends by itself, and must end well."""
        child = Child(program)
        self.children.append(child)
        while child.process.poll() is None:
            self._wait()
        self.children.remove(child)
        if child.process.returncode:
            raise NotStartedError(_not_started(child))

    def watch(self) -> None:
        """Start again what ends, until somebody asks to stop."""
        while True:
            self._wait()
            for child in self.children:
                child.look(time.monotonic())

    def _wait(self) -> None:
        time.sleep(LOOK_EVERY)
        if self._requests:
            raise StopRequested

    def _request(self) -> None:
        self._requests += 1

    def _is_hurried(self) -> bool:
        return self._requests > 1


def ended(status: int) -> str:
    """Say how a process ended."""
    return f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"


def say(text: str) -> None:
    """Print a line; when nobody listens any more, go on without a word."""
    with contextlib.suppress(BrokenPipeError, ValueError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def _not_started(child: Child) -> str:
    status = child.process.poll()
    how = ended(status) if status is not None else "does not answer"
    last = child.last_lines[-1] if child.last_lines else ""
    return f"{child.program.name} {how}" + (f": {last}" if last else ".")
