"""How far a phase has come, and how far back the next one looks."""

from __future__ import annotations

from datetime import datetime, timedelta

from connections.systems import Side

# E-3.7: Dataverse keeps whole seconds, so the boundary itself is read again.
BOUNDARY = {Side.BUSINESS_CENTRAL: timedelta(0), Side.DATAVERSE: timedelta(milliseconds=999)}
# Neither side stamps a change when it commits: a late commit carries an earlier time.
OVERLAP = {Side.BUSINESS_CENTRAL: timedelta(minutes=10), Side.DATAVERSE: timedelta(minutes=2)}


def look_back(
    side: Side, watermark: datetime | None, rest: timedelta = timedelta(0)
) -> datetime | None:
    """Return since when to read, so that no late commit is missed; None reads everything.

    `rest` is the time from when the watermark was reached until the last whole reading began. By
    so much has that side's own clock moved on since, whatever it shows: a commit that the reading
    did not see has a time that is later by as much.
    """
    if watermark is None:
        return None
    return min(watermark - OVERLAP[side] + rest, watermark - BOUNDARY[side])


def is_late(side: Side, watermark: datetime | None, modified_at: datetime) -> bool:
    """Whether a row lies in the overlap only: before what E-3.6 and E-3.7 would read."""
    return watermark is not None and modified_at <= watermark - BOUNDARY[side]


def advance(
    watermark: datetime | None, newest: datetime | None, phase_started: datetime
) -> datetime | None:
    """Return the new watermark: forward only (E-3.15), never past the phase's start (E-3.14)."""
    if newest is None:
        return watermark
    reached = min(newest, phase_started)
    return reached if watermark is None else max(watermark, reached)
