"""Promises of every page, in a real browser: policy, hosts, widths, axe in both themes."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from integration_admin.roles import Role
from tests.pages.accessibility import findings
from tests.pages.conftest import sign_in_at_once
from tests.pages.factory import Past, make_user
from tests.pages.screenshots import addresses

PARTS = 5  # walks, so that none of them is long
WIDTHS = (1440, 768, 375, 320)
OPEN_ALL = """
document.querySelectorAll("main details:not(.menu)").forEach((tab) => { tab.open = true; })
"""


@dataclass
class Tour:
    """What a browser met on a walk through some pages."""

    told: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    too_wide: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


_tours: dict[int, Tour] = {}  # four promises look at what one walk met


@pytest.fixture(params=range(PARTS))
def tour(request: pytest.FixtureRequest, live: LiveServer, page: Page, short_past: Past) -> Tour:
    """Walk through a part of the pages once, in all widths and both themes."""
    part: int = request.param
    if part not in _tours:
        sign_in_at_once(page, live.url, make_user(Role.ADMINISTRATOR, "mira"))
        User.objects.update(is_staff=True)
        pages = list(addresses(short_past).items())
        _tours[part] = _walk(page, live.url, dict(pages[part::PARTS]))
    return _tours[part]


def _walk(page: Page, root: str, pages: dict[str, str]) -> Tour:
    tour = Tour()
    page.on("console", lambda message: tour.told.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: tour.told.append(f"{page.url}: {error}"))
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
                tour.violations += [f"{name}, {width}, {theme}: {one}" for one in findings(page)]
    return tour


def test_no_page_breaks_the_content_security_policy(tour: Tour) -> None:
    of_pages = [text for text in tour.told if "404 (Not Found)" not in text]  # one is not there

    assert of_pages == []


def test_no_page_asks_another_host_for_anything(tour: Tour, live: LiveServer) -> None:
    assert tour.hosts == {live.url.split("/")[2]}


def test_no_page_scrolls_sideways(tour: Tour) -> None:
    assert tour.too_wide == []


def test_axe_finds_nothing_in_both_themes_wide_and_narrow(tour: Tour) -> None:
    assert tour.violations == [], "\n".join(tour.violations)
