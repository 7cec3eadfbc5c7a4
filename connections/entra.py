"""What Entra ID's refusals mean, in one sentence each with what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import requests

from connections import adfs
from connections.causes import Cause
from connections.errors import ConfigurationError, IntegrationError, TransientError

TOO_MANY = 429
SERVER_ERROR = 500
CODE = re.compile(r"AADSTS(\d+)")
WITHOUT_TRACE = re.compile(r"\s*Trace ID:.*", re.DOTALL)

NO_PASSWORDS = (
    "This account cannot sign in with a user name and password alone, since it needs a second "
    "factor or meets a conditional access policy. Use an application with a client secret or "
    "certificate instead."
)
# AADSTS numbers as of wire.md 1.3.
SENTENCES: Mapping[int, str] = {
    7000215: "The client secret is wrong. Enter the secret's value (not its id) again.",
    7000222: (
        "The client secret has expired. Create a new one at the application's registration in "
        "Entra ID and enter it."
    ),
    7000218: "A client secret or certificate is missing. Enter one.",
    700027: (
        "The certificate is not the one that is registered for the application. Register it in "
        "Entra ID, or enter the certificate and key that are registered."
    ),
    700016: (
        "The application is not known in this tenant. Compare the client id with the "
        "registration in Entra ID, and check that the tenant is the right one."
    ),
    90002: "The tenant is not known. Compare the tenant id or domain with the one in Entra ID.",
    900023: "The tenant is no id and no domain. Enter the tenant id as it stands in Entra ID.",
    500011: (
        "The resource that the sign-in is for is not known in this tenant. Check the address of "
        "the environment, and that the tenant is the right one."
    ),
    1002012: "The resource that the sign-in is for is not valid. Check the address.",
    50126: "The user name or password is wrong. Enter both again.",
    50034: "The user is not known in this tenant. Check the user name and the tenant.",
    50053: "The account is locked after too many attempts. Let it be unlocked and try again.",
    50055: "The user's password has expired. Set a new one and enter it.",
    50057: "The user is disabled. Enable the user in Entra ID, or use another one.",
    65001: (
        "Nobody has consented that the application may ask for this system. Let an administrator "
        "grant the consent in Entra ID."
    ),
    50076: NO_PASSWORDS,
    50079: NO_PASSWORDS,
    53003: NO_PASSWORDS,
}


def refusal(answer: Mapping[str, Any]) -> IntegrationError:
    """Return the error for an answer that carries `error` instead of a token."""
    said = str(answer.get("error_description") or answer.get("error") or "")
    if of_adfs := adfs.refusal(said):
        return of_adfs
    number = _number(answer, said)
    sentence = SENTENCES.get(number)
    if sentence is None:
        reason = WITHOUT_TRACE.sub("", said).strip().rstrip(".") or "it gave no reason"
        sentence = f"Entra ID refused the sign-in: {reason}. Check the connection's sign-in."
    detail = f"AADSTS{number}: {said}" if number and f"AADSTS{number}" not in said else said
    return ConfigurationError(sentence, cause=Cause.SIGN_IN, detail=detail)


def judged(response: requests.Response, host: str) -> IntegrationError:
    """Return the error for an answer that is no answer to a sign-in at all."""
    status = response.status_code
    detail = f"HTTP {status} from {response.url.partition('?')[0]}"
    if status == TOO_MANY or status >= SERVER_ERROR:
        cause = Cause.THROTTLED if status == TOO_MANY else Cause.UNAVAILABLE
        message = f"The sign-in at {host} is not available at the moment. It will be tried again."
        return TransientError(message, cause=cause, detail=detail, retry_after=_wait(response))
    answer = content(response)
    if "error" in answer:
        return refusal(answer)
    message = (
        f"What answers at {host} is no sign-in of Entra ID. Correct the authority, for example "
        "https://login.microsoftonline.com."
    )
    return ConfigurationError(message, cause=Cause.NOT_AN_API, detail=detail)


def content(response: requests.Response) -> Mapping[str, Any]:
    """Return what an answer says, empty if it is no JSON object."""
    try:
        answer = json.loads(response.text)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _number(answer: Mapping[str, Any], said: str) -> int:
    found = CODE.search(said)
    if found:
        return int(found[1])
    codes = answer.get("error_codes") or [0]
    return int(codes[0])


def _wait(response: requests.Response) -> timedelta | None:
    text = response.headers.get("Retry-After", "")
    return timedelta(seconds=min(int(text), 3600)) if text.isdigit() else None
