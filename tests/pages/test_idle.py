"""Who does nothing is warned and signed out; who goes on stays, and keeps what was typed."""

from __future__ import annotations

import json
import time

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from audit.models import AuditEntry
from audit.terms import Act
from integration_admin.idle import ACTIVE, BY_ITSELF
from integration_admin.roles import Role
from tests.pages.accessibility import findings
from tests.pages.conftest import sign_in_at_once
from tests.pages.factory import PASSWORD, Past, make_user


def idle_for(client: Client, seconds: float) -> None:
    session = client.session
    session[ACTIVE] = time.time() - seconds
    session.save()


def left(client: Client) -> float:
    return float(json.loads(client.get("/session/left/").content)["left"])


def test_after_an_hour_without_doing_anything_the_next_page_asks_to_sign_in(
    past: Past, admin: Client
) -> None:
    idle_for(admin, 3601)

    answer = admin.get("/mappings/?view=all", follow=True)

    assert answer.redirect_chain == [("/sign-in/?next=%2Fmappings%2F%3Fview%3Dall", 302)]
    assert "nothing was done for a while" in answer.content.decode()
    ended = AuditEntry.objects.get(act=Act.SIGNED_OUT)
    assert (ended.user_name, ended.reason) == ("administrator", "Nothing was done")


def test_an_act_that_comes_too_late_does_nothing_and_leads_back_to_its_page(
    past: Past, admin: Client
) -> None:
    idle_for(admin, 3601)

    answer = admin.post(
        "/connections/sales/disable/",
        {"confirmed": "yes"},
        headers={"Referer": "http://testserver/connections/sales/?edit=1"},
    )

    assert answer["Location"] == "/sign-in/?next=%2Fconnections%2Fsales%2F%3Fedit%3D1"
    past.company.sales_connection_setup.refresh_from_db()
    assert past.company.sales_connection_setup.is_enabled


def test_what_the_page_asks_by_itself_makes_no_session_longer(past: Past, admin: Client) -> None:
    idle_for(admin, 600)

    admin.get("/runs/", headers={BY_ITSELF: "1"})
    assert 2700 < left(admin) <= 3000
    admin.get("/runs/")

    assert left(admin) > 3300


def test_a_part_of_a_page_that_is_asked_too_late_sends_the_page_to_the_sign_in(
    past: Past, admin: Client
) -> None:
    idle_for(admin, 3601)

    answer = admin.get(
        "/runs/", headers={"HX-Request": "true", "Referer": "http://testserver/runs/?q=x"}
    )

    assert answer["HX-Redirect"] == "/sign-in/?next=%2Fruns%2F%3Fq%3Dx"


def test_staying_begins_the_time_anew_with_script_and_without(past: Past, admin: Client) -> None:
    idle_for(admin, 3590)

    answer = admin.post("/session/stay/", headers={"Accept": "application/json"})

    assert json.loads(answer.content)["left"] > 3300
    assert admin.post("/session/stay/")["Location"] == "/"
    assert admin.get("/session/stay/").status_code == 405


def test_nobody_has_nothing_left(db: None, client: Client) -> None:
    assert left(client) == 0


# In a browser


def look_again(page: Page) -> None:
    """Let the page ask how much is left, as it does when its tab is looked at again."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.fixture
def session(live: LiveServer, page: Page, short_past: Past) -> Client:
    """The session of an administrator, which the browser has, too."""
    return sign_in_at_once(page, live.url, make_user(Role.ADMINISTRATOR, "mira"))


def test_the_warning_comes_by_itself(session: Client, live: LiveServer, page: Page) -> None:
    page.clock.install()
    page.goto(f"{live.url}/mappings/")
    dialog = page.get_by_role("alertdialog", name="Are you still there?")
    expect(dialog).to_be_hidden()

    idle_for(session, 3500)  # by the clock of the console, and by that of the page
    page.clock.fast_forward(3_500_000)

    expect(dialog).to_be_visible()


def test_staying_lets_the_work_go_on(session: Client, live: LiveServer, page: Page) -> None:
    page.goto(f"{live.url}/mappings/")
    idle_for(session, 3520)
    look_again(page)
    dialog = page.get_by_role("alertdialog", name="Are you still there?")
    expect(dialog).to_contain_text("seconds")
    expect(dialog.get_by_role("button", name="Stay signed in")).to_be_focused()
    assert findings(page) == []

    dialog.get_by_role("button", name="Stay signed in").click()

    expect(dialog).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_have_text("Integration Table Mappings")
    assert left(session) > 3000


def test_who_does_not_answer_is_signed_out_and_finds_what_was_typed_again(
    session: Client, live: LiveServer, page: Page, settings: Settings
) -> None:
    address = f"{live.url}/users/new/"
    page.goto(address)
    name = page.locator("[name=username]")
    name.fill("nora")
    settings.SESSION_IDLE_SECONDS = 2.0
    look_again(page)  # the time that is left runs off in the warning

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=60_000)
    expect(page.locator("body")).to_contain_text("nothing was done for a while")
    settings.SESSION_IDLE_SECONDS = 3600.0
    page.get_by_label("User name").fill("mira")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_url(address)
    expect(name).to_have_value("nora")


def test_signing_out_in_the_warning_signs_out(
    session: Client, live: LiveServer, page: Page
) -> None:
    page.goto(f"{live.url}/")
    idle_for(session, 3520)
    look_again(page)

    page.get_by_role("alertdialog").get_by_role("button", name="Sign out").click()

    expect(page).to_have_url(f"{live.url}/sign-in/")
