"""What can go wrong with a system, sorted by what happens next."""

from __future__ import annotations

from datetime import timedelta

from connections.causes import Cause


class IntegrationError(Exception):
    """A system refused or failed a request; `cause` says why and what cures it."""

    def __init__(self, message: str, *, cause: Cause, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.detail = detail  # status, service code and request id, for "Copy details"


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
