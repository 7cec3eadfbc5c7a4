"""Real workers and schedulers, a real Redis, and what happens when one of them is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import django_rq
import pytest

from connections.models import Company
from syncjobs import clock, dispatch, leases, queue
from syncjobs.models import JobQueueEntry, Run
from syncjobs.terms import JobStatus, RunStatus
from tests.processes import PATIENCE, ROOT, database_url, until

LEASE_SECONDS = "4"  # where a test waits for its end

pytestmark = pytest.mark.django_db(transaction=True)
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start workers and schedulers that see the tests' database; all end with the test."""
    django_rq.get_connection("default").flushall()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.syncjobs.worker_settings",
        "DATABASE_URL": database_url(),
    }
    started: list[subprocess.Popen[bytes]] = []

    def begin(*command: str, **settings: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "manage.py", *command], cwd=ROOT, env=environment | settings
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def company(transactional_db: None) -> Company:
    return Company.objects.create(name="CRONUS", business_central_id=uuid4())


def ask(company: Company, job: str, **parameters: Any) -> Run:
    return queue.enqueue(company, job, description=job, now=clock.now(), parameters=parameters)


def ended(run: Run) -> Run | None:
    run.refresh_from_db()
    return None if run.status in (RunStatus.WAITING, RunStatus.IN_PROCESS) else run


def lines(trace: Path) -> list[str]:
    return trace.read_text(encoding="utf-8").splitlines() if trace.exists() else []


def horse_of(trace: Path) -> int:
    begun = until(lambda: [line for line in lines(trace) if line.startswith("begun")], "a horse")
    return int(begun[-1].split()[1])


def is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text(encoding="utf-8").split(")")[-1].split()[0] != "Z"


def test_a_worker_runs_what_was_enqueued(company: Company, start: Start, tmp_path: Path) -> None:
    start("worker")

    run = ask(company, "quick", trace=str(tmp_path / "trace"))

    assert until(lambda: ended(run), "the run to end").status == RunStatus.SUCCESS
    assert lines(tmp_path / "trace") == ["done"]
    assert not JobQueueEntry.objects.exists()


@pytest.mark.parametrize(
    ("job", "status", "cause"),
    [
        ("throttled", JobStatus.READY, "E-THROTTLED"),
        ("misconfigured", JobStatus.ON_HOLD, "E-SIGN-IN"),
        ("broken", JobStatus.ERROR, ""),
    ],
)
def test_what_happens_next_follows_from_the_error(
    company: Company, start: Start, job: str, status: JobStatus, cause: str
) -> None:
    start("worker")

    asked = ask(company, job)
    run = until(lambda: ended(asked), "the run to end")

    entry = JobQueueEntry.objects.get()
    assert run.status == RunStatus.ERROR
    assert run.cause == cause
    assert entry.status == status
    assert entry.error_message


def test_a_scheduler_rings_what_is_due(company: Company, start: Start, tmp_path: Path) -> None:
    JobQueueEntry.objects.create(
        company=company,
        job="quick",
        description="quick",
        recurring=True,
        minutes_between_runs=30,
        status=JobStatus.READY,
        earliest_start=clock.now(),
        parameters={"trace": str(tmp_path / "trace")},
    )
    start("worker")
    start("scheduler", "--every", "0.1")

    run = until(lambda: Run.objects.filter(status=RunStatus.SUCCESS).first(), "a run")

    entry = JobQueueEntry.objects.get()
    assert entry.status == JobStatus.READY
    assert entry.earliest_start is not None
    assert entry.earliest_start - run.finished_at == timedelta(minutes=30)


def test_a_bell_that_redis_lost_is_rung_again(
    company: Company, start: Start, tmp_path: Path
) -> None:
    run = ask(company, "quick", trace=str(tmp_path / "trace"))
    django_rq.get_connection("default").flushall()
    start("worker")

    rung = dispatch.ring_due(now=clock.now() + dispatch.RING_AGAIN)

    assert rung == 1
    assert until(lambda: ended(run), "the run to end").status == RunStatus.SUCCESS


def test_a_killed_worker_takes_its_horse_along_and_another_goes_on(
    company: Company, start: Start, tmp_path: Path
) -> None:
    trace, gate = tmp_path / "trace", tmp_path / "gate"
    first = start("worker", JOB_LEASE_SECONDS=LEASE_SECONDS)
    start("scheduler", "--every", "0.1", "--leads-for", "2", JOB_LEASE_SECONDS=LEASE_SECONDS)
    ask(company, "patient", trace=str(trace), until=str(gate))
    horse = horse_of(trace)

    first.send_signal(signal.SIGKILL)
    first.wait()
    until(lambda: not is_alive(horse), "the horse to die with its worker")
    gate.touch()
    start("worker", JOB_LEASE_SECONDS=LEASE_SECONDS)

    until(lambda: lines(trace)[-1:] == ["done"], "another worker to finish")
    until(lambda: not JobQueueEntry.objects.exists(), "the entry to be done")
    assert sorted(Run.objects.values_list("status", flat=True)) == ["Error", "Success"]


def test_a_killed_horse_frees_its_entry_at_once(
    company: Company, start: Start, tmp_path: Path
) -> None:
    trace, gate = tmp_path / "trace", tmp_path / "gate"
    start("worker")
    start("scheduler", "--every", "0.1")  # rings again for what nobody heard
    run = ask(company, "patient", trace=str(trace), until=str(gate))

    os.kill(horse_of(trace), signal.SIGKILL)

    died = until(lambda: ended(run), "the entry to be free")
    assert (died.status, died.error_message) == (RunStatus.ERROR, dispatch.WORKER_DIED)
    assert died.finished_at - died.started_at < leases.length()
    gate.touch()
    until(lambda: not JobQueueEntry.objects.exists(), "the second attempt")
    assert lines(trace)[-1:] == ["done"]


def test_a_worker_that_is_asked_to_stop_hands_its_entry_over(
    company: Company, start: Start, tmp_path: Path
) -> None:
    trace, gate = tmp_path / "trace", tmp_path / "gate"
    worker = start("worker")
    ask(company, "patient", trace=str(trace), until=str(gate))
    horse_of(trace)

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(timeout=PATIENCE) == 0
    entry = JobQueueEntry.objects.get()
    assert entry.status == JobStatus.READY
    assert entry.attempts == 0


def test_a_run_stops_when_a_person_cancels_it(
    company: Company, start: Start, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    start("worker")
    run = ask(company, "patient", trace=str(trace), until=str(tmp_path / "never"))
    horse_of(trace)

    queue.cancel(run, now=clock.now())

    assert until(lambda: ended(run), "the run to end").status == RunStatus.CANCELLED


def test_another_scheduler_takes_over_from_one_that_was_killed(
    company: Company, start: Start, tmp_path: Path
) -> None:
    from syncjobs.models import Lease

    first = start("scheduler", "--every", "0.1", "--leads-for", "2")
    before = until(lambda: Lease.objects.filter(name="scheduler").first(), "a leader")
    start("scheduler", "--every", "0.1", "--leads-for", "2")

    first.send_signal(signal.SIGKILL)
    first.wait()

    after = until(
        lambda: Lease.objects.filter(name="scheduler").exclude(owner=before.owner).first(),
        "another leader",
    )
    assert after.fence > before.fence
