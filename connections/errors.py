"""What can go wrong with a system, sorted by what happens next."""

from __future__ import annotations

import re
from datetime import timedelta

from connections.catalogue import CATALOGUE
from connections.causes import Cause

SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


class IntegrationError(Exception):
    """A system refused or failed a request; `cause` says why and what cures it."""

    def __init__(self, message: str, *, cause: Cause, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.detail = detail  # status, service code and request id, for "Copy details"

    def told(self) -> tuple[str, str]:
        """Return what is wrong, and what to do: the message's own advice, else the cause's."""
        sentence, cure = split(self.message)
        return sentence, cure or CATALOGUE[self.cause].advice


class TransientError(IntegrationError):
    """The system will likely accept the same request later: the entry runs again, later."""

    def __init__(
        self,
        message: str,
        *,
        cause: Cause,
        detail: str = "",
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message, cause=cause, detail=detail)
        self.retry_after = retry_after


class UnknownOutcomeError(TransientError):
    """The answer to a write was lost, and looking it up failed too: recovery finds out later."""


class ConfigurationError(IntegrationError):
    """No request will succeed until an administrator acts: the entry goes on hold."""


class RecordError(IntegrationError):
    """Only this record is refused: it fails and the run goes on."""


class RecordChangedError(RecordError):
    """Somebody changed the record after we read it: it is planned anew."""


class RecordExistsError(RecordError):
    """A record with this id is there already: an earlier write of ours arrived."""


class RecordMissingError(RecordError):
    """The record is gone: the deletion rules decide."""


def split(message: str) -> tuple[str, str]:
    """Return the first sentence of a message, and the rest, which says what to do."""
    sentence, *rest = SENTENCE_END.split(message, maxsplit=1)
    return sentence, rest[0] if rest else ""
