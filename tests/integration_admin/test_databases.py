"""The job queue, the couplings and what keeps secrets hold on PostgreSQL as on SQLite."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

ON_BOTH = (
    "tests/mappings",
    "tests/syncjobs/queueing",
    "tests/audit/test_chain.py",
    "tests/integration_admin/test_databases.py",
    # With a dump of it, where no secret may be found.
    "tests/flows/test_planted_secrets_in_guides.py",
)
A_WHILE = 1_800  # seconds


@pytest.mark.django_db
def test_these_tests_run_on_the_database_that_was_asked_for() -> None:
    wanted = "postgresql" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "sqlite"

    assert connection.vendor == wanted


def test_job_queue_couplings_and_secrets_pass_on_postgresql() -> None:
    if os.environ.get("DATABASE_URL"):
        return  # they do at this moment

    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "tests.postgres", *ON_BOTH, "-p", "no:cacheprovider"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=A_WHILE,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
