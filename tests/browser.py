"""A Chromium for the tests of pages: found on PATH, else downloaded, else installed.

`python -m tests.browser` makes sure of one. Where that fails it says what to do and goes on, so
that only the tests that need a browser fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WHAT_TO_DO = (
    "There is no Chromium on PATH, Playwright could not download one, and no package could be "
    "installed. Install it (Debian: apt-get install chromium), or reach the download: "
    ".venv/bin/python -m playwright install chromium."
)


def executable() -> str | None:
    """Return a Chromium that starts; None when there is none."""
    finders: list[Callable[[], str | None]] = [partial(shutil.which, name) for name in NAMES]
    for find in (*finders, _downloaded):
        found = find()
        if found and _starts(found):
            return found
    return None


def required_executable() -> str:
    """Return a Chromium; a test that needs one fails without it and says what to install."""
    found = executable()
    assert found is not None, WHAT_TO_DO
    return found


def main() -> int:
    """Make sure that there is a Chromium."""
    if executable() or (_download() and executable()) or (_install() and executable()):
        return 0
    sys.stderr.write(f"{WHAT_TO_DO}\nThe tests that need a browser will fail.\n")
    return 0


def _downloaded() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _starts(path: str) -> bool:
    """Whether the program runs here; a download without the system's libraries does not."""
    try:
        asked = subprocess.run(  # noqa: S603
            [path, "--version"], capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def _download() -> bool:
    sys.stdout.write("Downloading Chromium for the tests of pages …\n")
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    return _succeeds(command)


def _install() -> bool:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    sys.stdout.write("Installing the system's Chromium …\n")
    _succeeds(["apt-get", "update", "-qq"])
    return _succeeds(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"])


def _succeeds(command: list[str]) -> bool:
    sys.stdout.flush()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(  # noqa: S603
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=600,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
