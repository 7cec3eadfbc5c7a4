"""Runs of a mapping from end to end, between two systems in memory."""

from __future__ import annotations

import pytest

from syncjobs.models import SynchJob
from syncjobs.terms import Mode
from tests.syncjobs.conftest import World, counts

pytestmark = pytest.mark.django_db


def test_a_full_run_creates_the_missing_partner_both_ways(world: World) -> None:  # C-1017
    customer = world.customer("Adatum", city="Oslo", email="a@adatum.com")
    account = world.account("Fabrikam", telephone1="123")

    report = world.run(mode=Mode.FULL)

    to, back = report.jobs
    assert counts(to) == {"Inserted": 1}
    assert counts(back) == {"Inserted": 1}
    assert world.now(world.partner(customer))["address1_city"] == "Oslo"
    assert world.now(world.partner(account))["phoneNumber"] == "123"


def test_a_second_run_plans_nothing(world: World) -> None:
    for number in range(5):
        world.customer(f"Customer {number}")
        world.account(f"Account {number}")
    world.run(mode=Mode.FULL)
    written = world.business_central.requests["write"], world.dataverse.requests["write"]

    modified, full = world.run(), world.run(mode=Mode.FULL)

    assert set(counts(modified)) <= {"Unchanged"}
    assert set(counts(full)) == {"Unchanged"}
    assert written == (world.business_central.requests["write"], world.dataverse.requests["write"])
