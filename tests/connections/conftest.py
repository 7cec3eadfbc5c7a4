"""Fixtures of the tests of connections."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from tests.running_sandbox import RunningSandbox


@pytest.fixture
def admitted(settings: Settings, sandbox: RunningSandbox) -> RunningSandbox:
    """The sandbox, admitted and trusted as the demo does it."""
    settings.ALLOWED_SYSTEM_HOSTS = ["localhost=private"]
    settings.SYSTEM_CA_BUNDLE = sandbox.env["SANDBOX_CA_BUNDLE"]
    return sandbox
