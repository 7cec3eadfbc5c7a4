"""Companies for tests of connections, and their set-ups that lead to the sandbox."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import UUID, uuid4

from connections.models import BusinessCentralConnection, Company, DataverseConnectionSetup
from tests.running_sandbox import RunningSandbox

NUMBERS = count(1)


def new_company(business_central_id: UUID | None = None) -> Company:
    """Return a company of its own."""
    return Company.objects.create(
        name=f"CRONUS {next(NUMBERS)}", business_central_id=business_central_id or uuid4()
    )


def connected(sandbox: RunningSandbox, **changes: Any) -> Company:
    """Return a company whose set-ups lead to the sandbox, but for the changes in both."""
    company = new_company(UUID(sandbox.env["SANDBOX_BC_COMPANY_ID"]))
    sign_in: dict[str, Any] = {
        "authority": sandbox.env["SANDBOX_AUTHORITY"],
        "tenant": sandbox.env["SANDBOX_TENANT"],
        "client_id": sandbox.env["SANDBOX_INTEGRATION_CLIENT_ID"],
        "client_secret": sandbox.env["SANDBOX_INTEGRATION_CLIENT_SECRET"],
    }
    BusinessCentralConnection.objects.create(
        company=company, **{"server_address": sandbox.env["SANDBOX_BC_URL"], **sign_in, **changes}
    )
    dataverse = {"server_address": sandbox.env["SANDBOX_DATAVERSE_URL"], "is_enabled": True}
    DataverseConnectionSetup.objects.create(company=company, **{**dataverse, **sign_in, **changes})
    return company
