"""The guides of Assisted Setup in front of systems that answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    DeploymentIdentity,
)
from integration_admin.models import GuideDraft, GuideRun
from integration_admin.roles import Role
from mappings.models import IntegrationTableMapping
from syncjobs.models import JobQueueEntry
from tests.connected import trusting
from tests.flows import guides
from tests.pages.factory import make_user
from tests.running_sandbox import RunningSandbox

__all__ = ["trusting"]
Result = GuideRun.Result


@pytest.fixture
def empty(transactional_db: None, trusting: None, sandbox: RunningSandbox) -> Iterator[None]:
    """A console without a company beside two systems that hold nothing of ours."""
    sandbox.reset("empty")
    yield
    sandbox.reset("empty")


@pytest.fixture
def admin(empty: None) -> Client:
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    return client


def test_the_guide_to_dataverse_connects_an_empty_console(
    admin: Client, sandbox: RunningSandbox
) -> None:
    guides.answer(admin, "dataverse", guides.to_dataverse(sandbox))
    review = admin.get(f"{guides.ROOT}/dataverse/review/").content.decode()
    assert "Finish" in review
    assert not Company.objects.exists()
    assert not DataverseConnectionSetup.objects.exists()

    record = guides.finish(admin, "dataverse")
    guides.work()

    record.refresh_from_db()
    assert record.error_message == ""
    assert record.result == Result.DONE
    assert DataverseConnectionSetup.objects.get().is_enabled
    assert BusinessCentralConnection.objects.get().client_secret
    assert IntegrationTableMapping.objects.filter(name="CUSTOMER").exists()
    assert JobQueueEntry.objects.filter(recurring=True).exists()
    assert not GuideDraft.objects.exists()
    assert not DeploymentIdentity.objects.exists()
    assert not record.secrets
