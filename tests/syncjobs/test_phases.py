"""How a phase goes about its pages: conflicts, deletions, the guard, resuming, its cost."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connections.causes import Cause
from connections.systems import Record
from mappings.models import Coupling, PendingCoupling
from mappings.terms import Direction
from syncjobs.models import JobQueueEntry, Run, SynchJob
from syncjobs.runs import phase
from syncjobs.runs.context import Silent
from syncjobs.runs.guard import MassChangeError
from syncjobs.terms import Mode, RunStatus
from tests.syncjobs.conftest import World, counts

pytestmark = pytest.mark.django_db

TO, FROM = Direction.TO_INTEGRATION_TABLE, Direction.FROM_INTEGRATION_TABLE


def many(world: World, number: int) -> list[Record]:
    customers = [world.customer(f"Customer {n}", email=f"{n}@x.com") for n in range(number)]
    world.run(mode=Mode.FULL)
    world.run()
    return customers


# Both sides changed


def test_different_fields_of_both_sides_merge(world: World) -> None:
    world.set(update_conflict_resolution="Merge")
    customer, account = world.pair()
    world.run()
    world.edit(customer, city="Oslo")
    world.edit(account, telephone1="123")

    world.run()

    for values, city, phone in (
        (world.now(customer), "city", "phoneNumber"),
        (world.now(account), "address1_city", "telephone1"),
    ):
        assert (values[city], values[phone]) == ("Oslo", "123")


def test_a_field_left_to_the_other_direction_survives_another_edit_in_between(
    world: World,
) -> None:
    world.set(update_conflict_resolution="Merge")
    customer, account = world.pair()
    world.run()
    world.edit(customer, city="Oslo")
    world.edit(account, telephone1="123")
    world.run(directions=(TO,))
    world.edit(customer, email="a@x.com")
    world.run(directions=(TO,))

    world.run(directions=(FROM,))

    assert world.now(customer)["phoneNumber"] == "123"
    assert world.now(account)["telephone1"] == "123"


def test_the_same_field_collides_and_fails_both_ways(world: World) -> None:  # E-3.41, E-3.42
    customer, account = world.pair()
    world.run()
    world.edit(customer, city="Oslo")
    world.edit(account, address1_city="Bergen")

    report = world.run()

    assert [counts(job) for job in report.jobs] == [{"Failed": 1}, {"Failed": 1}]
    assert {error.cause for job in report.jobs for error in job.errors} == {Cause.CONFLICT}


@pytest.mark.parametrize(("resolution", "city"), [("Send", "Oslo"), ("Get", "Bergen")])
def test_the_chosen_side_wins_in_one_run(world: World, resolution: str, city: str) -> None:
    world.set(update_conflict_resolution=resolution)
    customer, account = world.pair()
    world.run()
    world.edit(customer, city="Oslo")
    world.edit(account, address1_city="Bergen")

    world.run()

    assert world.now(customer)["city"] == city
    assert world.now(account)["address1_city"] == city


def test_an_update_that_yielded_is_carried_back_even_outside_the_filter(world: World) -> None:
    world.set(update_conflict_resolution="Get")
    customer, account = world.pair()
    world.run()
    world.edit(customer, city="Oslo")
    world.edit(account, address1_city="Bergen", statecode=1)

    world.run()

    assert world.now(customer)["city"] == "Bergen"


def test_what_only_comes_back_is_carried_after_a_run_one_way(world: World) -> None:  # E-3.43
    world.set_field("phoneNumber", direction=FROM)
    customer, account = world.pair()
    world.run()
    world.edit(account, telephone1="123")
    world.edit(customer, creditLimit=500)
    world.run(directions=(TO,))
    world.edit(customer, city="Oslo")
    world.run(directions=(TO,))

    world.run(directions=(FROM,))

    assert world.now(customer)["phoneNumber"] == "123"
    assert world.now(account)["address1_city"] == "Oslo"


# The other record is gone


@pytest.mark.parametrize("side", ["to", "from"])
def test_restore_creates_the_record_anew(world: World, side: str) -> None:  # E-3.32
    world.set(deletion_conflict_resolution="Restore")
    customer, account = world.pair()
    world.run()
    survivor, victim = (customer, account) if side == "to" else (account, customer)
    world.drop(victim)
    world.edit(survivor, **({"city": "Oslo"} if side == "to" else {"address1_city": "Oslo"}))

    report = world.run()
    again = world.run()

    assert counts(report)["Inserted"] == 1
    assert world.partner(survivor).id != victim.id
    assert set(counts(again)) <= {"Unchanged"}
    assert Coupling.objects.count() == 1


def test_delete_coupling_forgets_it_and_counts_nothing(world: World) -> None:  # E-3.33
    world.set(deletion_conflict_resolution="Remove")
    customer, account = world.pair()
    world.run()
    world.drop(account)
    world.edit(customer, city="Oslo")

    report = world.run()

    assert counts(report) == {}
    assert not Coupling.objects.exists()


def test_a_record_whose_coupling_was_deleted_may_be_created_again(world: World) -> None:  # E-3.36
    world.set(deletion_conflict_resolution="Remove", synch_only_coupled_records=False)
    customer, account = world.pair()
    world.run()
    world.drop(account)
    world.edit(customer, city="Oslo")
    world.run()
    world.edit(customer, city="Bergen")

    report = world.run()

    assert counts(report.jobs[0]) == {"Inserted": 1}


def test_a_deleted_partner_fails_the_record(world: World) -> None:  # E-3.31
    customer, account = world.pair()
    world.run()
    world.drop(account)
    world.edit(customer, city="Oslo")

    report = world.run()

    assert report.jobs[0].errors[0].cause == Cause.DELETED


# The guard


def change_all(world: World, customers: list[Record]) -> None:
    for customer in customers:
        world.edit(customer, city="Nowhere")


def test_a_run_that_changes_too_much_stops_before_it_writes(world: World) -> None:
    customers = many(world, 20)
    change_all(world, customers[:10])

    with pytest.raises(MassChangeError, match="10 of 20 coupled records"):
        world.run()

    assert all(row.values["address1_city"] is None for row in world.accounts())
    assert "mass-change guard" in SynchJob.objects.exclude(message="").get().message


def test_a_person_can_confirm_it(world: World) -> None:
    customers = many(world, 20)
    change_all(world, customers)

    report = world.run(confirmed=True)

    assert counts(report.jobs[0])["Modified"] == 20


def test_fewer_than_ten_changes_are_never_too_many(world: World) -> None:
    customers = many(world, 9)
    change_all(world, customers)

    assert counts(world.run().jobs[0])["Modified"] == 9


def test_creations_do_not_count(world: World) -> None:
    many(world, 10)
    for number in range(30):
        world.customer(f"New {number}")

    assert counts(world.run(mode=Mode.FULL).jobs[0])["Inserted"] == 30


def test_records_that_were_never_in_step_do_not_count(world: World) -> None:
    customers = many(world, 20)
    change_all(world, customers)
    Coupling.objects.update(last_synch_crm_result="")

    assert counts(world.run().jobs[0])["Modified"] == 20


def test_a_long_run_is_looked_at_as_a_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phase, "PAGE", 5)
    customers = many(world, 20)
    change_all(world, customers)

    with pytest.raises(MassChangeError):
        world.run()

    assert all(row.values["address1_city"] is None for row in world.accounts())


# A run that died


class Crash(BaseException):
    """The process ended; nothing that runs on errors runs after it."""


class Dies(Silent):
    """Somebody whose process ends at a point it comes to for the nth time."""

    def __init__(self, run_id: int, point: str, times: int) -> None:
        self.run_id = run_id
        self.point = point
        self.times = times

    def at(self, point: str) -> None:
        if point == self.point:
            self.times -= 1
            if self.times == 0:
                raise Crash


def new_run(world: World, entry: JobQueueEntry, status: RunStatus) -> Run:
    return Run.objects.create(
        company=world.company,
        entry=entry,
        job="synchronize",
        description="x",
        status=status,
        started_at=world.clock.now,
    )


def test_a_run_goes_on_at_its_last_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phase, "PAGE", 5)
    monkeypatch.setattr(phase, "SMALLEST_PAGE", 5)
    for number in range(20):
        world.customer(f"Customer {number}")
        world.clock.advance(timedelta(hours=1))
    entry = JobQueueEntry.objects.create(company=world.company, job="synchronize", description="x")
    died = new_run(world, entry, RunStatus.ERROR)
    with pytest.raises(Crash):
        world.run(mode=Mode.FULL, progress=Dies(died.pk, "after our commit", 3))
    run = new_run(world, entry, RunStatus.IN_PROCESS)

    report = world.run(mode=Mode.FULL, progress=Dies(run.pk, "never", 0))

    assert counts(report.jobs[0]) == {"Inserted": 5, "Unchanged": 1}
    assert len(world.accounts()) == 20
    assert SynchJob.objects.filter(finished_at=None).count() == 0


@pytest.mark.parametrize(
    "point",
    [
        "before the intent",
        "after the intent",
        "after the answer",
        "before our commit",
        "after our commit",
    ],
)
@pytest.mark.parametrize("way", [TO, FROM])
@pytest.mark.parametrize("kind", ["insert", "update"])
def test_a_crash_anywhere_leaves_one_row_one_coupling_and_loses_nothing(
    world: World, point: str, way: Direction, kind: str
) -> None:  # E-3.46, E-3.47
    source = _changed(world, way, kind)
    entry = JobQueueEntry.objects.create(company=world.company, job="x", description="x")
    crash = Dies(new_run(world, entry, RunStatus.ERROR).pk, point, 1)
    with pytest.raises(Crash):
        world.run(create=True, directions=(way,), progress=crash)

    world.run(create=True)
    again = world.run(create=True)

    assert crash.times == 0, "the point was not hit"
    assert (len(world.customers()), len(world.accounts())) == (1, 1)
    assert Coupling.objects.count() == 1
    partner = world.partner(source)
    city = "address1_city" if way == TO else "city"
    assert world.now(partner)[city] == "Oslo"
    assert set(counts(again)) <= {"Unchanged"}


def _changed(world: World, way: Direction, kind: str) -> Record:
    city: dict[str, Any] = {"city" if way == TO else "address1_city": "Oslo"}
    if kind == "insert":
        return world.customer(**city) if way == TO else world.account(**city)
    customer, account = world.pair()
    world.run()
    return world.edit(customer if way == TO else account, **city)


# What it costs


def statements(captured: CaptureQueriesContext) -> Counter[str]:
    """Count statements by what they do to which table; a cut insert is one (SQLite's limit)."""
    found: Counter[str] = Counter()
    before = ""
    for query in captured:
        if query["sql"].startswith(("SAVEPOINT", "RELEASE")):
            continue
        # PostgreSQL declares a cursor for what is read piece by piece.
        sql = re.sub(r"^DECLARE .*? FOR ", "", query["sql"], flags=re.DOTALL)
        kind = re.sub(r'^(\w+)[^"]*"(\w+)".*', r"\1 \2", sql, flags=re.DOTALL)[:60]
        if not (kind == before and kind.startswith("INSERT")):
            found[kind] += 1
        before = kind
    return found


@pytest.mark.parametrize("kind", ["insert", "update", "fail", "unchanged"])
def test_a_page_costs_the_same_statements_for_10_and_for_100_records(
    world: World, kind: str
) -> None:
    world.run()

    few, lots = _cost(world, kind, 10), _cost(world, kind, 100)

    assert few == lots


def _cost(world: World, kind: str, number: int) -> Counter[str]:
    customers = [world.customer(f"{kind} {number} {n}") for n in range(number)]
    given: dict[str, Any] = {"confirmed": True}
    if kind in ("update", "unchanged"):
        world.run(mode=Mode.FULL, confirmed=True)
        world.clock.advance(timedelta(hours=1))
        world.run()
        for customer in customers if kind == "update" else ():
            world.edit(customer, city="Oslo")
    if kind == "fail":
        for customer in customers:
            world.edit(customer, currencyCode="USD")
    if kind != "update":
        given["mode"] = Mode.FULL
    with CaptureQueriesContext(connection) as captured:
        world.run(directions=(TO,), **given)
    for customer in customers:
        world.drop(customer)
    Coupling.objects.all().delete()
    PendingCoupling.objects.all().delete()
    return statements(captured)
