"""What is to be thought of a connection string, name by name (C-0510, C-0634)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID

from connections.authentication import OAUTH_2, RETIRED
from connections.connection_string import (
    APP,
    APP_ID,
    AUTH_TYPES,
    CLIENT_ID_TOKEN,
    FORMS,
    TOKENS,
    USER_TOKEN,
    Facts,
    Key,
    Kind,
    Pair,
    Pairs,
    sdk_of,
)
from connections.terms import SdkVersion

MEANINGS: Mapping[Key, str] = {
    Key.PASSWORD: "Stands for the Password field.",
    Key.CLIENT_SECRET: "Stands for the Client Secret field.",
    Key.CERTIFICATE: "Stands for the Certificate and Private Key fields.",
    Key.PROXY_VERSION: "Follows SDK Version.",
    Key.HOME_REALM: "The address of AD FS.",
    Key.TOKEN_CACHE: "Tokens are kept in memory only.",
    Key.LOGIN_PROMPT: "The console signs in by itself and never prompts.",
}


class State(StrEnum):
    """What is to be thought of a name and its value."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A name with its value as it may be shown, and what is to be thought of it."""

    name: str
    value: str
    state: State = State.GOOD
    sentence: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a value."""

    sentence: str
    code: str


def verdicts(pairs: Pairs, facts: Facts) -> list[Verdict]:
    """Return what is to be thought of each pair, in their order."""
    return [_verdict(pair, pairs, facts) for pair in pairs]


def problems(pairs: Pairs, facts: Facts) -> list[Verdict]:
    """Return what keeps a string from being saved: bad pairs, and what is missing."""
    found = [one for one in verdicts(pairs, facts) if one.state == State.BAD]
    given = {pair.key: pair for pair in pairs}
    expected = AUTH_TYPES[facts.kind]
    if Key.AUTH_TYPE not in given:
        sentence = f"AuthType is missing; it must be {expected}."
        found.append(Verdict(Key.AUTH_TYPE, "", State.BAD, sentence, "E-AUTHTYPE"))
    wanted = _tokens(facts)
    if not any(given[key].value for key in wanted if key in given):
        tokens = " or ".join(TOKENS[key] for key in wanted)
        sentence = f"The connection string needs {tokens}."
        found.append(Verdict(wanted[0], "", State.BAD, sentence, "E-TOKEN"))
    if expected == "OAuth" and Key.CLIENT_ID not in given:
        found.append(Verdict(APP_ID, "", State.BAD, "AppId is missing.", "E-APPID"))
    return found


def _tokens(facts: Facts) -> tuple[Key, ...]:
    """Return of which tokens one must be there (C-0633)."""
    if facts.kind in OAUTH_2:
        return (Key.PASSWORD, Key.CLIENT_SECRET, Key.CERTIFICATE)
    return (Key.PASSWORD,)


def _verdict(pair: Pair, pairs: Pairs, facts: Facts) -> Verdict:
    if pair.is_literal_secret:
        token = f"the token {pair.token}" if pair.token else "a token"
        sentence = f"Put {token}, not the secret itself, into the string."
        return Verdict(pair.name, pair.token, State.BAD, sentence, "E-LITERAL-SECRET")
    if pair.key is None:
        sentence = "This name is not known. It is kept and has no effect."
        return Verdict(pair.name, pair.value, State.WARN, sentence)
    check = CHECKS.get(pair.key)
    if check and (fault := check(pair, pairs, facts)):
        return Verdict(pair.name, pair.value, State.BAD, fault.sentence, fault.code)
    if pair.key not in FORMS[facts.kind]:
        sentence = f"A sign-in of the type {facts.kind.label} does not use it."
        return Verdict(pair.name, pair.value, State.WARN, sentence)
    return Verdict(pair.name, pair.value, sentence=MEANINGS.get(pair.key, ""))


# One name each


def _auth_type(pair: Pair, _pairs: Pairs, facts: Facts) -> Fault | None:
    expected, given = AUTH_TYPES[facts.kind], pair.value.lower()
    if given == AUTH_TYPES[Kind.OFFICE_365].lower():
        return Fault(RETIRED, "E-RETIRED")
    if given != expected.lower():
        sentence = f"AuthType in the string differs from the field, which wants {expected}."
        return Fault(sentence, "E-AUTHTYPE")
    return None


def _address(pair: Pair, _pairs: Pairs, _facts: Facts) -> Fault | None:
    try:
        parts = urlsplit(pair.value)
    except ValueError:
        parts = urlsplit("")
    if not parts.netloc:
        return Fault(f"{pair.value or 'Nothing'} is not a web address.", "E-URL")
    if parts.scheme != "https":
        return Fault(f"Only https is accepted for {pair.name}.", "E-HTTPS")
    return None


def _home_realm(pair: Pair, pairs: Pairs, facts: Facts) -> Fault | None:
    return _address(pair, pairs, facts) if pair.value else None


def _client_id(pair: Pair, _pairs: Pairs, facts: Facts) -> Fault | None:
    if pair.value == CLIENT_ID_TOKEN and AUTH_TYPES[facts.kind] != "OAuth":
        return None
    try:
        is_id = str(UUID(pair.value)) == pair.value.lower()
    except ValueError:
        is_id = False
    return None if is_id else Fault(f"{pair.name} is missing or not an id.", "E-APPID")


def _redirect(pair: Pair, pairs: Pairs, facts: Facts) -> Fault | None:
    app = next((other.value for other in pairs if other.key == Key.CLIENT_ID), "")
    if pair.value.lower() == f"{APP}{app}".lower():
        return None
    if pair.value == facts.redirect_url and not _address(pair, pairs, facts):
        return None
    sentence = (
        f"RedirectUri must be {APP} followed by the AppId: {APP}{app}, or the https Redirect URL."
    )
    return Fault(sentence, "E-REDIRECT")


def _proxy_version(pair: Pair, _pairs: Pairs, _facts: Facts) -> Fault | None:
    if sdk_of(pair.value):
        return None
    known = ", ".join(sdk.value.replace(".", "") for sdk in SdkVersion)
    return Fault(f"ProxyVersion must be one of {known}.", "E-SDK")


def _user_name(pair: Pair, _pairs: Pairs, facts: Facts) -> Fault | None:
    if facts.kind != Kind.PASSWORD or pair.value == USER_TOKEN or "@" in pair.value:
        return None
    return Fault("Enter the user as an e-mail address.", "E-EMAIL")


def _domain(pair: Pair, _pairs: Pairs, facts: Facts) -> Fault | None:
    if facts.kind != Kind.AD or pair.value:
        return None
    return Fault("Enter the domain, or the user as DOMAIN\\name.", "E-DOMAIN")


CHECKS: Mapping[Key, Callable[[Pair, Pairs, Facts], Fault | None]] = {
    Key.AUTH_TYPE: _auth_type,
    Key.URL: _address,
    Key.HOME_REALM: _home_realm,
    Key.CLIENT_ID: _client_id,
    Key.REDIRECT_URI: _redirect,
    Key.PROXY_VERSION: _proxy_version,
    Key.USER_NAME: _user_name,
    Key.DOMAIN: _domain,
}
