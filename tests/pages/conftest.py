"""Pages with people in front of them: a company with a past, clients of each role, a browser."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime

import django_rq
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer
from rq import Worker

from connections.models import Company
from integration_admin.roles import Role
from tests.browser import required_executable
from tests.pages.factory import PASSWORD, Past, make_company, make_user
from tests.pages.remembered import remembered_past

SignedIn = Callable[..., Client]
PATIENCE = 60_000  # milliseconds until a browser's promise counts as broken
expect.set_options(timeout=PATIENCE)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def company(db: None) -> Company:
    return make_company()


@pytest.fixture
def past(company: Company, now: datetime) -> Past:
    return Past(company, now)


@pytest.fixture
def full_past(db: None, now: datetime) -> Past:
    """Something of everything, as a few hours leave it."""
    return remembered_past("full", now, hours=3)


@pytest.fixture
def short_past(db: None, now: datetime) -> Past:
    """Something of everything, and not more than a browser needs to see."""
    return remembered_past("short", now, customers_coupled=9, hours=2)


@pytest.fixture
def signed_in(db: None) -> SignedIn:
    """Return a client of somebody with this role; the cookies travel securely."""

    def sign_in(role: Role | None = Role.ADMINISTRATOR) -> Client:
        client = Client(raise_request_exception=True)
        client.force_login(make_user(role))
        return client

    return sign_in


@pytest.fixture
def admin(signed_in: SignedIn) -> Client:
    return signed_in(Role.ADMINISTRATOR)


@pytest.fixture
def viewer(signed_in: SignedIn) -> Client:
    return signed_in(Role.VIEWER)


# A browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    # Playwright's loop runs in this thread, and the tests look into the database beside it.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    path = required_executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def live(live_server: LiveServer, settings: Settings) -> LiveServer:
    """The console over plain http on loopback, as the demo serves it."""
    settings.SESSION_COOKIE_SECURE = False
    settings.CSRF_COOKIE_SECURE = False
    return live_server


@pytest.fixture
def browser_context(chromium: Browser) -> Iterator[BrowserContext]:
    # What moves for the eye alone would be drawn sixty times a second.
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    context.set_default_navigation_timeout(2 * PATIENCE)  # the first page of a process is compiled
    yield context
    context.close()


@pytest.fixture
def page(browser_context: BrowserContext) -> Page:
    return browser_context.new_page()


def sign_in(page: Page, address: str, name: str) -> None:
    """Sign in as a person does."""
    page.goto(f"{address}/sign-in/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/")


def sign_in_at_once(page: Page, address: str, user: User) -> Client:
    """Give the browser somebody's session; how people sign in has tests of its own."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": address}])
    return client


@pytest.fixture
def idle_worker() -> Iterator[Worker]:
    """A worker that Redis knows, so that the console finds its queue attended."""
    worker = Worker(["default"], connection=django_rq.get_connection("default"))
    worker.register_birth()  # type: ignore[no-untyped-call]
    yield worker
    worker.register_death()  # type: ignore[no-untyped-call]
