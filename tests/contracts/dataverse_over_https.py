"""Dataverse's stage over HTTPS: the adapter against the running sandbox."""

from __future__ import annotations

from typing import Any

from connections.dataverse import Dataverse
from connections.odata import Client
from connections.shelf import Shelf
from connections.systems import Side
from tests.contracts.people import in_dataverse
from tests.contracts.stage import Stage, dataverse
from tests.running_sandbox import RunningSandbox


class SandboxTokens:
    """Tokens of the integration user, or of an application that may do everything."""

    def __init__(self, sandbox: RunningSandbox, *, integration: bool = True) -> None:
        self.sandbox = sandbox
        self.integration = integration

    def token(self) -> str:
        resource = self.sandbox.env["SANDBOX_DATAVERSE_URL"]
        return self.sandbox.token(resource, integration=self.integration)

    def renew(self) -> str:
        return self.token()


def dataverse_system(
    sandbox: RunningSandbox,
    *,
    integration: bool = True,
    shelf: Shelf | None = None,
    **options: Any,
) -> Dataverse:
    """Return the adapter to the sandbox's Dataverse, as the integration user."""
    root = f"{sandbox.env['SANDBOX_DATAVERSE_URL']}/api/data/v9.2"
    options = {"ca_bundle": sandbox.env["SANDBOX_CA_BUNDLE"], **options}
    tokens = SandboxTokens(sandbox, integration=integration)
    return Dataverse(Client(Side.DATAVERSE, root, tokens, **options), shelf)


def sandbox_dataverse(sandbox: RunningSandbox) -> Stage:
    """Set the stage on an empty sandbox."""
    sandbox.reset("empty")
    system = dataverse_system(sandbox)
    return dataverse(system, in_dataverse(sandbox), lambda: system.client.requests)
