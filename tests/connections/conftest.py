"""The local HTTPS server, clients that speak with it without long waits, and the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from connections.odata import Client, Timing
from connections.systems import Side
from tests.connections.server import LocalServer, running
from tests.running_sandbox import RunningSandbox

# Short pauses, and patience with a busy machine.
QUICK = Timing(connect=30, read=30, patience=60, first_pause=0.005, longest_pause=0.02)


@dataclass
class FixedTokens:
    """Gives "first" until it must renew, then "second"."""

    current: str = "first"
    renewals: list[str] = field(default_factory=list)

    def token(self) -> str:
        return self.current

    def renew(self) -> str:
        self.renewals.append(self.current)
        self.current = "second"
        return self.current


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalServer]:
    with running(tmp_path) as local:
        yield local


@pytest.fixture
def connect(server: LocalServer) -> Iterator[Callable[..., Client]]:
    """Make clients of the local server."""
    made: list[Client] = []

    def build(side: Side = Side.DATAVERSE, **options: Any) -> Client:
        options = {"ca_bundle": server.ca_bundle, "timing": QUICK, **options}
        tokens = options.pop("tokens", None) or FixedTokens()
        client = Client(side, options.pop("root", f"{server.origin}/api"), tokens, **options)
        made.append(client)
        return client

    yield build
    server.released.set()
    for client in made:
        client.close()


@pytest.fixture
def admitted(settings: Settings, sandbox: RunningSandbox) -> RunningSandbox:
    """The sandbox, admitted and trusted as the demo does it."""
    settings.ALLOWED_SYSTEM_HOSTS = ["localhost=private"]
    settings.SYSTEM_CA_BUNDLE = sandbox.env["SANDBOX_CA_BUNDLE"]
    return sandbox
