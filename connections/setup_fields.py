"""The kinds of field that only the forms of the connections have: addresses and secrets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError

from connections import hosts
from connections.causes import Cause
from connections.errors import ConfigurationError, TransientError
from connections.setup import place_of
from connections.terms import AuthenticationType

SUGGEST = "E-URL-SUGGEST"


@dataclass(frozen=True, slots=True)
class Offer:
    """Another value for a field, which a button beside its error takes."""

    word: str  # the button is named after it and the field, as in use_server_address
    value: str
    caption: str = ""  # of the value


class OfferError(ValidationError):
    """What is wrong with a value, and what may stand there instead."""

    def __init__(self, message: str, code: str, *offers: Offer) -> None:
        super().__init__(message, code=code)
        self.offers = offers


class Kept(str):
    """A value that a person was asked about and keeps."""


class Offered:
    """An input whose value may be taken from an offer instead."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        if kept := data.get(f"keep_{name}"):
            return Kept(kept)
        return data.get(f"use_{name}") or super().value_from_datadict(data, files, name)  # type: ignore[misc]


class AddressInput(Offered, forms.URLInput):
    """An address as it was entered or taken."""


class OfferedSelect(Offered, forms.Select):
    """A choice that was made in the list or taken."""


class ApiAddress(forms.CharField):
    """An address that the console calls: https, and an admitted host."""

    widget = AddressInput

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        if not text:
            return text
        try:
            hosts.check(text)
        except ConfigurationError as error:
            raise _refused(text, error) from error
        except TransientError:
            pass  # no name server at the moment: Test Connection says so
        plain = hosts.plain(hosts.check_form(text))
        return Kept(plain) if isinstance(value, Kept) else plain


def _refused(text: str, error: ConfigurationError) -> ValidationError:
    """Say why an address cannot be, and offer the one that seems to be meant."""
    better = hosts.suggested(text)
    if not better or error.cause == Cause.HOST_NOT_ALLOWED:
        return ValidationError(error.message, code=error.cause)
    code = SUGGEST if text.lower().startswith("https://") else error.cause
    return OfferError(error.message, code, Offer("Use", better))


def environment(address: str, kind: AuthenticationType, stored: str | None) -> str:
    """Return the clean address of an environment; one that has more to it is asked about once.

    What is kept is what people see; the console calls what an environment is.
    """
    suggested = place_of(kind, address) if address else ""
    if address not in (suggested, stored) and not isinstance(address, Kept):
        message = f"The address has more than a host name: use {suggested} or keep {address}?"
        raise OfferError(message, SUGGEST, Offer("Use", suggested), Offer("Keep", address))
    return str(address)


class WebAddress(forms.CharField):
    """An address that people's browsers open; the console never calls it."""

    widget = forms.URLInput

    def __init__(self, *, is_secure: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.is_secure = is_secure

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        try:
            parts = urlsplit(text)
        except ValueError:  # brackets that hold no address
            parts = urlsplit("")
        if text and not (parts.scheme in ("http", "https") and parts.netloc):
            message = f"{text} is not a web address. Enter one that begins with https://."
            raise ValidationError(message, code="E-URL")
        if self.is_secure and text and parts.scheme != "https":
            message = f"Only https is accepted for {self.label}."
            raise ValidationError(message, code="E-HTTPS")
        return text


class SecretInput(forms.PasswordInput):
    """Never filled in, and masked by the stylesheet: no browser takes it for somebody's own."""

    input_type = "text"


def secret(caption: str, *, lines: bool = False) -> forms.CharField:
    attrs = {"autocomplete": "off", "spellcheck": "false", "class": "input masked"}
    widget: forms.Widget = SecretInput(attrs=attrs)
    if lines:
        widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})
    return forms.CharField(label=caption, required=False, widget=widget)
