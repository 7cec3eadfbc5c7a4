"""Connections in front of systems that answer: enabled at first, disabled for a while, restored."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.test import Client

from connections.models import Company, DataverseConnectionSetup, SalesConnectionSetup
from integration_admin import enabling, restoring
from integration_admin.housekeeping import Housekeeping
from integration_admin.roles import Role
from mappings import defaults
from syncjobs import clock, queue, tasks
from syncjobs.models import JobQueueEntry, Run
from syncjobs.terms import JobStatus, RunStatus
from tests.connected import connected, trusting
from tests.pages.factory import make_user

__all__ = ["connected", "trusting"]
WRONG = "wr0ng-s3cret"
SETUPS = (DataverseConnectionSetup, SalesConnectionSetup)


@pytest.fixture
def company(connected: Company) -> Company:
    """A company of which Dataverse and Sales are enabled, with their jobs."""
    outcome = enabling.enable_sales(connected, now=clock.now())
    assert outcome.mappings is not None, outcome.in_the_way
    return connected


def ready() -> set[str]:
    entries = JobQueueEntry.objects.filter(status=JobStatus.READY).exclude(mapping_name="")
    return set(entries.values_list("mapping_name", flat=True))


def states() -> list[tuple[bool, bool]]:
    rows = [model._default_manager.get() for model in SETUPS]
    return [(row.is_enabled, row.restore_connection) for row in rows]


def test_enabling_dataverse_starts_all_of_its_jobs_and_none_of_sales(connected: Company) -> None:
    DataverseConnectionSetup.objects.update(is_enabled=False)

    outcome = enabling.enable_dataverse(connected, now=clock.now())

    assert outcome.mappings is not None, outcome.in_the_way
    of_dataverse = {mapping.name for mapping in defaults.mappings()} - defaults.of_sales()
    assert ready() == of_dataverse


# Restore Connection: E-9.26


def test_what_rests_for_an_upgrade_is_restored_with_its_jobs(company: Company) -> None:
    queue.set_on_hold(JobQueueEntry.objects.get(mapping_name="VENDOR"), now=clock.now())
    before = ready()

    call_command("disable_connections", "--restore")
    resting, held = states(), ready()
    call_command("restore_connections")

    assert resting == [(False, True), (False, True)]
    assert held == set()
    assert states() == [(True, False), (True, False)]
    assert ready() == before


def test_what_was_disabled_for_good_is_not_restored(company: Company) -> None:
    call_command("disable_connections")

    call_command("restore_connections")

    assert states() == [(False, False), (False, False)]


def test_the_console_restores_once_when_it_starts(company: Company) -> None:
    restoring.rest(company, now=clock.now())
    chores = Housekeeping()
    chores(clock.now())
    chores(clock.now())
    entry = JobQueueEntry.objects.get(job=restoring.JOB)
    JobQueueEntry.objects.filter(pk=entry.pk).update(earliest_start=clock.now())

    tasks.run_entry(str(entry.pk))

    run = Run.objects.get(job=restoring.JOB)
    assert run.status == RunStatus.SUCCESS, run.error_message
    assert "enabled again, and the jobs go on" in run.log[-1][1]
    assert states() == [(True, False), (True, False)]


def test_what_does_not_pass_its_tests_waits_and_says_why(company: Company) -> None:
    restoring.rest(company, now=clock.now())
    DataverseConnectionSetup.objects.update(client_secret=WRONG)
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))

    shown = client.get("/connections/dataverse/").content.decode()
    answer = client.post("/connections/restore/", follow=True).content.decode()
    with pytest.raises(SystemExit):
        call_command("restore_connections")

    assert "Restore Connection" in shown
    assert "The client secret is wrong." in answer
    assert "E-SIGN-IN" in answer
    assert states() == [(False, True), (False, True)]
