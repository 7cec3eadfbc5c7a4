"""A click leads from the console to the row in Sales, and from there to Business Central."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from connections import nav_connection
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    SalesConnectionSetup,
)
from integration_admin.roles import Role
from mappings.models import Coupling
from tests.connected import connected, trusting
from tests.pages.conftest import sign_in_at_once
from tests.pages.factory import make_user
from tests.running_sandbox import RunningSandbox

__all__ = ["connected", "trusting"]
LONG = 60_000


@pytest.fixture
def pair(connected: Company, sandbox: RunningSandbox) -> Coupling:
    """A customer and an account that are coupled; people reach both systems in a browser."""
    web_client = sandbox.env["SANDBOX_CONTROL_URL"]
    BusinessCentralConnection.objects.update(web_client_url=web_client)
    DataverseConnectionSetup.objects.update(web_client_url=web_client)
    SalesConnectionSetup.objects.update(is_enabled=True)
    customer = sandbox.bc.post("customers", {"displayName": "Adatum Corporation"}).json()
    account = sandbox.dataverse.post("accounts", {"name": "Adatum Corporation"})
    return Coupling.objects.create(
        company=connected,
        mapping_name="CUSTOMER",
        business_central_id=customer["id"],
        business_central_key=customer["number"],
        dataverse_id=account.headers["OData-EntityId"][-37:-1],
        name="Adatum Corporation",
    )


def test_a_click_leads_to_sales_and_from_there_to_business_central(
    pair: Coupling,
    live: LiveServer,
    settings: Settings,
    browser_context: BrowserContext,
    page: Page,
) -> None:  # E-9.50
    settings.CONSOLE_URL = live.url
    nav_connection.reset_web_client(SalesConnectionSetup.objects.get())
    sign_in_at_once(page, live.url, make_user(Role.SUPPORT, "noor"))
    page.goto(f"{live.url}/couplings/", timeout=LONG)

    with browser_context.expect_page() as opened:
        page.get_by_role("link", name="in Sales").click()
    sales = opened.value
    expect(sales.get_by_role("heading", name="Account: Adatum Corporation")).to_be_visible()
    sales.get_by_role("link", name="Dynamics 365 Business Central").click()

    heading = sales.get_by_role("heading", name=f"Customer: {pair.business_central_key}")
    expect(heading).to_be_visible(timeout=LONG)
    assert urlsplit(sales.url).path == f"/ui/bc/customers/{pair.business_central_id}"


def test_a_row_that_is_not_coupled_says_so(
    pair: Coupling, live: LiveServer, settings: Settings, page: Page, sandbox: RunningSandbox
) -> None:
    settings.CONSOLE_URL = live.url
    nav_connection.reset_web_client(SalesConnectionSetup.objects.get())
    row_id = pair.dataverse_id
    pair.delete()
    sign_in_at_once(page, live.url, make_user(Role.VIEWER, "noor"))

    page.goto(f"{sandbox.env['SANDBOX_CONTROL_URL']}/ui/sales/account/{row_id}")
    page.get_by_role("link", name="Dynamics 365 Business Central").click()

    expect(page.get_by_role("heading", name="This account is not coupled")).to_be_visible(
        timeout=LONG
    )


def test_business_central_itself_knows_no_coupling(
    pair: Coupling, live: LiveServer, page: Page, sandbox: RunningSandbox
) -> None:
    nav_connection.reset_web_client(SalesConnectionSetup.objects.get())

    page.goto(f"{sandbox.env['SANDBOX_CONTROL_URL']}/ui/sales/account/{pair.dataverse_id}")
    page.get_by_role("link", name="Dynamics 365 Business Central").click()

    expect(page.get_by_role("alert")).to_contain_text("is not enabled")
