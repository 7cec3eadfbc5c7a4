"""The page Health: what was found last, since when, what to tick; and what home says of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.test import Client

from connections import expiry
from connections.health import CONSOLE, Finding, State
from connections.models import DataverseConnectionSetup, SalesConnectionSetup
from integration_admin import mending
from integration_admin.roles import Role
from mappings.models import IntegrationTableMapping
from syncjobs import checkup, console_checks, flow_checks, queue
from syncjobs.models import HealthCheck, HealthReport, JobQueueEntry, Lease, Sweep
from syncjobs.scheduler import LEASE
from syncjobs.terms import JobStatus, RunStatus
from tests.pages.conftest import SignedIn
from tests.pages.factory import TO, Past, make_user

ROLE = "Dynamics 365 Business Central Integration User"
HEALTH = "/connections/health/"


def test_the_page_names_what_is_wrong_and_since_when(past: Past, admin: Client) -> None:
    past.health()

    html = admin.get(HEALTH).content.decode()

    assert f"<li>Roles and privileges: {ROLE}</li>" in html
    assert "1 of 5 checks needs a person, since" in html
    assert "Redeploy Integration Solution" in html
    assert "The last 7 looks" in html


def test_home_has_a_pill_a_cue_and_what_to_do(past: Past, admin: Client) -> None:  # C-0106
    past.health()

    html = admin.get("/").content.decode()

    assert "Health: something is wrong" in html
    assert "Health Checks Failing" in html
    assert ROLE in html


def test_what_was_ticked_is_looked_at_alone_and_the_rest_stays(past: Past, admin: Client) -> None:
    past.health()
    before = HealthCheck.objects.get(group="solution").checked_at

    admin.post(f"{HEALTH}check/", {"only": ["database", "no such group"]})

    assert HealthCheck.objects.get(group="solution").checked_at == before
    assert set(HealthCheck.objects.filter(group="database").values_list("name", flat=True)) == {
        "Database",
        "Free space",
    }
    assert HealthReport.objects.count() == 8


def test_a_check_stays_red_since_it_turned_red(past: Past, now: datetime) -> None:
    past.alive()
    later = now + timedelta(minutes=30)
    past.mappings()
    JobQueueEntry.objects.filter(mapping_name="VENDOR").update(status=JobStatus.ERROR)

    checkup.look(past.company, only=["job-queue"], now=lambda: now)
    checkup.look(past.company, only=["job-queue"], now=lambda: later)
    row = HealthCheck.objects.get(name="Job queue")
    past.company.job_queue_entries.update(status=JobStatus.ON_HOLD)
    checkup.look(past.company, only=["job-queue"], now=lambda: later)

    assert (row.state, row.since, row.checked_at) == ("wrong", now, later)
    assert HealthCheck.objects.get(name="Job queue").since == later


def test_reports_are_kept_for_ninety_days(past: Past, now: datetime) -> None:  # C-3302
    old = HealthReport.objects.create(
        company=past.company, checked_at=now - timedelta(days=91), state="healthy"
    )

    checkup.look(past.company, only=["database"], now=lambda: now)

    assert not HealthReport.objects.filter(pk=old.pk).exists()


def test_a_console_that_was_never_started_is_no_fault_one_that_died_is(
    past: Past, now: datetime
) -> None:
    def scheduler() -> str:
        return str(console_checks.check_processes(past.company, now=now)[0].state)

    never = scheduler()
    lease = Lease.objects.create(name=LEASE, owner="here:1", expires_at=now - timedelta(minutes=1))
    died = scheduler()
    Lease.objects.filter(pk=lease.pk).update(owner="")
    stopped = scheduler()
    past.alive()

    assert (never, died, stopped) == ("attention", "wrong", "attention")
    assert scheduler() == "healthy"


def test_an_entry_that_nobody_came_for_is_named(past: Past, now: datetime) -> None:
    past.mappings()
    JobQueueEntry.objects.filter(mapping_name="VENDOR").update(
        status=JobStatus.READY, earliest_start=now - timedelta(hours=1)
    )
    [without] = console_checks.check_job_queue(past.company, now=now)
    past.alive()

    [found] = console_checks.check_job_queue(past.company, now=now)

    assert without.state == "healthy"
    assert found.names == ("VENDOR - Dataverse synchronization job",)


def test_a_sweep_that_leaves_changes_is_wrong_while_the_mapping_is_there(
    past: Past, now: datetime
) -> None:
    past.mappings()
    Sweep.objects.create(
        company=past.company, mapping_name="CUSTOMER", direction="ToIntegrationTable",
        swept_at=now, looked_at=9, hidden=2, left=1,
    )  # fmt: skip

    [found] = console_checks.check_sweeps(past.company, now=now)

    assert (found.state, found.code, found.names) == ("wrong", "E-SWEEP", ("CUSTOMER",))
    IntegrationTableMapping.objects.filter(name="CUSTOMER").delete()
    [found] = console_checks.check_sweeps(past.company, now=now)
    assert found.state == "healthy"


# What flows


@pytest.mark.parametrize(
    ("failed", "unchanged", "state", "names"),
    [
        (9, 0, "healthy", ()),  # too few to tell
        (50, 950, "healthy", ()),
        (51, 949, "attention", ()),
        (60, 40, "wrong", ("CUSTOMER",)),
    ],
)
def test_a_mapping_of_which_more_than_a_twentieth_failed_in_a_day_is_told(
    past: Past, now: datetime, failed: int, unchanged: int, state: str, names: tuple[str, ...]
) -> None:  # C-3301
    past.job("VENDOR", TO, now, unchanged=100_000)
    past.job("CUSTOMER", TO, now, failed=failed)
    past.job("CUSTOMER", TO, now - timedelta(hours=23), unchanged=unchanged)
    past.job("CUSTOMER", TO, now - timedelta(hours=25), unchanged=100_000)

    [found] = flow_checks.check_failures(past.company, now=now)

    assert (found.state, found.names) == (state, names)
    assert (found.code == "E-ERROR-RATE") == ("CUSTOMER" in found.sentence)


def test_runs_that_have_only_failed_for_two_intervals_are_a_lag(past: Past, now: datetime) -> None:
    past.mappings()
    JobQueueEntry.objects.update(status=JobStatus.READY, minutes_between_runs=30)
    for name, minutes in (("CUSTOMER", 61), ("VENDOR", 59)):
        past.run(name, now - timedelta(days=2))
        past.run(name, now - timedelta(minutes=minutes), RunStatus.ERROR)
        past.run(name, now, RunStatus.ERROR)
    past.run("CONTACT", now - timedelta(minutes=61), RunStatus.ERROR)
    past.run("CONTACT", now)

    [found] = flow_checks.check_lag(past.company, now=now)
    JobQueueEntry.objects.filter(mapping_name="CUSTOMER").update(status=JobStatus.ON_HOLD)
    [held] = flow_checks.check_lag(past.company, now=now)

    assert (found.state, found.code, found.names) == ("wrong", "E-LAG", ("CUSTOMER",))
    assert "CUSTOMER for 1 h 01 min." in found.sentence
    assert held.state == "healthy"


def test_entries_of_who_was_switched_off_are_told_until_somebody_restarts_them(
    past: Past, now: datetime
) -> None:
    past.mappings()
    gone, otto = make_user(Role.OPERATOR, "gone"), make_user(Role.OPERATOR, "otto")
    entry = JobQueueEntry.objects.get(mapping_name="CUSTOMER")
    JobQueueEntry.objects.filter(pk=entry.pk).update(user=gone, status=JobStatus.READY)
    assert flow_checks.check_owners(past.company, now=now)[0].state == "healthy"
    gone.is_active = False
    gone.save()

    [found] = flow_checks.check_owners(past.company, now=now)
    entry.refresh_from_db()
    queue.restart(entry, now=now, by=otto)

    assert (found.state, found.code, found.names) == ("wrong", "E-OWNER", (str(entry),))
    assert flow_checks.check_owners(past.company, now=now)[0].state == "healthy"
    assert JobQueueEntry.objects.get(pk=entry.pk).user == otto


def test_each_check_leads_to_where_it_is_mended_as_far_as_one_may_go(
    past: Past, signed_in: SignedIn
) -> None:
    past.health()
    HealthCheck.objects.filter(group="database").update(group="encryption", state="wrong")

    viewer = signed_in(Role.VIEWER).get(HEALTH).content.decode()
    admin = signed_in(Role.ADMINISTRATOR).get(HEALTH).content.decode()

    redeploys = 'Redeploy Integration Solution<span class="sr">, for Dataverse: Roles'
    encrypts = 'Encryption Management<span class="sr">, for Console: Database'
    assert (redeploys in admin, encrypts in admin) == (True, True)
    assert (redeploys in viewer, encrypts in viewer) == (True, False)
    assert set(mending.PAGES) <= set(checkup.KEYS)


def test_what_another_look_kept_meanwhile_is_brought_up_to_date(past: Past) -> None:
    finding = Finding(CONSOLE, "Database", State.HEALTHY, "All is well.")
    two = [finding, replace(finding, sentence="Looked at twice.")]

    for found in ([finding], two):
        checkup._keep(past.company, {"database": found}, past.now)

    [row] = HealthCheck.objects.filter(company=past.company)
    assert row.sentence == "Looked at twice."


@pytest.mark.parametrize(("days", "state"), [(-1, "wrong"), (29, "wrong"), (40, "healthy")])
def test_a_secret_or_key_that_ends_is_named_thirty_days_before(
    past: Past, now: datetime, days: int, state: str
) -> None:
    ends: date = (now + timedelta(days=days)).date()
    DataverseConnectionSetup.objects.update(client_secret_expires_on=ends)
    SalesConnectionSetup.objects.update(odata_key_expires_on=ends)

    found = expiry.check_credentials(past.company, now=now)

    assert [one.state for one in found] == ["healthy", state, state]
    assert found[-1].code == ("E-KEY-EXPIRED" if days < 0 else found[1].code)


def test_a_viewer_sees_the_health_and_cannot_check(past: Past, signed_in: SignedIn) -> None:
    past.health()
    viewer = signed_in(Role.VIEWER)

    html = viewer.get(HEALTH).content.decode()

    assert ROLE in html
    assert "Check again" not in html
    assert viewer.post(f"{HEALTH}check/").status_code == 403
