"""Connections and secrets are changed after a recent sign-in only (C-4003)."""

from __future__ import annotations

import time

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from audit.models import AuditEntry
from audit.terms import Act
from integration_admin.idle import SIGNED_IN
from integration_admin.roles import Role
from tests.pages.accessibility import findings_in_both_themes
from tests.pages.conftest import SignedIn, sign_in_at_once
from tests.pages.factory import PASSWORD, Past, make_user
from tests.pages.test_setups import filled

SALES = "/connections/sales/"
DISABLE = f"{SALES}disable/"
AGAIN = "Is it still you?"
AN_HOUR = 3600.0


def signed_in_before(client: Client, seconds: float) -> None:
    session = client.session
    session[SIGNED_IN] = time.time() - seconds
    session.save()


@pytest.fixture
def stale(past: Past, admin: Client) -> Client:
    """An administrator who has worked for more than an hour since the sign-in."""
    signed_in_before(admin, AN_HOUR + 1)
    return admin


def is_enabled(past: Past) -> bool:
    row = past.company.sales_connection_setup
    row.refresh_from_db()
    return bool(row.is_enabled)


def test_an_act_asks_for_the_password_and_goes_on_with_what_was_posted(
    past: Past, stale: Client
) -> None:
    asked = stale.post(DISABLE, {"confirmed": "yes", "reason": "move"})
    html = asked.content.decode()
    assert (asked.status_code, AGAIN in html) == (403, True)
    assert is_enabled(past)

    done = stale.post(DISABLE, {**filled(html), "console_password": PASSWORD})

    assert done.status_code == 302
    assert not is_enabled(past)
    assert AGAIN not in stale.get(f"{SALES}?edit=1").content.decode()
    again = AuditEntry.objects.get(act=Act.SIGNED_IN)
    assert (again.user_name, again.reason) == ("administrator", "Asked again")


def test_a_wrong_password_changes_nothing_and_is_noted(past: Past, stale: Client) -> None:
    answer = stale.post(DISABLE, {"confirmed": "yes", "console_password": "mistyped-4711"})

    html = answer.content.decode()
    assert (answer.status_code, "E-CREDENTIALS" in html) == (422, True)
    assert "mistyped-4711" not in html
    assert is_enabled(past)
    assert AuditEntry.objects.filter(act=Act.SIGN_IN_REFUSED, user_name="administrator").exists()


def test_guessing_is_throttled_as_the_sign_in_is(past: Past, stale: Client) -> None:
    guesses = [
        stale.post(DISABLE, {"confirmed": "yes", "console_password": f"guess {number}"})
        for number in range(6)
    ]

    assert guesses[-1].status_code == 429
    assert is_enabled(past)


@pytest.mark.parametrize(
    "page",
    [f"{SALES}?edit=1", "/connections/redeploy/identity/", "/encryption/", "/assisted-setup/"],
)
def test_a_page_that_changes_opens_after_the_password(stale: Client, page: str) -> None:
    asked = stale.get(page)
    html = asked.content.decode()
    assert (asked.status_code, AGAIN in html) == (403, True)

    given = {"next": page, "console_password": PASSWORD}
    opened = stale.post("/session/confirm/", given, follow=True)

    assert opened.redirect_chain == [(page, 302)]
    assert opened.status_code == 200


def test_the_password_leads_to_no_other_site(stale: Client) -> None:
    given = {"next": "https://elsewhere.example/", "console_password": PASSWORD}

    assert stale.post("/session/confirm/", given)["Location"] == "/"


def test_reading_asks_for_nothing(past: Past, stale: Client) -> None:
    pages = (SALES, "/connections/", "/connections/health/", "/mappings/", "/audit-log/")

    assert {stale.get(page).status_code for page in pages} == {200}


def test_a_form_with_a_secret_has_the_time_it_takes_and_later_shows_none(
    past: Past, admin: Client
) -> None:
    past.company.dataverse_connection_setup.__class__.objects.update(is_enabled=False)
    save, page = "/connections/dataverse/save/", "/connections/dataverse/?edit=1"
    form = {**filled(admin.get(page).content.decode()), "client_secret": "planted-4711"}

    signed_in_before(admin, AN_HOUR + 60)
    assert admin.post(save, form).status_code == 302
    signed_in_before(admin, 2 * AN_HOUR + 60)
    late = admin.post(save, form, headers={"Referer": f"http://testserver{page}"})

    html = late.content.decode()
    assert (late.status_code, "enter it again" in html) == (403, True)
    assert "planted-4711" not in html
    assert filled(html)["next"] == page


def test_who_lacks_the_right_is_refused_before_being_asked(past: Past, signed_in: SignedIn) -> None:
    viewer = signed_in(Role.VIEWER)
    signed_in_before(viewer, AN_HOUR + 1)

    assert AGAIN not in viewer.post(DISABLE, {"confirmed": "yes"}).content.decode()


def test_the_api_refuses_a_session_whose_sign_in_is_too_old(past: Past, stale: Client) -> None:
    answer = stale.post("/api/v1/encryption/rotate", content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (403, "E-SIGN-IN-AGAIN")


def test_the_page_that_asks_is_right_for_everybody(
    live: LiveServer, page: Page, short_past: Past, settings: Settings
) -> None:
    sign_in_at_once(page, live.url, make_user(Role.ADMINISTRATOR, "mira"))
    settings.SIGN_IN_RECENT_SECONDS = -1.0
    page.goto(f"{live.url}/encryption/")
    expect(page.get_by_label("Password of mira")).to_be_focused()
    assert findings_in_both_themes(page) == []

    settings.SIGN_IN_RECENT_SECONDS = AN_HOUR
    page.get_by_label("Password of mira").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Encryption")
