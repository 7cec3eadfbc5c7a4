"""The scene of an act: which way in it took, who is there, from which address, in which request."""

from __future__ import annotations

import getpass
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias
from uuid import uuid4

from audit.terms import Source

if TYPE_CHECKING:  # logging is set up from here before there are models
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

Person: TypeAlias = "AbstractBaseUser | AnonymousUser | None"
CORRELATION = re.compile(r"[A-Za-z0-9._-]{8,64}")


def fresh() -> str:
    """Return a new correlation id."""
    return uuid4().hex


def correlation_of(asked: str | None) -> str:
    """Return the id that a caller sent along if it can be one, else a new one."""
    return asked if asked and CORRELATION.fullmatch(asked) else fresh()


def _nobody() -> Person:
    return None


@dataclass(slots=True)
class Scene:
    """Where something is done; `person` is asked late, since a request first has to sign in."""

    source: Source
    correlation_id: str = field(default_factory=fresh)
    address: str = ""
    person: Callable[[], Person] = _nobody
    name: str = ""  # who it is where there is no user


_current: ContextVar[Scene | None] = ContextVar("scene", default=None)


def current() -> Scene:
    """Return the scene; outside of requests and jobs it is the command line."""
    scene = _current.get()
    if scene is None:
        scene = Scene(Source.COMMAND, name=_operating_system_user())
        _current.set(scene)
    return scene


def correlation_id() -> str:
    """Return the id that ties log lines, entries and error pages of one request together."""
    scene = _current.get()
    return scene.correlation_id if scene else ""


@contextmanager
def at(scene: Scene) -> Iterator[Scene]:
    """Let what happens inside be noted with this scene."""
    token = _current.set(scene)
    try:
        yield scene
    finally:
        _current.reset(token)


def _operating_system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user may have no name
        return ""


class CorrelationFilter(logging.Filter):
    """Gives each line of the log the id of its request."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)  # Django logs refusals when all is over
        record.correlation = getattr(request, "correlation_id", "") or correlation_id() or "-"
        return True
