"""Pages in a real browser: keys, selection, progress, and without script."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from connections.causes import Cause
from integration_admin.roles import Role
from mappings.models import Coupling
from syncjobs.models import Run
from syncjobs.terms import RunStatus
from tests.pages.accessibility import findings
from tests.pages.conftest import sign_in, sign_in_at_once
from tests.pages.factory import Past, make_user


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
    expect(bar).to_have_attribute("value", "900", timeout=60_000)
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


def test_tell_me_is_reached_by_keyboard(mira: Page, live: LiveServer) -> None:
    mira.keyboard.press("Alt+q")
    mira.keyboard.type("10050")
    mira.keyboard.press("Enter")

    expect(mira).to_have_url(f"{live.url}/tell-me/?q=10050")
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


def test_axe_finds_nothing_before_signing_in(live: LiveServer, page: Page) -> None:
    page.goto(f"{live.url}/sign-in/")
    page.get_by_role("button", name="Sign in").click()

    assert findings(page) == []


def test_a_held_back_record_is_cured_from_its_card(mira: Page, live: LiveServer) -> None:
    row = Coupling.objects.filter(skipped=True, cause=Cause.VALUE_TOO_LONG).first()
    assert row is not None
    mira.goto(f"{live.url}/couplings/{row.pk}/")

    mira.get_by_role("button", name="Retry").click()

    expect(mira.get_by_text("The next run synchronizes this pair again.")).to_be_visible()
    expect(mira.get_by_role("button", name="Retry")).to_have_count(0)
