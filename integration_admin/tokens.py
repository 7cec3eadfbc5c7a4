"""API tokens: made by a user for a program, shown once, kept as a digest only."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from audit import trail
from audit.facts import facts_of
from audit.terms import Act
from integration_admin.models import ApiToken

PREFIX = "sic_"
LIFETIMES = (30, 90, 365)  # days; the last choice is never
USED_AGAIN = timedelta(minutes=1)  # so often, at most, the last use is noted
NOTED = ("name", "ending", "expires_at")
MOST = 20


class TokenError(ValueError):
    """A token cannot be made; the message says why and what to do."""


def create(user: User, name: str, *, days: int | None, now: datetime) -> tuple[ApiToken, str]:
    """Make a token and return it with its text, which nobody will see again."""
    wanted = " ".join(name.replace("\x00", "").split())
    if not wanted or len(wanted) > ApiToken._meta.get_field("name").max_length:  # type: ignore[operator]
        message = "Give the token a name of at most 60 characters: what will use it."
        raise TokenError(message)
    if user.api_tokens.count() >= MOST:
        message = f"You have {MOST} tokens already. Revoke one that is no longer used."
        raise TokenError(message)
    text = PREFIX + secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            token = ApiToken.objects.create(
                user=user,
                name=wanted,
                digest=digest_of(text),
                ending=text[-4:],
                created_at=now,
                expires_at=now + timedelta(days=days) if days else None,
            )
            trail.note(Act.CREATED, token, after=facts_of(token, NOTED), by=user)
    except IntegrityError as error:
        message = (
            f"You have a token named {wanted} already. Revoke it first, or choose another name."
        )
        raise TokenError(message) from error
    return token, text


def revoke(token: ApiToken, *, by: User) -> None:
    """Let a token work no longer."""
    with transaction.atomic():
        trail.note(Act.DELETED, token, before=facts_of(token, NOTED), by=by)
        token.delete()


def user_of(text: str, *, address: str, now: datetime) -> User | None:
    """Return whose token this is; None for one that is unknown, over, or of a switched-off user."""
    token = ApiToken.objects.select_related("user").filter(digest=digest_of(text)).first()
    if token is None or not token.user.is_active:
        return None
    if token.expires_at is not None and token.expires_at <= now:
        return None
    if token.last_used_at is None or token.last_used_at <= now - USED_AGAIN:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now, last_used_from=address)
    return token.user


def digest_of(text: str) -> str:
    """Return what is kept of a token; it is long and random, so a plain digest is enough."""
    return sha256(text.encode()).hexdigest()
