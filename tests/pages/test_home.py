"""Home says in five seconds whether data flows and what needs a person."""

from __future__ import annotations

from django.test import Client
from rq import Worker

from connections.models import DataverseConnectionSetup
from syncjobs.models import JobQueueEntry, Lease
from tests.pages.factory import Past


def test_home_says_that_data_flows_and_how_much_needs_a_person(
    full_past: Past, admin: Client, idle_worker: Worker
) -> None:
    html = admin.get("/").content.decode()

    assert ">Data is flowing. Five things need a person.</h1>" in html
    assert "VENDOR - Dataverse synchronization job has stopped" in html
    assert "AADSTS7000215" in html
    assert "Text too long: 3 records failed" in html
    assert "3 coupled records are held back" in html


def test_what_passes_by_itself_needs_no_person(
    full_past: Past, admin: Client, idle_worker: Worker
) -> None:
    html = admin.get("/").content.decode()

    assert "Related record not coupled" not in html


def test_home_of_a_quiet_company_says_that_nothing_needs_a_person(
    past: Past, admin: Client, idle_worker: Worker
) -> None:
    past.alive()

    html = admin.get("/").content.decode()

    assert "Nothing was carried over in the last 24 hours. Nothing needs a person." in html
    assert "Nothing has run yet." in html


def test_home_without_a_company_says_what_comes_next(db: None, admin: Client) -> None:
    html = admin.get("/").content.decode()

    assert "not connected yet" in html
    assert "manage.py configure" in html


def test_a_disabled_connection_is_told_with_its_reason(
    past: Past, admin: Client, idle_worker: Worker
) -> None:
    past.alive()
    DataverseConnectionSetup.objects.update(
        is_enabled=False, disable_reason="The client secret has expired."
    )

    html = admin.get("/").content.decode()

    assert "Business Central and Sales are not connected." in html
    assert "The client secret has expired." in html


def test_a_missing_scheduler_and_a_missing_worker_are_told(past: Past, admin: Client) -> None:
    past.mappings()
    Lease.objects.all().delete()

    for address in ("/", "/job-queue/"):
        html = admin.get(address).content.decode()
        assert "No scheduler is running" in html
        assert "No worker is running" in html


def test_the_cues_lead_to_their_lists(full_past: Past, admin: Client) -> None:
    html = admin.get("/").content.decode()

    failed = JobQueueEntry.objects.filter(status="Error").count()
    assert failed == 1
    for address in ("/job-queue/?view=failed", "/errors/?days=1", "/pending-couplings/"):
        assert f'href="{address}"' in html
        assert admin.get(address).status_code == 200
