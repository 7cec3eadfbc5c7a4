"""Business Central's stage over HTTPS: the adapter against the running sandbox."""

from __future__ import annotations

from uuid import UUID

from connections.business_central import BusinessCentral
from connections.odata import Client
from connections.shelf import Shelf
from connections.systems import Side
from connections.tokens import Credentials, tokens_for
from tests.contracts.people import in_business_central
from tests.contracts.stage import Stage, business_central
from tests.running_sandbox import BC_RESOURCE, RunningSandbox


def credentials(sandbox: RunningSandbox) -> Credentials:
    """Return those of the integration user."""
    return Credentials(
        authority=sandbox.env["SANDBOX_AUTHORITY"],
        tenant=sandbox.env["SANDBOX_TENANT"],
        client_id=sandbox.env["SANDBOX_INTEGRATION_CLIENT_ID"],
        client_secret=sandbox.env["SANDBOX_INTEGRATION_CLIENT_SECRET"],
    )


def business_central_system(sandbox: RunningSandbox, shelf: Shelf | None = None) -> BusinessCentral:
    """Return the adapter to the sandbox's Business Central, as the integration user."""
    bundle = sandbox.env["SANDBOX_CA_BUNDLE"]
    tokens = tokens_for(credentials(sandbox), BC_RESOURCE, bundle)
    client = Client(Side.BUSINESS_CENTRAL, sandbox.env["SANDBOX_BC_URL"], tokens, ca_bundle=bundle)
    return BusinessCentral(client, UUID(sandbox.env["SANDBOX_BC_COMPANY_ID"]), shelf)


def sandbox_business_central(sandbox: RunningSandbox) -> Stage:
    """Set the stage on an empty sandbox."""
    sandbox.reset("empty")
    system = business_central_system(sandbox)
    return business_central(system, in_business_central(sandbox), lambda: system.requests)
