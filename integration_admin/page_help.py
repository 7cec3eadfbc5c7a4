"""Help on the FastTabs of a page, from the same Markdown that the documentation is (C-0020)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from django.conf import settings
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

PAGES = settings.BASE_DIR / "docs" / "pages"
FAST_TAB = re.compile(r"^## (.+)$", re.MULTILINE)
# What our own texts are made of besides paragraphs and lists.
MARKS = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\*([^*]+)\*"), r"<em>\1</em>"),
)


@cache
def of(page: str) -> Mapping[str, SafeString]:
    """Return the help of a page, by the caption of the FastTab; none where nobody wrote any."""
    path = PAGES / f"{page.replace('_', '-')}.md"
    if not path.is_file():
        return {}
    _, *parts = FAST_TAB.split(path.read_text(encoding="utf-8"))
    return {caption: rendered(text) for caption, text in zip(parts[::2], parts[1::2], strict=True)}


def rendered(text: str) -> SafeString:
    """Return paragraphs and lists as HTML; what else Markdown knows our texts do without."""
    blocks = re.split(r"\n\s*\n", text.strip())
    return mark_safe("".join(_block(block) for block in blocks))  # noqa: S308 - escaped below


def _block(block: str) -> str:
    if not block.startswith("- "):
        return f"<p>{_inline(block)}</p>"
    items = [item.removeprefix("- ") for item in re.split(r"\n(?=- )", block)]
    return f"<ul>{''.join(f'<li>{_inline(item)}</li>' for item in items)}</ul>"


def _inline(text: str) -> str:
    found = str(escape(" ".join(text.split())))
    for pattern, html in MARKS:
        found = pattern.sub(html, found)
    return found
