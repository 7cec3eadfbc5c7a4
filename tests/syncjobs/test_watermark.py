"""How far a run has come: forward only, never past its start, and nothing hidden behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connections.systems import Side
from mappings.models import Coupling
from mappings.terms import Direction
from syncjobs.engine.watermark import advance, is_late, look_back
from syncjobs.terms import Mode
from tests.syncjobs.conftest import World, counts

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
TO = Direction.TO_INTEGRATION_TABLE


def test_a_watermark_only_moves_forward() -> None:  # E-3.15
    assert advance(NOON, NOON - timedelta(hours=1), NOON) == NOON


def test_a_watermark_never_passes_the_start_of_its_phase() -> None:  # E-3.14
    assert advance(None, NOON + timedelta(hours=1), NOON) == NOON


def test_nothing_selected_leaves_the_watermark_alone() -> None:  # E-3.14
    assert advance(NOON, None, NOON + timedelta(hours=1)) == NOON


def test_the_boundary_of_dataverse_is_read_again() -> None:  # E-3.7
    assert not is_late(Side.DATAVERSE, NOON, NOON)
    assert is_late(Side.DATAVERSE, NOON, NOON - timedelta(seconds=1))


def test_the_boundary_of_business_central_is_not() -> None:  # E-3.6
    assert is_late(Side.BUSINESS_CENTRAL, NOON, NOON)


def test_every_poll_overlaps_for_late_commits() -> None:
    assert look_back(Side.DATAVERSE, NOON) == NOON - timedelta(minutes=2)
    assert look_back(Side.BUSINESS_CENTRAL, NOON) == NOON - timedelta(minutes=10)
    assert look_back(Side.DATAVERSE, None) is None


def test_an_overlap_that_was_waited_out_is_not_read_again() -> None:
    side, minute = Side.BUSINESS_CENTRAL, timedelta(minutes=1)

    assert look_back(side, NOON, rest=3 * minute) == NOON - 7 * minute
    assert look_back(side, NOON, rest=30 * minute) == NOON
    assert look_back(Side.DATAVERSE, NOON, rest=30 * minute) == NOON - timedelta(milliseconds=999)


@pytest.mark.django_db
def test_a_bulk_import_is_read_again_only_while_late_commits_may_follow(world: World) -> None:
    for number in range(3):
        world.customer(f"C{number}")
    read = []

    for _ in range(4):
        world.business_central.rows_read.clear()
        world.run(create=True)
        world.clock.advance(timedelta(minutes=11))
        read.append(world.business_central.rows_read["customers"])

    assert read == [3, 3, 0, 0]


@pytest.mark.django_db
@pytest.mark.parametrize("minutes", [0, 5, 20])
def test_a_commit_that_is_late_by_less_than_the_overlap_is_always_found(
    world: World, minutes: int
) -> None:
    world.pair()
    world.run()
    for _ in range(3):
        world.clock.advance(timedelta(minutes=minutes))
        world.run()
    now = world.clock.now
    world.clock.now = now - timedelta(minutes=9)
    customer = world.customer("Late")
    world.clock.now = now

    world.run(create=True)

    assert Coupling.objects.filter(business_central_id=customer.id).exists()


@pytest.mark.django_db
def test_a_run_moves_both_watermarks(world: World) -> None:
    customer = world.customer()
    account = world.account("Fabrikam")

    world.run(mode=Mode.FULL)

    row = world.mapping()
    assert row.sent_up_to == customer.modified_at
    assert row.received_up_to is not None
    assert row.received_up_to >= account.modified_at


@pytest.mark.django_db
def test_a_failure_does_not_hold_the_watermark_back(world: World) -> None:  # E-3.15
    customer = world.customer(currencyCode="USD")

    world.run(mode=Mode.FULL)

    assert world.mapping().sent_up_to == customer.modified_at


@pytest.mark.django_db
def test_a_change_that_was_committed_late_is_found(world: World) -> None:
    customer, account = world.pair()
    other = world.customer("Other")
    world.run(create=True)
    world.edit(other, city="Bergen")
    world.clock.advance(timedelta(minutes=5))
    world.edit(other, city="Oslo")
    world.run()
    early = world.clock.now
    world.clock.now = early - timedelta(minutes=4)
    world.edit(customer, city="Oslo")
    world.clock.now = early

    report = world.run()

    assert counts(report.jobs[0])["Modified"] == 1
    assert world.now(account)["address1_city"] == "Oslo"


@pytest.mark.django_db
def test_rows_of_the_overlap_at_their_noted_version_are_counted_nowhere(world: World) -> None:
    world.pair()
    world.customer("Newer")
    world.run(create=True)
    world.run(create=True)

    report = world.run(directions=(TO,))

    assert counts(report) == {}


@pytest.mark.django_db
def test_a_watermark_that_was_set_back_meanwhile_stays_there(world: World) -> None:  # E-3.92
    world.pair()
    world.run()
    world.customer("New")
    earlier = world.clock.now - timedelta(days=1)
    world.dataverse.before_write.append(lambda: world.set(sent_up_to=earlier))

    world.run(create=True)

    assert world.mapping().sent_up_to == earlier
