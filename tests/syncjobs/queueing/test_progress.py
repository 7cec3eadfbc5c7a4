"""What a run tells about itself, and where it learns that it must stop."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from connections.causes import Cause
from connections.errors import TransientError
from connections.models import Company
from syncjobs.leases import StaleWorkerError
from syncjobs.models import Run
from syncjobs.progress import (
    CancelledError,
    RunProgress,
    WorkerStoppingError,
    estimate,
    in_foreground,
)
from syncjobs.terms import RunStatus
from tests.syncjobs.queueing.conftest import NOW


class Watch:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def run(company: Company) -> Run:
    return Run.objects.create(
        company=company, job="synchronize", description="CUSTOMER", started_at=NOW, fence=3
    )


def test_progress_is_written_at_most_once_a_second(
    run: Run, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    watch = Watch()
    progress = RunProgress(run.pk, fence=3, now=watch)
    progress.start("CUSTOMER, to Sales", 1000)

    with django_assert_num_queries(1):  # type: ignore[operator]
        for done in range(100, 600, 100):
            progress.advance(done)
        watch.now += timedelta(seconds=1)
        progress.advance(600)

    run.refresh_from_db()
    assert (run.step, run.done, run.total) == ("CUSTOMER, to Sales", 600, 1000)


def test_a_step_with_more_records_than_it_seemed_claims_no_total(run: Run) -> None:
    progress = RunProgress(run.pk, fence=3, now=Watch())
    progress.start("CUSTOMER, from Sales", 5000)
    progress.advance(6000)

    progress.flush()

    run.refresh_from_db()
    assert (run.done, run.total) == (6000, 0)


def test_what_was_told_last_is_not_lost(run: Run) -> None:
    progress = RunProgress(run.pk, fence=3, now=Watch())
    progress.start("CUSTOMER, to Sales", 10)
    progress.advance(10)

    progress.flush()

    run.refresh_from_db()
    assert run.done == 10


def test_the_estimate_follows_the_pace(run: Run) -> None:
    run.done, run.total, run.step_started_at = 250, 1000, NOW
    run.status = RunStatus.IN_PROCESS

    assert estimate(run, now=NOW + timedelta(seconds=10)) == timedelta(seconds=30)


def test_nothing_is_estimated_before_there_is_a_pace(run: Run) -> None:
    run.step_started_at = NOW

    assert estimate(run, now=NOW + timedelta(seconds=10)) is None


def test_the_log_keeps_what_came_before(run: Run) -> None:
    watch = Watch()
    progress = RunProgress(run.pk, fence=3, now=watch)
    progress.log("first")
    watch.now += timedelta(seconds=1)
    progress.log("second")
    progress.flush()

    run.refresh_from_db()
    assert [text for _, text in run.log] == ["first", "second"]


def test_a_cancelled_run_stops_at_its_next_page(run: Run) -> None:
    progress = RunProgress(run.pk, fence=3)
    Run.objects.update(cancel_requested=True)

    with pytest.raises(CancelledError):
        progress.check()


def test_a_run_stops_when_its_worker_is_asked_to(run: Run) -> None:
    progress = RunProgress(run.pk, fence=3, is_stopping=lambda: True)

    with pytest.raises(WorkerStoppingError):
        progress.check()


def test_a_run_whose_fence_was_passed_writes_nothing_more(run: Run) -> None:
    progress = RunProgress(run.pk, fence=2)

    with pytest.raises(StaleWorkerError):
        progress.confirm()
    with pytest.raises(StaleWorkerError):
        progress.start("CUSTOMER, to Sales", 10)
    run.refresh_from_db()
    assert run.step == ""


@pytest.mark.django_db(transaction=True)
def test_a_run_in_the_foreground_leaves_the_same_trace(transactional_db: None) -> None:
    company = Company.objects.create(
        name="CRONUS", business_central_id="00000000-0000-4000-8000-000000000001"
    )

    with in_foreground(company, job="synchronize", description="CUSTOMER") as progress:
        progress.start("CUSTOMER, to Sales", 10)
        progress.advance(10)

    run = Run.objects.get()
    assert (run.status, run.done) == (RunStatus.SUCCESS, 10)
    assert run.finished_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_failure_in_the_foreground_is_noted_with_its_cause(transactional_db: None) -> None:
    company = Company.objects.create(
        name="CRONUS", business_central_id="00000000-0000-4000-8000-000000000001"
    )
    error = TransientError("Dataverse does not answer.", cause=Cause.UNREACHABLE)

    with (
        pytest.raises(TransientError),
        in_foreground(company, job="synchronize", description="CUSTOMER"),
    ):
        raise error

    run = Run.objects.get()
    assert run.status == RunStatus.ERROR
    assert run.cause == "E-UNREACHABLE"
    assert run.error_message == "Dataverse does not answer."
