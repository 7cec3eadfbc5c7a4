"""The daily sweep: a change that was committed late, behind the watermark, is found and carried."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from connections.models import Company, DataverseConnectionSetup
from connections.systems import Record, Side
from integration_admin.management.commands import check_invariants
from mappings.models import Coupling, IntegrationTableMapping, PendingCoupling
from mappings.terms import Direction
from syncjobs import activation, clock, on_demand, queue, tasks
from syncjobs.models import JobQueueEntry, Run, Sweep
from syncjobs.runs.invariants import violations
from syncjobs.runs.sweep import PAGES, sweep_mapping
from syncjobs.terms import JobStatus, Mode, RunStatus
from tests.connected import connected, trusting
from tests.running_sandbox import RunningSandbox
from tests.syncjobs.conftest import World, counts
from tests.syncjobs.test_commands import call, read

__all__ = ["connected", "trusting"]
pytestmark = pytest.mark.django_db
TO, FROM = Direction.TO_INTEGRATION_TABLE, Direction.FROM_INTEGRATION_TABLE
LATE = timedelta(hours=1)  # longer than any overlap


def late(world: World, record: Record, **values: str) -> None:
    """Edit a record in a transaction that commits only now, with the time of its beginning."""
    world.clock.advance(-LATE)
    world.edit(record, **values)
    world.clock.advance(LATE)


def sweep(world: World, name: str = "CUSTOMER") -> dict[Direction, tuple[int, int]]:
    """Sweep a while later; return what was hidden and what is left, by direction."""
    world.clock.advance()
    swept = sweep_mapping(world.company, name, systems=world, now=world.clock)
    return {Direction(one.direction): (one.hidden, one.left) for one in swept}


def in_step(world: World) -> tuple[Record, Record]:
    """Return a coupled pair that several runs have seen, the last of them long after its edit."""
    pair = world.pair()
    world.run()
    world.clock.advance(2 * LATE)
    other = world.customer("Trey Research")
    world.run(create=True)
    world.run()
    world.edit(other, city="Bergen")
    world.run()
    world.edit(world.partner(other), telephone1="1")
    world.run()
    return pair


@pytest.mark.parametrize("side", [Side.BUSINESS_CENTRAL, Side.DATAVERSE])
def test_an_edit_that_was_committed_late_is_found_and_carried(world: World, side: Side) -> None:
    customer, account = in_step(world)
    if side == Side.BUSINESS_CENTRAL:
        late(world, customer, city="Oslo")
    else:
        late(world, account, address1_city="Oslo")
    missed = counts(world.run())
    known = violations(world.company, "CUSTOMER", systems=world, now=world.clock)

    found = sweep(world)

    way = TO if side == Side.BUSINESS_CENTRAL else FROM
    assert missed == {"Unchanged": missed.get("Unchanged", 0)}
    assert len(known) == 1
    assert found[way] == (1, 0)
    assert world.now(customer)["city"] == world.now(account)["address1_city"] == "Oslo"
    assert violations(world.company, "CUSTOMER", systems=world, now=world.clock) == []


def test_a_record_that_was_created_late_is_created_on_the_other_side(world: World) -> None:
    world.set(synch_only_coupled_records=False)
    in_step(world)
    world.clock.advance(-LATE)
    customer = world.customer("Late Ltd.")
    world.clock.advance(LATE)
    world.run()

    assert sweep(world)[TO] == (1, 0)
    assert world.partner(customer).values["name"] == "Late Ltd."


def test_what_the_sweep_finds_and_cannot_carry_is_parked_with_a_cause(world: World) -> None:
    world.set(synch_only_coupled_records=False)
    in_step(world)
    world.clock.advance(-LATE)
    customer = world.customer("Foreign", currencyCode="NOK")
    world.clock.advance(LATE)

    assert sweep(world)[TO] == (1, 0)
    assert PendingCoupling.objects.get().record_id == customer.id
    assert sweep(world)[TO] == (0, 0)


def test_a_late_conflict_is_a_conflict(world: World) -> None:
    customer, account = in_step(world)
    late(world, customer, city="Oslo")
    world.edit(account, address1_city="Lima")

    found = sweep(world)

    assert found[TO] == (1, 0)
    assert Coupling.objects.get(business_central_id=customer.id).cause == "E-CONFLICT"
    assert world.now(account)["address1_city"] == "Lima"


def test_an_account_that_was_deactivated_late_still_blocks_its_customer(
    world: World,
) -> None:  # E-3.93
    customer, account = in_step(world)
    world.clock.advance(-LATE)
    world.edit(account, statecode=1)
    world.clock.advance(LATE)

    assert sweep(world)[FROM] == (1, 0)
    assert world.now(customer)["blocked"] == "All"


def test_a_sweep_at_rest_reads_and_does_nothing_else(world: World) -> None:
    in_step(world)
    world.run()
    before = world.business_central.requests.copy(), world.dataverse.requests.copy()

    found = sweep(world)

    asked = [
        dict(system.requests - earlier)
        for system, earlier in zip((world.business_central, world.dataverse), before, strict=True)
    ]
    assert found == {TO: (0, 0), FROM: (0, 0)}
    assert asked == [{"read": 1}, {"read": 1}]
    assert Sweep.objects.get(direction=TO).looked_at == 2


def test_a_sweep_asks_once_for_5000_accounts_and_once_for_20000_customers(world: World) -> None:
    many = PAGES[Side.DATAVERSE] + 1
    for number in range(many):
        world.customer(f"C{number}")
        world.account(f"A{number}")
    world.set(sent_up_to=world.clock.now, received_up_to=world.clock.now)
    world.clock.advance()

    sweep(world)

    assert dict(world.business_central.requests) == {"read": 1}
    assert dict(world.dataverse.requests) == {"read": 2}


def test_before_its_first_run_a_mapping_has_nothing_to_sweep(world: World) -> None:
    world.customer()

    assert sweep(world) == {TO: (0, 0), FROM: (0, 0)}
    assert not world.business_central.requests


def test_what_a_mapping_leaves_out_on_purpose_is_not_called_missed(world: World) -> None:
    world.set("CONTACT", synch_only_coupled_records=False)
    world.business_central.add("contacts", number="P1", type="Person", companyNumber="")
    world.run("CONTACT", mode=Mode.FULL)
    world.clock.advance(LATE)
    world.set("CONTACT", sent_up_to=world.clock.now)

    assert sweep(world, "CONTACT")[TO] == (0, 0)


def test_the_command_names_what_was_missed_and_repairs_it(world: World) -> None:
    customer, _ = in_step(world)
    late(world, customer, city="Oslo")
    command = check_invariants.Command()

    with pytest.raises(SystemExit) as ended:
        call(world, command, "CUSTOMER")
    repaired = call(world, command, "CUSTOMER", "--repair")
    after = read(world, command, "CUSTOMER")

    assert ended.value.code == 1
    assert "1 of 1 changes that no run had seen were looked at now" in repaired
    assert after["violations"] == []
    assert Run.objects.get(job="sweep").status == RunStatus.SUCCESS


def test_every_company_sweeps_daily_and_goes_on_without_sales(world: World) -> None:
    DataverseConnectionSetup.objects.create(company=world.company, is_enabled=True)
    activation.create_default_entries(world.company, now=world.clock.now)
    entry = JobQueueEntry.objects.get(job="sweep")

    activation.hold(world.company, now=world.clock.now)
    entry.refresh_from_db()

    assert (entry.minutes_between_runs, entry.status) == (24 * 60, JobStatus.READY)


def test_a_worker_sweeps_real_systems_and_leaves_what_is_on_hold(
    connected: Company, sandbox: RunningSandbox
) -> None:
    now = clock.now()
    activation.create_default_entries(connected, now=now)
    queue.set_on_hold(JobQueueEntry.objects.get(mapping_name="VENDOR"), now=now)
    IntegrationTableMapping.objects.update(sent_up_to=now, received_up_to=now)
    entry = JobQueueEntry.objects.get(job="sweep")
    JobQueueEntry.objects.filter(pk=entry.pk).update(earliest_start=now)
    Coupling.objects.create(
        company=connected, mapping_name="CUSTOMER", business_central_id=uuid4(),
        dataverse_id=uuid4(),
    )  # fmt: skip

    tasks.run_entry(str(entry.pk))
    search = on_demand.find_deleted(connected, now=now, user=None)
    tasks.run_entry(str(search.entry_id))

    run = Run.objects.get(job="sweep")
    lines = [text for _, text in run.log]
    assert run.status == RunStatus.SUCCESS, run.error_message
    lost = "CUSTOMER: 1 coupling looked at; 1 lost both."  # E-3.30, E-4.48
    assert [line for line in lines if line.startswith(lost)]
    search.refresh_from_db()
    assert [text for _, text in search.log] == [lost, lost.replace("CUSTOMER", "All mappings")]
    assert not Coupling.objects.exists()
    assert "VENDOR is on hold and was left out." in lines
    assert lines[-1].endswith("every change had been seen.")
    assert Sweep.objects.filter(mapping_name="CUSTOMER").count() == 2
