"""What a broken connection stopped goes on once it is well; what a person stopped does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audit.models import AuditEntry
from audit.terms import Act
from connections.causes import Cause
from connections.errors import ConfigurationError, IntegrationError, TransientError
from connections.health import CONSOLE, Finding, State
from connections.models import Company
from syncjobs import checkup, dispatch, healing, queue
from syncjobs.console_checks import check_job_queue
from syncjobs.models import JobQueueEntry
from syncjobs.terms import JobStatus
from tests.syncjobs.queueing.conftest import NOW, MakeEntry

HEALED = NOW + timedelta(hours=1)


def failed(entry: JobQueueEntry, error: IntegrationError) -> JobQueueEntry:
    claim = dispatch.claim(entry.pk, owner="here:1", now=NOW)
    assert claim is not None
    dispatch.fail(claim, error, now=NOW)
    entry.refresh_from_db()
    return entry


def refused(cause: Cause = Cause.SIGN_IN) -> ConfigurationError:
    return ConfigurationError("The client secret has expired.", cause=cause)


def away() -> TransientError:
    return TransientError("Service unavailable.", cause=Cause.UNAVAILABLE)


def test_an_entry_that_a_refused_sign_in_held_starts_again(
    company: Company, entry: MakeEntry
) -> None:
    held = failed(entry(), refused())

    count = healing.start_again(company, now=HEALED)

    held.refresh_from_db()
    assert (count, held.status, held.attempts) == (1, JobStatus.READY, 0)
    assert held.error_message == ""
    assert held.earliest_start == HEALED
    assert AuditEntry.objects.get(act=Act.RESTARTED).reason == "Both systems answer again."


def test_an_entry_that_waits_for_hours_does_so_no_longer(
    company: Company, entry: MakeEntry
) -> None:  # E-7.22
    waiting = failed(entry(attempts=8), away())
    assert waiting.earliest_start
    assert waiting.earliest_start > NOW + timedelta(hours=6)

    healing.start_again(company, now=HEALED)

    waiting.refresh_from_db()
    assert (waiting.earliest_start, waiting.attempts) == (HEALED, 9)


def test_an_entry_that_gave_up_tries_once_more_and_gives_up_again(
    company: Company, entry: MakeEntry
) -> None:  # E-11.44
    gave_up = failed(entry(attempts=10), away())
    assert gave_up.status == JobStatus.ERROR

    healing.start_again(company, now=HEALED)
    again = JobQueueEntry.objects.get(pk=gave_up.pk)
    claim = dispatch.claim(gave_up.pk, owner="here:1", now=HEALED)
    assert claim is not None
    dispatch.fail(claim, away(), now=HEALED)

    gave_up.refresh_from_db()
    assert again.status == JobStatus.READY
    assert gave_up.status == JobStatus.ERROR


@pytest.mark.parametrize("cause", [Cause.BAD_FILTER, Cause.MASS_CHANGE, Cause.NO_FIELDS])
def test_what_a_mapping_is_to_blame_for_waits_for_a_person(
    company: Company, entry: MakeEntry, cause: Cause
) -> None:
    held = failed(entry(), refused(cause))

    assert healing.start_again(company, now=HEALED) == 0
    assert [*healing.held(company)] == [held]


def test_what_a_person_put_on_hold_stays_there(company: Company, entry: MakeEntry) -> None:
    held = failed(entry(), refused())
    queue.set_on_hold(held, now=NOW)

    assert healing.start_again(company, now=HEALED) == 0
    assert not healing.held(company).exists()


@pytest.mark.parametrize(("job", "starts"), [("synchronize", 1), ("redeploy", 0)])
def test_what_was_asked_for_once_starts_again_if_it_only_carries_records(
    company: Company, entry: MakeEntry, job: str, starts: int
) -> None:
    failed(entry(job=job, recurring=False), refused())

    assert healing.start_again(company, now=HEALED) == starts


def test_an_entry_of_another_company_is_left_alone(company: Company, entry: MakeEntry) -> None:
    other = Company.objects.create(name="Fabrikam", business_central_id="2" * 32)
    failed(entry(company=other), refused())

    assert healing.start_again(company, now=HEALED) == 0


def test_health_names_what_a_refused_run_put_on_hold(company: Company, entry: MakeEntry) -> None:
    failed(entry(), refused())

    found = check_job_queue(company, now=NOW)

    assert found[0].state == State.WRONG
    assert "1 on hold until a person acts: CUSTOMER - Dataverse" in found[0].sentence


@pytest.mark.parametrize(
    ("state", "connected"),
    [
        (State.HEALTHY, True),
        (State.ATTENTION, True),
        (State.WRONG, False),
        (State.UNKNOWN, False),
        (None, False),
    ],
)
def test_entries_start_again_only_where_all_that_a_run_needs_is_well(
    state: State | None, *, connected: bool
) -> None:
    well = [Finding(CONSOLE, "any", State.HEALTHY, "It is well.")]
    found: dict[str, list[Finding] | None] = dict.fromkeys(checkup.CONNECTED, well)
    found["solution"] = None if state is None else [Finding(CONSOLE, "any", state, "Something.")]

    assert checkup.is_connected(found) == connected
