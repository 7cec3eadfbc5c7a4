"""Speaks OData with either system: requests, answers, retries, errors by what happens next."""

from __future__ import annotations

from connections.odata.answers import Answer, Headers
from connections.odata.client import Client
from connections.odata.refusals import LostAnswerError, refusal
from connections.odata.request import Budget, Request, Timing, Tokens, Unlimited

__all__ = [
    "Answer",
    "Budget",
    "Client",
    "Headers",
    "LostAnswerError",
    "Request",
    "Timing",
    "Tokens",
    "Unlimited",
    "refusal",
]
