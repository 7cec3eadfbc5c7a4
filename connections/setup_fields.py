"""The kinds of field that only the forms of the connections have: addresses and secrets."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError

from connections import hosts
from connections.errors import ConfigurationError, TransientError


class ApiAddress(forms.CharField):
    """An address that the console calls: https, and an admitted host."""

    widget = forms.URLInput

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        if not text:
            return text
        try:
            hosts.check(text)
        except ConfigurationError as error:
            raise ValidationError(error.message, code=error.cause) from error
        except TransientError:
            pass  # no name server at the moment: Test Connection says so
        return hosts.plain(hosts.check_form(text))


class WebAddress(forms.CharField):
    """An address that people's browsers open; the console never calls it."""

    widget = forms.URLInput

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        parts = urlsplit(text)
        if text and not (parts.scheme in ("http", "https") and parts.netloc):
            message = f"{text} is not a web address. Enter one that begins with https://."
            raise ValidationError(message, code="E-URL")
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
