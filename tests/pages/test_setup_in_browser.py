"""An administrator connects both systems in a browser, and an operator redeploys the solution."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from connections.models import Company, DataverseConnectionSetup, DeploymentIdentity, Redeployment
from connections.terms import RedeployResult
from integration_admin.roles import Role
from mappings.models import IntegrationTableMapping
from tests.connected import trusting
from tests.pages.accessibility import findings
from tests.pages.conftest import sign_in_at_once
from tests.pages.factory import make_user
from tests.running_sandbox import RunningSandbox

__all__ = ["trusting"]
LONG = 60_000  # milliseconds


@pytest.fixture
def empty(transactional_db: None, trusting: None, sandbox: RunningSandbox) -> Iterator[None]:
    """A console without a company beside two systems that hold nothing of ours."""
    sandbox.reset("empty")
    yield
    for thread in threading.enumerate():
        if thread.name == "redeploy":
            thread.join(60)
    sandbox.reset("empty")


def test_both_systems_are_connected_and_the_solution_is_redeployed(
    empty: None, sandbox: RunningSandbox, live: LiveServer, page: Page
) -> None:
    env = sandbox.env
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    sign_in_at_once(page, live.url, make_user(Role.ADMINISTRATOR, "mira"))

    page.goto(f"{live.url}/connections/business-central/")
    page.get_by_label("Business Central Company ID").fill(env["SANDBOX_BC_COMPANY_ID"])
    page.get_by_label("Server Address").fill(env["SANDBOX_BC_URL"])
    _sign_in_facts(page, sandbox, env["SANDBOX_INTEGRATION_CLIENT_SECRET"])
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()

    page.goto(f"{live.url}/connections/dataverse/")
    page.get_by_label("Environment URL").fill(env["SANDBOX_DATAVERSE_URL"])
    _sign_in_facts(page, sandbox, "a wrong secret")
    page.get_by_label("Enabled").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#id_client_secret-e")).to_contain_text("The client secret is wrong.")
    expect(page.locator("#id_client_secret-e")).to_contain_text("E-SIGN-IN")
    expect(page.get_by_label("Client Secret", exact=True)).to_have_value("")
    assert not DataverseConnectionSetup.objects.get().is_enabled
    assert findings(page) == []

    page.get_by_label("Client Secret", exact=True).fill(env["SANDBOX_INTEGRATION_CLIENT_SECRET"])
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("All checks passed")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Enable").click()
    expect(page.locator("#id_consent-e")).to_contain_text("E-REQUIRED", timeout=LONG)
    assert findings(page) == []
    page.get_by_label("I accept").check()
    page.get_by_role("button", name="Enable").click()
    expect(page.get_by_text("Dataverse Connection Setup is enabled.")).to_be_visible(timeout=LONG)
    company = Company.objects.get()
    assert company.dataverse_company_id
    assert company.name != env["SANDBOX_BC_COMPANY_ID"][:30]
    assert IntegrationTableMapping.objects.filter(name="CUSTOMER").exists()

    page.goto(f"{live.url}/connections/sales/")
    page.get_by_label("Enabled").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Connection Setup is enabled.")).to_be_visible(timeout=LONG)

    page.goto(f"{live.url}/connections/health/")
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("Healthy", exact=True)).to_be_visible(timeout=LONG)
    assert findings(page) == []

    _redeploy_once(page, live.url, sandbox)
    assert [text for text in told if "Content Security" in text] == []


def _sign_in_facts(page: Page, sandbox: RunningSandbox, secret: str) -> None:
    page.get_by_label("Authority").fill(sandbox.env["SANDBOX_AUTHORITY"])
    page.get_by_label("Tenant").fill(sandbox.env["SANDBOX_TENANT"])
    page.get_by_label("Client Id").fill(sandbox.env["SANDBOX_INTEGRATION_CLIENT_ID"])
    page.get_by_label("Client Secret", exact=True).fill(secret)


def _redeploy_once(page: Page, root: str, sandbox: RunningSandbox) -> None:
    """Redeploy as somebody who is asked for and not stored."""
    page.goto(f"{root}/connections/redeploy/")
    page.get_by_role("button", name="Import even if current").click()
    asked = page.get_by_role("heading", name="Sign in as a System Administrator")
    expect(asked).to_be_visible(timeout=LONG)
    page.get_by_label("Client Id").fill(sandbox.env["SANDBOX_INTEGRATION_CLIENT_ID"])
    page.get_by_label("Client Secret", exact=True).fill(
        sandbox.env["SANDBOX_INTEGRATION_CLIENT_SECRET"]
    )
    page.get_by_role("button", name="Redeploy now").click()
    expect(page.get_by_text("is not System Administrator").first).to_be_visible(timeout=LONG)
    page.get_by_label("Client Id").fill(sandbox.env["SANDBOX_CLIENT_ID"])
    page.get_by_label("Client Secret", exact=True).fill(sandbox.env["SANDBOX_CLIENT_SECRET"])
    page.get_by_role("button", name="Redeploy now").click()
    expect(page).to_have_url(re.compile(r"/runs/\d+/$"), timeout=LONG)
    expect(page.get_by_role("heading", name=re.compile("^Done in"))).to_be_visible(timeout=LONG)

    page.goto(f"{root}/connections/redeploy/")
    expect(page.get_by_role("heading", name="Resume job queue entries")).to_be_visible()
    assert Redeployment.objects.get().result == RedeployResult.DONE
    assert not DeploymentIdentity.objects.exists()
