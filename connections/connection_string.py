"""Connection strings of Dataverse: read, written, masked, and told by fields (C-0630 to C-0634).

A string never holds a secret: tokens in braces stand for it. Grammar and names: wire.md 2.15.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from connections.authentication import ADFS
from connections.terms import AuthenticationType, SdkVersion

LONGEST = 2048
APP = "app://"
Kind = AuthenticationType


class Key(StrEnum):
    """The names that mean something, as they are written."""

    AUTH_TYPE = "AuthType"
    URL = "Url"
    USER_NAME = "UserName"
    PASSWORD = "Password"  # noqa: S105 - a name
    DOMAIN = "Domain"
    CLIENT_ID = "ClientId"
    CLIENT_SECRET = "ClientSecret"  # noqa: S105 - a name
    CERTIFICATE = "Certificate"
    REDIRECT_URI = "RedirectUri"
    TOKEN_CACHE = "TokenCacheStorePath"  # noqa: S105 - a name
    LOGIN_PROMPT = "LoginPrompt"
    HOME_REALM = "HomeRealmUri"
    PROXY_VERSION = "ProxyVersion"
    ACCESS_TOKEN = "AccessToken"  # noqa: S105 - a name
    THUMBPRINT = "Thumbprint"
    STORE_NAME = "StoreName"
    INTEGRATED = "Integrated Security"
    NEW_INSTANCE = "RequireNewInstance"


APP_ID = "AppId"  # how ClientId is called beside AuthType=OAuth
SYNONYMS: Mapping[str, Key] = {
    **{key.lower(): key for key in Key},
    "authenticationtype": Key.AUTH_TYPE,
    "serviceuri": Key.URL, "service uri": Key.URL, "server": Key.URL,
    "user name": Key.USER_NAME, "userid": Key.USER_NAME, "user id": Key.USER_NAME,
    "appid": Key.CLIENT_ID, "applicationid": Key.CLIENT_ID,
    "secret": Key.CLIENT_SECRET,
    "replyurl": Key.REDIRECT_URI,
    "home realm uri": Key.HOME_REALM,
    "certthumbprint": Key.THUMBPRINT, "certificatestorename": Key.STORE_NAME,
}  # fmt: skip
USER_TOKEN, CLIENT_ID_TOKEN = "{USER}", "{CLIENTID}"
TOKENS: Mapping[Key, str] = {
    Key.PASSWORD: "{PASSWORD}",
    Key.CLIENT_SECRET: "{CLIENTSECRET}",
    Key.CERTIFICATE: "{CERTIFICATE}",
    Key.ACCESS_TOKEN: "{ACCESSTOKEN}",
}
SUSPICIOUS = re.compile(r"secret|passw|pwd|token|private.?key", re.IGNORECASE)
AUTH_TYPES: Mapping[AuthenticationType, str] = {
    Kind.CLIENT_SECRET: "ClientSecret",
    Kind.CERTIFICATE: "Certificate",
    Kind.PASSWORD: "OAuth",
    Kind.AD: "AD",
    Kind.IFD: "IFD",
    Kind.OAUTH: "OAuth",
    Kind.OFFICE_365: "Office365",
}
AS_USER = (Key.URL, Key.USER_NAME, Key.PASSWORD, Key.PROXY_VERSION, Key.AUTH_TYPE)
AS_OAUTH = (*AS_USER, Key.CLIENT_ID, Key.REDIRECT_URI, Key.TOKEN_CACHE, Key.LOGIN_PROMPT)
# What a string of each type holds, in its order (C-0632).
FORMS: Mapping[AuthenticationType, tuple[Key, ...]] = {
    Kind.CLIENT_SECRET: (
        Key.AUTH_TYPE, Key.URL, Key.CLIENT_ID, Key.CLIENT_SECRET, Key.PROXY_VERSION,
    ),
    Kind.CERTIFICATE: (Key.AUTH_TYPE, Key.URL, Key.CLIENT_ID, Key.CERTIFICATE, Key.PROXY_VERSION),
    Kind.PASSWORD: AS_OAUTH,
    Kind.OAUTH: AS_OAUTH,
    Kind.AD: (*AS_USER, Key.DOMAIN),
    Kind.IFD: (*AS_USER, Key.DOMAIN, Key.HOME_REALM),
    Kind.OFFICE_365: (),
}  # fmt: skip


class ConnectionStringError(ValueError):
    """A text that is no connection string; the message says where."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A name and its value; `key` is what the name means."""

    name: str
    value: str

    @property
    def key(self) -> Key | None:
        return SYNONYMS.get(self.name.lower())

    @property
    def is_secret(self) -> bool:
        """Whether a value of this name has to be a token."""
        if self.key is None:
            return SUSPICIOUS.search(self.name) is not None
        return self.key in TOKENS

    @property
    def token(self) -> str:
        return TOKENS.get(self.key, "") if self.key else ""

    @property
    def is_literal_secret(self) -> bool:
        return self.is_secret and self.value not in ("", self.token)


Pairs = tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the fields of a set-up say, as far as a connection string says it too."""

    kind: AuthenticationType
    url: str = ""
    user_name: str = ""  # with its domain: DOMAIN\name
    client_id: str = ""
    authority: str = ""
    redirect_url: str = ""  # empty: app:// followed by the client id
    sdk_version: str = SdkVersion.V100.value


# Reading and writing


def parse(text: str) -> Pairs:
    """Return the pairs of a string; the last of two names that mean the same wins."""
    found: dict[str, Pair] = {}
    for pair in _pairs(text):
        name = pair.key or pair.name.lower()
        found.pop(name, None)
        found[name] = pair
    return tuple(found.values())


def _pairs(text: str) -> Iterator[Pair]:
    at = 0
    while at < len(text):
        while at < len(text) and (text[at].isspace() or text[at] == ";"):
            at += 1
        if at == len(text):
            return
        sign = text.find("=", at)
        end = text.find(";", at)
        name = text[at : sign if sign >= 0 else len(text)].strip()
        if sign < 0 or 0 <= end < sign or not name:
            message = f"The text at position {at + 1} is no name=value."
            raise ConnectionStringError(message)
        value, at = _value(text, sign + 1)
        yield Pair(name, value)


def _value(text: str, at: int) -> tuple[str, int]:
    """Return the value that begins here, and where the next pair does."""
    while at < len(text) and text[at].isspace():
        at += 1
    if at == len(text) or text[at] not in "\"'":
        end = text.find(";", at)
        end = end if end >= 0 else len(text)
        return text[at:end].strip(), end
    quote, began, parts = text[at], at, list[str]()
    at += 1
    while True:
        end = text.find(quote, at)
        if end < 0:
            message = f"The quotation mark at position {began + 1} is not closed."
            raise ConnectionStringError(message)
        parts.append(text[at:end])
        at = end + 1
        if not text.startswith(quote, at):
            break
        parts.append(quote)
        at += 1
    while at < len(text) and text[at].isspace():
        at += 1
    if at < len(text) and text[at] != ";":
        message = f"Something follows the quotation mark at position {at}; a ; is missing."
        raise ConnectionStringError(message)
    return "".join(parts), at


def build(pairs: Iterable[Pair]) -> str:
    """Return the string of pairs; a value is quoted where it has to be."""
    return "; ".join(f"{pair.name}={_quoted(pair.value)}" for pair in pairs)


def _quoted(value: str) -> str:
    if not value or not (";" in value or value[0] in "\"'=" or value != value.strip()):
        return value
    if '"' not in value:
        return f'"{value}"'
    if "'" not in value:
        return f"'{value}'"
    doubled = value.replace('"', '""')
    return f'"{doubled}"'


def is_name(text: str) -> bool:
    """Whether something may stand before the = of a pair."""
    return bool(text.strip()) and not re.search(r"[=;]", text)


def mask(text: str) -> str:
    """Return a string that may be shown: where a secret stands in it, its token instead.

    Then what is not known is left out too, since it may be the rest of a secret with a ; in it.
    """
    try:
        pairs = parse(text)
    except ConnectionStringError:
        return _cut(text)
    if not any(pair.is_literal_secret for pair in pairs):
        return text
    return build(
        Pair(pair.name, pair.token) if pair.is_secret else pair for pair in pairs if pair.key
    )


def _cut(text: str) -> str:
    """Of a text that cannot be read keep what stands before the first secret."""
    for found in re.finditer(r"(?:^|;)\s*([^=;]+?)\s*=\s*([^;]*)", text):
        if Pair(found[1], found[2].strip()).is_literal_secret:
            return text[: found.start()]
    return text


# From fields to a string, and back


def built(facts: Facts) -> str:
    """Return the string that says what the fields say (C-0632)."""
    return build(_built(facts))


def _built(facts: Facts) -> Pairs:
    domain, _, user = facts.user_name.rpartition("\\")
    as_oauth = AUTH_TYPES[facts.kind] == "OAuth"
    values: dict[Key, str] = {
        **TOKENS,
        Key.AUTH_TYPE: AUTH_TYPES[facts.kind],
        Key.URL: facts.url,
        Key.USER_NAME: user or USER_TOKEN,
        Key.DOMAIN: domain,
        Key.CLIENT_ID: facts.client_id if as_oauth else CLIENT_ID_TOKEN,
        Key.REDIRECT_URI: facts.redirect_url or f"{APP}{facts.client_id}",
        Key.TOKEN_CACHE: "",
        Key.LOGIN_PROMPT: "Auto",
        Key.HOME_REALM: f"{facts.authority}/{ADFS}" if facts.authority else "",
        Key.PROXY_VERSION: facts.sdk_version.replace(".", ""),
    }
    if Key.DOMAIN not in FORMS[facts.kind]:
        values[Key.USER_NAME] = facts.user_name or USER_TOKEN
    names = {Key.CLIENT_ID: APP_ID} if as_oauth else {}
    return tuple(Pair(names.get(key, key), values[key]) for key in FORMS[facts.kind])


def values_of(pairs: Pairs) -> dict[str, str]:
    """Return the fields that a string tells; a token tells none."""
    given = {pair.key: pair.value for pair in pairs if pair.key}
    told: dict[str, str] = {}
    if url := given.get(Key.URL, ""):
        told["url"] = url
    if (user := given.get(Key.USER_NAME, "")) and user != USER_TOKEN:
        domain = given.get(Key.DOMAIN, "")
        told["user_name"] = f"{domain}\\{user}" if domain and "\\" not in user else user
    if (client := given.get(Key.CLIENT_ID, "")) and client != CLIENT_ID_TOKEN:
        told["client_id"] = client
    if realm := given.get(Key.HOME_REALM, ""):
        with suppress(ValueError):  # its verdict says that it is no address
            parts = urlsplit(realm)
            told["authority"] = f"{parts.scheme}://{parts.netloc}"
    if redirect := given.get(Key.REDIRECT_URI, ""):
        told["redirect_url"] = "" if redirect.lower().startswith(APP) else redirect
    if sdk := sdk_of(given.get(Key.PROXY_VERSION, "")):
        told["sdk_version"] = sdk
    return told


def sdk_of(proxy_version: str) -> str:
    """Return the SDK version that a ProxyVersion stands for, empty for none."""
    known = {sdk.value.replace(".", ""): sdk.value for sdk in SdkVersion}
    return known.get(proxy_version.strip().replace(".", ""), "")


def current(text: str, facts: Facts) -> str:
    """Return a string brought up to what the fields say, whoever changed them."""
    try:
        pairs = parse(text)
    except ConnectionStringError:
        return built(facts)
    given = {pair.key: pair.value for pair in pairs}
    if given.get(Key.AUTH_TYPE, "").lower() != AUTH_TYPES[facts.kind].lower():
        return built(facts)
    told = values_of(pairs)
    if given.get(Key.USER_NAME) == USER_TOKEN:
        told["user_name"] = ""
    return changed(text, replace(facts, **dict[str, Any](told)), facts)


def changed(text: str, before: Facts, after: Facts) -> str:
    """Return the string once fields have changed (E-9.4); what only the string says stays.

    A change of type builds it anew.
    """
    try:
        stored = parse(text)
    except ConnectionStringError:
        stored = ()
    if not stored or before.kind != after.kind:
        return built(after)
    was, now = ({pair.key: pair for pair in _built(facts)} for facts in (before, after))
    moved = {key for key in now if now[key] != was.get(key)}
    kept = [Pair(pair.name, now[pair.key].value) if pair.key in moved else pair for pair in stored]
    lacking = moved - {pair.key for pair in stored}
    return build([*kept, *(pair for key, pair in now.items() if key in lacking)])
