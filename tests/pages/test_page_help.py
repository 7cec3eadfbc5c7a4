"""Help on FastTabs: it comes from the documentation, and no FastTab goes without."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from connections.direct_views import DIRECT
from connections.sales_setup_views import SALES
from connections.setup_views import BUSINESS_CENTRAL, DATAVERSE, Kind
from integration_admin import page_help
from integration_admin.pages import CardPage
from tests.pages.factory import Past

CARDS = {
    pattern.name: pattern.callback.view_class
    for several in get_resolver().url_patterns
    for pattern in getattr(several, "url_patterns", [several])
    if issubclass(getattr(getattr(pattern, "callback", None), "view_class", object), CardPage)
}


@pytest.mark.parametrize("name", [name for name, card in CARDS.items() if card.sections])
def test_every_fasttab_of_a_card_has_its_help(name: str) -> None:  # C-0020
    assert [one.caption for one in CARDS[name].sections] == list(page_help.of(name))


@pytest.mark.parametrize("kind", [BUSINESS_CENTRAL, DATAVERSE, SALES, DIRECT])
def test_every_fasttab_of_a_set_up_has_its_help(kind: Kind) -> None:  # C-0020
    form: Any = kind.form

    assert {caption for caption, _ in form.sections} <= page_help.of(f"{kind.key}_setup").keys()


def test_help_stands_beside_its_fasttab_closed_and_named(past: Past, admin: Client) -> None:
    past.mappings()

    html = admin.get(f"/mappings/{past.mapping().pk}/").content.decode()
    editing = admin.get("/connections/business-central/?edit=1").content.decode()

    assert len(re.findall(r'<details class="help">', html)) == 5
    assert '<span class="sr">Help on Conflicts</span>' in html
    assert "<strong>Mass-Change Guard (%)</strong>: a run" in html
    assert '<span class="sr">Help on Sign-in</span>' in editing
    for page, name in ((html, "mapping"), (editing, "business_central_setup")):
        shown = re.sub(r'<details class="help">.*?</details>', "", page, flags=re.DOTALL)
        told = re.findall(r"<strong>(.*?)</strong>", "".join(page_help.of(name).values()))
        assert [caption for caption in told if caption not in shown] == []


def test_help_is_text_and_never_markup() -> None:
    html = page_help.rendered("One & *two*\nlines.\n\n- **A**: `<b>`\n  and more\n- B")

    assert html == (
        "<p>One &amp; <em>two</em> lines.</p>"
        "<ul><li><strong>A</strong>: <code>&lt;b&gt;</code> and more</li><li>B</li></ul>"
    )
