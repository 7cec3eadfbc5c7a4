"""What names people, and who sees it: one rule for pages, cards, API and exports (C-4013).

A model says in PERSONAL which of its fields name people or quote what records hold. To whoever
lacks the right view_personal these are empty; searching, filtering and sorting by them is not
offered either, since the rows that are found would tell as much.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model

from integration_admin.roles import Right, has_right

Reader = AbstractBaseUser | AnonymousUser
M = TypeVar("M", bound=Model)


def sees_people(user: Reader) -> bool:
    """Whether somebody sees what names people."""
    return has_right(user, Right.VIEW_PERSONAL)


def fields_of(model: type[Model]) -> frozenset[str]:
    """Return the names of a model's personal fields."""
    return frozenset(getattr(model, "PERSONAL", ()))


def as_seen_by(user: Reader, rows: Iterable[M]) -> list[M]:
    """Return rows, not to be saved, as somebody sees them: personal fields may be empty."""
    found = list(rows)
    if not sees_people(user):
        for row in found:
            for name in fields_of(type(row)):
                setattr(row, name, row._meta.get_field(name).get_default())  # type: ignore[union-attr]
    return found


def one_as_seen_by(user: Reader, row: Any) -> Any:
    """Return one row as somebody sees it; none stays none."""
    return as_seen_by(user, [row])[0] if row is not None else None


def name_of(person: AbstractBaseUser | None, user: Reader, *, nobody: str = "console") -> str:
    """Return who did something; everybody sees their own name."""
    if person is None:
        return nobody
    if person.pk == user.pk or sees_people(user):
        return person.get_username()
    return "somebody"
