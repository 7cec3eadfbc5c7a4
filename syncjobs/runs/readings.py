"""When each direction was last read as a whole: what bounds the overlap of polls (ADR 24)."""

from __future__ import annotations

from datetime import datetime, timedelta

from mappings.models import IntegrationTableMapping
from mappings.terms import Direction
from syncjobs.models import Reading


def rest(row: IntegrationTableMapping, way: Direction, watermark: datetime | None) -> timedelta:
    """Return how long a watermark had been reached when the last whole reading began."""
    known = Reading.objects.filter(mapping=row, direction=way).first()
    if known is None or known.watermark != watermark:
        return timedelta(0)
    return max(known.began_at - known.reached_at, timedelta(0))


def note(
    row: IntegrationTableMapping,
    way: Direction,
    watermark: datetime,
    began: datetime,
    ended: datetime,
) -> None:
    """Note that everything was read from `began` to `ended`, up to this watermark."""
    known = Reading.objects.filter(mapping=row, direction=way, watermark=watermark)
    if not known.update(began_at=began):
        times = {"watermark": watermark, "reached_at": ended, "began_at": began}
        Reading.objects.bulk_create(
            [Reading(mapping=row, direction=way, **times)],
            update_conflicts=True,
            unique_fields=["mapping", "direction"],
            update_fields=[*times],
        )
