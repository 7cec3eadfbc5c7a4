"""Processes beside the tests: how they find the tests' database, and patience with them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 120.0  # seconds until a promise counts as broken


def until(promise: Callable[[], Any], what: str, *, patience: float = PATIENCE) -> Any:
    """Return what the promise returns as soon as it is something."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        kept = promise()
        if kept:
            return kept
        time.sleep(0.02)
    pytest.fail(f"Waited {patience:.0f} s in vain: {what}")


def database_url() -> str:
    """Return the tests' database as other processes find it."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    password = f":{settings['PASSWORD']}" if settings["PASSWORD"] else ""
    host = f"{settings['USER']}{password}@{settings['HOST']}:{settings['PORT']}"
    return f"postgresql://{host}/{settings['NAME']}?{urlencode(settings['OPTIONS'])}"
