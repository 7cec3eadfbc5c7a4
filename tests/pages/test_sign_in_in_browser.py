"""The fields of a sign-in follow its type in a browser, with and without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from integration_admin.roles import Role
from tests.pages.accessibility import findings
from tests.pages.conftest import sign_in_at_once
from tests.pages.factory import Past, make_user
from tests.pages.test_setups import disabled

SHOWN = {
    "OAuth 2.0 (Client Secret)": {"Authority", "Tenant", "Client Id", "Client Secret"},
    "OAuth 2.0 (Certificate)": {"Authority", "Tenant", "Client Id", "Certificate", "Private Key"},
    "AD": {"User Name", "Password", "Domain"},
    "IFD": {"Authority", "Client Id", "Client Secret", "User Name", "Password", "Domain"},
    "Office365 (retired)": set(),
}
OF_A_TYPE = set().union(*SHOWN.values())


@pytest.fixture
def editing(past: Past, live: LiveServer, page: Page) -> Page:
    disabled(past)
    sign_in_at_once(page, live.url, make_user(Role.ADMINISTRATOR, "mira"))
    page.goto(f"{live.url}/connections/dataverse/?edit=1")
    return page


def follows(page: Page) -> None:
    chosen = page.get_by_label("Authentication Type", exact=True)
    for kind, shown in SHOWN.items():
        chosen.select_option(kind)
        for name in OF_A_TYPE:
            field = page.get_by_label(name, exact=True)
            expect(field).to_be_visible(visible=name in shown)


def test_the_type_decides_which_fields_are_shown(editing: Page) -> None:
    follows(editing)

    editing.get_by_label("Authentication Type", exact=True).select_option("OAuth")
    assert findings(editing) == []


def test_it_does_so_without_javascript(editing: Page, chromium: Browser) -> None:
    state = editing.context.storage_state()
    context = chromium.new_context(java_script_enabled=False, storage_state=state)
    page = context.new_page()

    page.goto(editing.url)

    follows(page)
    context.close()
