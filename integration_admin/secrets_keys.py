"""The keys that encrypt stored secrets: made here, kept in a file or given by a person."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def new() -> str:
    """Return a key; long and random, so that it cannot be guessed."""
    return secrets.token_urlsafe(48)


def keep_new(path: Path) -> str:
    """Put a new key before those of a file that only its owner reads; return it.

    The file is replaced at once, so that no process ever reads half of it.
    """
    kept = path.read_text(encoding="ascii") if path.exists() else ""
    key = new()
    beside = path.with_suffix(".new")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
        file.write(f"{key}\n{kept}")
    beside.replace(path)
    return key
