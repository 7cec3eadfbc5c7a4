"""Who is signed in, seen from the sessions that are kept, and how all of somebody's end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone

from integration_admin.idle import ACTIVE
from integration_admin.sessions import SessionStore


def count(people: Collection[int]) -> Counter[int]:
    """Return how many sessions each of these people has that nobody has left lying idle."""
    return Counter(pk for pk, in_use, _ in _sessions() if pk in people and in_use)


def end(user: User) -> int:
    """End every session of somebody, wherever it is open; return how many were in use.

    A request that is under way is refused when it wants to keep what it knows of the session.
    """
    own = {key: in_use for pk, in_use, key in _sessions() if pk == user.pk}
    Session.objects.filter(session_key__in=[*own]).delete()
    return sum(own.values())


def _sessions() -> Iterator[tuple[int, bool, str]]:
    """Yield whose each session is, whether it is in use, and its key; no column says whose."""
    store, alive = SessionStore(), time.time() - settings.SESSION_IDLE_SECONDS
    rows = Session.objects.filter(expire_date__gt=timezone.now())
    for key, data in rows.values_list("session_key", "session_data").iterator():
        known = store.decode(data)
        if SESSION_KEY in known:
            yield int(known[SESSION_KEY]), known.get(ACTIVE, 0.0) > alive, key
