"""Jobs, errors, entries and runs: what they say, and their buttons."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from connections.causes import Cause
from mappings.models import Coupling
from mappings.terms import Direction
from syncjobs import queue
from syncjobs.models import JobQueueEntry, Run
from syncjobs.terms import JobStatus, RunStatus
from tests.pages.factory import Past

TO = Direction.TO_INTEGRATION_TABLE


# Errors


def test_errors_are_grouped_by_cause_with_title_advice_and_records(
    full_past: Past, admin: Client
) -> None:
    html = admin.get("/errors/").content.decode()

    assert html.index("Related record not coupled") < html.index("Changed on both sides")
    assert "this one follows by itself" in html
    assert "waits for another record" in html
    assert "5 of 15 records" in html
    assert "10140 Relecloud" in html


def test_a_warning_is_no_error(full_past: Past, admin: Client) -> None:
    causes = admin.get("/errors/").content.decode()
    warnings = admin.get("/errors/all/?view=warnings").content.decode()

    assert "was cut to 50 characters" not in causes
    assert "was cut to 50 characters" in warnings


def test_the_errors_of_one_job_are_on_its_card_and_in_the_list(past: Past, admin: Client) -> None:
    job = past.job("CUSTOMER", TO, past.now, failed=2)
    past.errors(job, 2, Cause.VALUE_TOO_LONG, "Too long, this one.")
    other = past.job("VENDOR", TO, past.now, failed=1)
    past.errors(other, 1, Cause.CONFLICT, "Both changed, that one.")

    card = admin.get(f"/synch-jobs/{job.pk}/").content.decode()
    listed = admin.get(f"/errors/all/?job={job.pk}").content.decode()

    for html in (card, listed):
        assert "Too long, this one." in html
        assert "Both changed, that one." not in html


def test_synchronize_runs_the_records_behind_the_errors(past: Past, admin: Client) -> None:
    past.mappings()
    job = past.job("CUSTOMER", TO, past.now, failed=2)
    errors = past.errors(job, 2, Cause.NOT_COUPLED, "LT is not coupled.")

    admin.post("/errors/synchronize/", {"cause": Cause.NOT_COUPLED})

    entry = JobQueueEntry.objects.get(recurring=False)
    assert entry.description == "CUSTOMER: 2 records to Sales"
    assert set(entry.parameters["ids"]) == {str(error.business_central_id) for error in errors}


def test_retry_takes_the_mark_off_the_records_behind_the_errors(past: Past, admin: Client) -> None:
    past.mappings()
    row = past.couplings(1)[0]
    past.skip([row], Cause.VALUE_TOO_LONG, "Too long.")
    job = past.job("CUSTOMER", TO, past.now, failed=1)
    error = past.errors(job, 1, Cause.VALUE_TOO_LONG, "Too long.")[0]
    error.business_central_id = row.business_central_id
    error.save()

    admin.post("/errors/retry/", {"selected": [error.pk]})

    assert not Coupling.objects.in_error().exists()


def test_a_cause_that_nobody_knows_is_still_shown(past: Past, admin: Client) -> None:
    job = past.job("CUSTOMER", TO, past.now, failed=1)
    error = past.errors(job, 1, Cause.REFUSED, "Odd.")[0]
    error.cause = "E-FROM-A-LATER-VERSION"
    error.save()

    html = admin.get("/errors/").content.decode()

    assert "Cause not known" in html


# The job queue


@pytest.fixture
def entry(past: Past) -> JobQueueEntry:
    past.mappings()
    return JobQueueEntry.objects.get(mapping_name="CUSTOMER")


def test_run_now_starts_the_entry_and_shows_its_run(entry: JobQueueEntry, admin: Client) -> None:
    response = admin.post(f"/job-queue/{entry.pk}/run-now/")

    run = Run.objects.get()
    assert run.entry == entry
    assert response["Location"] == f"/runs/{run.pk}/"


@pytest.mark.parametrize(
    ("act", "before", "after"),
    [
        ("hold", JobStatus.READY, JobStatus.ON_HOLD),
        ("ready", JobStatus.ON_HOLD, JobStatus.READY),
        ("restart", JobStatus.ERROR, JobStatus.READY),
    ],
)
def test_an_entry_is_put_on_hold_made_ready_and_restarted(
    entry: JobQueueEntry, admin: Client, act: str, before: JobStatus, after: JobStatus
) -> None:
    JobQueueEntry.objects.filter(pk=entry.pk).update(status=before)

    admin.post(f"/job-queue/{act}/", {"selected": [entry.pk]})

    entry.refresh_from_db()
    assert entry.status == after


def test_an_entry_on_hold_says_why(entry: JobQueueEntry, admin: Client) -> None:
    admin.post(f"/job-queue/{entry.pk}/hold/")

    listed = admin.get("/job-queue/?view=held").content.decode()
    card = admin.get(f"/job-queue/{entry.pk}/").content.decode()

    assert "A person put it on hold" in listed
    assert "It rests until somebody sets it to Ready." in card


def test_an_entry_in_process_refuses_in_a_sentence_and_the_others_go_on(
    entry: JobQueueEntry, admin: Client
) -> None:
    JobQueueEntry.objects.filter(pk=entry.pk).update(status=JobStatus.IN_PROCESS)
    other = JobQueueEntry.objects.get(mapping_name="CURRENCY")
    JobQueueEntry.objects.filter(pk=other.pk).update(status=JobStatus.ON_HOLD)

    response = admin.post(
        "/job-queue/ready/", {"selected": [entry.pk, other.pk], "next": "/job-queue/"}, follow=True
    )

    other.refresh_from_db()
    assert other.status == JobStatus.READY
    assert "is in process. Wait until it has finished" in response.content.decode()


def test_an_entry_in_error_shows_its_message_and_attempts(full_past: Past, admin: Client) -> None:
    failed = JobQueueEntry.objects.get(status=JobStatus.ERROR)

    listed = admin.get("/job-queue/?view=failed").content.decode()
    card = admin.get(f"/job-queue/{failed.pk}/").content.decode()

    assert "AADSTS7000215" in listed
    assert "10 of 10" in listed
    assert "stopped after 10 of 10 attempts" in card


# Runs


@pytest.fixture
def running(past: Past) -> Run:
    run = past.run("CUSTOMER", past.now - timedelta(seconds=30), RunStatus.IN_PROCESS)
    run.step, run.done, run.total = "CUSTOMER, to Sales", 500, 2_000
    run.step_started_at = run.started_at
    run.save()
    return run


def test_the_page_of_a_run_asks_every_second_while_it_works(running: Run, admin: Client) -> None:
    html = admin.get(f"/runs/{running.pk}/").content.decode()

    assert f'hx-get="/runs/{running.pk}/progress/"' in html
    assert 'hx-trigger="every 1s"' in html
    assert '<progress value="500" max="2000"' in html
    assert "left in this step" in html


def test_a_run_without_script_is_looked_at_again_by_the_browser(
    running: Run, admin: Client
) -> None:
    html = admin.get(f"/runs/{running.pk}/").content.decode()

    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in html


def test_the_last_answer_ends_the_asking(running: Run, admin: Client) -> None:
    address = f"/runs/{running.pk}/progress/"

    working = admin.get(address)
    Run.objects.filter(pk=running.pk).update(
        status=RunStatus.SUCCESS, finished_at=running.started_at + timedelta(seconds=40)
    )
    done = admin.get(address)

    assert working.status_code == 200
    assert done.status_code == 286
    assert "Done in 40 s" in done.content.decode()
    assert "Cancel" not in done.content.decode()


def test_cancel_stops_a_run_at_its_next_page(running: Run, admin: Client) -> None:
    response = admin.post(f"/runs/{running.pk}/cancel/", follow=True)

    running.refresh_from_db()
    assert running.cancel_requested
    assert "stops after the page it is working on" in response.content.decode()


def test_a_run_that_waits_is_cancelled_before_it_begins(past: Past, admin: Client) -> None:
    run = queue.enqueue(
        past.company, "synchronize", description="CUSTOMER", now=past.now, mapping_name="CUSTOMER"
    )

    admin.post(f"/runs/{run.pk}/cancel/")

    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED


def test_a_run_that_waits_says_that_no_worker_is_there(past: Past, admin: Client) -> None:
    run = queue.enqueue(
        past.company, "synchronize", description="CUSTOMER", now=past.now, mapping_name="CUSTOMER"
    )

    html = admin.get(f"/runs/{run.pk}/").content.decode()

    assert "Waiting for a worker" in html
    assert "No worker is running" in html


def test_a_failed_run_says_what_to_do(past: Past, admin: Client) -> None:
    run = past.run("CUSTOMER", past.now, RunStatus.ERROR)
    run.error_message, run.cause = "Dataverse refused the sign-in.", Cause.SIGN_IN
    run.save()

    html = admin.get(f"/runs/{run.pk}/").content.decode()

    assert "Dataverse refused the sign-in." in html
    assert "E-SIGN-IN" in html
