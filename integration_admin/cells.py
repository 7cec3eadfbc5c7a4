"""Small pieces of a page, the same everywhere: state words, directions, times, numbers."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape
from typing import NamedTuple
from urllib.parse import urlsplit

from django.contrib.humanize.templatetags.humanize import intcomma
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString

from audit.models import AuditEntry
from mappings import captions
from mappings.terms import Direction

# Also one that was cut: a company is called so until Business Central has told its name.
ENDING_ID = re.compile(r"(?:^| of )[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{6,12}$")


class Look(NamedTuple):
    """How a state word is shown: always a tone, an icon and the word (C-0018)."""

    tone: str
    icon: str
    word: str = ""


LOOKS = {
    "Success": Look("good", "good"),
    "Ready": Look("good", "good"),
    "Enabled": Look("good", "good"),
    "Finished": Look("quiet", "check"),
    "In Process": Look("move", "moving"),
    "Waiting": Look("held", "clock"),
    "On Hold": Look("held", "hold"),
    "On Hold with Inactivity Timeout": Look("held", "clock", "Inactivity timeout"),
    "Error": Look("bad", "bad"),
    "Failure": Look("bad", "bad"),
    "Cancelled": Look("held", "stop"),
    "Skipped": Look("held", "skip"),
    "Warning": Look("held", "warn"),
}
QUIET = Look("quiet", "quiet")
ROUTES = {
    Direction.TO_INTEGRATION_TABLE: "route-to",
    Direction.FROM_INTEGRATION_TABLE: "route-from",
    Direction.BIDIRECTIONAL: "route-both",
}
BLOCK = re.compile(r"<(?=span class=.table__sub)")
A_MINUTE, AN_HOUR, A_DAY = 60, 3600, 86_400


def icon(name: str) -> SafeString:
    """Return an icon of the sheet; it says nothing to a screen reader, the word beside it does."""
    sheet = static("icons.svg")
    return format_html('<svg class="i" aria-hidden="true"><use href="{}#i-{}"/></svg>', sheet, name)


def drawing(name: str) -> SafeString:
    """Return a wider drawing of the sheet: a route, the mark."""
    return format_html(
        '<svg aria-hidden="true"><use href="{}#i-{}"/></svg>', static("icons.svg"), name
    )


def pill(tone: str, icon_name: str, word: str) -> SafeString:
    """Return a state: tone, icon and word."""
    return format_html('<span class="pill {}">{}{}</span>', tone, icon(icon_name), word)


def state(word: str) -> SafeString:
    """Return the state of an entry, a run or a record as a pill."""
    if not word.strip():
        return format_html('<span class="muted">{}</span>', "none yet")
    look = LOOKS.get(word, QUIET)
    return pill(look.tone, look.icon, look.word or word)


def outcome(failed: int, *, running: bool = False, broke_off: bool = False) -> SafeString:
    """Return the result of a synch. job."""
    if running:
        return state("In Process")
    if broke_off:
        return pill("bad", "bad", "Broke off")
    if failed:
        return pill("bad", "bad", f"{intcomma(failed)} failed")
    return state("Success")


def audited(entry: AuditEntry) -> str:
    """Return what an entry of the audit log is about; an id that ends its name says nothing."""
    return ENDING_ID.sub("", entry.object_name) or entry.object_kind


def route(direction: str) -> SafeString:
    """Return a direction: Business Central left, Sales right, and the words."""
    known = Direction(direction)
    words = captions.direction(direction)
    return format_html(
        '<span class="route">{}<small>{}</small></span>', drawing(ROUTES[known]), words
    )


def link(url: str, text: object) -> SafeString:
    """Return a link."""
    return format_html('<a href="{}">{}</a>', url, text)


def opens(business_central: str, sales: str, name: object) -> SafeString | str:
    """Return links that open a record on the sides where it is, in a tab of its own."""
    sides = ((business_central, "BC", "Business Central"), (sales, "Sales", "Sales"))
    shown = [
        format_html(
            '<a href="{}" target="_blank" rel="noopener noreferrer" aria-label="{}">{}{}</a>',
            url,
            f"Open {name} in {system}",
            word,
            icon("external"),
        )
        for url, word, system in sides
        if url
    ]
    if not shown:
        return ""
    return format_html(
        '<span class="opens">{}</span>', format_html_join("", "{}", ((a,) for a in shown))
    )


def number(value: int, url: str = "") -> SafeString:
    """Return a number; what is not zero may lead to its list (C-2003)."""
    shown = intcomma(value)
    return link(url, shown) if value and url else format_html("{}", shown)


def moment(when: datetime | None, *, now: datetime | None = None) -> SafeString:
    """Return a time in the console's zone, with the UTC time as a tooltip (C-0015)."""
    if when is None:
        return format_html('<span class="muted">{}</span>', "never")
    local, today = timezone.localtime(when), timezone.localdate(now)
    form = "%H:%M:%S" if local.date() == today else "%-d %b %Y %H:%M"
    exact = when.strftime("%Y-%m-%d %H:%M:%S UTC")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', when.isoformat(), exact, local.strftime(form)
    )


def duration(time: timedelta | float) -> str:
    """Return a length of time as people say it: 1 h 04 min."""
    seconds = time.total_seconds() if isinstance(time, timedelta) else time
    whole = max(round(seconds), 0)
    if whole < A_MINUTE:
        return f"{whole} s"
    if whole < AN_HOUR:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < A_DAY:
        return f"{whole // AN_HOUR} h {whole % AN_HOUR // 60:02} min"
    return f"{whole // A_DAY} d {whole % A_DAY // AN_HOUR} h"


def interval(minutes: int) -> str:
    """Return how far apart runs are: 30 min, 12 h."""
    hours, rest = divmod(minutes, 60)
    return f"{minutes} min" if rest or not hours else f"{hours} h"


def muted(text: str) -> SafeString:
    """Return a word that says there is nothing to see."""
    return format_html('<span class="muted">{}</span>', text)


def text(html: object) -> str:
    """Return what a cell says, without what it looks like."""
    spaced = BLOCK.sub(" <", str(html))  # what stands on a line of its own is a word of its own
    return " ".join(unescape(strip_tags(spaced)).split())


def host(address: str) -> str:
    """Return where an address leads: its host and port."""
    return urlsplit(address).netloc or "no address yet"
