"""Builds pages; whatever is no markup already is escaped."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import quote, urlencode

from sandbox.http import Reply

STYLE = (Path(__file__).parent / "style.css").read_bytes()
EMPTY_ELEMENTS = frozenset({"input", "link", "meta"})
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | int | float | None
Attribute = str | int | bool | None


def element(tag: str, *children: Child, **attributes: Attribute) -> Markup:
    """Return an element; `class_` loses its underscore, what is False or None is left out."""
    parts = [tag]
    for name, value in attributes.items():
        plain = name.rstrip("_").replace("_", "-")
        if value is True:
            parts.append(plain)
        elif value is not None and value is not False:
            parts.append(f'{plain}="{escape(str(value))}"')
    opening = f"<{' '.join(parts)}>"
    if tag in EMPTY_ELEMENTS:
        return Markup(opening)
    return Markup(f"{opening}{joined(*children)}</{tag}>")


def joined(*children: Child) -> Markup:
    """Return children one after the other."""
    return Markup("".join(_text(child) for child in children))


def _text(child: Child) -> str:
    if child is None:
        return ""
    return child if isinstance(child, Markup) else escape(str(child))


def link(address: str, *children: Child, **attributes: Attribute) -> Markup:
    return element("a", *children, href=address, **attributes)


def page(title: str, *content: Child, status: int = 200) -> Reply:
    """Return a whole page."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{title} · Sandbox"),
        element("link", rel="stylesheet", href="/ui/style.css"),
    )
    banner = element(
        "header",
        link("/ui/", "Sandbox"),
        element(
            "nav",
            link("/ui/bc", "Business Central", class_="bc"),
            link("/ui/sales", "Dynamics 365 Sales", class_="sales"),
        ),
    )
    body = element("body", banner, element("main", element("h1", title), *content))
    document = f"<!doctype html>\n{element('html', head, body, lang='en')}\n"
    return Reply(status, document.encode(), dict(HEADERS))


def redirect(*parts: str, **query: str) -> Reply:
    """Lead to one of these pages."""
    address = "/" + "/".join(quote(part, safe="") for part in ("ui", *parts))
    return Reply(303, b"", {"Location": f"{address}?{urlencode(query)}" if query else address})


def style() -> Reply:
    return Reply(200, STYLE, {"Content-Type": "text/css; charset=utf-8"})
