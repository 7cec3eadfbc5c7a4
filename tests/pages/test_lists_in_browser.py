"""Lists in a real browser: the filter pane, ranges of rows, sorting by several, keys."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from integration_admin.roles import Role
from syncjobs.models import JobQueueEntry
from tests.pages.conftest import sign_in_at_once
from tests.pages.factory import Past, make_user


@pytest.fixture
def mira(live: LiveServer, page: Page, full_past: Past) -> Page:
    """An administrator who looks at the couplings."""
    sign_in_at_once(page, live.url, make_user(Role.ADMINISTRATOR, "mira"))
    page.goto(f"{live.url}/couplings/")
    return page


def test_the_filter_pane_opens_at_once_and_the_address_keeps_it(mira: Page) -> None:
    pane = mira.get_by_label("Filter pane", exact=True)
    expect(pane).to_be_hidden()

    mira.get_by_role("link", name="Filter", exact=True).click()
    expect(pane).to_be_visible()
    expect(mira).to_have_url(re.compile(r"pane=open"))
    expect(mira.locator("#f-mapping")).to_be_focused()
    mira.locator("#f-mapping").select_option("VENDOR")
    mira.get_by_role("button", name="Apply").click()

    expect(mira.get_by_text("1 to 50 of 80")).to_be_visible()
    expect(pane).to_be_visible()
    mira.get_by_role("link", name=re.compile("VENDOR.*take away")).click()
    expect(mira.get_by_text("1 to 50 of 216")).to_be_visible()


def test_shift_ticks_a_range_and_all_that_match_are_one_more_click(mira: Page) -> None:
    ticks = mira.locator("tbody .pick input")
    ticks.nth(2).click()
    ticks.nth(6).click(modifiers=["Shift"])
    expect(mira.get_by_text("5 selected")).to_be_visible()

    mira.get_by_label("All 216 that match").check()
    expect(mira.get_by_text("216 selected")).to_be_visible()
    expect(ticks.nth(49)).to_be_checked()
    ticks.nth(0).click()

    expect(mira.get_by_text("49 selected")).to_be_visible()
    expect(mira.get_by_label("All 216 that match")).not_to_be_checked()


def test_shift_and_a_heading_sort_by_several(mira: Page, live: LiveServer) -> None:
    mira.goto(f"{live.url}/pending-couplings/")
    mira.get_by_role("link", name="No. of Attempts").click()
    mira.get_by_role("link", name="Failed On").click(modifiers=["Shift"])

    expect(mira).to_have_url(re.compile(r"sort=attempts,failed_at$"))
    expect(mira.get_by_role("columnheader", name="Failed On")).to_contain_text("2")


def test_columns_are_chosen_in_a_menu(mira: Page) -> None:
    mira.get_by_text("Columns", exact=True).click()
    mira.get_by_label("Sales id").check()
    mira.get_by_label("Held back", exact=True).uncheck()
    mira.get_by_label("Compact").check()
    mira.get_by_role("button", name="Show").click()

    expect(mira.get_by_role("columnheader", name="Sales id")).to_be_visible()
    expect(mira.get_by_role("columnheader", name="Held back")).to_have_count(0)


def test_a_list_is_exported_by_a_click(mira: Page) -> None:
    mira.get_by_text("Export", exact=True).click()
    with mira.expect_download() as download:
        mira.get_by_role("link", name="Excel").click()

    assert re.fullmatch(r"couplings-\d{4}-\d\d-\d\d\.xlsx", download.value.suggested_filename)


def test_newer_rows_are_offered_while_somebody_looks(
    mira: Page, live: LiveServer, full_past: Past
) -> None:
    mira.goto(f"{live.url}/runs/")
    top = mira.locator("tbody th").first.inner_text()
    full_past.run("VENDOR", full_past.now)

    offer = mira.get_by_role("link", name="1 newer row: show")
    expect(offer).to_be_visible(timeout=60_000)
    expect(mira.locator("tbody th").first).to_have_text(top)
    offer.click()

    expect(mira.locator("tbody th").first).to_contain_text("VENDOR")


def test_keys_do_what_they_do_in_business_central(
    mira: Page, live: LiveServer, full_past: Past
) -> None:  # C-6008
    mira.keyboard.press("F3")
    expect(mira.get_by_role("searchbox", name="Search number, name or id (F3)")).to_be_focused()

    mapping = mira.locator("tbody td[data-narrow]").first
    name = mapping.inner_text()
    mapping.click()
    mira.keyboard.press("Alt+F3")
    mira.wait_for_url(re.compile(rf"mapping={name}"))  # loaded, so that the keys are heard

    mira.locator("tbody th a").first.focus()
    mira.keyboard.press("ArrowRight")
    mira.keyboard.press("ArrowRight")
    mira.keyboard.press("Alt+F3")
    mira.wait_for_url(re.compile(r"last_synch_crm_result=Success"))

    mira.keyboard.press("Shift+F12")
    mira.get_by_role("dialog", name="All pages").get_by_role("link", name="API Tokens").click()
    mira.wait_for_url("**/api-tokens/")
    mira.keyboard.press("Alt+n")
    expect(mira.get_by_role("textbox", name="Name")).to_be_focused()
    mira.keyboard.type("Made by keys")
    mira.keyboard.press("Control+Enter")
    expect(mira.get_by_role("rowheader", name="Made by keys")).to_be_visible()

    entry = JobQueueEntry.objects.earliest("pk")
    mira.goto(f"{live.url}/job-queue/{entry.pk}/")
    expect(mira.get_by_text("Recurring Job")).to_be_visible()
    mira.keyboard.press("Alt+F2")
    expect(mira.get_by_text("Recurring Job")).to_be_hidden()


def test_keys_are_listed_and_can_be_turned_off(mira: Page) -> None:
    pane = mira.get_by_label("Filter pane", exact=True)
    mira.keyboard.press("Shift+F3")
    expect(pane).to_be_visible()
    mira.keyboard.press("Shift+F3")
    expect(pane).to_be_hidden()

    mira.locator("h1").click()
    mira.keyboard.press("?")
    mira.get_by_label("Use these keys").uncheck()
    mira.get_by_role("button", name="Close", exact=True).click()
    mira.keyboard.press("Shift+F12")
    mira.keyboard.press("Shift+F3")

    expect(pane).to_be_hidden()
    expect(mira.get_by_role("dialog", name="All pages")).to_be_hidden()
