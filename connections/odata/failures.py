"""Sorts what goes wrong below HTTP: certificates, names, refused and lost connections."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    IncompleteRead,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
)

from connections.causes import Cause
from connections.errors import ConfigurationError, IntegrationError, TransientError
from connections.odata.refusals import LostAnswerError
from connections.systems import Side

UNSENT = (NewConnectionError, ConnectTimeoutError)


def failure(side: Side, url: str, error: Exception, *, writes: bool) -> IntegrationError:
    """Return the error that a failed exchange stands for."""
    host = urlsplit(url).netloc
    chain = list(_chain(error))
    detail = f"{type(error).__name__}: {error}"[:500]
    if any(isinstance(item, ssl.SSLCertVerificationError) for item in chain):
        reason = _reason(chain)
        message = f"The certificate of {host} is not trusted: {reason}."
        return ConfigurationError(message, cause=Cause.CERTIFICATE, detail=detail)
    if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
        message = f"The file of trusted certificates cannot be read: {error}"
        return ConfigurationError(message, cause=Cause.CERTIFICATE, detail=detail)
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        message = f"The address {host or url} is not valid."
        return ConfigurationError(message, cause=Cause.NOT_CONFIGURED, detail=detail)
    if isinstance(error, requests.exceptions.ProxyError):
        message = f"The proxy on the way to {host} does not answer."
        return TransientError(message, cause=Cause.UNREACHABLE, detail=detail)
    if any(isinstance(item, UNSENT) for item in chain):
        return _unreachable(host, chain, detail)
    if writes:
        message = f"{host} did not answer whether it wrote."
        return LostAnswerError(message, cause=Cause.LOST_ANSWER, detail=detail)
    if any(isinstance(item, IncompleteRead) for item in chain):
        message = f"The answer of {host} broke off."
        return TransientError(message, cause=Cause.MALFORMED_ANSWER, detail=detail)
    message = f"{side} did not answer: the connection to {host} broke or took too long."
    return TransientError(message, cause=Cause.UNAVAILABLE, detail=detail)


def is_unsent(error: IntegrationError) -> bool:
    """Whether a request surely never left: it may be sent again, whatever it was."""
    return error.cause == Cause.UNREACHABLE


def _unreachable(host: str, chain: list[BaseException], detail: str) -> TransientError:
    if any(isinstance(item, NameResolutionError) for item in chain):
        message = f"The name {host} is not known."
    elif any(isinstance(item, NewConnectionError) for item in chain):
        message = f"{host} refuses the connection."  # asked first: it is a kind of the other
    else:
        message = f"{host} does not answer in time."
    return TransientError(message, cause=Cause.UNREACHABLE, detail=detail)


def _reason(chain: list[BaseException]) -> str:
    found = next(item for item in chain if isinstance(item, ssl.SSLCertVerificationError))
    return str(found.verify_message or found).rstrip(".")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and everything it was made of."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        item = waiting.pop()
        if item is None or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting += [item.__cause__, item.__context__]
        waiting += [each for each in item.args if isinstance(each, BaseException)]
        if isinstance(item, MaxRetryError) and isinstance(item.reason, BaseException):
            waiting.append(item.reason)
