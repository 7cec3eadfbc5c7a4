"""Edits that happen at an unlucky moment still arrive, and no run sees what is not there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connections.causes import Cause
from connections.systems import Lookup
from mappings.models import Coupling, IntegrationTableMapping, PendingCoupling
from mappings.terms import DeletionConflictResolution, Direction
from syncjobs.models import JobQueueEntry
from syncjobs.runs import phase
from syncjobs.runs.invariants import violations
from syncjobs.terms import Mode, RunStatus
from tests.syncjobs.conftest import OURS, World, counts
from tests.syncjobs.test_followups import contact, person
from tests.syncjobs.test_phases import Crash, Dies, new_run

pytestmark = pytest.mark.django_db

TO, FROM = Direction.TO_INTEGRATION_TABLE, Direction.FROM_INTEGRATION_TABLE


def test_an_edit_before_a_primary_contact_is_set_still_arrives(world: World) -> None:  # E-3.8
    customer = world.customer(primaryContactNumber="C2")
    person(world, customer)
    world.run(mode=Mode.FULL)
    world.edit(world.accounts()[0], telephone1="555")

    world.run("CONTACT", mode=Mode.FULL)
    world.run()

    assert world.now(world.accounts()[0])["primarycontactid"] is not None
    assert world.now(customer)["phoneNumber"] == "555"


def test_a_crash_after_the_company_was_stamped_is_no_change_of_sales(world: World) -> None:
    account = world.account(bcbi_companyid=None)  # E-3.66
    entry = JobQueueEntry.objects.create(company=world.company, job="x", description="x")
    crash = Dies(new_run(world, entry, RunStatus.ERROR).pk, "before our commit", 1)
    with pytest.raises(Crash):
        world.run(create=True, directions=(FROM,), progress=crash)
    world.run()
    customer = world.customers()[0]
    world.edit(customer, city="Oslo")

    report = world.run()

    assert world.now(account)["bcbi_companyid"] == OURS
    assert counts(report.jobs[0]) == {"Modified": 1}
    assert world.now(account)["address1_city"] == "Oslo"


def test_a_stamp_of_which_the_answer_is_lost_is_no_change_of_sales(world: World) -> None:
    account = world.account(bcbi_companyid=None)  # E-3.66
    world.dataverse.lost_answers = 1
    world.run(create=True, directions=(FROM,))
    world.run()
    world.edit(world.customers()[0], city="Oslo")

    report = world.run()

    assert world.now(account)["bcbi_companyid"] == OURS
    assert counts(report.jobs[0]) == {"Modified": 1}


def test_a_run_that_goes_on_looks_at_the_contacts_of_new_customers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:  # E-3.92
    monkeypatch.setattr(phase, "PAGE", 2)
    monkeypatch.setattr(phase, "SMALLEST_PAGE", 2)
    customer = world.customer(systemCreatedAt=world.clock.now)
    ann = person(world, customer)
    world.clock.advance(timedelta(hours=5))
    world.set("CONTACT", sent_up_to=world.clock.now, synch_only_coupled_records=False)
    for number in range(6):
        world.clock.advance(timedelta(hours=1))
        world.business_central.add(
            "contacts", number=f"P{number}", type="Person", companyNumber="C1"
        )
    entry = JobQueueEntry.objects.create(company=world.company, job="x", description="x")
    crash = Dies(new_run(world, entry, RunStatus.ERROR).pk, "after our commit", 2)
    with pytest.raises(Crash):
        world.run("CONTACT", progress=crash)
    world.run(create=True)
    run = new_run(world, entry, RunStatus.IN_PROCESS)

    world.run("CONTACT", progress=Dies(run.pk, "never", 0))

    assert Coupling.objects.filter(business_central_id=ann.id).exists()


def test_a_removed_coupling_gives_the_row_back(world: World) -> None:  # E-3.33, E-4.20
    world.set(deletion_conflict_resolution=DeletionConflictResolution.REMOVE)
    customer, account = world.pair()
    world.run()
    world.drop(customer)
    world.edit(account, telephone1="1")

    report = world.run()

    assert counts(report) == {}
    assert not Coupling.objects.exists()
    assert world.now(account)["bcbi_companyid"] is None


def test_a_crash_before_what_follows_a_page_leaves_it_to_the_next_run(world: World) -> None:
    customer = world.customer(primaryContactNumber="C2", systemCreatedAt=world.clock.now)  # E-3.91
    person(world, customer)
    world.run(mode=Mode.FULL)
    entry = JobQueueEntry.objects.create(company=world.company, job="x", description="x")
    crash = Dies(new_run(world, entry, RunStatus.ERROR).pk, "after our commit", 1)
    with pytest.raises(Crash):
        world.run("CONTACT", mode=Mode.FULL, progress=crash)

    world.run("CONTACT", mode=Mode.FULL)
    world.run()

    assert world.now(world.accounts()[0])["primarycontactid"] is not None


def test_a_crash_after_a_customer_arrived_still_looks_at_its_contacts_again(
    world: World,
) -> None:  # E-3.92
    customer = world.customer(systemCreatedAt=world.clock.now)
    world.set("CONTACT", sent_up_to=world.clock.now + timedelta(days=1))
    entry = JobQueueEntry.objects.create(company=world.company, job="x", description="x")
    crash = Dies(new_run(world, entry, RunStatus.ERROR).pk, "after our commit", 1)
    with pytest.raises(Crash):
        world.run(mode=Mode.FULL, progress=crash)

    world.run(mode=Mode.FULL)

    moved = IntegrationTableMapping.objects.get(name="CONTACT").sent_up_to
    assert moved == customer.values["systemCreatedAt"]


def test_a_preview_does_not_bring_back_what_it_sent(world: World) -> None:  # E-3.42
    world.set(update_conflict_resolution="Send")
    customer, account = world.pair()
    world.run()
    world.edit(customer, city="Oslo")
    world.edit(account, address1_city="Bergen")

    planned = world.run(dry_run=True)
    done = world.run()

    assert [counts(job) for job in planned.jobs] == [counts(job) for job in done.jobs]


def test_a_preview_couples_a_pair_once(world: World) -> None:  # E-4.30
    world.customer(email="a@adatum.com")
    world.account(emailaddress1="a@adatum.com")

    planned = world.run(mode=Mode.FULL, dry_run=True)
    done = world.run(mode=Mode.FULL)

    assert [counts(job) for job in planned.jobs] == [counts(job) for job in done.jobs]


def test_a_contact_of_a_recreated_customer_goes_under_the_new_account(world: World) -> None:
    customer, _ = world.pair(number="10000")
    world.drop(customer)
    again, account = world.pair(number="10000")
    ann = person(world, again)

    world.run("CONTACT", mode=Mode.FULL)

    assert world.now(world.partner(ann))["parentcustomerid"] == Lookup("account", account.id)


def test_a_field_that_is_disabled_is_not_set_by_a_contact_either(world: World) -> None:  # E-3.91
    customer, account = world.pair()
    person(world, customer)
    bob = contact(world, account)
    world.edit(account, primarycontactid=Lookup("contact", bob.id))
    world.run()
    world.set_field("primaryContactNumber", status="Disabled")

    world.run("CONTACT", mode=Mode.FULL, directions=(FROM,))

    assert not world.now(customer)["primaryContactNumber"]


def test_a_stranger_that_is_held_back_does_not_keep_a_job_busy(world: World) -> None:  # E-3.21
    world.customer("Bad")
    PendingCoupling.objects.create(
        company=world.company,
        mapping_name="CUSTOMER",
        direction=TO,
        record_id=world.customers()[0].id,
        cause="refused",
        message="No",
        skipped=True,
        seen_at=world.clock.now,
        failed_at=world.clock.now,
        record_version=world.customers()[0].version,
    )
    world.run()

    reports = [world.run(), world.run()]

    assert [counts(report) for report in reports] == [{}, {}]


def test_an_edit_behind_a_lost_write_is_seen_though_our_record_is_gone(world: World) -> None:
    """The answer to our write is lost, its record is deleted: the seller's edit still counts."""
    world.set(update_conflict_resolution="Merge")
    customer, account = world.pair()
    world.edit(customer, city="Oslo")
    world.edit(account, telephone1="+47 555 0101")
    world.dataverse.lost_answers = 1
    world.run()
    world.drop(customer)

    report = world.run()

    [problem] = report.jobs[1].errors
    assert problem.cause == Cause.DELETED
    assert violations(world.company, "CUSTOMER", systems=world, now=world.clock) == []
