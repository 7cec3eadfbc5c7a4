"""The page of a run that the mass-change guard stopped, and saying yes to it."""

from __future__ import annotations

import pytest
from django.db.models import QuerySet
from django.test import Client

from audit.models import AuditEntry
from audit.terms import Act
from connections.causes import Cause
from integration_admin.roles import Role
from mappings.terms import Direction
from syncjobs.models import JobQueueEntry, MassChange, Run
from syncjobs.terms import JobStatus, RunStatus
from tests.pages.conftest import SignedIn
from tests.pages.factory import Past

WHY = "The run was stopped before it wrote anything to Dataverse: it would change too much."


def entry_of(run: Run) -> QuerySet[JobQueueEntry]:
    return JobQueueEntry.objects.filter(runs=run)


@pytest.fixture
def stopped(past: Past) -> MassChange:
    """The recurring entry of CUSTOMER, put on hold by the guard."""
    past.mappings()
    run = past.run("CUSTOMER", past.now, RunStatus.ERROR)
    Run.objects.filter(pk=run.pk).update(error_message=WHY, cause=Cause.MASS_CHANGE)
    entry_of(run).update(status=JobStatus.ON_HOLD, error_message=WHY)
    return MassChange.objects.create(
        run=run,
        mapping_name="CUSTOMER",
        direction=Direction.TO_INTEGRATION_TABLE,
        order={"mode": "modified"},
        records=1212,
        coupled=1400,
    )


def run_anyway(client: Client, stopped: MassChange, number: str = "1,212") -> str:
    """Say yes and type a number; return the page that follows."""
    said = {"confirmed": "yes", "number": number}
    page = client.post(f"/mass-changes/{stopped.pk}/run/", said, follow=True)
    return page.content.decode()


def test_the_page_says_how_many_and_leads_on(stopped: MassChange, admin: Client) -> None:
    html = admin.get(f"/runs/{stopped.run_id}/").content.decode()

    assert "CUSTOMER, to Sales: 1,212 of 1,400 coupled records" in html
    assert "choose Run it anyway" in html
    assert f'action="/mass-changes/{stopped.pk}/run/"' in html


def test_the_number_of_records_is_typed_first(stopped: MassChange, admin: Client) -> None:
    asked = admin.post(f"/mass-changes/{stopped.pk}/run/").content.decode()
    wrong = run_anyway(admin, stopped, "1400")

    assert "Change 1,212 coupled records of CUSTOMER to Sales?" in asked
    assert "That is not the number. Nothing was started." in wrong
    assert not JobQueueEntry.objects.filter(recurring=False).exists()


def test_yes_starts_a_run_that_may_change_so_many(stopped: MassChange, admin: Client) -> None:
    html = run_anyway(admin, stopped)

    entry = JobQueueEntry.objects.get(recurring=False)
    assert entry.parameters == {"mode": "modified", "agreed": 1212}
    assert "CUSTOMER: modified records, 1212 changes agreed" in html
    noted = AuditEntry.objects.filter(act=Act.RUN_STARTED).latest("pk")
    assert (noted.user_name, noted.after["agreed"]) == ("administrator", 1212)


def test_the_entry_on_hold_goes_on_by_its_schedule(stopped: MassChange, admin: Client) -> None:
    html = run_anyway(admin, stopped)

    assert entry_of(stopped.run).get().status == JobStatus.READY
    assert "The job queue entry of CUSTOMER is ready again." in html


def test_an_entry_on_hold_for_another_reason_stays(stopped: MassChange, admin: Client) -> None:
    entry_of(stopped.run).update(error_message="Held by Ada.")

    run_anyway(admin, stopped)

    assert entry_of(stopped.run).get().status == JobStatus.ON_HOLD


def test_it_is_said_once(stopped: MassChange, admin: Client) -> None:
    run_anyway(admin, stopped)
    html = run_anyway(admin, stopped)

    assert JobQueueEntry.objects.filter(recurring=False).count() == 1
    assert "Somebody has said yes to this before" in html
    assert "It was run anyway" in html
    assert f'action="/mass-changes/{stopped.pk}/run/"' not in html


def test_support_reads_it_and_has_no_button(stopped: MassChange, signed_in: SignedIn) -> None:
    support = signed_in(Role.SUPPORT)

    html = support.get(f"/runs/{stopped.run_id}/").content.decode()

    assert "1,212 of 1,400" in html
    assert 'action="/mass-changes/' not in html
    assert support.post(f"/mass-changes/{stopped.pk}/run/").status_code == 403


def test_a_mapping_that_is_gone_is_named(stopped: MassChange, admin: Client, past: Past) -> None:
    past.mapping("CUSTOMER").delete()

    assert "There is no mapping CUSTOMER any more." in run_anyway(admin, stopped)
