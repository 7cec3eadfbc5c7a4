"""What axe finds on a page that a browser shows: WCAG 2.2 AA (console.md 4)."""

from __future__ import annotations

from json import dumps
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

EVERYTHING: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
COLOURS: dict[str, Any] = {
    **EVERYTHING,
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
# A line for each rule that is broken, with the first element that breaks it. Nothing else is
# carried out of the browser: reading all that is in order takes longer than looking.
LINES = "found.violations.map(v => `${v.id}: ${v.help}: ${v.nodes[0].html.slice(0, 200)}`)"


def findings(page: Page) -> list[str]:
    """Return a line for each rule that the page breaks, as it is shown."""
    return _run(page, EVERYTHING)


def findings_in_both_themes(page: Page) -> list[str]:
    """Look at everything in the light theme, then at the colours of the dark one.

    A theme changes nothing else; `test_every_page` holds the stylesheet to that.
    """
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    light = findings(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    return [*light, *(f"dark: {one}" for one in _run(page, COLOURS))]


def _run(page: Page, options: dict[str, Any]) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found: list[str] = page.evaluate(f"axe.run({dumps(options)}).then(found => {LINES})")
    return found
