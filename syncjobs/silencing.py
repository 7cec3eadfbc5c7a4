"""Silencing a health check, with a reason and an end: it is shown and rings nobody (C-3302)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from audit import trail
from audit.facts import facts_of
from audit.terms import Act
from syncjobs.models import HealthCheck

DAYS = (1, 7, 30, 90)
LONGEST_REASON = 250
NOTED = ("silenced_until", "silence_reason")


class SilenceError(ValueError):
    """A check cannot be silenced so; the message has a code and says what to do."""

    def __init__(self, message: str, code: str, *, field: str) -> None:
        super().__init__(f"{message} ({code})")
        self.message, self.code, self.field = message, code, field


def silence(check: HealthCheck, reason: str, *, days: int | None, now: datetime, by: User) -> None:
    """Let a check ring no bell until some days are over, and note why."""
    why = " ".join(reason.replace("\x00", "").split())
    if not why:
        message = "Fill in the reason: what is known, and who mends it."
        raise SilenceError(message, "E-REQUIRED", field="reason")
    if len(why) > LONGEST_REASON:
        message = f"A reason has at most {LONGEST_REASON} characters."
        raise SilenceError(message, "E-RANGE", field="reason")
    if days not in DAYS:
        message = f"Choose when it ends: after {', '.join(map(str, DAYS))} days."
        raise SilenceError(message, "E-RANGE", field="days")
    _change(check, now + timedelta(days=days), why, by)


def ring_again(check: HealthCheck, *, by: User) -> None:
    """End a silence before its time."""
    if check.silenced_until is not None:
        _change(check, None, "", by)


@transaction.atomic
def _change(check: HealthCheck, until: datetime | None, reason: str, by: User) -> None:
    before = facts_of(check, NOTED)
    check.silenced_until, check.silence_reason = until, reason
    check.silenced_by = by if until else None
    check.save(update_fields=[*NOTED, "silenced_by"])
    act = Act.SILENCED if until else Act.CHANGED
    trail.note(act, check, before=before, after=facts_of(check, NOTED), reason=reason, by=by)
