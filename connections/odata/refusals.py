"""One table from what a system answers to what happens next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from connections.causes import Cause
from connections.errors import (
    ConfigurationError,
    IntegrationError,
    RecordChangedError,
    RecordError,
    RecordExistsError,
    RecordMissingError,
    TransientError,
    UnknownOutcomeError,
)
from connections.systems import Side

Verdict = tuple[type[IntegrationError], Cause]
CORRELATION = re.compile(r"\s*CorrelationId:\s*([0-9a-fA-F-]+)\.?\s*$")

# 412 alone says four things; only the code tells which.
DATAVERSE: Mapping[str, Verdict] = {
    "0x80060882": (RecordChangedError, Cause.CHANGED_MEANWHILE),
    "0x80040237": (RecordExistsError, Cause.DUPLICATE),
    "0x80060892": (RecordError, Cause.DUPLICATE),
    "0x80043b06": (RecordError, Cause.DUPLICATE),  # number of a product
    "0x80043b08": (RecordError, Cause.DUPLICATE),  # price of a product and unit in a list
    "0x80043b14": (RecordError, Cause.FOREIGN_UNIT),
    "0x80061009": (RecordError, Cause.PRODUCT_RETIRED),
    "0x80040333": (RecordError, Cause.DUPLICATE),
    "0x80040217": (RecordMissingError, Cause.DELETED),
    "0x80060891": (RecordMissingError, Cause.DELETED),
    "0x8006088a": (ConfigurationError, Cause.UNKNOWN_TABLE),
    "0x80044331": (RecordError, Cause.VALUE_TOO_LONG),
    "0x8004431a": (RecordError, Cause.VALUE_INVALID),
    "0x80044330": (RecordError, Cause.VALUE_INVALID),
    "0x80048408": (RecordError, Cause.VALUE_INVALID),
    "0x80048d19": (RecordError, Cause.VALUE_INVALID),
    "0x80040200": (RecordError, Cause.REQUIRED),
    "0x80040265": (RecordError, Cause.REFUSED),
    "0x80044302": (ConfigurationError, Cause.SIGN_IN),
    "0x80072322": (TransientError, Cause.THROTTLED),
    "0x80072321": (TransientError, Cause.THROTTLED),
    "0x80072326": (TransientError, Cause.THROTTLED),
    "0x80071151": (TransientError, Cause.OTHER_IMPORT),  # a solution operation is running
    "0x80071152": (TransientError, Cause.OTHER_IMPORT),
    "0x80071155": (TransientError, Cause.OTHER_IMPORT),
}
BUSINESS_CENTRAL: Mapping[str, Verdict] = {
    "Request_EntityChanged": (RecordChangedError, Cause.CHANGED_MEANWHILE),
    # With our id an earlier write of ours arrived; only the adapter can tell.
    "Internal_EntityWithSameKeyExists": (RecordError, Cause.DUPLICATE),
    "Internal_RecordNotFound": (RecordMissingError, Cause.DELETED),
    "Internal_DataNotFoundFilter": (RecordMissingError, Cause.DELETED),
    "Internal_CompanyNotFound": (ConfigurationError, Cause.NOT_CONFIGURED),
    "Internal_TenantUnavailable": (TransientError, Cause.UNAVAILABLE),
    "Internal_InvalidTableRelation": (RecordError, Cause.VALUE_INVALID),
    "BadRequest_ResourceNotFound": (ConfigurationError, Cause.UNKNOWN_TABLE),
    "BadRequest_RequiredParamNotProvided": (RecordError, Cause.REQUIRED),
    "BadRequest_InvalidToken": (RecordError, Cause.REFUSED),
    "Application_StringExceededLength": (RecordError, Cause.VALUE_TOO_LONG),
    "Application_EvaluateException": (RecordError, Cause.VALUE_INVALID),
    "Application_InvalidGUID": (RecordError, Cause.VALUE_INVALID),
    "Application_FieldValidationException": (RecordError, Cause.VALUE_INVALID),
    "Application_FilterErrorException": (ConfigurationError, Cause.BAD_FILTER),
    "Authentication_InvalidCredentials": (ConfigurationError, Cause.SIGN_IN),
}
ADMINISTRATION_MODE = "administration mode"  # no code of its own: it lets administrators in only
CODES = {Side.DATAVERSE: DATAVERSE, Side.BUSINESS_CENTRAL: BUSINESS_CENTRAL}
STATUSES: Mapping[int, Verdict] = {
    401: (ConfigurationError, Cause.SIGN_IN),
    404: (RecordMissingError, Cause.DELETED),
    408: (TransientError, Cause.UNAVAILABLE),
    409: (RecordChangedError, Cause.CHANGED_MEANWHILE),
    412: (RecordChangedError, Cause.CHANGED_MEANWHILE),
    429: (TransientError, Cause.THROTTLED),
    502: (TransientError, Cause.UNAVAILABLE),
    503: (TransientError, Cause.UNAVAILABLE),
    504: (TransientError, Cause.UNAVAILABLE),
}


class LostAnswerError(UnknownOutcomeError):
    """A write was sent and its answer did not arrive: look it up before anything is repeated."""


def refusal(
    side: Side,
    status: int,
    code: str,
    message: str,
    *,
    reads: bool = False,
    detail: str = "",
    retry_after: float | None = None,
) -> IntegrationError:
    """Return the error that stands for a refusal; its class says what happens next."""
    kind, cause = _verdict(side, status, code, message, reads=reads)
    text, correlation = _without_correlation(message.strip())
    text = text or f"{side} refused the request with status {status}."
    told = " ".join(part for part in (str(status), code, detail, correlation) if part)
    if issubclass(kind, TransientError):
        wait = None if retry_after is None else timedelta(seconds=retry_after)
        return kind(text, cause=cause, detail=told, retry_after=wait)
    return kind(text, cause=cause, detail=told)


def _verdict(side: Side, status: int, code: str, message: str, *, reads: bool) -> Verdict:
    name = code.lower() if side == Side.DATAVERSE else code
    if name in CODES[side]:
        return CODES[side][name]
    if status == 403 and ADMINISTRATION_MODE in message.lower():
        return ConfigurationError, Cause.ADMINISTRATION_MODE
    if status == 403:
        return (ConfigurationError if reads else RecordError), Cause.FORBIDDEN
    if status in STATUSES:
        return STATUSES[status]
    if status >= 500 and status != 501:
        # A record that breaks a plug-in must not stop the run for ever.
        return (TransientError if reads else RecordError), Cause.UNAVAILABLE
    return (ConfigurationError, Cause.BAD_FILTER) if reads else (RecordError, Cause.REFUSED)


def _without_correlation(message: str) -> tuple[str, str]:
    """Split off what Business Central appends: the same error must read the same twice."""
    found = CORRELATION.search(message)
    return (message[: found.start()], found[1]) if found else (message, "")
