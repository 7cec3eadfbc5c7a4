"""What people may do in the end, and through what: a role, a single right, superuser (C-3104)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from django.contrib.auth.models import Group, User

from integration_admin.models import ConsoleRight
from integration_admin.roles import Right

SUPERUSER, SINGLY = "superuser", "given singly"
CAPTIONS: dict[Right, str] = {
    right: caption
    for codename, caption in ConsoleRight._meta.permissions
    for right in Right
    if right.codename == codename
}


class Held(NamedTuple):
    """A right that somebody has, and everything that gives it."""

    right: Right
    caption: str
    through: tuple[str, ...]


def of_groups() -> dict[str, set[str]]:
    """Return the codenames of what each group gives: of a role, and what somebody added to it."""
    given: dict[str, set[str]] = defaultdict(set)
    for name, codename in Group.objects.values_list("name", "permissions__codename"):
        given[name].add(codename)
    return given


def rights_of(people: Iterable[User]) -> dict[int, list[Held]]:
    """Return what each of them may do, by their key; as many queries for one as for all.

    Whoever is switched off may do nothing, whatever their roles give.
    """
    active = {person.pk: person for person in people if person.is_active}
    given: dict[int, dict[str, list[str]]] = {pk: defaultdict(list) for pk in active}
    for pk, person in active.items():
        if person.is_superuser:
            for right in Right:
                given[pk][right.codename].append(SUPERUSER)
    groups = Group.objects.filter(user__in=active).order_by("name")
    for pk, name, codename in groups.values_list("user", "name", "permissions__codename"):
        given[pk][codename or ""].append(name)
    singly = User.objects.filter(pk__in=active, user_permissions__isnull=False)
    for pk, codename in singly.values_list("pk", "user_permissions__codename"):
        given[pk][codename].append(SINGLY)
    return {
        pk: [
            Held(right, CAPTIONS[right], tuple(found[right.codename]))
            for right in Right
            if right.codename in found
        ]
        for pk, found in given.items()
    }


def holders(right: Right) -> list[tuple[User, tuple[str, ...]]]:
    """Return everybody who may do something, and through what."""
    people = list(User.objects.filter(is_active=True).order_by("username"))
    held = rights_of(people)
    return [
        (person, one.through) for person in people for one in held[person.pk] if one.right == right
    ]
