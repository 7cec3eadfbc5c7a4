"""The sign-in part of the set-ups' forms: which type has which fields, and what fits them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django import forms

from connections.authentication import (
    BY_APPLICATION,
    MICROSOFT_SIGN_IN,
    OAUTH_2,
    ON_PREMISES,
    ONLINE,
    RETIRED,
    fields_of,
    is_online,
)
from connections.causes import Cause
from connections.setup_fields import Offer, OfferedSelect
from connections.terms import AuthenticationType

Kind = AuthenticationType
SIGN_IN = (
    "authentication_type", "authority", "tenant", "client_id", "client_secret",
    "client_secret_expires_on", "certificate", "private_key", "user_name", "password",
)  # fmt: skip
# Other fields that only some types have.
OF_SOME = {"domain": (Kind.AD, Kind.IFD), "redirect_url": (Kind.PASSWORD, Kind.OAUTH)}
MAIN_SECRET = {
    Kind.CLIENT_SECRET: "client_secret",
    Kind.CERTIFICATE: "certificate",
    Kind.OFFICE_365: "authentication_type",
}
HINTS = {
    "authority": "Where Entra ID signs in. Another cloud has another address.",
    "tenant": "Its id, or a domain as contoso.onmicrosoft.com.",
    "client_id": "Application (client) ID of the app registration.",
    "client_secret": "Its value, as Entra ID shows it once.",
    "client_secret_expires_on": "Optional: Health warns 30 days before.",
    "certificate": "PEM, as registered in Entra ID.",
    "private_key": "PEM, without a passphrase.",
    "user_name": "An e-mail address.",
    "domain": "Read from the user name.",
    "redirect_url": "As it is registered with the application. Empty: app:// and the Client Id.",
}
# Where a set-up also has the types for servers of one's own.
OWN_SERVER_HINTS = {
    "authority": "Entra ID, or for IFD and OAuth your AD FS: https://sts.contoso.com.",
    "tenant": "Id or domain of the tenant. Empty with AD FS.",
    "client_id": "With OAuth and user names the App ID: it fills AppId and RedirectUri of the "
    "connection string.",
    "client_secret": "Of the application, where it has one.",
    "user_name": "An e-mail address; for AD DOMAIN\\name.",
}
# Which setting an authority complains of, by its number (wire.md 1.3).
FIELD_OF = {
    "AADSTS7000215": "client_secret", "AADSTS7000222": "client_secret",
    "AADSTS7000218": "client_secret", "AADSTS700027": "certificate",
    "AADSTS700016": "client_id", "AADSTS90002": "tenant", "AADSTS900023": "tenant",
    "AADSTS500011": "server_address", "AADSTS50126": "password", "AADSTS50055": "password",
    "AADSTS50034": "user_name", "AADSTS50053": "user_name", "AADSTS50057": "user_name",
    "MSIS9659": "password", "MSIS9223": "client_id", "MSIS9607": "client_id",
    "MSIS9602": "server_address", "MSIS9622": "client_secret",
}  # fmt: skip
UNPROVEN_HINT = (
    "AD, IFD and OAuth are for servers of your own. They are unproven: tried with stand-ins, not "
    "with a server of Microsoft's."
)
NUMBER = re.compile(r"(?:AADSTS|MSIS)\d+")


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not fit the type of a sign-in."""

    field: str
    sentence: str
    code: str
    offers: tuple[Offer, ...] = ()


def offer(field: forms.Field, kinds: Iterable[AuthenticationType] = ()) -> None:
    """Show the types in groups, as far as a set-up has them; given kinds narrow them."""
    allowed = dict(field.choices)  # type: ignore[attr-defined]
    if kinds:
        allowed = {kind.value: kind.label for kind in kinds if kind in allowed}
        field.choices = list(allowed.items())  # type: ignore[attr-defined]
    groups = (
        ("OAuth 2.0", OAUTH_2),
        ("Servers of your own", ON_PREMISES),
        ("No longer served", (Kind.OFFICE_365,)),
    )
    field.widget = OfferedSelect(
        attrs=field.widget.attrs,
        choices=[
            (caption, [(kind.value, kind.label) for kind in kinds if kind in allowed])
            for caption, kinds in groups
            if any(kind in allowed for kind in kinds)
        ],
    )
    if has_own_servers(field):
        field.help_text = UNPROVEN_HINT


def has_own_servers(field: forms.Field) -> bool:
    """Whether one of the types is for servers of one's own."""
    return any(kind in dict(field.choices) for kind in ON_PREMISES)  # type: ignore[attr-defined]


def kinds_with(name: str) -> tuple[AuthenticationType, ...]:
    """Return the types that have a field; none for a field that every set-up has."""
    if name in OF_SOME:
        return OF_SOME[name]
    if name not in SIGN_IN or name == "authentication_type":
        return ()
    owner = name.removesuffix("_expires_on")
    return tuple(kind for kind in Kind if owner in fields_of(kind))


def is_idle(name: str, kind: AuthenticationType) -> bool:
    """Whether a sign-in of this type leaves a field unused."""
    kinds = kinds_with(name)
    return bool(kinds) and kind not in kinds


def faults(kind: AuthenticationType, given: dict[str, Any]) -> Iterator[Fault]:
    """Yield what was entered that cannot be right for the type (C-0502)."""
    user = str(given.get("user_name") or "")
    authority = urlsplit(str(given.get("authority") or "")).hostname
    if kind == Kind.OFFICE_365:
        yield Fault("authentication_type", RETIRED, str(Cause.RETIRED))
    if kind == Kind.PASSWORD and user and "@" not in user:
        yield Fault("user_name", "Enter the user as an e-mail address.", "E-EMAIL")
    if kind == Kind.AD and user and not all(user.partition("\\")):
        yield Fault("user_name", "Enter the user as DOMAIN\\name.", "E-DOMAIN")
    if kind == Kind.IFD and authority == MICROSOFT_SIGN_IN:
        sentence = "Enter the address of your AD FS, for example https://sts.contoso.com."
        yield Fault("authority", sentence, "E-REQUIRED")
    address = str(given.get("server_address") or "")
    if kind in (Kind.AD, Kind.IFD) and is_online(address):
        sentence = (
            f"{kind.label} is for servers of your own; Microsoft's are reached with OAuth 2.0 or "
            "OAuth. Choose one of them."
        )
        use = Offer("Use", OAUTH_2[0], OAUTH_2[0].label)
        yield Fault("authentication_type", sentence, "E-AUTHTYPE", (use,))


def unusual(kind: AuthenticationType, address: str) -> str:
    """Say which type an address suggests, where that is not a fault (C-0509)."""
    if not address or is_online(address) or kind not in OAUTH_2:
        return ""
    return (
        f"{urlsplit(address).hostname} is not one of {ONLINE[1:]}. A server of your own is usually "
        f"signed in to with {Kind.AD.label}; the type stays {kind.label} until you choose another."
    )


def field_of_user(kind: AuthenticationType) -> str:
    """Return which field says who signs in: the application itself, or a user."""
    return "client_id" if kind in BY_APPLICATION else "user_name"


def field_of(detail: str, kind: AuthenticationType, names: Iterable[str]) -> str:
    """Return which field a refused sign-in is about."""
    found = NUMBER.search(detail)
    meant = FIELD_OF.get(found[0], "") if found else ""
    return meant if meant in names else MAIN_SECRET.get(kind, "password")
