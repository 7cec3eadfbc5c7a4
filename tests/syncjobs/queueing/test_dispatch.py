"""How workers take entries and give them back: rules E-7.10 to E-7.25."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from connections.causes import Cause
from connections.errors import ConfigurationError, TransientError
from syncjobs import dispatch, queue
from syncjobs.dispatch import Claim
from syncjobs.models import JobQueueEntry, Run
from syncjobs.terms import HoldReason, JobStatus, RunStatus
from tests.syncjobs.queueing.conftest import NOW, MakeEntry

LATER = NOW + timedelta(minutes=5)
LEASE = timedelta(seconds=60)


def taken(entry: JobQueueEntry) -> Claim:
    claim = dispatch.claim(entry.pk, owner="here:1", now=NOW)
    assert claim is not None
    return claim


def test_a_due_entry_is_taken_once(entry: MakeEntry) -> None:
    due = entry()

    first = dispatch.claim(due.pk, owner="here:1", now=NOW)
    second = dispatch.claim(due.pk, owner="there:2", now=NOW)

    assert first is not None
    assert second is None
    assert first.entry.status == JobStatus.IN_PROCESS
    assert first.run.status == RunStatus.IN_PROCESS
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "starts"),
    [
        (JobStatus.READY, True),
        (JobStatus.WAITING, True),
        (JobStatus.ON_HOLD_INACTIVE, True),
        (JobStatus.ON_HOLD, False),
        (JobStatus.ERROR, False),
        (JobStatus.FINISHED, False),
        (JobStatus.IN_PROCESS, False),
    ],
)
def test_only_startable_entries_hear_the_bell(  # E-7.10
    entry: MakeEntry, status: JobStatus, *, starts: bool
) -> None:
    rung = entry(status=status)

    claim = dispatch.claim(rung.pk, owner="here:1", now=NOW)

    assert (claim is not None) == starts


def test_a_bell_that_rings_too_early_is_ignored(entry: MakeEntry) -> None:
    early = entry(earliest_start=LATER)

    assert dispatch.claim(early.pk, owner="here:1", now=NOW) is None


def test_an_expired_entry_is_deleted_instead_of_run(entry: MakeEntry) -> None:  # E-7.11
    expired = entry(expiration=NOW)

    assert dispatch.claim(expired.pk, owner="here:1", now=NOW) is None
    assert not JobQueueEntry.objects.exists()


def test_outside_its_window_an_entry_moves_to_the_next_opening(entry: MakeEntry) -> None:  # E-7.11
    night = entry(starting_time=time(22), ending_time=time(6))

    assert dispatch.claim(night.pk, owner="here:1", now=NOW) is None

    night.refresh_from_db()
    assert night.status == JobStatus.READY
    assert night.earliest_start == NOW.replace(hour=22)


def test_the_second_of_a_category_waits_until_the_first_has_ended(entry: MakeEntry) -> None:
    # E-7.14
    first, second = entry(category="BCI CUST"), entry(category="BCI CUST")
    claim = taken(first)

    assert dispatch.claim(second.pk, owner="there:2", now=NOW) is None
    second.refresh_from_db()
    assert second.status == JobStatus.WAITING

    dispatch.finish(claim, idle=False, now=LATER)
    second.refresh_from_db()
    assert second.status == JobStatus.READY
    assert second.earliest_start == LATER


def test_of_those_who_wait_the_most_important_comes_first(entry: MakeEntry) -> None:  # E-7.14
    running = entry(category="BCI CUST")
    claim = taken(running)
    normal = entry(category="BCI CUST", status=JobStatus.WAITING)
    high = entry(category="BCI CUST", status=JobStatus.WAITING, priority=1000)

    dispatch.finish(claim, idle=False, now=LATER)

    high.refresh_from_db()
    normal.refresh_from_db()
    assert (high.status, normal.status) == (JobStatus.READY, JobStatus.WAITING)


def test_a_category_holds_up_its_own_company_only(entry: MakeEntry) -> None:
    from connections.models import Company

    other = Company.objects.create(
        name="OTHER", business_central_id="00000000-0000-4000-8000-000000000002"
    )
    taken(entry(category="BCI CUST"))

    claim = dispatch.claim(entry(category="BCI CUST", company=other).pk, owner="there:2", now=NOW)

    assert claim is not None


def test_a_run_that_ends_well_sets_attempts_back(entry: MakeEntry) -> None:  # E-7.17
    claim = taken(entry(attempts=4))

    dispatch.finish(claim, idle=False, now=LATER)

    claim.entry.refresh_from_db()
    claim.run.refresh_from_db()
    assert claim.entry.status == JobStatus.READY
    assert claim.entry.attempts == 0
    assert claim.entry.earliest_start == LATER + timedelta(minutes=30)
    assert claim.run.status == RunStatus.SUCCESS
    assert claim.run.finished_at == LATER


def test_an_entry_that_does_not_recur_is_gone_when_it_is_done(entry: MakeEntry) -> None:
    claim = taken(entry(recurring=False))

    dispatch.finish(claim, idle=False, now=LATER)

    assert not JobQueueEntry.objects.exists()
    assert Run.objects.get().status == RunStatus.SUCCESS


def test_a_transient_error_is_tried_again_later(entry: MakeEntry) -> None:  # E-7.21
    claim = taken(entry(rerun_delay=30))
    error = TransientError("Dataverse asks to wait.", cause=Cause.THROTTLED)

    dispatch.fail(claim, error, now=NOW)

    claim.entry.refresh_from_db()
    assert claim.entry.status == JobStatus.READY
    assert claim.entry.attempts == 1
    assert claim.entry.earliest_start == NOW + timedelta(seconds=30, milliseconds=10)
    assert claim.entry.error_message == "Dataverse asks to wait."


def test_what_an_administrator_must_settle_goes_on_hold(entry: MakeEntry) -> None:
    claim = taken(entry())
    error = ConfigurationError("The client secret has expired.", cause=Cause.SIGN_IN)

    dispatch.fail(claim, error, now=NOW)

    claim.entry.refresh_from_db()
    claim.run.refresh_from_db()
    assert claim.entry.status == JobStatus.ON_HOLD
    assert claim.entry.hold_reason == HoldReason.REFUSED
    assert claim.run.cause == "E-SIGN-IN"


def test_a_bug_ends_as_an_error_with_its_trace(entry: MakeEntry) -> None:  # E-7.20
    claim = taken(entry())

    dispatch.fail(claim, RuntimeError("a bug"), now=NOW, detail="Traceback …")

    claim.entry.refresh_from_db()
    claim.run.refresh_from_db()
    assert claim.entry.status == JobStatus.ERROR
    assert claim.run.error_detail == "Traceback …"


def test_what_a_person_sets_during_a_run_stays(entry: MakeEntry) -> None:  # E-7.16
    claim = taken(entry())
    queue.set_on_hold(JobQueueEntry.objects.get(), now=NOW)

    dispatch.finish(claim, idle=False, now=LATER)

    claim.entry.refresh_from_db()
    assert claim.entry.status == JobStatus.ON_HOLD


def test_a_worker_without_a_sign_of_life_loses_its_entry_when_the_lease_ends(
    entry: MakeEntry,
) -> None:  # E-7.25
    claim = taken(entry())

    early = dispatch.free_dead(now=NOW + LEASE - timedelta(seconds=1))
    freed = dispatch.free_dead(now=NOW + LEASE)

    claim.entry.refresh_from_db()
    claim.run.refresh_from_db()
    assert (early, freed) == (0, 1)
    assert claim.entry.status == JobStatus.READY
    assert claim.entry.earliest_start == NOW + LEASE
    assert claim.run.status == RunStatus.ERROR


def test_a_sign_of_life_keeps_the_entry(entry: MakeEntry) -> None:
    claim = taken(entry())

    still_ours = dispatch.beat(claim, now=NOW + timedelta(seconds=50))
    freed = dispatch.free_dead(now=NOW + LEASE)

    assert still_ours
    assert freed == 0


def test_a_worker_that_comes_back_late_changes_nothing(entry: MakeEntry) -> None:
    stale = taken(entry())
    dispatch.free_dead(now=NOW + LEASE)
    fresh = dispatch.claim(stale.entry.pk, owner="there:2", now=NOW + LEASE)
    assert fresh is not None

    dispatch.finish(stale, idle=False, now=NOW + LEASE)

    fresh.entry.refresh_from_db()
    fresh.run.refresh_from_db()
    assert not dispatch.beat(stale, now=NOW + LEASE)
    assert fresh.entry.status == JobStatus.IN_PROCESS
    assert fresh.run.status == RunStatus.IN_PROCESS


def test_an_entry_handed_over_is_ready_at_once_and_costs_no_attempt(entry: MakeEntry) -> None:
    claim = taken(entry(attempts=2))

    dispatch.hand_over(claim, now=LATER)

    claim.entry.refresh_from_db()
    assert claim.entry.status == JobStatus.READY
    assert claim.entry.earliest_start == LATER
    assert claim.entry.attempts == 2
    assert claim.entry.error_message == ""
