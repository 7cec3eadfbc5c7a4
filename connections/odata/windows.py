"""Signing in with a Windows domain: Negotiate or NTLM, which prove a connection, not a request."""

from __future__ import annotations

import base64
import binascii
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests_ntlm import HttpNtlmAuth
from spnego.exceptions import SpnegoError
from urllib3.util.retry import Retry

from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.trusting import TrustingAdapter

SCHEMES = ("negotiate", "ntlm")
CHALLENGE = b"NTLMSSP\x00\x02\x00\x00\x00"
TARGET_INFO_AT = 40  # where a challenge says how long its target information is, and where
COMPUTER, DOMAIN, DNS_DOMAIN = 1, 2, 4  # what an entry of the target information tells


class WindowsUser:
    """A user of a Windows domain, who takes the place of tokens."""

    def __init__(self, user_name: str, password: str) -> None:
        self.user_name = user_name
        self._password = password
        self._heard = threading.local()

    def token(self) -> str:
        return ""

    def renew(self) -> str:
        return ""

    def auth(self) -> WindowsAuth:
        """Return what proves one request; it is heard here what the server says of itself."""
        self._heard.auth = WindowsAuth(self.user_name, self._password)
        return self._heard.auth  # type: ignore[no-any-return]

    def refused(self) -> ConfigurationError:
        """Say why the last request of this thread was refused, as far as a server tells."""
        auth: WindowsAuth | None = getattr(self._heard, "auth", None)
        message = (
            "The user name or password is wrong, or the account is locked. Enter both again, the "
            "user as DOMAIN\\name."
        )
        if auth is not None and not auth.is_offered:
            message = (
                "The server does not offer Windows sign-in, which the type AD needs. Choose IFD "
                "or OAuth, or correct the address."
            )
        elif auth is not None and auth.names and not self._is_of(auth.names):
            message = (
                f"The server belongs to the domain {auth.names[0]}, the user {self.user_name} "
                f"does not. Enter the user as {auth.names[0]}\\name, or check the password if "
                "both domains trust each other."
            )
        return ConfigurationError(message, cause=Cause.SIGN_IN, detail="401")

    def _is_of(self, names: list[str]) -> bool:
        domain = self.user_name.partition("\\")[0].casefold()
        return domain in (name.casefold() for name in names)


class WindowsAuth(HttpNtlmAuth):
    """The handshake as requests-ntlm does it; one that fails ends as the refusal it was."""

    def __init__(self, user_name: str, password: str) -> None:
        super().__init__(user_name, password)
        self.is_offered = True
        self.names: list[str] = []  # of the server's domain, the short one first

    def response_hook(self, r: requests.Response, **options: Any) -> requests.Response:
        if r.status_code == requests.codes.unauthorized:
            offered = r.headers.get("WWW-Authenticate", "").lower()
            self.is_offered = any(scheme in offered for scheme in SCHEMES)
        answer: requests.Response = super().response_hook(r, **options)
        return answer

    def retry_using_http_NTLM_auth(  # noqa: N802 - the package's name
        self, field: str, header: str, response: requests.Response, scheme: str, args: Any
    ) -> requests.Response:
        try:
            answer: requests.Response = super().retry_using_http_NTLM_auth(
                field, header, response, scheme, args
            )
        except (PermissionError, SpnegoError, binascii.Error, KeyError):
            return response  # no challenge, or none that can be read
        for earlier in answer.history:
            self.names = names_in(earlier.headers.get("WWW-Authenticate", "")) or self.names
        return answer


def names_in(header: str) -> list[str]:
    """Return the names of the domain that a challenge tells, then those of the server."""
    for offer in header.split(","):
        scheme, _, text = offer.strip().partition(" ")
        if scheme.lower() not in SCHEMES or not text:
            continue
        try:
            told = dict(_target_info(base64.b64decode(text)))
        except (binascii.Error, struct.error, UnicodeDecodeError):
            continue
        return [told[kind] for kind in (DOMAIN, DNS_DOMAIN, COMPUTER) if told.get(kind)]
    return []


def _target_info(message: bytes) -> Iterator[tuple[int, str]]:
    """Yield the entries of an NTLM challenge ([MS-NLMP] 2.2.1.2 and 2.2.2.1)."""
    if not message.startswith(CHALLENGE):
        return
    length, _, at = struct.unpack_from("<HHI", message, TARGET_INFO_AT)
    end = at + length
    while at < end:
        kind, size = struct.unpack_from("<HH", message, at)
        if not kind:
            return
        if kind in (COMPUTER, DOMAIN, DNS_DOMAIN):
            yield kind, message[at + 4 : at + 4 + size].decode("utf-16-le")
        at += 4 + size


class ThreadsOwnAdapter(BaseAdapter):
    """One connection for each thread: the three steps of a handshake must share one."""

    def __init__(self, ca_bundle: str | Path | None) -> None:
        super().__init__()
        self._ca_bundle = ca_bundle
        self._own = threading.local()
        self._made: list[TrustingAdapter] = []
        self._lock = threading.Lock()

    def send(  # type: ignore[override]  # passes the options on
        self, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        adapter: TrustingAdapter | None = getattr(self._own, "adapter", None)
        if adapter is None:
            adapter = self._own.adapter = TrustingAdapter(
                self._ca_bundle,
                pool_connections=1,
                pool_maxsize=1,
                max_retries=Retry(0, read=False),
            )
            with self._lock:
                self._made.append(adapter)
        return adapter.send(request, **options)

    def close(self) -> None:
        with self._lock:
            for adapter in self._made:
                adapter.close()
            self._made.clear()
        self._own = threading.local()
