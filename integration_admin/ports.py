"""The ports that the console and the demo's sandbox need."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable

LOOPBACK = "127.0.0.1"
LAST = 65535


class PortError(Exception):
    """A port cannot be used; the message says who needs it and what to do."""


def require(port: int, needed_by: str, cure: str, *, host: str = LOOPBACK) -> None:
    """Refuse a port that cannot be listened on."""
    if not 0 < port <= LAST:
        message = f"There is no port {port}, which {needed_by} was given. {cure}"
        raise PortError(message)
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen()
    except PermissionError as error:
        message = f"Port {port}, which {needed_by} needs, is not for this user. {cure}"
        raise PortError(message) from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message = f"Port {port} is taken, and {needed_by} needs it. {cure}"
        else:
            message = f"{host} is no address of this machine: {error.strerror}. See HOST."
        raise PortError(message) from error


def next_to(port: int, *, step: int = 1) -> int:
    """Return a port to propose instead."""
    return port + step if 1024 <= port <= LAST - step else 8000 + step


def answers(port: int, host: str = LOOPBACK) -> bool:
    """Whether somebody listens on the port."""
    try:  # 0.0.0.0 is every address, and reached at the loopback
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def free(count: int) -> list[int]:
    """Return ports that nobody uses now."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind((LOOPBACK, 0))
    numbers = [int(probe.getsockname()[1]) for probe in probes]
    _close(probes)
    return numbers


def _close(probes: Iterable[socket.socket]) -> None:
    for probe in probes:
        probe.close()
