"""Connections in front of systems that answer: enabled at first, disabled for a while, restored."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.test import Client

from audit.models import AuditEntry
from connections import consent
from connections.models import Company, DataverseConnectionSetup, SalesConnectionSetup
from integration_admin import enabling, restoring
from integration_admin.housekeeping import Housekeeping
from integration_admin.roles import Role
from mappings import defaults, new_choices
from mappings.models import IntegrationTableMapping
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


def test_enabling_asks_for_consent_once_and_which_mappings_stay(
    connected: Company,
) -> None:  # E-9.10, C-0506, C-0604
    DataverseConnectionSetup.objects.update(is_enabled=False, consent_version="")
    new_choices.apply(Company.objects.get(pk=connected.pk))
    mappings = IntegrationTableMapping.objects.filter(company=connected)
    mappings.filter(name__in=("CUSTOMER", "VENDOR")).update(guard_percent=7)
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    address = "/connections/dataverse/enable/"

    asked = client.post(address).content.decode()
    refused = client.post(address, {"answered": "1", "keep": "VENDOR"})
    assert states()[0] == (False, False)
    answers = {"answered": "1", "keep": "VENDOR", "consent": "on"}
    done = client.post(address, answers, follow=True).content.decode()

    assert "Keep CUSTOMER as it is" in asked
    assert "I accept" in asked
    assert refused.status_code == 422
    assert "E-REQUIRED" in refused.content.decode()
    assert "is enabled" in done, done
    kept = dict(mappings.values_list("name", "guard_percent"))
    assert (kept["CUSTOMER"], kept["VENDOR"]) == (30, 7)
    noted = AuditEntry.objects.get(object_kind="consent")
    assert (noted.after["accepted"], noted.user_name) == (consent.VERSION, "administrator")
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
