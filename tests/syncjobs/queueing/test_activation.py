"""What wakes, creates and holds the entries of recurring jobs: E-1.58, E-7.40 to E-7.51."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from connections.models import Company, DataverseConnectionSetup, SalesConnectionSetup
from mappings import defaults
from mappings.models import IntegrationTableMapping
from mappings.reset import use_default_synchronization_setup
from syncjobs import activation, pausing, queue
from syncjobs.models import JobQueueEntry
from syncjobs.terms import HoldReason, JobStatus
from tests.syncjobs.queueing.conftest import NOW

LATER = NOW + timedelta(hours=1)
OWN = ("sweep", "check_health")


@pytest.fixture
def company(db: None) -> Company:
    """A company with Dataverse and Sales enabled, and the default jobs."""
    company = Company.objects.create(name="CRONUS", business_central_id=uuid4())
    DataverseConnectionSetup.objects.create(company=company, is_enabled=True)
    SalesConnectionSetup.objects.create(company=company, is_enabled=True)
    use_default_synchronization_setup(company)
    activation.create_default_entries(company, now=NOW)
    return company


def entry(name: str) -> JobQueueEntry:
    return JobQueueEntry.objects.get(mapping_name=name)


@pytest.mark.parametrize(
    ("name", "inactivity", "category"),
    [
        ("SALESPEOPLE", 1440, ""),
        ("CUSTOMER", 720, "BCI CUST"),
        ("VENDOR", 720, "BCI CUST"),
        ("CONTACT", 720, "BCI CUST"),
        ("CURRENCY", 720, ""),
        ("PAYMENT TERMS", 1440, "BCI OPTION"),
        ("SHIPMENT METHOD", 1440, "BCI OPTION"),
        ("SHIPPING AGENT", 1440, "BCI OPTION"),
    ],
)
def test_a_mapping_has_its_default_job(  # E-1.58 to E-1.66
    company: Company, name: str, inactivity: int, category: str
) -> None:
    job = entry(name)

    assert job.recurring
    assert job.status == JobStatus.READY
    assert job.minutes_between_runs == 30
    assert job.inactivity_timeout == inactivity
    assert (job.maximum_attempts, job.rerun_delay) == (10, 30)
    assert job.category == category


def test_creating_the_default_jobs_again_adds_none(company: Company) -> None:
    before = JobQueueEntry.objects.count()

    added = activation.create_default_entries(company, now=LATER)

    assert added == []
    assert JobQueueEntry.objects.count() == before


def test_the_job_of_a_mapping_that_is_gone_goes_too(company: Company) -> None:
    IntegrationTableMapping.objects.filter(name="VENDOR").delete()

    activation.create_default_entries(company, now=NOW)

    assert not JobQueueEntry.objects.filter(mapping_name="VENDOR").exists()


def rest(name: str) -> None:
    JobQueueEntry.objects.filter(mapping_name=name).update(
        status=JobStatus.ON_HOLD_INACTIVE, earliest_start=LATER
    )


def test_a_change_wakes_a_resting_job_within_a_minute(company: Company) -> None:  # E-7.40, E-7.42
    rest("CUSTOMER")

    woken = activation.wake_table(company, "customers", now=NOW)

    assert woken == 1
    assert entry("CUSTOMER").status == JobStatus.READY
    assert entry("CUSTOMER").earliest_start == NOW + timedelta(seconds=30)


def test_a_row_of_sales_wakes_the_mappings_that_read_it(company: Company) -> None:  # E-7.43
    rest("CUSTOMER")
    rest("VENDOR")
    rest("PAYMENT TERMS")  # goes to account, and reads nothing from there

    woken = activation.wake_integration_table(company, "account", now=NOW)

    assert woken == 2
    assert entry("PAYMENT TERMS").status == JobStatus.ON_HOLD_INACTIVE


def test_a_job_that_runs_soon_anyway_is_left_alone(company: Company) -> None:  # E-7.42
    JobQueueEntry.objects.update(earliest_start=NOW + timedelta(seconds=59))

    assert activation.wake_table(company, "customers", now=NOW) == 0


@pytest.mark.parametrize("status", [JobStatus.ON_HOLD, JobStatus.ERROR])
def test_what_is_on_hold_or_failed_sleeps_on(company: Company, status: JobStatus) -> None:  # E-7.41
    JobQueueEntry.objects.update(status=status, earliest_start=LATER)

    assert activation.wake_table(company, "customers", now=NOW) == 0


def test_an_administrator_can_let_changes_of_a_table_pass_by(company: Company) -> None:  # E-1.21
    rest("CUSTOMER")
    IntegrationTableMapping.objects.filter(name="CUSTOMER").update(disable_event_job_resch=True)

    assert activation.wake_table(company, "customers", now=NOW) == 0


def test_what_waited_for_a_mapping_wakes_when_it_coupled_something(company: Company) -> None:
    rest("CUSTOMER")
    rest("CONTACT")

    activation.wake_dependents(company, "CURRENCY", now=NOW)

    assert entry("CUSTOMER").status == JobStatus.READY
    assert entry("CONTACT").status == JobStatus.ON_HOLD_INACTIVE


# The state of the connections: E-7.50

DATAVERSE = {mapping.name for mapping in defaults.mappings() if mapping.family == "dataverse"}
SALES = ("ITEM-PRODUCT", "RESOURCE-PRODUCT")


def switch(model: type[DataverseConnectionSetup] | type[SalesConnectionSetup], *, on: bool) -> None:
    model.objects.update(is_enabled=on)


def disable_all(company: Company) -> None:
    switch(SalesConnectionSetup, on=False)
    switch(DataverseConnectionSetup, on=False)
    activation.hold(company, now=NOW)


def enable_all(company: Company) -> None:
    switch(DataverseConnectionSetup, on=True)
    switch(SalesConnectionSetup, on=True)
    activation.resume(company, now=NOW)


def ready() -> set[str]:
    entries = JobQueueEntry.objects.filter(status=JobStatus.READY).exclude(job__in=OWN)
    return set(entries.values_list("mapping_name", flat=True))


def test_disabling_dataverse_holds_everything(company: Company) -> None:
    disable_all(company)

    assert set(JobQueueEntry.objects.values_list("status", flat=True)) == {"On Hold"}
    assert activation.count(company).active == 0


def test_disabling_sales_leaves_what_dataverse_carries(company: Company) -> None:  # E-9.40
    switch(SalesConnectionSetup, on=False)

    activation.hold(company, now=NOW)

    assert ready() == DATAVERSE


def test_enabling_again_resumes(company: Company) -> None:
    disable_all(company)

    enable_all(company)

    assert entry("CUSTOMER").status == JobStatus.READY
    counted = activation.count(company)
    entries = JobQueueEntry.objects.exclude(job__in=OWN)  # those carry nothing over
    assert counted.active == entries.filter(status=JobStatus.READY).count()
    assert counted.total == entries.count()


def test_enabling_dataverse_leaves_what_waits_for_sales(company: Company) -> None:
    disable_all(company)

    switch(DataverseConnectionSetup, on=True)
    activation.resume(company, now=NOW)

    assert ready() == DATAVERSE
    assert {entry(name).hold_reason for name in SALES} == {HoldReason.CONNECTION}


def test_an_entry_that_a_person_holds_stays_on_hold_when_all_is_enabled(company: Company) -> None:
    queue.set_on_hold(entry("CUSTOMER"), now=NOW)
    disable_all(company)

    enable_all(company)

    assert entry("CUSTOMER").status == JobStatus.ON_HOLD
    assert entry("VENDOR").status == JobStatus.READY


def test_what_a_person_holds_while_the_connection_rests_is_theirs_too(company: Company) -> None:
    disable_all(company)
    queue.set_on_hold(entry("CUSTOMER"), now=NOW)

    enable_all(company)

    assert entry("CUSTOMER").status == JobStatus.ON_HOLD


def test_what_a_set_up_refused_goes_on_once_the_set_up_is_enabled_again(company: Company) -> None:
    held = JobQueueEntry.objects.filter(mapping_name="CUSTOMER")
    held.update(status=JobStatus.ON_HOLD, hold_reason=HoldReason.REFUSED)
    disable_all(company)

    enable_all(company)

    assert entry("CUSTOMER").status == JobStatus.READY
    assert entry("CUSTOMER").hold_reason == ""


def test_an_entry_goes_on_at_the_time_it_was_planned_for(company: Company) -> None:
    JobQueueEntry.objects.filter(mapping_name="CUSTOMER").update(earliest_start=LATER)
    disable_all(company)

    enable_all(company)

    assert entry("CUSTOMER").earliest_start == LATER


@pytest.mark.parametrize("sales", [False, True])
def test_the_first_jobs_start_as_far_as_their_connection_is_enabled(
    company: Company, sales: bool
) -> None:
    JobQueueEntry.objects.all().delete()
    switch(SalesConnectionSetup, on=sales)

    activation.create_default_entries(company, now=NOW)

    assert ready() >= DATAVERSE
    assert ready().isdisjoint(SALES) is not sales


def test_jobs_that_were_made_while_nothing_was_enabled_start_when_it_is(company: Company) -> None:
    JobQueueEntry.objects.all().delete()
    disable_all(company)
    activation.create_default_entries(company, now=NOW)
    before = ready()

    enable_all(company)

    assert before == set()
    assert ready() >= {*DATAVERSE, *SALES}


def test_jobs_that_were_to_wait_wait_for_a_person(company: Company) -> None:
    JobQueueEntry.objects.all().delete()
    activation.create_default_entries(company, now=NOW, start=False)

    activation.resume(company, now=NOW)

    assert ready() == set()


def test_what_this_version_does_not_carry_never_starts(company: Company) -> None:
    disable_all(company)

    enable_all(company)

    invoices = entry("POSTEDSALESINV-INV")
    assert invoices.status == JobStatus.ON_HOLD
    assert "not synchronized by this version" in activation.why_on_hold(invoices)


def test_a_connection_that_is_disabled_during_a_redeploy_keeps_its_jobs(company: Company) -> None:
    found = pausing.find(company, spare="redeploy_solution")
    pausing.pause(found)

    disable_all(company)
    pausing.resume(found, now=NOW)

    assert ready() == set()
    enable_all(company)
    assert entry("CUSTOMER").status == JobStatus.READY


def test_what_a_person_holds_during_a_redeploy_stays_on_hold(company: Company) -> None:
    found = pausing.find(company, spare="redeploy_solution")
    pausing.pause(found)

    queue.set_on_hold(entry("CUSTOMER"), now=NOW)
    pausing.resume(found, now=NOW)

    assert entry("CUSTOMER").status == JobStatus.ON_HOLD
    assert entry("VENDOR").status == JobStatus.READY


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (HoldReason.PERSON, "A person put it on hold."),
        (HoldReason.CONNECTION, "goes on when it is enabled"),
        (HoldReason.REFUSED, "Mend what the error says"),
        (HoldReason.PAUSE, "A redeploy or a guide is at work."),
        ("", "not started yet"),
    ],
)
def test_an_entry_says_why_it_is_on_hold(company: Company, reason: str, words: str) -> None:
    held = entry("CUSTOMER")
    started = activation.why_on_hold(held)
    held.status, held.hold_reason = JobStatus.ON_HOLD, reason

    assert started == ""
    assert words in activation.why_on_hold(held)
