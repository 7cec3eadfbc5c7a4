"""What wakes, creates and holds the entries of recurring jobs: E-1.58, E-7.40 to E-7.51."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from connections.models import Company
from mappings.models import IntegrationTableMapping
from mappings.reset import use_default_synchronization_setup
from syncjobs import activation
from syncjobs.models import JobQueueEntry
from syncjobs.terms import JobStatus
from tests.syncjobs.queueing.conftest import NOW

LATER = NOW + timedelta(hours=1)
OWN = ("sweep", "check_health")


@pytest.fixture
def company(db: None) -> Company:
    company = Company.objects.create(name="CRONUS", business_central_id=uuid4())
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


def test_disabling_dataverse_holds_everything(company: Company) -> None:  # E-7.50
    activation.hold_all(company, now=NOW)

    assert set(JobQueueEntry.objects.values_list("status", flat=True)) == {"On Hold"}
    assert activation.count(company).active == 0


def test_disabling_sales_leaves_what_dataverse_carries(company: Company) -> None:  # E-7.50
    activation.hold_sales(company, now=NOW)

    going_on = JobQueueEntry.objects.filter(status=JobStatus.READY).exclude(job__in=OWN)
    assert set(going_on.values_list("mapping_name", flat=True)) == set(activation.BASE_MAPPINGS)


def test_enabling_again_resumes(company: Company) -> None:  # E-7.50
    activation.hold_all(company, now=NOW)

    activation.resume(company, now=NOW)

    assert entry("CUSTOMER").status == JobStatus.READY
    counted = activation.count(company)
    entries = JobQueueEntry.objects.exclude(job__in=OWN)  # those carry nothing over
    assert counted.active == entries.filter(status=JobStatus.READY).count()
    assert counted.total == entries.count()
