"""What every test may use: a Redis of its own session, and the running sandbox."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import hypothesis
import pytest
from django.conf import settings

from integration_admin.embedded_redis import EmbeddedRedis
from tests.running_sandbox import sandbox
from tests.settings import TESTS_DIR

__all__ = ["redis_server", "sandbox"]

# No example fails because the machine is busy.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


@pytest.fixture(scope="session", autouse=True)
def redis_server() -> Iterator[EmbeddedRedis]:
    """The console's own Redis, on a socket in the tests' folder."""
    server = EmbeddedRedis(settings.VAR_DIR)
    server.start()
    yield server
    server.stop()


def pytest_unconfigure() -> None:
    """Remove the folder of the tests."""
    shutil.rmtree(TESTS_DIR, ignore_errors=True)
