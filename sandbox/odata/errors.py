"""What a query can be refused for."""

from __future__ import annotations


class QueryError(ValueError):
    """A query option that cannot be read or answered; each system words its own refusal."""


class UnsupportedError(QueryError):
    """A query that a system could answer, but the sandbox cannot."""
