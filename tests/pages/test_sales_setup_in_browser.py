"""The Sales set-up in Chromium: stock published and tried, orders switched on, nothing amiss."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from connections.models import Company, SalesConnectionSetup
from integration_admin.roles import Role
from tests.connected import connected, trusting
from tests.flows.test_sales_setup import company, key_of
from tests.pages.accessibility import findings_in_both_themes
from tests.pages.conftest import sign_in_at_once
from tests.pages.factory import make_user
from tests.running_sandbox import RunningSandbox

__all__ = ["company", "connected", "trusting"]
LONG = 60_000  # milliseconds


def test_stock_and_orders_are_switched_on_from_the_page(
    company: Company, sandbox: RunningSandbox, live: LiveServer, page: Page
) -> None:
    page.set_default_timeout(LONG)  # the pages ask both systems
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    sign_in_at_once(page, live.url, make_user(Role.ADMINISTRATOR, "mira"))
    page.goto(f"{live.url}/connections/sales/")

    page.get_by_role("link", name="Publish the item availability service").click()
    page.get_by_label("OData Web Service Username").fill("AVAILABILITY")
    page.get_by_label("OData Web Service Accesskey").fill("a wrong key")
    page.get_by_role("button", name="Try and publish").click()
    expect(page.locator("#id_odata_user_name-e")).to_contain_text("E-BCUSER", timeout=LONG)
    assert findings_in_both_themes(page) == []
    page.get_by_label("OData Web Service Accesskey").fill(key_of(sandbox))
    page.get_by_role("button", name="Try and publish").click()
    expect(page.get_by_text("Sales has the item availability service.")).to_be_visible(timeout=LONG)

    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("The service answers as Sales asks it")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("Sales answers: version")).to_be_visible(timeout=LONG)

    page.get_by_role("link", name="Switch on sales order integration").click()
    page.get_by_label("Client Id").fill(sandbox.env["SANDBOX_CLIENT_ID"])
    page.get_by_label("Client Secret", exact=True).fill(sandbox.env["SANDBOX_CLIENT_SECRET"])
    assert findings_in_both_themes(page) == []
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_text("set the switch in Sales")).to_be_visible(timeout=LONG)

    assert findings_in_both_themes(page) == []
    assert SalesConnectionSetup.objects.get().orders_in_sales
    assert [text for text in told if "Content Security" in text] == []
