"""A preview keeps what a run would do, in words, and writes nothing anywhere else (C-0009)."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from connections.systems import Record
from mappings.models import Coupling, IntegrationTableMapping, OptionCoupling, PendingCoupling
from syncjobs import plans
from syncjobs.models import PlannedChange, PlannedRun, SynchError, SynchJob
from syncjobs.progress import in_foreground
from syncjobs.runs import planned
from syncjobs.runs.order import Order
from syncjobs.runs.planned import keep
from syncjobs.runs.synchronize import preview_mapping
from syncjobs.terms import Mode
from tests.syncjobs.conftest import World
from tests.syncjobs.test_phases import change_all, many

pytestmark = pytest.mark.django_db

TABLES = (
    Coupling,
    OptionCoupling,
    PendingCoupling,
    IntegrationTableMapping,
    SynchJob,
    SynchError,
)


def preview(world: World, name: str = "CUSTOMER", mode: Mode = Mode.FULL) -> PlannedRun:
    """Plan a run as a job queue entry does."""
    world.clock.advance()
    order = Order(mode=mode)
    run = in_foreground(world.company, job="preview", description=name, mapping_name=name)
    with run as progress:
        found = preview_mapping(
            world.company, name, order, systems=world, progress=progress, now=world.clock
        )
        return keep(progress.run_id, order, found, world)


def everything(world: World) -> list[Any]:
    """Return what both systems and the console hold of records."""
    rows = [list(table._default_manager.order_by("pk").values()) for table in TABLES]
    return deepcopy([world.business_central.rows, world.dataverse.rows, rows])


@pytest.fixture
def mixed(world: World) -> Record:
    """Something to be created, to be changed and to fail; returns the one that is changed."""
    customer, _ = world.pair("Adatum", city="Oslo")
    world.customer("Relecloud")
    world.customer("Contoso", salespersonCode="LT")
    return world.edit(customer, city="Bergen")


def test_nothing_is_written_on_either_side_or_here(world: World, mixed: Record) -> None:
    before = everything(world)

    preview(world)

    assert everything(world) == before


def test_each_record_is_counted_once_by_what_would_be_done(world: World, mixed: Record) -> None:
    plan = preview(world)

    assert plan.totals == {"Insert": 1, "Change": 1, "Fail": 1}
    assert plan.writes == 2
    assert plan.would_change == 1
    assert not plan.is_stopped


def test_a_change_names_its_field_before_and_after(world: World, mixed: Record) -> None:
    plan = preview(world)

    changed = plan.changes.get(kind="Change")
    assert changed.record_name.endswith("Adatum")
    assert changed.business_central_id == mixed.id
    assert changed.fields == [["Address 1: City", "Oslo", "Bergen"]]


def test_a_failure_says_why(world: World, mixed: Record) -> None:
    failed = preview(world).changes.get(kind="Fail")

    assert "LT" in failed.reason
    assert failed.cause.startswith("E-")


def test_an_option_is_planned_by_its_label(world: World) -> None:
    world.business_central.add("paymentTerms", code="14 DAYS", displayName="14 days")

    plan = preview(world, "PAYMENT TERMS")

    assert [(c.kind, c.record_name) for c in plan.changes.all()] == [("Insert", "14 DAYS")]


def test_the_guard_tells_beforehand_that_it_would_stop(world: World) -> None:
    change_all(world, many(world, 12))

    plan = preview(world, mode=Mode.MODIFIED)

    assert (plan.would_change, plan.is_stopped) == (12, True)


def test_all_are_counted_and_the_first_of_a_kind_listed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planned, "LISTED", 3)
    for number in range(5):
        world.customer(f"Customer {number}")

    plan = preview(world)

    assert plan.totals["Insert"] == 5
    assert plan.changes.count() == 3


def test_the_last_three_of_a_mapping_are_kept_for_a_week(world: World, mixed: Record) -> None:
    made = [preview(world) for _ in range(4)]
    of_another = preview(world, "VENDOR")

    kept = set(PlannedRun.objects.values_list("pk", flat=True))
    plans.forget_expired(now=of_another.run.started_at + timedelta(days=8))

    assert kept == {*(plan.pk for plan in made[1:]), of_another.pk}
    assert not PlannedChange.objects.exists()
