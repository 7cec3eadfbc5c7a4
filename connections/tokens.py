"""Access tokens from Entra ID and AD FS: asked for once, kept, renewed before they expire."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import msal
import requests
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from msal.authority import WELL_KNOWN_AUTHORITY_HOSTS

from connections import entra, hosts
from connections.authentication import ADFS, BY_PASSWORD
from connections.causes import Cause
from connections.errors import ConfigurationError, IntegrationError, TransientError
from connections.terms import AuthenticationType
from connections.trusting import TrustingAdapter

TIMEOUT = (10.0, 30.0)
EARLY = 300.0  # seconds before its end that a token is renewed; less for short-lived ones
SHARE = 0.2
REALM = "/common/userrealm/"


@dataclass(frozen=True, slots=True)
class Credentials:
    """How somebody proves who it is."""

    authority: str  # https://host[:port]
    tenant: str
    client_id: str
    kind: AuthenticationType = AuthenticationType.CLIENT_SECRET
    client_secret: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    user_name: str = ""
    password: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        return f"{self.authority.rstrip('/')}/{self.tenant}"

    @property
    def is_federated(self) -> bool:
        """Whether AD FS is asked and not Entra ID."""
        return self.tenant == ADFS


class Tokens:
    """The token of one application or user for one resource; threads may share it."""

    def __init__(
        self, credentials: Credentials, resource: str, ca_bundle: str, *, clock: Callable[[], float]
    ) -> None:
        self.credentials = credentials
        self.resource = resource.rstrip("/")
        self._ca_bundle = ca_bundle
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._good_until = 0.0
        self._signing_in: SigningIn | None = None

    def token(self) -> str:
        """Return a token that is good for some time yet."""
        if self._clock() < self._good_until:
            return self._token
        with self._lock:
            if self._clock() >= self._good_until:
                self._fetch()
            return self._token

    def renew(self) -> str:
        """Return a new token, since the present one was refused."""
        refused = self._token
        with self._lock:
            if self._token == refused:  # else another thread renewed it meanwhile
                self._fetch()
            return self._token

    def forget(self) -> None:
        """Drop the token; the next use signs in again."""
        self._good_until = 0.0

    def _fetch(self) -> None:
        self._good_until = 0.0
        if self._signing_in is None:
            self._signing_in = SigningIn(self.credentials, self._ca_bundle)
        asked = self._clock()
        answer = self._signing_in.acquire(self.resource)
        lasts = float(answer.get("expires_in") or 0)
        self._token = str(answer["access_token"])
        self._good_until = asked + lasts - min(EARLY, lasts * SHARE)


class SigningIn:
    """One MSAL application; building it asks the authority for its end points."""

    def __init__(self, credentials: Credentials, ca_bundle: str) -> None:
        self.credentials = credentials
        self.host = urlsplit(credentials.authority).hostname or ""
        self._session = SignInSession(credentials.authority, ca_bundle)
        self._remembered: dict[str, Any] = {}  # MSAL's own memory of refusals
        self._application: msal.ClientApplication | None = None

    def acquire(self, resource: str) -> dict[str, Any]:
        """Return the authority's answer with a token that was not given out before."""
        self._session.last = None
        self._remembered.clear()  # or "try again" shows the old answer for up to a minute
        try:
            answer = self._ask(resource)
        except requests.exceptions.RequestException as error:
            raise self._unreachable(error) from error
        except (ValueError, KeyError, RuntimeError, msal.exceptions.MsalError) as error:
            raise self._unreadable(error) from error
        if "access_token" not in answer:
            raise entra.refusal(answer)
        return answer

    def _ask(self, resource: str) -> dict[str, Any]:
        if self._application is None:
            self._application = self._build()
        application = self._application
        if self.credentials.kind in BY_PASSWORD:
            # AD FS before 2019 knows no scopes of a resource, but takes its identifier as it is.
            scopes = [] if self.credentials.is_federated else [f"{resource}/.default"]
            named = {"resource": f"{resource}/"} if self.credentials.is_federated else {}
            answer = application.acquire_token_by_username_password(
                self.credentials.user_name, self.credentials.password, scopes, data=named
            )
        else:
            application.remove_tokens_for_client()
            answer = application.acquire_token_for_client([f"{resource}/.default"])
        return dict(answer or {})

    def _build(self) -> msal.ClientApplication:
        credential = self._credential()
        options: dict[str, Any] = {
            "authority": self.credentials.address,
            "http_client": self._session,
            "http_cache": self._remembered,
            # Microsoft's directory knows its own hosts only; asking it about others fails.
            "instance_discovery": None if self.host in WELL_KNOWN_AUTHORITY_HOSTS else False,
        }
        if credential is None:
            return msal.PublicClientApplication(self.credentials.client_id, **options)
        return msal.ConfidentialClientApplication(
            self.credentials.client_id, client_credential=credential, **options
        )

    def _credential(self) -> str | dict[str, str] | None:
        given = self.credentials
        if given.kind == AuthenticationType.CERTIFICATE:
            _check_certificate(given)
            return {"private_key": given.private_key, "public_certificate": given.certificate}
        return given.client_secret or None

    def _unreachable(self, error: requests.exceptions.RequestException) -> IntegrationError:
        if isinstance(error, requests.exceptions.SSLError):
            message = (
                f"The certificate of {self.host} is not trusted. If it comes from an authority of "
                "your own, name its PEM file in SYSTEM_CA_BUNDLE."
            )
            return ConfigurationError(message, cause=Cause.CERTIFICATE, detail=str(error))
        response = error.response
        if response is not None:
            return entra.judged(response, self.host)
        message = (
            f"The sign-in at {self.host} cannot be reached. Check the authority's address and the "
            "network."
        )
        return TransientError(message, cause=Cause.UNREACHABLE, detail=type(error).__name__)

    def _unreadable(self, error: Exception) -> IntegrationError:
        """Sort what MSAL makes of an answer, by the answer; without one the input is at fault."""
        if self._session.last is not None:
            return entra.judged(self._session.last, self.host)
        message = "The tenant or authority cannot be used. Check both."
        return ConfigurationError(message, cause=Cause.SIGN_IN, detail=type(error).__name__)


def _check_certificate(given: Credentials) -> None:
    try:
        x509.load_pem_x509_certificate(given.certificate.encode())
        serialization.load_pem_private_key(given.private_key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        message = (
            "The certificate or its private key cannot be read. Enter both as PEM text, the key "
            "without a passphrase."
        )
        raise ConfigurationError(message, cause=Cause.SIGN_IN) from error


class SignInSession(requests.Session):
    """Speaks with the authority on MSAL's behalf, and keeps its last answer for sorting errors."""

    def __init__(self, authority: str, ca_bundle: str) -> None:
        super().__init__()
        self.authority = urlsplit(authority)
        self.last: requests.Response | None = None
        self.mount("https://", PatientAdapter(ca_bundle))

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        address = self._with_port(str(url))
        self._check(address)
        response = super().request(method, address, *args, **options)
        self.last = response
        return response

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        return super().send(request, **{**options, "allow_redirects": False})

    def _with_port(self, url: str) -> str:
        """MSAL asks for the user's realm at the authority's host without its port."""
        parts = urlsplit(url)
        if parts.path.startswith(REALM) and parts.netloc == self.authority.hostname:
            return parts._replace(netloc=self.authority.netloc).geturl()
        return url

    def _check(self, url: str) -> None:
        """An authority may send us to another host only if that one is admitted too."""
        parts = urlsplit(url)
        if (parts.scheme, parts.netloc) != (self.authority.scheme, self.authority.netloc):
            hosts.check(f"{parts.scheme}://{parts.netloc}")


class PatientAdapter(TrustingAdapter):
    """Never waits for ever: MSAL names no end."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> Any:
        options.update(timeout=options.get("timeout") or TIMEOUT)
        return super().send(request, *args, **options)


@lru_cache(maxsize=128)
def tokens_for(credentials: Credentials, resource: str, ca_bundle: str) -> Tokens:
    """Return the tokens of a connection; one for each in this process, however often asked."""
    return Tokens(credentials, resource, ca_bundle, clock=time.monotonic)
