"""Entries that rest for a while: all are held, and go on exactly as they were."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connections.models import Company
from syncjobs import clock, pausing
from syncjobs.models import JobQueueEntry, Run
from syncjobs.terms import JobStatus, RunStatus
from tests.syncjobs.queueing.conftest import NOW, MakeEntry

RESTING = [JobStatus.ON_HOLD, JobStatus.ERROR, JobStatus.FINISHED]


def status_of(entry: JobQueueEntry) -> str:
    return JobQueueEntry.objects.get(pk=entry.pk).status


def paused(company: Company) -> list[pausing.Paused]:
    found = pausing.find(company, spare="redeploy_solution")
    pausing.pause(found)
    return found


@pytest.mark.parametrize("status", [JobStatus.READY, JobStatus.ON_HOLD_INACTIVE])
def test_an_entry_goes_on_at_its_own_time(
    company: Company, entry: MakeEntry, status: JobStatus
) -> None:
    later = NOW + timedelta(hours=3)
    made = entry(status=status, earliest_start=later, attempts=2)

    found = paused(company)
    held = status_of(made)
    pausing.resume(found, now=NOW)

    made.refresh_from_db()
    assert held == JobStatus.ON_HOLD
    assert (made.status, made.earliest_start, made.attempts) == (status, later, 2)


def test_an_entry_that_waits_for_its_category_is_ready_afterwards(
    company: Company, entry: MakeEntry
) -> None:
    made = entry(status=JobStatus.WAITING, category="SYNC")

    pausing.resume(paused(company), now=NOW)

    assert status_of(made) == JobStatus.READY


@pytest.mark.parametrize("status", RESTING)
def test_what_rests_already_is_left_alone(
    company: Company, entry: MakeEntry, status: JobStatus
) -> None:
    made = entry(status=status)

    found = paused(company)
    pausing.resume(found, now=NOW)

    assert found == []
    assert status_of(made) == status


def test_what_recurs_and_runs_now_is_held_when_its_run_ends(
    company: Company, entry: MakeEntry
) -> None:
    made = entry(status=JobStatus.IN_PROCESS)

    found = paused(company)
    held = status_of(made)
    pausing.resume(found, now=NOW)

    assert held == JobStatus.ON_HOLD
    assert status_of(made) == JobStatus.READY


def test_what_runs_once_just_ends(company: Company, entry: MakeEntry) -> None:
    made = entry(status=JobStatus.IN_PROCESS, recurring=False)

    assert paused(company) == []
    assert status_of(made) == JobStatus.IN_PROCESS


def test_the_redeploy_itself_is_not_held(company: Company, entry: MakeEntry) -> None:
    made = entry(job="redeploy_solution", recurring=False)

    paused(company)

    assert status_of(made) == JobStatus.READY


def test_an_entry_that_was_deleted_meanwhile_is_no_trouble(
    company: Company, entry: MakeEntry
) -> None:
    made = entry()
    found = paused(company)
    made.delete()

    assert pausing.resume(found, now=NOW) == 0


def test_another_run_that_lives_is_waited_for(company: Company) -> None:
    now = clock.now()
    run = Run.objects.create(
        company=company,
        job="synchronize",
        description="CUSTOMER",
        status=RunStatus.IN_PROCESS,
        started_at=now,
        heartbeat_at=now,
    )

    assert not pausing.is_quiet(company, apart_from=0, now=now)
    assert pausing.is_quiet(company, apart_from=run.pk, now=now)
    assert pausing.is_quiet(company, apart_from=0, now=now + timedelta(hours=1))
