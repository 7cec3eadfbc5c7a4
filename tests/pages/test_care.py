"""What is typed is not lost by a click beside it, and what an error says can be passed on."""

from __future__ import annotations

from playwright.sync_api import Dialog, Page, expect
from pytest_django.live_server_helper import LiveServer

from integration_admin.roles import Role
from tests.pages.conftest import sign_in_at_once
from tests.pages.factory import Past, make_user


def test_an_edited_card_asks_before_it_is_left_unless_its_entries_are_discarded(
    short_past: Past, live: LiveServer, page: Page
) -> None:  # C-0003
    edit = f"{live.url}/connections/business-central/?edit=1"
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    sign_in_at_once(page, live.url, make_user(Role.ADMINISTRATOR, "mira"))
    page.goto(edit)
    field = page.get_by_label("Web Client URL")

    page.get_by_role("link", name="Mappings", exact=True).click()  # nothing typed: nothing asked
    page.wait_for_url("**/mappings/")
    page.goto(edit)
    field.click()
    field.fill("https://elsewhere.example")
    page.get_by_role("link", name="Mappings", exact=True).click(no_wait_after=True)
    expect(field).to_have_value("https://elsewhere.example")
    page.get_by_role("link", name="Discard").click()
    page.wait_for_url("**/connections/business-central/")

    assert asked == ["beforeunload"]


def test_what_an_error_says_is_copied_with_its_code_and_correlation_id(
    short_past: Past, live: LiveServer, page: Page
) -> None:  # C-0006
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in_at_once(page, live.url, make_user(Role.ADMINISTRATOR, "mira"))

    page.goto(f"{live.url}/there-is-no-such-page/")
    page.get_by_role("button", name="Copy details").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()

    copied = page.evaluate("navigator.clipboard.readText()")
    identity = page.locator("meta[name=correlation-id]").get_attribute("content")
    assert "E-NOTFOUND" in copied
    assert f"Correlation id {identity}" in copied
    assert f"{live.url}/there-is-no-such-page/" in copied
