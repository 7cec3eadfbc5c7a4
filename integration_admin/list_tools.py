"""The tools of a list: columns, row height, rows a page, export, saved views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.urls import reverse

from integration_admin.exports import FORMATS
from integration_admin.models import SavedView
from integration_admin.narrowing import DENSITIES, SIZES
from integration_admin.roles import Right, has_right

if TYPE_CHECKING:
    from integration_admin.pages import BoundedPaginator, ListPage

MOST, MOST_FOR_VIEWERS = 100_000, 1_000  # C-0012, C-4024


class Choice(NamedTuple):
    """Something that can be chosen: a column, a format, a number of rows."""

    value: str
    caption: str
    is_chosen: bool = False
    address: str = ""
    ways: tuple[str, ...] = ()  # a column can be moved "up" or "down" among those that are shown
    focus: str = ""  # the way it was moved just now


def export_limit(user: AbstractBaseUser | AnonymousUser) -> int:
    """Return how many rows somebody may take at once."""
    return MOST if has_right(user, Right.EXPORT_ALL) else MOST_FOR_VIEWERS


def address_of(view: SavedView) -> str:
    """Return where a saved view is seen."""
    picture = f"{view.picture}&" if view.picture else ""
    return f"{reverse(view.list_name)}?{picture}saved={view.pk}"


def of(page: ListPage[Any], paginator: BoundedPaginator[Any]) -> dict[str, Any]:
    """Return what the tools above and below a list show."""
    name, user = page.name, page.request.user
    most = export_limit(user)
    keys = [one.key for one in page.narrowings]
    chips = page.chips()
    return {
        "saved_views": [(one, one == page.saved, address_of(one)) for one in page.saved_views],
        "is_changed": page.saved is not None and page.saved.picture != page.picture,
        "views_address": f"{reverse('list_views', args=[name])}{page.address()}",
        "chips": chips,
        "filter_count": len(chips),
        "is_pane_open": page.is_pane_open,
        "pane_address": page.address(pane=None if page.is_pane_open else "open"),
        "kept_by_search": page.kept("q"),
        "kept_by_pane": [*page.kept("pane", "saved", *keys), ("pane", "open")],
        "kept_by_columns": page.kept("column", "density", "up", "down"),
        "all_default": page.address(column=None, density=None, up=None, down=None),
        "column_choices": _columns(page),
        "is_columns_open": "moved" in page.asked,
        "densities": [
            Choice(value, caption, value == page.density) for value, caption in DENSITIES
        ],
        "sizes": [
            Choice(str(size), str(size), size == page.size, page.address(size=size))
            for size in SIZES
        ],
        "formats": _formats(page, name) if has_right(user, Right.EXPORT) else [],
        "export_refusal": too_many(most) if paginator.count > most else "",
    }


def _columns(page: ListPage[Any]) -> list[Choice]:
    """Return the columns behind the first, those that are shown first, in their order."""
    shown = page.shown_columns[1:]
    others = [column for column in page.all_columns[1:] if column not in shown]
    way, _, moved = page.asked.get("moved", "").partition(":")
    found = []
    for place, column in enumerate(shown):
        ways = (*(["up"] if place else []), *(["down"] if column != shown[-1] else []))
        focus = way if way in ways else next(iter(ways), "")
        found.append(
            Choice(
                column.name,
                page.caption(column),
                is_chosen=True,
                ways=ways,
                focus=focus if column.name == moved else "",
            )
        )
    return [*found, *(Choice(column.name, page.caption(column)) for column in others)]


def moved(page: ListPage[Any]) -> str:
    """Return the address of a list with a column one place further up or down, if that is asked.

    The buttons order columns without dragging, and without script (C-7006).
    """
    names = [column.name for column in page.shown_columns[1:]]
    for way, by in (("up", -1), ("down", 1)):
        name = page.asked.get(way, "")
        if name not in names:
            continue
        place = names.index(name)
        names.insert(max(place + by, 0), names.pop(place))
        query = page.asked.copy()
        for key in ("up", "down"):
            query.pop(key, None)
        query.setlist("column", names)
        query["moved"] = f"{way}:{name}"
        return f"?{query.urlencode(safe=',')}"
    return ""


def _formats(page: ListPage[Any], name: str) -> list[Choice]:
    url = reverse("export_list", args=[name])
    return [
        Choice(key, form.caption, address=f"{url}{page.address(format=key)}")
        for key, form in FORMATS.items()
    ]


def too_many(most: int) -> str:
    """Say that a list has more rows than somebody may take."""
    return f"You may export {most:,} rows at once, and these are more. Narrow the list."
