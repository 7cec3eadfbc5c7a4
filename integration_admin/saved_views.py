"""Saved views of lists: pictures under a name, private or shared, one of them the default."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from audit import trail
from audit.facts import facts_of
from audit.terms import Act
from integration_admin.models import DefaultView, SavedView
from integration_admin.roles import Right, has_right

LONGEST_NAME, LONGEST_PICTURE = 60, 2_000
NOTED = ("list_name", "picture", "is_shared")


class ViewError(Exception):
    """A view is not saved; the message says why, and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def visible_to(user: User) -> QuerySet[SavedView]:
    """Select somebody's views and the shared ones; `is_default` says which opens its list."""
    opens = DefaultView.objects.filter(user=user, view=OuterRef("pk"))
    rows = SavedView.objects.filter(Q(user=user) | Q(is_shared=True))
    return rows.annotate(is_default=Exists(opens)).select_related("user")


def save(
    user: User,
    list_name: str,
    name: str,
    picture: str,
    *,
    is_shared: bool = False,
    replaces: bool = False,
) -> SavedView:
    """Keep a picture of a list under a name; one of the same name only where it is to go."""
    name = " ".join(name.replace("\x00", "").split())
    if problem := _problem(name, picture):
        raise ViewError(*problem)
    mine = SavedView.objects.filter(user=user, list_name=list_name, name=name).first()
    if mine is None:
        return _create(user, list_name, name, picture, is_shared=is_shared)
    if not replaces:
        raise _exists(name)
    before = facts_of(mine, NOTED)
    mine.picture, mine.is_shared = picture, is_shared
    mine.save(update_fields=["picture", "is_shared"])
    trail.note(Act.CHANGED, mine, before=before, after=facts_of(mine, NOTED), by=user)
    return mine


def _problem(name: str, picture: str) -> tuple[str, str] | None:
    """Return code and sentence of what is wrong with what is to be saved."""
    if not name:
        return "E-REQUIRED", "Fill in Name."
    if len(name) > LONGEST_NAME:
        return "E-RANGE", f"Name must be from 1 to {LONGEST_NAME} characters."
    if len(picture) > LONGEST_PICTURE:
        return "E-RANGE", "What is shown is too long to be saved: use fewer filters."
    return None


def _create(user: User, list_name: str, name: str, picture: str, *, is_shared: bool) -> SavedView:
    try:
        with transaction.atomic():
            view = SavedView.objects.create(
                user=user, list_name=list_name, name=name, picture=picture, is_shared=is_shared
            )
    except IntegrityError as error:  # saved twice at the same moment
        raise _exists(name) from error
    trail.note(Act.CREATED, view, after=facts_of(view, NOTED), by=user)
    return view


def _exists(name: str) -> ViewError:
    return ViewError("E-DUP", f"{name} exists already. Take another name, or replace it.")


def may_remove(user: User, view: SavedView) -> bool:
    """Whether a view is somebody's to delete: their own, or a shared one for who manages those."""
    return view.user_id == user.pk or (view.is_shared and has_right(user, Right.MANAGE_VIEWS))


def remove(view: SavedView, *, by: User) -> None:
    """Delete a view; lists that opened with it open as usual again."""
    trail.note(Act.DELETED, view, before=facts_of(view, NOTED), by=by)
    view.delete()


def open_with(user: User, view: SavedView, *, is_default: bool) -> None:
    """Let a list open with a view for somebody, or as usual again."""
    if is_default:
        DefaultView.objects.update_or_create(
            user=user, list_name=view.list_name, defaults={"view": view}
        )
    else:
        DefaultView.objects.filter(user=user, view=view).delete()
    trail.note(Act.CHANGED, view, after={"opens_for_me": is_default}, by=user)
