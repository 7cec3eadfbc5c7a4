"""What a page of writes brings with it: parents, primary contacts, and who waits for whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connections.causes import Cause
from connections.systems import Lookup, Record, Value
from mappings.models import Coupling, PendingCoupling
from mappings.terms import Direction
from syncjobs import queue
from syncjobs.models import JobQueueEntry, SynchJob
from syncjobs.terms import JobStatus, Mode
from tests.syncjobs.conftest import OURS, World, counts

pytestmark = pytest.mark.django_db

TO, FROM = Direction.TO_INTEGRATION_TABLE, Direction.FROM_INTEGRATION_TABLE


def person(world: World, customer: Record, number: str = "C2", **values: Value) -> Record:
    """Add a person who works for a customer."""
    world.business_central.add("contacts", number="C1", type="Company", displayName="Company")
    relate(world, "C1", customer)
    return world.business_central.add(
        "contacts",
        identity=None,
        by=None,
        number=number,
        type="Person",
        companyNumber="C1",
        firstName="Ann",
        surname="Beebe",
        **values,
    )


def relate(world: World, contact_number: str, customer: Record) -> None:
    """Let a company contact belong to a customer."""
    world.business_central.add(
        "contactBusinessRelations",
        contactNumber=contact_number,
        businessRelationCode="CUST",
        linkToTable="Customer",
        number=customer.values["number"],
    )


def contact(world: World, account: Record, **values: Value) -> Record:
    return world.dataverse.add(
        "contact",
        identity=None,
        by=None,
        firstname="Bob",
        lastname="Kelly",
        parentcustomerid=Lookup("account", account.id),
        bcbi_companyid=OURS,
        **values,
    )


def test_a_contact_goes_under_the_account_of_its_customer(world: World) -> None:  # E-3.90
    customer, account = world.pair()
    ann = person(world, customer)

    world.run("CONTACT", mode=Mode.FULL)

    assert world.now(world.partner(ann))["parentcustomerid"] == Lookup("account", account.id)


def test_a_contact_stays_under_its_account_while_its_customers_number_changes(
    world: World,
) -> None:
    customer, account = world.pair()
    ann = person(world, customer)
    world.run("CONTACT", mode=Mode.FULL)
    [relation] = world.business_central.all("contactBusinessRelations")
    was = customer.values["number"]
    world.edit(customer, number="NEW")
    world.edit(relation, number="NEW")
    relate(world, "C4", world.customer("Another one", number=was))
    world.edit(ann, city="Oslo")
    given: dict[str, Any] = {"number": "C5", "type": "Person", "companyNumber": "C4"}
    bob = world.business_central.add("contacts", **given)

    world.run("CONTACT", mode=Mode.FULL)  # CUSTOMER has not run since

    row = world.partner(ann)
    assert row.values["address1_city"] == "Oslo"
    assert row.values["parentcustomerid"] == Lookup("account", account.id)
    assert world.partner(bob).values["parentcustomerid"] is None  # its customer is not coupled


def moved(world: World, **bc: Value) -> tuple[Record, Record, Record]:
    """Return both sides of a contact that Sales moved to another account, and that account."""
    customer, _ = world.pair()
    other = world.pair("Trey")
    ann = person(world, customer)
    relate(world, "C3", other[0])
    world.set("CONTACT", synch_only_coupled_records=False)
    world.run("CONTACT")
    world.run("CONTACT")
    row = world.partner(ann)
    world.edit(row, parentcustomerid=Lookup("account", other[1].id))
    world.edit(ann, **bc)
    return ann, row, other[1]


@pytest.mark.parametrize("resolution", ["", "Send", "Get", "Merge"])
def test_a_move_in_sales_survives_an_edit_of_something_else_here(
    world: World, resolution: str
) -> None:
    ann, row, other = moved(world, displayName="Not mapped")
    world.set("CONTACT", update_conflict_resolution=resolution)

    reports = [world.run("CONTACT") for _ in range(2)]

    assert world.now(row)["parentcustomerid"] == Lookup("account", other.id)
    assert world.now(ann)["companyNumber"] == "C3"
    assert not any(job.errors for report in reports for job in report.jobs)


@pytest.mark.parametrize(
    ("resolution", "winner"), [("", None), ("Merge", None), ("Send", "C4"), ("Get", "C3")]
)
def test_a_contact_that_was_moved_on_both_sides_is_a_conflict(
    world: World, resolution: str, winner: str | None
) -> None:  # E-3.42
    third, _ = world.pair("Third")
    relate(world, "C4", third)
    ann, row, other = moved(world, companyNumber="C4")
    world.set("CONTACT", update_conflict_resolution=resolution)

    world.run("CONTACT")

    coupling = Coupling.objects.get(mapping_name="CONTACT")
    assert coupling.cause == ("" if winner else Cause.CONFLICT)
    assert world.now(ann)["companyNumber"] == (winner or "C4")
    there = world.partner(third) if winner == "C4" else other
    assert world.now(row)["parentcustomerid"] == Lookup("account", there.id)


def test_a_contact_without_a_company_is_not_for_sales(world: World) -> None:  # E-3.18
    world.business_central.add("contacts", number="C9", type="Person", companyNumber="C8")

    report = world.run("CONTACT", mode=Mode.FULL)

    assert counts(report) == {}


def test_a_parent_that_is_coupled_later_is_set_then(world: World) -> None:  # E-3.90
    customer = world.customer()
    ann = person(world, customer)
    world.run("CONTACT", mode=Mode.FULL)
    without = world.now(world.partner(ann))["parentcustomerid"]
    world.run(mode=Mode.FULL)

    world.run("CONTACT", mode=Mode.FULL)

    assert without is None
    assert world.now(world.partner(ann))["parentcustomerid"] is not None


def test_setting_parents_later_is_no_mass_change(world: World) -> None:
    world.set("CONTACT", guard_percent=0)
    customer = world.customer()
    person(world, customer)
    for number in range(12):
        world.business_central.add(
            "contacts", number=f"P{number}", type="Person", companyNumber="C1"
        )
    world.run("CONTACT", mode=Mode.FULL)
    world.run(mode=Mode.FULL)

    report = world.run("CONTACT", mode=Mode.FULL)

    assert counts(report.jobs[0]) == {"Modified": 13}


def test_an_uncoupled_account_is_synchronized_before_its_contact(world: World) -> None:  # E-3.99
    account = world.account()
    bob = contact(world, account)

    report = world.run("CONTACT", mode=Mode.FULL, directions=(FROM,))

    # The new customer has no company contact here, so its contact waits; the customer is there.
    assert Coupling.objects.filter(mapping_name="CUSTOMER", dataverse_id=account.id).exists()
    assert SynchJob.objects.filter(mapping_name="CUSTOMER", inserted=1).exists()
    assert report.jobs[0].errors[0].dataverse_id == bob.id
    assert report.jobs[0].errors[0].cause == Cause.NO_PARENT
    assert PendingCoupling.objects.get().record_id == bob.id


def test_a_contact_of_a_coupled_account_gets_its_company(world: World) -> None:  # E-3.90
    customer, account = world.pair()
    person(world, customer)
    bob = contact(world, account)

    world.run("CONTACT", mode=Mode.FULL, directions=(FROM,))

    values = world.now(world.partner(bob))
    assert (values["companyNumber"], values["companyName"]) == ("C1", "Adatum")


def test_a_primary_contact_is_set_when_it_arrives_and_makes_no_echo(world: World) -> None:
    customer = world.customer(primaryContactNumber="C2")  # E-3.91
    ann = person(world, customer)
    world.run(mode=Mode.FULL)
    before = world.now(world.accounts()[0])["primarycontactid"]

    world.run("CONTACT", mode=Mode.FULL)
    again = world.run()

    partner = world.partner(ann)
    assert before is None
    assert world.now(world.accounts()[0])["primarycontactid"] == Lookup("contact", partner.id)
    assert "Modified" not in counts(again)


def test_a_primary_contact_is_set_in_business_central_too(world: World) -> None:  # E-3.91
    customer, account = world.pair()
    person(world, customer)
    bob = contact(world, account)
    account = world.edit(account, primarycontactid=Lookup("contact", bob.id))
    world.run()

    world.run("CONTACT", mode=Mode.FULL, directions=(FROM,))
    again = world.run()

    assert world.now(customer)["primaryContactNumber"] == world.now(world.partner(bob))["number"]
    assert "Modified" not in counts(again.jobs[0])


def test_contacts_made_with_a_customer_are_looked_at_again(world: World) -> None:  # E-3.92
    customer = world.customer(systemCreatedAt=world.clock.now)
    world.set("CONTACT", sent_up_to=world.clock.now + timedelta(days=1))

    world.run(mode=Mode.FULL)

    assert world.mapping("CONTACT").sent_up_to == customer.values["systemCreatedAt"]


def test_a_coupling_wakes_the_jobs_that_may_wait_for_it(world: World) -> None:
    entry = JobQueueEntry.objects.create(
        company=world.company,
        job="synchronize",
        mapping_name="CONTACT",
        description="contacts",
        recurring=True,
        minutes_between_runs=30,
    )
    later = world.clock.now + timedelta(hours=5)
    queue.set_ready(entry, now=world.clock.now)
    JobQueueEntry.objects.update(earliest_start=later, status=JobStatus.READY)
    world.customer()

    world.run(mode=Mode.FULL)

    entry.refresh_from_db()
    assert entry.earliest_start is not None
    assert entry.earliest_start < later


def test_what_waited_goes_through_once_the_currency_is_coupled(world: World) -> None:
    customer = world.customer(currencyCode="USD")
    world.run(mode=Mode.FULL)
    usd = world.business_central.add("currencies", code="USD")
    row = world.dataverse.add("transactioncurrency", isocurrencycode="USD")
    Coupling.objects.create(
        company=world.company,
        mapping_name="CURRENCY",
        business_central_id=usd.id,
        business_central_key="USD",
        dataverse_id=row.id,
    )

    report = world.run()

    assert counts(report.jobs[0]) == {"Inserted": 1}
    assert not PendingCoupling.objects.exists()
    currency = world.now(world.partner(customer))["transactioncurrencyid"]
    assert currency == Lookup("transactioncurrency", row.id)
