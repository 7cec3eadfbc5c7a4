"""The catalogue of causes: why something failed, whether waiting helps, and what cures it."""

from __future__ import annotations

from enum import StrEnum


class Remedy(StrEnum):
    """What makes a failed record go through."""

    RETRY = "retry"  # passes by itself; tried again with back-off, never skipped
    WAIT = "wait"  # another record must be coupled first; tried again then, never skipped
    CURE = "cure"  # a person must act; the same error twice on the same version skips


class Cause(StrEnum):
    """Why a record or a run failed. The code is stable; title, advice and remedy are in `CATALOGUE`."""

    UNREACHABLE = "E-UNREACHABLE"
    THROTTLED = "E-THROTTLED"
    UNAVAILABLE = "E-UNAVAILABLE"
    LOST_ANSWER = "E-LOST-ANSWER"
    MALFORMED_ANSWER = "E-MALFORMED-ANSWER"
    NOT_AN_API = "E-NOT-AN-API"
    SIGN_IN = "E-SIGN-IN"
    FORBIDDEN = "E-PRIVILEGE"
    HOST_NOT_ALLOWED = "E-HOST"
    CERTIFICATE = "E-CERTIFICATE"
    NOT_CONFIGURED = "E-NOT-CONFIGURED"
    UNKNOWN_TABLE = "E-UNKNOWN-TABLE"
    BAD_FILTER = "E-FILTER"
    NO_FIELDS = "E-NO-FIELDS"
    REFUSED = "E-REFUSED"
    VALUE_TOO_LONG = "E-TOO-LONG"
    VALUE_TRUNCATED = "E-TRUNCATED"
    VALUE_INVALID = "E-VALUE"
    REQUIRED = "E-REQUIRED-VALUE"
    DUPLICATE = "E-DUPLICATE"
    NOT_COUPLED = "E-NOT-COUPLED"
    NOT_MAPPED = "E-NOT-MAPPED"
    OPTION_NOT_MAPPED = "E-OPTION-NOT-MAPPED"
    CONFLICT = "E-CONFLICT"
    CHANGED_MEANWHILE = "E-CHANGED-MEANWHILE"
    DELETED = "E-DELETED"
    NO_PARENT = "E-NO-PARENT"
    NO_EXCHANGE_RATE = "E-NO-EXCHANGE-RATE"
    AMBIGUOUS = "E-AMBIGUOUS"
    NO_MATCH = "E-NO-MATCH"
    NO_MATCH_FIELDS = "E-NO-MATCH-FIELDS"
    UNKNOWN_OUTCOME = "E-UNKNOWN-OUTCOME"
