"""What is noted before a write, and how a lost write is found again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from connections.causes import Cause
from connections.errors import TransientError
from connections.systems import Record, Write
from mappings import pairing
from mappings.models import Coupling, Intent, PendingCoupling
from mappings.terms import Direction
from syncjobs.runs.invariants import violations
from syncjobs.terms import Mode
from tests.syncjobs.conftest import World, counts

pytestmark = pytest.mark.django_db

TO, FROM = Direction.TO_INTEGRATION_TABLE, Direction.FROM_INTEGRATION_TABLE


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


def test_a_system_that_fails_in_the_middle_of_a_page_makes_nothing_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        world.customer(f"Customer {number}")
    write = world.dataverse.write

    def fails_after_three(table: str, writes: Sequence[Write], columns: Sequence[str]) -> Any:
        write(table, writes[:3], columns)
        message = "Number of requests exceeded the limit."
        raise TransientError(message, cause=Cause.THROTTLED)

    with monkeypatch.context() as patched:
        patched.setattr(world.dataverse, "write", fails_after_three)
        with pytest.raises(TransientError):
            world.run(mode=Mode.FULL)

    report = world.run(mode=Mode.FULL)

    assert counts(report.jobs[0])["Inserted"] == 5
    assert len(world.accounts()) == Coupling.objects.count() == 5
    assert not Intent.objects.exists()


def give_own_ids(world: World, table: str) -> None:
    """Let a table number its records itself, as Business Central's standard pages do."""
    described = world.business_central.describe(table)
    world.business_central.tables = {
        **world.business_central.tables,
        table: replace(described, takes_id=False),
    }


def test_what_got_a_number_and_an_id_there_is_known_by_what_it_holds(world: World) -> None:
    give_own_ids(world, "customers")
    account = world.account("Fabrikam", telephone1="123")
    world.business_central.lost_answers = 1
    world.run(create=True, directions=(FROM,))

    world.run(create=True)

    [customer] = world.customers()
    assert world.partner(account).id == customer.id
    assert not Intent.objects.exists()


def test_of_two_that_hold_the_same_a_person_chooses(world: World) -> None:
    give_own_ids(world, "customers")
    world.account("Fabrikam")
    world.business_central.lost_answers = 1
    world.run(create=True, directions=(FROM,))
    given: dict[str, Any] = {**world.customers()[0].values, "number": "X"}
    world.business_central.add("customers", **given)

    report = world.run(create=True, directions=(FROM,))
    again = world.run(create=True, directions=(FROM,))

    assert len(world.customers()) == 2
    assert "Inserted" not in counts(again)
    assert report.jobs[-1].errors[0].cause == Cause.AMBIGUOUS
    assert not Coupling.objects.exists()
    assert PendingCoupling.objects.get().cause == Cause.AMBIGUOUS


def test_a_code_that_is_somebody_elses_is_not_taken_for_ours(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_own_ids(world, "salespeoplePurchasers")
    bart = user(world)
    write = world.business_central.write

    def other_first(*given: Any) -> Any:
        monkeypatch.setattr(world.business_central, "write", write)
        world.business_central.add(
            "salespeoplePurchasers", code="SP NO. 00001", displayName="Somebody Else"
        )
        message = "The worker died."
        raise TransientError(message, cause=Cause.UNAVAILABLE)

    monkeypatch.setattr(world.business_central, "write", other_first)
    with pytest.raises(TransientError):
        world.run("SALESPEOPLE", mode=Mode.FULL)

    world.run("SALESPEOPLE", mode=Mode.FULL)

    assert world.now(world.partner(bart))["displayName"] == "Bart Duncan"


def test_a_row_that_a_person_gave_to_another_since_stays_with_that_one(world: World) -> None:
    customer, other = world.customer("Adatum"), world.customer("Fabrikam")
    world.dataverse.lost_answers = 1
    world.run(create=True, ids=(customer.id,), directions=(TO,))
    [row] = world.accounts()
    systems = pairing.Systems(world.business_central, world.dataverse)
    pairing.couple(world.mapping(), other.id, row.id, systems)

    world.run(create=True, directions=(TO,))

    assert world.partner(other).id == row.id
    assert world.partner(customer).id != row.id
    assert not Intent.objects.exists()


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
