"""The console's processes, and the lock that lets one console run in a folder."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from integration_admin import embedded_redis, ports
from integration_admin.embedded_redis import EmbeddedRedis, RedisNotStartedError
from integration_admin.ports import PortError
from integration_admin.supervisor import NotStartedError, Program, Supervisor, say

MANAGE = (sys.executable, str(settings.BASE_DIR / "manage.py"))
GUNICORN = "python:integration_admin.gunicorn_settings"
WORKER_GRACE = 20.0  # a run stops at its next page, and is handed over


class AlreadyRunningError(Exception):
    """A console runs in this folder; the message says where it answers."""


class SettingError(Exception):
    """A setting cannot be read; the message says which, and what it may be."""


# What ends a start with one sentence instead of a traceback.
REFUSALS = (
    AlreadyRunningError,
    NotStartedError,
    PortError,
    RedisNotStartedError,
    SettingError,
)


@contextmanager
def only_console(directory: Path, address: str) -> Iterator[None]:
    """Hold the folder of a console, for one console at a time."""
    with (directory / "console.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise AlreadyRunningError(_already_running(lock.read())) from error
        lock.truncate(0)
        lock.write(f"{address} {os.getpid()}")
        lock.flush()
        yield


def _already_running(note: str) -> str:
    address, _, process = note.partition(" ")
    where = f" at {address} (process {process})" if process else ""
    return (
        f"The console runs already{where}. Stop it with Ctrl-C where it was started, "
        "or give this one a folder of its own: VAR_DIR=/another/folder PORT=8001."
    )


def number(name: str, default: int) -> int:
    """Return a whole number from the environment."""
    text = os.environ.get(name, "") or str(default)
    if not text.isascii() or not text.isdigit():
        message = f"{name} is a whole number, not {text!r}."
        raise SettingError(message)
    return int(text)


def start_redis(supervisor: Supervisor) -> None:
    """Start the console's own Redis, unless it was given one."""
    if os.environ.get("REDIS_URL"):
        return
    server = EmbeddedRedis(settings.VAR_DIR)
    program = Program(
        "redis",
        server.prepare(),
        is_ready=server.is_ready,
        ready_within=embedded_redis.READY_WITHIN,
        keeps_open=(server.lock,),
    )
    try:
        supervisor.start(program)
    except NotStartedError:
        say("Redis cannot read what it kept, and begins empty. What is due is rung again.")
        server.forget()
        supervisor.start(program)


def migrate(supervisor: Supervisor) -> None:
    """Bring the database up to date."""
    command = (*MANAGE, "migrate", "--no-input", "--verbosity", "0", "--skip-checks")
    supervisor.run(Program("database", command))


def start_console(supervisor: Supervisor, *, host: str, port: int, workers: int = 1) -> None:
    """Start pages, workers and scheduler."""
    bind = f"{host}:{port}"
    web = (
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        GUNICORN,
        "--chdir",
        str(settings.BASE_DIR),
    )
    given = {
        "VAR_DIR": str(settings.VAR_DIR),
        # The address may depend on when Redis was started.
        "REDIS_URL": os.environ.get("REDIS_URL") or embedded_redis.address(settings.VAR_DIR),
    }
    programs = [
        Program(
            "web", (*web, "--bind", bind), lambda: ports.answers(port, host), environment=given
        ),
        *(
            Program(name, (*MANAGE, "worker"), grace=WORKER_GRACE, environment=given)
            for name in _names("worker", workers)
        ),
        Program("scheduler", (*MANAGE, "scheduler"), environment=given),
    ]
    for program in programs:
        supervisor.start(program)


def _names(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name} {index}" for index in range(1, count + 1)]
