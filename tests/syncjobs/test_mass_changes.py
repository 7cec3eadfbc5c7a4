"""A run that the guard stopped says how much it would change, and passes once that is agreed to."""

from __future__ import annotations

from typing import Any

import pytest

from connections.systems import Record
from mappings.models import Coupling
from syncjobs import on_demand, queue
from syncjobs.models import JobQueueEntry, MassChange, Run
from syncjobs.progress import in_foreground
from syncjobs.runs import phase
from syncjobs.runs.guard import MassChangeError
from syncjobs.terms import JobStatus, Mode
from tests.syncjobs.conftest import World, counts
from tests.syncjobs.test_phases import change_all, many

pytestmark = pytest.mark.django_db


def stopped(world: World, **given: Any) -> MassChange:
    """Let the guard stop a run, and return what it kept."""
    with (
        pytest.raises(MassChangeError),
        in_foreground(world.company, job="synchronize", description="CUSTOMER") as progress,
    ):
        world.run(progress=progress, **given)
    return MassChange.objects.latest("pk")


@pytest.fixture
def customers(world: World) -> list[Record]:
    """Twenty customers in step, of which twelve are changed afterwards."""
    found = many(world, 20)
    change_all(world, found[:12])
    return found


def test_a_stopped_run_keeps_how_many_records_it_would_change(
    world: World, customers: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pages are looked at first: a person agrees to the whole."""
    monkeypatch.setattr(phase, "PAGE", 5)
    monkeypatch.setattr(phase, "SMALLEST_PAGE", 5)

    kept = stopped(world, mode=Mode.FULL)

    assert (kept.records, kept.coupled, kept.percent) == (12, 20, 60)
    assert kept.order == {"mode": "full"}
    assert all(row.values["address1_city"] is None for row in world.accounts())


def test_what_was_agreed_to_passes(world: World, customers: list[Record]) -> None:
    report = world.run(agreed=stopped(world).records)

    assert counts(report.jobs[0])["Modified"] == 12


def test_a_plan_that_grew_much_since_is_asked_about_again(
    world: World, customers: list[Record]
) -> None:
    agreed = stopped(world).records
    change_all(world, customers[12:])

    again = stopped(world, agreed=agreed)

    assert again.records == 20
    assert all(row.values["address1_city"] is None for row in world.accounts())


def test_one_more_change_is_not_asked_about_again(world: World, customers: list[Record]) -> None:
    agreed = stopped(world).records
    change_all(world, customers[12:13])

    assert counts(world.run(agreed=agreed).jobs[0])["Modified"] == 13


def test_a_yes_holds_for_one_run(world: World, customers: list[Record]) -> None:
    kept = stopped(world)

    run = on_demand.run_anyway(kept, now=world.clock.now, user=None)
    again = on_demand.run_anyway(kept, now=world.clock.now, user=None)

    entry = JobQueueEntry.objects.get()
    assert run is not None
    assert run.entry == entry
    assert entry.mapping_name == "CUSTOMER"
    assert entry.parameters == {"mode": "modified", "agreed": 12}
    assert again is None


def test_the_entry_that_was_to_run_once_has_nothing_left_to_wait_for(world: World) -> None:
    run = queue.enqueue(world.company, "synchronize", description="x", now=world.clock.now)
    entry = JobQueueEntry.objects.filter(runs=run)
    entry.update(status=JobStatus.ON_HOLD)
    first, second = (
        MassChange.objects.create(
            run=run,
            mapping_name="CUSTOMER",
            direction=way,
            order={"mode": "full"},
            records=10,
            coupled=12,
        )
        for way in ("ToIntegrationTable", "FromIntegrationTable")
    )

    on_demand.run_anyway(first, now=world.clock.now, user=None)
    waits = entry.exists()
    on_demand.run_anyway(second, now=world.clock.now, user=None)

    assert waits
    assert not JobQueueEntry.objects.filter(recurring=False, description="x").exists()
    assert Run.objects.filter(pk=run.pk).exists()


def test_a_preview_counts_what_the_guard_would_count(world: World, customers: list[Record]) -> None:
    couplings = list(Coupling.objects.values())

    report = world.run(dry_run=True)

    assert [job.touched for job in report.jobs] == [12, 0]
    assert list(Coupling.objects.values()) == couplings
