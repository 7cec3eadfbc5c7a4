"""Pages in a real browser: keys, selection, progress, without script, axe in both themes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from connections.causes import Cause
from integration_admin.roles import Role
from mappings.models import Coupling
from syncjobs.models import Run
from syncjobs.terms import RunStatus
from tests.pages.conftest import sign_in, sign_in_at_once
from tests.pages.factory import Past, make_user
from tests.pages.screenshots import addresses

OPEN_ALL = """
document.querySelectorAll("main details:not(.menu)").forEach((tab) => { tab.open = true; })
"""
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture
def mira(live: LiveServer, page: Page, short_past: Past) -> Page:
    """An administrator who has signed in, in front of a company with a past."""
    sign_in_at_once(page, live.url, make_user(Role.ADMINISTRATOR, "mira"))
    page.goto(live.url)
    return page


def test_somebody_signs_in_looks_around_and_signs_out(
    page: Page, live: LiveServer, short_past: Past
) -> None:
    mira = page
    make_user(Role.ADMINISTRATOR, "mira")
    sign_in(mira, live.url, "mira")
    expect(mira.get_by_role("heading", level=1)).to_contain_text("Data is flowing.")

    mira.get_by_label("Areas", exact=True).get_by_role("link", name="Mappings").click()
    expect(mira.get_by_role("heading", level=1)).to_have_text("Integration Table Mappings")
    mira.locator(".topbar__end summary").click()
    mira.get_by_role("button", name="Sign out").click()

    expect(mira).to_have_url(f"{live.url}/sign-in/")


def test_progress_moves_while_somebody_watches(mira: Page, live: LiveServer) -> None:
    run = Run.objects.get(status=RunStatus.IN_PROCESS)
    mira.goto(f"{live.url}/runs/{run.pk}/")
    bar = mira.get_by_role("progressbar")

    for done in (900, 1_000, 1_311):
        Run.objects.filter(pk=run.pk).update(done=done)
        expect(bar).to_have_attribute("value", str(done))
    Run.objects.filter(pk=run.pk).update(
        status=RunStatus.SUCCESS, finished_at=run.started_at + timedelta(seconds=75)
    )

    expect(mira.get_by_role("heading", name="Done in 1 min 15 s")).to_be_visible()
    expect(mira.locator("#run-state")).to_have_text("Success")
    expect(mira.get_by_role("button", name="Cancel")).to_have_count(0)


def test_the_polling_ends_with_the_run(mira: Page, live: LiveServer) -> None:
    asked: list[str] = []
    mira.on("request", lambda request: asked.append(request.url))
    run = Run.objects.get(status=RunStatus.IN_PROCESS)
    mira.goto(f"{live.url}/runs/{run.pk}/")
    with mira.expect_response(re.compile("/progress/")):
        pass
    Run.objects.filter(pk=run.pk).update(status=RunStatus.CANCELLED, finished_at=run.started_at)

    with mira.expect_response(lambda answer: answer.status == 286):
        pass
    polls = sum("/progress/" in url for url in asked)
    mira.wait_for_timeout(2_500)

    assert sum("/progress/" in url for url in asked) == polls


def test_home_follows_what_runs_and_leaves_alone_what_somebody_uses(
    mira: Page, live: LiveServer
) -> None:
    run = Run.objects.get(status=RunStatus.IN_PROCESS)
    bar = mira.locator("#now").get_by_role("progressbar")
    expect(bar).to_have_attribute("value", "820")

    Run.objects.filter(pk=run.pk).update(done=900)
    expect(bar).to_have_attribute("value", "900", timeout=15_000)
    mira.locator("#cues a").first.focus()
    Run.objects.filter(pk=run.pk).update(done=1_000)
    mira.wait_for_timeout(6_000)  # longer than it takes to ask again

    expect(bar).to_have_attribute("value", "900")
    expect(mira.locator("#cues a").first).to_be_focused()


def test_ticked_rows_are_counted_and_retried(mira: Page, live: LiveServer) -> None:
    mira.goto(f"{live.url}/coupled-data-errors/")
    expect(mira.get_by_role("button", name="Retry", exact=True)).to_be_hidden()

    mira.get_by_label("Select all 3 rows of this page").check()
    expect(mira.get_by_text("3 selected")).to_be_visible()
    mira.get_by_role("button", name="Retry", exact=True).click()

    expect(mira.get_by_text("3 couplings will be synchronized again.")).to_be_visible()
    expect(mira.get_by_text("No record is held back")).to_be_visible()


def test_the_search_is_reached_by_keyboard(mira: Page, live: LiveServer) -> None:
    mira.keyboard.press("Alt+q")
    mira.keyboard.type("10050")
    mira.keyboard.press("Enter")

    expect(mira).to_have_url(f"{live.url}/couplings/?q=10050")
    expect(mira.get_by_role("link", name="10050 Fabrikam Residences").first).to_be_visible()


def test_a_menu_closes_with_escape(mira: Page) -> None:
    summary = mira.locator(".topbar__end summary")
    summary.click()
    expect(mira.get_by_role("button", name="Sign out")).to_be_visible()

    mira.keyboard.press("Escape")

    expect(mira.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(summary).to_be_focused()


def test_everything_works_without_script(
    live: LiveServer, chromium: Browser, short_past: Past
) -> None:
    make_user(Role.ADMINISTRATOR, "mira")
    context = chromium.new_context(java_script_enabled=False)
    context.set_default_timeout(10_000)
    page = context.new_page()
    sign_in(page, live.url, "mira")

    page.goto(f"{live.url}/coupled-data-errors/")
    page.locator("tbody input[type=checkbox]").first.check()
    page.get_by_role("button", name="Retry", exact=True).click()
    expect(page.get_by_text("1 couplings will be synchronized again.")).to_be_visible()
    page.goto(f"{live.url}/mappings/{short_past.mapping().pk}/")
    page.get_by_role("button", name="Run Full Synchronization").click()
    page.get_by_role("button", name="Synchronize CUSTOMER").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("CUSTOMER: full synchronization")

    context.close()


WIDTHS = (1440, 768, 375, 320)


@dataclass
class Tour:
    """What a browser met on a walk through all pages."""

    told: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    too_wide: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


_tours: list[Tour] = []  # one walk; four promises look at what it met


@pytest.fixture
def tour(mira: Page, live: LiveServer, short_past: Past) -> Tour:
    """Walk through all pages once, in all widths and both themes."""
    if not _tours:
        User.objects.update(is_staff=True)
        _tours.append(_walk(mira, live.url, addresses(short_past)))
    return _tours[0]


def _walk(page: Page, root: str, pages: dict[str, str]) -> Tour:
    tour = Tour()
    page.on("console", lambda message: tour.told.append(message.text))
    page.on("pageerror", lambda error: tour.told.append(str(error)))
    page.on("request", lambda request: tour.hosts.add(request.url.split("/")[2]))
    for name, address in pages.items():
        page.goto(f"{root}{address}")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                tour.too_wide.append(f"{name} at {width}")
        page.evaluate(OPEN_ALL)
        for width in (375, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                found = Axe().run(page, options=AXE).response["violations"]
                tour.violations += [_told(f"{name}, {width}, {theme}", one) for one in found]
    return tour


def _told(where: str, violation: dict[str, Any]) -> str:
    return f"{where}: {violation['id']}: {violation['help']}: {violation['nodes'][0]['html'][:200]}"


def test_no_page_breaks_the_content_security_policy(tour: Tour) -> None:
    not_found = [text for text in tour.told if "404 (Not Found)" in text]

    assert len(not_found) == 1  # the page that is not there
    assert [text for text in tour.told if text not in not_found] == []


def test_no_page_asks_another_host_for_anything(tour: Tour, live: LiveServer) -> None:
    assert tour.hosts == {live.url.split("/")[2]}


def test_no_page_scrolls_sideways(tour: Tour) -> None:
    assert tour.too_wide == []


def test_axe_finds_nothing_in_both_themes_wide_and_narrow(tour: Tour) -> None:
    assert tour.violations == [], "\n".join(tour.violations)


def test_axe_finds_nothing_before_signing_in(live: LiveServer, page: Page) -> None:
    page.goto(f"{live.url}/sign-in/")
    page.get_by_role("button", name="Sign in").click()

    result = Axe().run(page, options=AXE)

    assert [violation["help"] for violation in result.response["violations"]] == []


def test_a_held_back_record_is_cured_from_its_card(mira: Page, live: LiveServer) -> None:
    row = Coupling.objects.filter(skipped=True, cause=Cause.VALUE_TOO_LONG).first()
    assert row is not None
    mira.goto(f"{live.url}/couplings/{row.pk}/")

    mira.get_by_role("button", name="Retry").click()

    expect(mira.get_by_text("The next run synchronizes this pair again.")).to_be_visible()
    expect(mira.get_by_role("button", name="Retry")).to_have_count(0)
