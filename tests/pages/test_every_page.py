"""Promises of every page, in a real browser: policy, hosts, widths, axe in both themes."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from integration_admin.roles import Role
from tests.pages.accessibility import findings, findings_in_both_themes
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
    """What a browser met on a walk through some pages that it should not have met."""

    told: list[str] = field(default_factory=list)  # by the policy, or by a script that failed
    hosts: set[str] = field(default_factory=set)  # others than the console's
    too_wide: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def hear(self, address: str, text: str) -> None:
        if "404 (Not Found)" not in text:  # one of the pages is not there
            self.told.append(f"{address}: {text}")


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_keeps_to_policy_host_width_and_what_axe_asks_in_both_themes(
    live: LiveServer, page: Page, short_past: Past, part: int
) -> None:
    sign_in_at_once(page, live.url, make_user(Role.ADMINISTRATOR, "mira"))
    User.objects.update(is_staff=True)
    pages = list(addresses(short_past).items())

    tour = _walk(page, live.url, dict(pages[part::PARTS]))

    assert tour == Tour()


def test_a_theme_changes_colours_and_nothing_else() -> None:
    css = (settings.BASE_DIR / "static" / "console.css").read_text(encoding="utf-8")

    assert "light-dark(" in css  # which takes colours only
    assert "prefers-color-scheme" not in css


def _walk(page: Page, root: str, pages: dict[str, str]) -> Tour:
    tour = Tour()
    page.on("console", lambda message: tour.hear(page.url, message.text))
    page.on("pageerror", lambda error: tour.hear(page.url, str(error)))
    page.on("request", lambda request: tour.hosts.add(request.url.split("/")[2]))
    for name, address in pages.items():
        page.goto(f"{root}{address}")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                tour.too_wide.append(f"{name} at {width}")
        page.evaluate(OPEN_ALL)
        # Narrow in the light theme only: what a theme paints does not depend on the width.
        page.set_viewport_size({"width": 375, "height": 900})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        tour.violations += [f"{name}, narrow: {one}" for one in findings(page)]
        page.set_viewport_size({"width": 1440, "height": 900})
        tour.violations += [f"{name}: {one}" for one in findings_in_both_themes(page)]
    tour.hosts.discard(root.split("/")[2])
    return tour
