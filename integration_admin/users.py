"""Who may use the console: roles given and taken, accounts switched off and on."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Q, QuerySet

from audit import forgetting, trail
from audit.terms import Act
from integration_admin import signed_in
from integration_admin.models import ApiToken
from integration_admin.roles import Role


class UserError(ValueError):
    """A user cannot be changed so; the message has a code and says why and what to do."""


def administrators() -> QuerySet[User]:
    """Select the people who may change anything, and can sign in."""
    holds = Q(is_superuser=True) | Q(groups__name=Role.ADMINISTRATOR)
    return User.objects.filter(holds, is_active=True).distinct()


def roles_of(user: User) -> list[str]:
    """Return the roles that somebody holds, the widest first."""
    held = {group.name for group in user.groups.all()}
    return [str(role) for role in Role if role.value in held]


def set_roles(user: User, roles: Collection[Role], *, by: User) -> None:
    """Give somebody these roles and no others; it counts from their next request (C-3104)."""
    if user.pk == by.pk:
        message = "Nobody changes their own roles. Ask another administrator. (E-FORBIDDEN)"
        raise UserError(message)
    with _changing(user, Act.CHANGED, by):
        others = user.groups.exclude(name__in=[role.value for role in Role])
        wanted = Group.objects.filter(name__in=[role.value for role in roles])
        user.groups.set([*others, *wanted])


def disable(user: User, *, by: User) -> None:
    """Let somebody neither sign in nor use a token; open sessions end with the next request."""
    if user.pk == by.pk:
        message = "Nobody switches themselves off. Ask another administrator. (E-FORBIDDEN)"
        raise UserError(message)
    _switch(user, by=by, is_active=False)


def enable(user: User, *, by: User) -> None:
    """Let somebody sign in again, with the roles they had."""
    _switch(user, by=by, is_active=True)


def _switch(user: User, *, by: User, is_active: bool) -> None:
    if user.is_active == is_active:
        return
    with _changing(user, Act.ENABLED if is_active else Act.DISABLED, by):
        user.is_active = is_active
        user.save(update_fields=["is_active"])


def sign_out(user: User, *, by: User) -> int:
    """End all sessions of somebody, who may sign in again; return how many there were (C-3103)."""
    if user.pk == by.pk:
        message = "Choose Sign out in your own menu to end your session. (E-FORBIDDEN)"
        raise UserError(message)
    with transaction.atomic():
        ended = signed_in.end(user)
        trail.note(
            Act.SIGNED_OUT, user, before={"sessions": ended}, after={"sessions": 0},
            reason="Forced by an administrator", by=by,
        )  # fmt: skip
    return ended


def is_last_administrator_signed_in(user: User) -> bool:
    """Whether no other administrator is signed in than this one."""
    keys = set(administrators().values_list("pk", flat=True))
    return user.pk in keys and signed_in.count(keys).keys() == {user.pk}


def forget(user: User, *, by: User) -> int:
    """Take the name, the mail and the addresses of a switched-off user out of console and log.

    What they did stays, under a pseudonym; return of how many entries of the audit log.
    """
    if user.is_active:
        message = f"{user} can still sign in. Switch the account off first. (E-FORBIDDEN)"
        raise UserError(message)
    names = {user.username, user.email, user.first_name, user.last_name, user.get_full_name()}
    with transaction.atomic():
        user.username = forgetting.pseudonym_of(user)
        user.email = user.first_name = user.last_name = ""
        user.set_unusable_password()
        user.save()
        user.groups.clear()
        ApiToken.objects.filter(user=user).delete()
        count = forgetting.forget(user, names - {""})
        trail.note(Act.FORGOTTEN, user, after={"entries": count}, by=by)
    return count


def is_forgotten(user: User) -> bool:
    """Whether nothing names this user any more."""
    return user.username == forgetting.pseudonym_of(user)


@contextmanager
def _changing(user: User, act: Act, by: User) -> Iterator[None]:
    """Note a change; refuse one that would leave the console without an administrator."""
    with transaction.atomic():
        # Two administrators who take each other's role at once must come one after the other.
        Group.objects.select_for_update().get(name=Role.ADMINISTRATOR)
        before = _facts(user)
        yield
        if not administrators().exists():
            message = (
                "At least one administrator must remain. Give the role to somebody else first. "
                "(E-LASTADMIN)"
            )
            raise UserError(message)
        trail.note(act, user, before=before, after=_facts(user), by=by)


def _facts(user: User) -> dict[str, Any]:
    return {"is_active": user.is_active, "roles": roles_of(User.objects.get(pk=user.pk))}
