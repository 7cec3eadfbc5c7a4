"""Personal data of removed users goes out of the audit log, and its chain stays whole (C-3203).

What an entry says of somebody becomes a pseudonym. The digest that was made as it was written
stays, and with it every seal. Beside it comes a proof, made with a key that is not in the
database: the console itself took the names out, and left the rest as it now is.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import User
from django.db import models, transaction

from audit import chain
from audit.facts import kind_of
from audit.models import AuditEntry, AuditForgotten

A_TIME = 500  # entries read at once


def pseudonym_of(user: User) -> str:
    """Return what a removed user is called: always the same, and telling nothing."""
    return f"removed-{user.pk}"


@transaction.atomic
def forget(user: User, names: Collection[str]) -> int:
    """Let the entries of a user, and those about them, say a pseudonym; return how many do."""
    chain.seal_rest()  # what has no seal yet would never get one
    theirs = models.Q(user_id=user.pk)
    about = models.Q(object_kind=kind_of(User), object_key=str(user.pk))
    ids = list(AuditEntry.objects.filter(theirs | about).values_list("pk", flat=True))
    for first in range(0, len(ids), A_TIME):
        for entry in AuditEntry.objects.filter(pk__in=ids[first : first + A_TIME]):
            _rewrite(entry, {name: pseudonym_of(user) for name in names})
    return len(ids)


def _rewrite(entry: AuditEntry, names: dict[str, str]) -> None:
    values = {
        name: _replaced(getattr(entry, name), names)
        for name in ("user_name", "object_name", "before", "after", "reason")
    }
    values["address"] = ""
    for name, value in values.items():
        setattr(entry, name, value)
    proof = chain.proof_of(entry)
    AuditForgotten.objects.update_or_create(entry_id=entry.pk, defaults={"proof": proof})
    # Past the guard of the manager: the one place where entries change.
    models.QuerySet(AuditEntry).filter(pk=entry.pk).update(**values)


def _replaced(value: Any, names: dict[str, str]) -> Any:
    match value:
        case dict():
            return {key: _replaced(item, names) for key, item in value.items()}
        case list():
            return [_replaced(item, names) for item in value]
        case str():
            return names.get(value, value)
        case _:
            return value
