"""A company that is connected with the running sandbox, in this process and in others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import UUID

import pytest
from django.conf import settings as console_settings
from pytest_django.fixtures import Settings

from connections import company_row, consent, setup
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    SalesConnectionSetup,
)
from mappings.reset import use_default_synchronization_setup
from tests.processes import database_url
from tests.running_sandbox import RunningSandbox


def connect(sandbox: RunningSandbox) -> Company:
    """Set a company up as the integration user, with the default mappings."""
    env = sandbox.env
    company = Company.objects.create(
        name="CRONUS", business_central_id=UUID(env["SANDBOX_BC_COMPANY_ID"])
    )
    sign_in = {
        "authority": env["SANDBOX_AUTHORITY"],
        "tenant": env["SANDBOX_TENANT"],
        "client_id": env["SANDBOX_INTEGRATION_CLIENT_ID"],
        "client_secret": env["SANDBOX_INTEGRATION_CLIENT_SECRET"],
    }
    BusinessCentralConnection.objects.create(
        company=company, server_address=env["SANDBOX_BC_URL"], **sign_in
    )
    dataverse = DataverseConnectionSetup.objects.create(
        company=company,
        server_address=env["SANDBOX_DATAVERSE_URL"],
        is_enabled=True,
        consent_version=consent.VERSION,
        **sign_in,
    )
    SalesConnectionSetup.objects.create(company=company)
    company_row.stamp(company, dataverse, setup.systems_of(company).dataverse)
    use_default_synchronization_setup(company)
    return company


@pytest.fixture
def trusting(settings: Settings, sandbox: RunningSandbox) -> Settings:
    """Settings that admit the sandbox: its hosts, and its certificates."""
    settings.ALLOWED_SYSTEM_HOSTS = ["localhost=private"]
    settings.SYSTEM_CA_BUNDLE = sandbox.env["SANDBOX_CA_BUNDLE"]
    return settings


@pytest.fixture
def connected(
    transactional_db: None, trusting: Settings, sandbox: RunningSandbox
) -> Iterator[Company]:
    """A company between two empty systems."""
    sandbox.reset("empty")
    yield connect(sandbox)
    sandbox.faults([])


def environment(sandbox: RunningSandbox, **changes: str) -> dict[str, str]:
    """Return the environment of a process that works for the connected company."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "integration_admin.settings",
        "VAR_DIR": str(console_settings.VAR_DIR),
        "DATABASE_URL": database_url(),
        "ALLOWED_SYSTEM_HOSTS": "localhost=private",
        "SYSTEM_CA_BUNDLE": sandbox.env["SANDBOX_CA_BUNDLE"],
        **changes,
    }
