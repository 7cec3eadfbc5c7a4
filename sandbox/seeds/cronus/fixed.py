"""Ids, times and dice that come out the same after every reset."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID, uuid5

from sandbox.store import milliseconds, seconds

NAMESPACE = UUID("a8f3c1de-52b7-4d0e-9c6a-1e7f40b2d963")
OPENING = datetime(2025, 1, 6, 8, 0, tzinfo=UTC)  # when CRONUS began to work with both systems


def identity(table: str, key: object) -> str:
    """Return the id of a row, known from its table and what people call it."""
    return str(uuid5(NAMESPACE, f"{table}/{key}"))


def dice(word: str) -> Random:
    """Return chance that is the same each time for the same word."""
    return Random(f"cronus/{word}")  # noqa: S311 - data, no secrets


def moment(minutes: float) -> datetime:
    return OPENING + timedelta(minutes=minutes)


def bc_time(minutes: float) -> str:
    return milliseconds(moment(minutes))


def dataverse_time(minutes: float) -> str:
    return seconds(moment(minutes))


def day(offset: int) -> date:
    return OPENING.date() + timedelta(days=offset)


def multiplied(count: int, scale: float, least: int) -> int:
    """Return a count at a scale, never so small that what belongs together falls apart."""
    return max(least, round(count * scale))
