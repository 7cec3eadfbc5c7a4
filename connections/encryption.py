"""Encryption Management: which secret is under which key, and putting all under the newest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.contrib.auth.models import AbstractBaseUser
from django.db import models, transaction

from audit import trail
from audit.terms import Act
from connections.secrets import Secret, SecretField, check_key, key_id, present_keys

KIND = "encryption"


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """One secret that is set, and where it stands."""

    row: models.Model
    field: SecretField

    @property
    def secret(self) -> Secret:
        secret: Secret = getattr(self.row, self.field.attname)
        return secret

    @property
    def name(self) -> str:
        company = getattr(self.row, "company", None)
        of_company = f" of {company}" if company else ""
        return f"{self.field.verbose_name}, {self.row._meta.verbose_name}{of_company}"


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the settings by its fingerprint, and how many secrets are under it."""

    id: str
    secrets: int
    is_newest: bool


@dataclass(frozen=True, slots=True)
class Survey:
    """How the stored secrets are encrypted."""

    keys: tuple[Key, ...]
    unreadable: tuple[str, ...]  # under none of the keys

    @property
    def is_on(self) -> bool:
        return bool(self.keys)

    @property
    def under_older_keys(self) -> int:
        return sum(key.secrets for key in self.keys if not key.is_newest)


@dataclass(frozen=True, slots=True)
class Rotation:
    """What putting the secrets under the newest key came to."""

    key_id: str
    rewritten: int
    unreadable: tuple[str, ...]

    @property
    def sentence(self) -> str:
        were = "secret was" if self.rewritten == 1 else "secrets were"
        return f"{self.rewritten} {were} put under key {self.key_id}."


def stored_secrets() -> Iterator[StoredSecret]:
    """Yield every secret that is set: one query for each table that has some."""
    for model in apps.get_models():
        fields = [f for f in model._meta.concrete_fields if isinstance(f, SecretField)]
        if not fields:
            continue
        rows = model._default_manager.order_by("pk")
        if any(field.name == "company" for field in model._meta.concrete_fields):
            rows = rows.select_related("company")
        for row in rows:
            for field in fields:
                if getattr(row, field.attname):
                    yield StoredSecret(row, field)


def survey() -> Survey:
    """Return the keys with the number of secrets under each, and what no key opens."""
    counts: Counter[str] = Counter()
    unreadable = []
    for stored in stored_secrets():
        under = stored.secret.key_id()
        counts[under] += 1
        if not under:
            unreadable.append(stored.name)
    ids = list(dict.fromkeys(key_id(key) for key in present_keys()))
    keys = tuple(Key(one, counts[one], one == ids[0]) for one in ids)
    return Survey(keys, tuple(unreadable))


@transaction.atomic
def rotate(*, by: AbstractBaseUser | None = None) -> Rotation:
    """Put every stored secret that can be read under the newest key.

    A secret that somebody replaces at the same moment is under the newest key already, so it
    stays as it is.
    """
    newest = key_id(check_key()[0])
    rewritten, unreadable = 0, []
    for stored in stored_secrets():
        before, under = stored.secret, stored.secret.key_id()
        if not under:
            unreadable.append(stored.name)
        elif under != newest:
            name = stored.field.attname
            rows = type(stored.row)._default_manager.filter(pk=stored.row.pk, **{name: before})
            rewritten += rows.update(**{name: before.rotated()})
    after = {"key id": newest, "under the newest key now": rewritten, "unreadable": unreadable}
    trail.note(Act.ROTATED, kind=KIND, name="stored secrets", after=after, by=by)
    return Rotation(newest, rewritten, tuple(unreadable))
