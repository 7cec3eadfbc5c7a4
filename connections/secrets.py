"""Secrets at rest: sealed when they are set, opened only where they are used."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from contextlib import suppress
from functools import cache
from hashlib import sha256
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
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
            raise ConfigurationError(message, cause=Cause.ENCRYPTION) from error

    def rotated(self) -> Secret:
        """Return the same secret under the newest key."""
        return Secret.seal(self.reveal())

    def key_id(self) -> str:
        """Return which of the present keys it is sealed under; nothing if it is none of them."""
        for key in present_keys():
            with suppress(InvalidToken):
                Fernet(_fernet_key(key)).decrypt(self.token)
                return key_id(key)
        return ""

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


def present_keys() -> list[str]:
    """Return the keys of the settings, the newest first."""
    return [key for key in settings.SECRETS_KEYS if key]


def key_id(key: str) -> str:
    """Return what a key is called: a fingerprint, from which nobody finds the key."""
    return sha256(b"key id " + _fernet_key(key)).hexdigest()[:12]


def check_key() -> list[str]:
    """Return the present keys; refuse to go on where there is none (E-ENCRYPTION)."""
    keys = present_keys()
    if not keys:
        message = (
            "No secret can be saved or read, since there is no key to encrypt it with. "
            "Set SECRETS_KEYS in the environment of the console; manage.py new_secrets_key makes "
            "a key."
        )
        raise ConfigurationError(message, cause=Cause.ENCRYPTION)
    return keys


def _keys() -> MultiFernet:
    """Return the keys of the settings; any long text may be a key."""
    return MultiFernet([Fernet(_fernet_key(key)) for key in check_key()])


@cache
def _fernet_key(text: str) -> bytes:
    """Return the 32 bytes that Fernet wants, in its encoding."""
    return urlsafe_b64encode(sha256(text.encode()).digest())
