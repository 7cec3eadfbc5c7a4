"""Find for Deleted: what lost a record is held back, restored or forgotten (E-4.47 to E-4.49)."""

from __future__ import annotations

import pytest

from connections.causes import Cause
from connections.systems import Record
from mappings import pairing
from mappings.models import Coupling
from mappings.terms import DeletionConflictResolution, Direction
from syncjobs.runs.deleted import Found, count_deleted, find_deleted
from syncjobs.runs.guard import MassChangeError
from syncjobs.terms import Mode
from tests.syncjobs.conftest import World, counts

pytestmark = pytest.mark.django_db
TO, FROM = Direction.TO_INTEGRATION_TABLE, Direction.FROM_INTEGRATION_TABLE


def find(world: World, name: str = "CUSTOMER") -> Found:
    return find_deleted(world.company, name, systems=world, now=world.clock)


def coupling_of(record: Record) -> Coupling:
    return Coupling.objects.get(business_central_id=record.id)


@pytest.fixture
def pairs(world: World) -> list[tuple[Record, Record]]:
    """Four customers with their accounts: whole, and about to lose one side, the other, or both."""
    customers = [world.customer(f"Customer {number}") for number in range(4)]
    world.run(create=True)
    world.run()
    return [(customer, world.partner(customer)) for customer in customers]


def test_what_lost_a_record_is_held_back_and_what_lost_both_is_forgotten(
    world: World, pairs: list[tuple[Record, Record]]
) -> None:
    whole, without_account, without_customer, without_both = pairs
    world.drop(without_account[1])
    world.drop(without_customer[0])
    for record in without_both:
        world.drop(record)
    counted = count_deleted(world.company, "CUSTOMER", systems=world)

    found = find(world)

    assert found == counted == Found(looked_at=4, one_gone=2, both_gone=1)
    assert not coupling_of(whole[0]).skipped
    assert not Coupling.objects.filter(business_central_id=without_both[0].id).exists()
    told = {
        (row.business_central_id, row.last_crm_error or row.last_error, row.cause)
        for row in Coupling.objects.in_error()
    }
    assert told == {
        (without_account[0].id, "The coupled Account was deleted.", Cause.DELETED),
        (without_customer[0].id, "The coupled Customer was deleted.", Cause.DELETED),
    }
    assert set(counts(world.run())) <= {"Unchanged", "Skipped"}


def test_where_nearly_everything_seems_deleted_nothing_is_held_back(world: World) -> None:
    customers = [world.customer(f"Customer {number}") for number in range(20)]
    world.run(create=True)
    for customer in customers[:10]:
        world.drop(world.partner(customer))

    with pytest.raises(MassChangeError, match="at least 10 couplings"):
        find(world)

    assert not Coupling.objects.in_error().exists()


@pytest.mark.parametrize("lost", [0, 1])
def test_a_restored_record_is_made_from_the_one_that_is_left(
    world: World, pairs: list[tuple[Record, Record]], lost: int
) -> None:  # C-1911
    pair = pairs[0]
    world.drop(pair[lost])
    find(world)
    pairing.retry([row.pk for row in Coupling.objects.in_error()])
    way = TO if lost else FROM

    report = world.run(ids=(pair[1 - lost].id,), directions=(way,), mode=Mode.FULL, restore=True)

    assert counts(report) == {"Inserted": 1}
    assert len(world.customers()) == len(world.accounts()) == 4
    assert world.partner(pair[1 - lost]).id != pair[lost].id
    assert set(counts(world.run())) <= {"Unchanged"}


def test_where_the_mapping_has_a_rule_for_deletions_its_next_run_follows_it(
    world: World, pairs: list[tuple[Record, Record]]
) -> None:
    customer, account = pairs[0]
    world.set(deletion_conflict_resolution=DeletionConflictResolution.RESTORE)
    world.drop(account)

    find(world)
    report = world.run()

    assert counts(report)["Inserted"] == 1
    assert world.now(world.partner(customer))["name"] == "Customer 0"


def test_of_a_one_way_mapping_also_what_left_the_filter_is_held_back(world: World) -> None:
    currency = world.business_central.add("currencies", code="NOK", displayName="Krone")
    world.set("CURRENCY", table_filter=[["displayName", "ne", "Gone"]])
    row = Coupling.objects.create(
        company=world.company, mapping_name="CURRENCY", business_central_id=currency.id,
        dataverse_id=world.dataverse.all("transactioncurrency")[0].id,
    )  # fmt: skip
    before = find(world, "CURRENCY")
    world.edit(currency, displayName="Gone")

    after = find(world, "CURRENCY")

    row.refresh_from_db()
    assert (before.outside, after.outside) == (0, 1)
    assert (row.cause, row.skipped) == (Cause.OUTSIDE, True)
