"""What is noted before a write, and how a lost write is found again."""

from __future__ import annotations

from typing import Any

import pytest

from connections.systems import Record
from mappings.models import Coupling, Intent
from mappings.terms import Direction
from syncjobs.runs.invariants import violations
from syncjobs.terms import Mode
from tests.syncjobs.conftest import World, counts

pytestmark = pytest.mark.django_db

FROM = Direction.FROM_INTEGRATION_TABLE


def user(world: World) -> Record:
    given: dict[str, Any] = {"isdisabled": False, "islicensed": True, "isintegrationuser": False}
    return world.dataverse.add("systemuser", fullname="Bart Duncan", **given)


def test_what_a_table_named_itself_is_found_by_its_code(world: World) -> None:  # E-3.94
    bart = user(world)
    world.business_central.lost_answers = 1
    world.run("SALESPEOPLE", mode=Mode.FULL)

    world.run("SALESPEOPLE", mode=Mode.FULL)

    [salesperson] = world.business_central.all("salespeoplePurchasers")
    assert salesperson.values["code"] == "SP NO. 00001"
    assert Coupling.objects.get().dataverse_id == bart.id
    assert not Intent.objects.exists()


def test_both_directions_find_out_before_either_plans(world: World) -> None:
    world.account("Fabrikam")
    world.business_central.lost_answers = 1
    world.run(create=True, directions=(FROM,))

    world.run(create=True)

    assert (len(world.customers()), len(world.accounts())) == (1, 1)
    assert Coupling.objects.count() == 1


def test_an_open_intent_and_a_lost_change_are_violations(world: World) -> None:
    customer, _ = world.pair()
    world.run()
    world.edit(customer, city="Oslo")
    world.dataverse.lost_answers = 1
    world.run(directions=(Direction.TO_INTEGRATION_TABLE,))
    open_intent = violations(world.company, "CUSTOMER", systems=world, now=world.clock)
    world.run()
    world.edit(customer, city="Bergen")
    world.set(sent_up_to=world.clock.now)

    hidden = violations(world.company, "CUSTOMER", systems=world, now=world.clock)

    assert [violation.rule for violation in open_intent] == ["no open intent"]
    assert [violation.record for violation in hidden] == [customer.id]


def test_nothing_is_violated_at_rest(world: World) -> None:
    world.pair()
    world.customer("Bad", currencyCode="USD")
    report = world.run(mode=Mode.FULL)

    assert counts(report.jobs[0])["Failed"] == 1
    assert violations(world.company, "CUSTOMER", systems=world, now=world.clock) == []
