"""Secrets at rest: sealed when they are set, opened only where they are used."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import cache
from hashlib import sha256
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from connections.causes import Cause
from connections.errors import ConfigurationError


class Secret:
    """A secret under seal; it is true if one is set, and shows nothing of itself."""

    __slots__ = ("token",)

    def __init__(self, token: str = "") -> None:
        self.token = token

    @classmethod
    def seal(cls, text: str) -> Secret:
        """Encrypt a text under the newest key; an empty one stays empty."""
        return cls(_keys().encrypt(text.encode()).decode("ascii") if text else "")

    def reveal(self) -> str:
        """Return the text; only for whoever sends it to the system it is meant for."""
        if not self.token:
            return ""
        try:
            return _keys().decrypt(self.token).decode()
        except InvalidToken as error:
            message = (
                "A stored secret cannot be read with the present keys. Put the key it was saved "
                "under back into SECRETS_KEYS, or enter the secret again."
            )
            raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED) from error

    def rotated(self) -> Secret:
        """Return the same secret under the newest key."""
        return Secret.seal(self.reveal())

    def __bool__(self) -> bool:
        return bool(self.token)

    def __eq__(self, other: object) -> bool:
        """Whether it is the same seal; the same secret sealed again counts as another."""
        return isinstance(other, Secret) and self.token == other.token

    def __hash__(self) -> int:
        return hash(self.token)

    def __repr__(self) -> str:
        return "Secret(set)" if self.token else "Secret(not set)"

    __str__ = __repr__


class SealedAttribute(DeferredAttribute):
    """Seals a text as soon as it is assigned, so that a model never carries it in the clear."""

    field: models.Field[Any, Any]

    def __set__(self, instance: models.Model, value: Secret | str) -> None:
        sealed = value if isinstance(value, Secret) else Secret.seal(value)
        instance.__dict__[self.field.attname] = sealed


class SecretField(models.TextField[Secret | str, Secret]):
    """A text that is encrypted at rest and write-only: no form shows it, no answer contains it."""

    descriptor_class = SealedAttribute

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"blank": True, "default": "", "editable": False, **options})

    def from_db_value(self, value: str | None, *_context: Any) -> Secret:
        return Secret(value or "")

    def to_python(self, value: Any) -> Any:
        return value

    def get_prep_value(self, value: Any) -> str:
        return (value if isinstance(value, Secret) else Secret.seal(value or "")).token

    def value_to_string(self, _obj: models.Model) -> str:
        return ""  # an export holds no secret, not even a sealed one


def rotate() -> int:
    """Put every stored secret under the newest key; return how many rows were rewritten."""
    count = 0
    for model in apps.get_models():
        names = [f.attname for f in model._meta.concrete_fields if isinstance(f, SecretField)]
        for row in model._default_manager.all() if names else ():
            for name in names:
                setattr(row, name, getattr(row, name).rotated())
            row.save(update_fields=names)
            count += 1
    return count


def _keys() -> MultiFernet:
    """Return the keys of the settings; any long text may be a key."""
    keys = [key for key in settings.SECRETS_KEYS if key]
    if not keys:
        message = (
            "No secret can be saved or read, since there is no key to encrypt it with. "
            "Set SECRETS_KEYS in the environment of the console."
        )
        raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)
    return MultiFernet([Fernet(_fernet_key(key)) for key in keys])


@cache
def _fernet_key(text: str) -> bytes:
    """Return the 32 bytes that Fernet wants, in its encoding."""
    return urlsafe_b64encode(sha256(text.encode()).digest())
