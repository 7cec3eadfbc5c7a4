"""The jobs that job queue entries run, with the company's systems handed in by its set-ups."""

from __future__ import annotations

import pytest

from connections.errors import ConfigurationError
from mappings.terms import Direction
from syncjobs import queued
from syncjobs.jobs import JobRequest
from syncjobs.progress import in_foreground
from syncjobs.terms import Trigger
from tests.syncjobs.conftest import World

pytestmark = pytest.mark.django_db


def test_an_entry_of_a_company_that_is_not_connected_says_so(world: World) -> None:
    request = JobRequest(
        world.company,
        "CUSTOMER",
        {"mode": "full", "directions": [str(Direction.TO_INTEGRATION_TABLE)]},
        Trigger.SCHEDULE,
    )
    run = in_foreground(world.company, job="synchronize", description="x")

    with pytest.raises(ConfigurationError), run as progress:
        queued.synchronize(request, progress)
