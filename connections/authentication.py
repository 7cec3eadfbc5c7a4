"""What each authentication type needs, whom it asks, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from connections.terms import AuthenticationType, SdkVersion

Kind = AuthenticationType
OAUTH_2 = (Kind.CLIENT_SECRET, Kind.CERTIFICATE, Kind.PASSWORD)
ON_PREMISES = (Kind.AD, Kind.IFD, Kind.OAUTH)
BY_APPLICATION = (Kind.CLIENT_SECRET, Kind.CERTIFICATE)  # nobody has a user name
FEDERATED = (Kind.IFD, Kind.OAUTH)  # a user name and password exchanged for a token
BY_PASSWORD = (Kind.PASSWORD, *FEDERATED)
USABLE = (*OAUTH_2, *ON_PREMISES)
ADFS = "adfs"  # the tenant that makes MSAL speak as AD FS wants it
ANY_TENANT = "organizations"
MICROSOFT_SIGN_IN = "login.microsoftonline.com"
ONLINE = ".dynamics.com"

# The fields of a sign-in that must be filled in, and those that may be.
NEEDED: Mapping[AuthenticationType, tuple[str, ...]] = {
    Kind.CLIENT_SECRET: ("authority", "tenant", "client_id", "client_secret"),
    Kind.CERTIFICATE: ("authority", "tenant", "client_id", "certificate", "private_key"),
    Kind.PASSWORD: ("authority", "tenant", "client_id", "user_name", "password"),
    Kind.AD: ("user_name", "password"),
    Kind.IFD: ("authority", "client_id", "user_name", "password"),
    Kind.OAUTH: ("authority", "client_id", "user_name", "password"),
    Kind.OFFICE_365: (),
}
ALSO: Mapping[AuthenticationType, tuple[str, ...]] = {
    Kind.PASSWORD: ("client_secret",),  # of an application that is not public
    Kind.IFD: ("client_secret",),
    Kind.OAUTH: ("tenant", "client_secret"),
}
# Tried with a stand-in of ours only, never with a server of Microsoft's (C-0509).
UNPROVEN = (Kind.AD, Kind.IFD, Kind.OAUTH)
RETIRED = (
    "Office365 is the sign-in with user name and password that Microsoft retired in April 2022. "
    "Choose OAuth 2.0 with a client secret or certificate, or OAuth with an app registration of "
    "your own."
)


PROOF: Mapping[AuthenticationType, str] = {
    Kind.CLIENT_SECRET: "the client secret",
    Kind.CERTIFICATE: "the certificate",
}


def proof_of(kind: AuthenticationType) -> str:
    """Return what a sign-in of this type shows, as a sentence names it."""
    return PROOF.get(kind, "the user name and password")


def fields_of(kind: AuthenticationType) -> tuple[str, ...]:
    """Return the fields that a sign-in of this type has, needed ones first."""
    return (*NEEDED[kind], *ALSO.get(kind, ()))


def is_online(address: str) -> bool:
    """Whether an environment is one of Microsoft's own."""
    return (urlsplit(address).hostname or "").endswith(ONLINE)


def takes_tokens(kind: AuthenticationType) -> bool:
    """Whether it asks an authority for a token; a Windows domain is asked by the server."""
    return kind != Kind.AD


def tenant_at(kind: AuthenticationType, authority: str, tenant: str) -> str:
    """Return whom to ask at an authority: a tenant of Entra ID, or AD FS."""
    if kind == Kind.IFD:
        return ADFS
    if kind == Kind.OAUTH and not tenant:
        return ANY_TENANT if urlsplit(authority).hostname == MICROSOFT_SIGN_IN else ADFS
    return tenant


def web_api(kind: AuthenticationType, address: str, sdk: SdkVersion) -> str:
    """Return the path of the Web API: servers of one's own end with version 9.1 (wire.md 2.15)."""
    if kind in OAUTH_2 or is_online(address):
        return "/api/data/v9.2"
    return {SdkVersion.V8: "/api/data/v8.2", SdkVersion.V9: "/api/data/v9.0"}.get(
        sdk, "/api/data/v9.1"
    )


def newest_served(sdk: SdkVersion) -> tuple[int, int]:
    """Return the newest server version that an SDK version speaks with (E-SDK)."""
    return {
        SdkVersion.V8: (8, 99),
        SdkVersion.V9: (9, 0),
        SdkVersion.V91: (9, 99),
        SdkVersion.V100: (99, 99),
    }[sdk]
