"""A company, and entries of its job queue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from connections.models import Company
from syncjobs.models import JobQueueEntry

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.fixture
def company(db: None) -> Company:
    return Company.objects.create(name="CRONUS", business_central_id=UUID(int=1))


MakeEntry = Callable[..., JobQueueEntry]


@pytest.fixture
def entry(company: Company) -> MakeEntry:
    """Make a recurring entry that is due; keyword arguments change it."""

    def make(**changes: Any) -> JobQueueEntry:
        values: dict[str, Any] = {
            "company": company,
            "job": "synchronize",
            "mapping_name": "CUSTOMER",
            "description": "CUSTOMER - Dataverse synchronization job.",
            "recurring": True,
            "minutes_between_runs": 30,
            "inactivity_timeout": 720,
            "maximum_attempts": 10,
            "status": "Ready",
            "earliest_start": NOW,
        }
        return JobQueueEntry.objects.create(**{**values, **changes})

    return make
