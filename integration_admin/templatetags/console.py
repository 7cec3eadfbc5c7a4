"""The cells of a page, for templates."""

from __future__ import annotations

from django import template

from audit import scene
from integration_admin import cells

register = template.Library()
register.simple_tag(cells.icon)
register.simple_tag(cells.drawing)
register.simple_tag(cells.pill)
register.simple_tag(cells.outcome)
register.simple_tag(cells.opens)
register.simple_tag(scene.correlation_id, name="correlation_id")
register.filter("state", cells.state)
register.filter("route", cells.route)
register.filter("moment", cells.moment)
register.filter("duration", cells.duration)
register.filter("host", cells.host)
