"""What people may do with an entry: rules E-7.5 to E-7.9 and E-7.46."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connections.models import Company
from syncjobs import dispatch, queue
from syncjobs.models import JobQueueEntry, Run
from syncjobs.queue import RunningError
from syncjobs.terms import JobStatus, RunStatus, Trigger
from tests.syncjobs.queueing.conftest import NOW, MakeEntry

LATER = NOW + timedelta(hours=1)


def test_what_is_enqueued_has_a_run_to_look_at_at_once(company: Company) -> None:
    run = queue.enqueue(company, "synchronize", description="CUSTOMER", now=NOW)

    entry = JobQueueEntry.objects.get()
    assert run.status == RunStatus.WAITING
    assert entry.status == JobStatus.READY
    assert entry.earliest_start == NOW
    claim = dispatch.claim(entry.pk, owner="here:1", now=NOW)
    assert claim is not None
    assert claim.run.pk == run.pk


def test_run_now_starts_an_entry_that_rests(entry: MakeEntry) -> None:
    resting = entry(status=JobStatus.ON_HOLD_INACTIVE, earliest_start=LATER)

    run = queue.run_now(resting, now=NOW)

    resting.refresh_from_db()
    assert resting.earliest_start == NOW
    assert run.entry == resting
    assert run.trigger == Trigger.PERSON


def test_run_now_twice_is_one_run(entry: MakeEntry) -> None:
    ready = entry(earliest_start=LATER)

    assert queue.run_now(ready, now=NOW).pk == queue.run_now(ready, now=NOW).pk
    assert Run.objects.count() == 1


def test_run_now_of_an_entry_on_hold_runs_a_copy_once(entry: MakeEntry) -> None:  # E-7.9
    held = entry(status=JobStatus.ON_HOLD)

    run = queue.run_now(held, now=NOW)

    held.refresh_from_db()
    assert held.status == JobStatus.ON_HOLD
    assert run.entry is not None
    assert run.entry != held
    assert not run.entry.recurring
    assert run.entry.mapping_name == "CUSTOMER"


def test_an_entry_put_on_hold_ignores_the_bell(entry: MakeEntry) -> None:
    due = entry()

    queue.set_on_hold(due, now=NOW)

    assert dispatch.claim(due.pk, owner="here:1", now=NOW) is None


def test_ready_means_at_the_next_allowed_moment(entry: MakeEntry) -> None:  # E-7.7, E-7.8
    held = entry(status=JobStatus.ON_HOLD, earliest_start=None, attempts=3, error_message="why")

    queue.set_ready(held, now=NOW)

    assert held.status == JobStatus.READY
    assert held.earliest_start == NOW + timedelta(seconds=1)
    assert (held.attempts, held.error_message) == (0, "")
    assert held.last_ready_state == NOW


def test_restart_does_not_wait_for_the_entrys_time(entry: MakeEntry) -> None:  # E-7.46
    failed = entry(status=JobStatus.ERROR, earliest_start=LATER)

    queue.restart(failed, now=NOW)

    assert failed.status == JobStatus.READY
    assert failed.earliest_start == NOW


def test_a_running_entry_can_be_neither_restarted_nor_deleted(entry: MakeEntry) -> None:  # E-7.6
    running = entry()
    dispatch.claim(running.pk, owner="here:1", now=NOW)

    with pytest.raises(RunningError, match="is in process"):
        queue.restart(running, now=NOW)
    with pytest.raises(RunningError):
        queue.delete(running, now=NOW)
    assert JobQueueEntry.objects.exists()


def test_deleting_an_entry_closes_the_runs_that_waited_for_it(entry: MakeEntry) -> None:
    ready = entry(earliest_start=LATER)
    run = queue.run_now(ready, now=NOW)

    queue.delete(ready, now=NOW)

    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED


def test_cancelling_before_it_began_takes_it_off_the_queue(company: Company) -> None:
    run = queue.enqueue(company, "synchronize", description="CUSTOMER", now=NOW)

    queue.cancel(run, now=NOW)

    assert run.status == RunStatus.CANCELLED
    assert not JobQueueEntry.objects.exists()


def test_cancelling_a_run_under_way_asks_it_to_stop(entry: MakeEntry) -> None:
    claim = dispatch.claim(entry().pk, owner="here:1", now=NOW)
    assert claim is not None

    queue.cancel(claim.run, now=NOW)

    claim.run.refresh_from_db()
    assert claim.run.cancel_requested
    assert claim.run.status == RunStatus.IN_PROCESS
