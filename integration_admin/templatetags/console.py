"""The cells of a page, for templates."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib.auth.models import User

from audit import scene
from integration_admin import cells, flashes, page_help, personal

register = template.Library()
register.simple_tag(cells.icon)
register.simple_tag(cells.drawing)
register.simple_tag(cells.pill)
register.simple_tag(cells.outcome)
register.simple_tag(cells.opens)
register.simple_tag(scene.correlation_id, name="correlation_id")
register.filter("state", cells.state)


@register.simple_tag(takes_context=True)
def who(context: Any, person: User | None, nobody: str = "console") -> str:
    """Return who did something, as far as the reader of the page may know (C-4013)."""
    return personal.name_of(person, context["user"], nobody=nobody)


register.filter("coded", flashes.coded)


@register.inclusion_tag("parts/help.html")
def help_on(page: str, caption: str) -> dict[str, Any]:
    """Show what there is to know of a FastTab, once it is asked for."""
    return {"caption": caption, "text": page_help.of(page).get(caption)}


register.filter("audited", cells.audited)
register.filter("route", cells.route)
register.filter("moment", cells.moment)
register.filter("duration", cells.duration)
register.filter("interval", cells.interval)
register.filter("host", cells.host)
