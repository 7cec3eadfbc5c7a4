"""Passwords of users: links with which somebody sets one, and changing one's own."""

from __future__ import annotations

from axes.utils import reset as open_door
from django.contrib.auth.models import Group, User
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from audit import trail
from audit.terms import Act
from integration_admin.auth import throttled_name
from integration_admin.roles import Role
from integration_admin.users import UserError, roles_of


@transaction.atomic
def invite(user: User, roles: list[Role], *, by: User) -> str:
    """Let somebody in who is not there yet; return the path at which they set their password.

    It works once, and for as long as PASSWORD_RESET_TIMEOUT says.
    """
    user.set_unusable_password()
    user.save()
    user.groups.set(Group.objects.filter(name__in=[role.value for role in roles]))
    after = {"email": user.email, "is_active": True, "roles": roles_of(user)}
    trail.note(Act.CREATED, user, after=after, by=by)
    return _link(user)


@transaction.atomic
def withdraw(user: User, *, by: User) -> str:
    """Let somebody's password work no longer; return the path at which they set another one.

    Their sessions end, and a door that was shut after wrong passwords is open again.
    """
    if user.pk == by.pk:
        message = "Change your own password on the page Change Password. (E-FORBIDDEN)"
        raise UserError(message)
    user.set_unusable_password()
    user.save(update_fields=["password"])
    changed(user, reason="New password link", by=by)
    return _link(user)


def changed(user: User, *, reason: str = "", by: User) -> None:
    """Note that somebody has another password, and open the door to them."""
    trail.note(
        Act.CHANGED, user, before={"password": "before"}, after={"password": "after"},
        reason=reason, by=by,
    )  # fmt: skip
    open_door(username=throttled_name(None, {"username": user.username}))


def _link(user: User) -> str:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return reverse("set_password", args=[uid, default_token_generator.make_token(user)])
