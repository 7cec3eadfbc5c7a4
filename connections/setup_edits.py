"""Saving a set-up that a person read some time ago: nothing that others saved is lost (C-0004)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.core import signing
from django.db import IntegrityError, models, transaction

from audit import trail
from audit.facts import facts_of, plain
from audit.terms import Act
from connections.secrets import Secret

SALT = "connections.setup_edits"
Seen = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that somebody else changed meanwhile."""

    name: str
    before: Any
    theirs: Any


class StaleError(Exception):
    """Somebody else saved meanwhile; nothing was written."""

    def __init__(self, conflicts: list[Conflict]) -> None:
        super().__init__("Someone else saved meanwhile.")
        self.conflicts = conflicts


def seen(rows: Collection[models.Model], names: Collection[str]) -> Seen:
    """Return what a person sees of rows; of a secret only a mark that tells whether it changed."""
    found: Seen = {}
    for row in rows:
        for name, value in facts_of(row, names).items():
            found[name] = _mark(value) if isinstance(value, Secret) else plain(value)
    return found


def _mark(secret: Secret) -> str:
    return sha256(secret.token.encode()).hexdigest()[:16] if secret else ""


def sealed(what: Seen) -> str:
    """Return what was seen as a text that comes back with the form."""
    return signing.dumps(what, salt=SALT, compress=True)


def unsealed(text: str) -> Seen:
    """Return what was seen; nothing where the text is not ours."""
    try:
        found = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return {}
    return found if isinstance(found, dict) else {}


def check(
    rows: Collection[models.Model], names: Collection[str], *, read: Seen
) -> dict[type[models.Model], models.Model | None]:
    """Return the rows as they are now; refuse where they are not as they were read."""
    return _compared({type(row): _stored(row) for row in rows}, names, read)


def _compared(
    stored: dict[type[models.Model], models.Model | None], names: Collection[str], read: Seen
) -> dict[type[models.Model], models.Model | None]:
    now = seen([row for row in stored.values() if row is not None], names)
    conflicts = [
        Conflict(name, read.get(name, ""), now[name])
        for name in now
        if read.get(name, "") != now[name]
    ]
    if conflicts:
        raise StaleError(conflicts)
    return stored


def save(
    rows: Collection[models.Model],
    names: Collection[str],
    *,
    read: Seen,
    also: Collection[str] = (),
    by: Any = None,
) -> list[str]:
    """Save rows that were read as `read`; return the names of what is another than before.

    `also` names fields that follow from the others, which nobody reads and compares.
    """
    try:
        return _save_all(rows, names, read, also, by)
    except IntegrityError as error:  # both made what there is one of, at the same moment
        there = {type(row): _twin(row) for row in rows if row.pk is None}
        _compared(there, names, {})
        raise StaleError([]) from error


def _twin(row: models.Model) -> models.Model | None:
    """Return what somebody else made of the kind that a company has one of."""
    company = getattr(row, "company_id", None)
    return type(row)._default_manager.filter(company_id=company).first() if company else None


@transaction.atomic
def _save_all(
    rows: Collection[models.Model],
    names: Collection[str],
    read: Seen,
    also: Collection[str],
    by: Any,
) -> list[str]:
    # Locked, so that of two who save at the same moment the second sees what the first wrote.
    stored = _compared({type(row): _stored(row, locks=True) for row in rows}, names, read)
    changed: list[str] = []
    for row in rows:
        changed += _save(row, stored[type(row)], {*names, *also}, by)
    return changed


def _stored(row: models.Model, *, locks: bool = False) -> models.Model | None:
    if row.pk is None:
        return None
    rows = type(row)._default_manager.filter(pk=row.pk)
    return (rows.select_for_update() if locks else rows).first()


def _save(
    row: models.Model, before: models.Model | None, names: Collection[str], by: Any
) -> list[str]:
    mine = [field.name for field in row._meta.concrete_fields if field.name in names]
    was: Mapping[str, Any] = facts_of(before, mine) if before is not None else {}
    now = facts_of(row, mine)
    if was == now:
        return []
    if before is None:
        row.save()
    else:
        row.save(update_fields=mine)
    act = Act.CREATED if before is None else Act.CHANGED
    company = getattr(row, "company", row)
    trail.note(act, row, company=company, before=was, after=now, by=by)
    return [name for name in mine if was.get(name) != now[name]]
