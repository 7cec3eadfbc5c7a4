"""Redeploying in the running sandbox: steps, waiting entries, failures, workers that die."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from audit.models import AuditEntry
from audit.terms import Act
from connections import deployment, setup
from connections.causes import Cause
from connections.errors import ConfigurationError, TransientError
from connections.health import State
from connections.models import Company, DeploymentIdentity, Redeployment
from connections.solution import package
from connections.solution.manifest import BASE_NAME, UNIQUE_NAME
from connections.solution_host import SolutionHost
from connections.solution_views import plan_of as redeploy_plan
from connections.terms import RedeployResult
from syncjobs import activation, checkup, clock, leases, queue, redeploying, tasks
from syncjobs.leases import BusyError
from syncjobs.models import JobQueueEntry, Run
from syncjobs.progress import CancelledError, RunProgress, in_foreground
from syncjobs.redeploy_checks import check_redeploys
from syncjobs.redeploying import Patience
from syncjobs.terms import JobStatus, RunStatus
from tests.connected import connected, trusting
from tests.running_sandbox import RunningSandbox

__all__ = ["connected", "trusting"]
USER = "82d13fc9-73a2-4e45-8ab8-d293c4f5e008"
USER_ROLE = "6f960e32-a72b-e511-80d9-3863bb349780"
USER_ROLE_NAME = "Dynamics 365 Business Central Integration User"
QUICK = Patience(look=0.05)
SLOW_IMPORT = {"action": "solution_import", "path": "ImportSolution", "delay_ms": 600_000}
BROKEN_IMPORT = {**SLOW_IMPORT, "delay_ms": 50, "after": 50, "body": "Out of luck."}


@pytest.fixture
def company(connected: Company, sandbox: RunningSandbox) -> Iterator[Company]:
    """A connected company with a deployment identity, and entries in several states."""
    identity(connected, sandbox).save()
    activation.create_default_entries(connected, now=clock.now())
    customer, vendor = entry("CUSTOMER"), entry("VENDOR")
    queue.set_on_hold(customer, now=clock.now())
    queue.set_inactive(vendor, now=clock.now())
    yield connected
    sandbox.reset("empty")


def identity(company: Company, sandbox: RunningSandbox) -> DeploymentIdentity:
    return deployment.identity_for_once(
        company,
        {
            "client_id": sandbox.env["SANDBOX_CLIENT_ID"],
            "client_secret": sandbox.env["SANDBOX_CLIENT_SECRET"],
        },
    )


def entry(name: str) -> JobQueueEntry:
    return JobQueueEntry.objects.get(mapping_name=name)


def entries() -> list[Any]:
    return list(JobQueueEntry.objects.values_list("mapping_name", "status", "earliest_start"))


def redeploy(company: Company, **options: Any) -> Redeployment:
    with in_foreground(company, job=redeploying.JOB, description="Redeploy") as progress:
        chosen = options.pop("identity", None) or deployment.identity_of(company)
        return redeploying.run(company, chosen, progress=progress, **{"patience": QUICK, **options})


def wrong(company: Company) -> list[str]:
    found = checkup.look(company, only=("solution", "redeploy"))
    return [name for finding in found for name in finding.names]


def lacking(privilege: str, role: str) -> bytes:
    """Return our package with one privilege less in one role."""
    with zipfile.ZipFile(io.BytesIO(package.build())) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    line = f'<RolePrivilege name="{privilege}" level="Global" />'.encode()
    before, start, rest = files["customizations.xml"].partition(f'name="{role}"'.encode())
    assert line in rest
    files["customizations.xml"] = before + start + rest.replace(line, b"", 1)
    return package.zipped(files)


def uninstall(sandbox: RunningSandbox, name: str = UNIQUE_NAME) -> None:
    query = f"solutions?$select=solutionid&$filter=uniquename eq '{name}'"
    [row] = sandbox.dataverse.get(query).json()["value"]
    sandbox.dataverse.delete(f"solutions({row['solutionid']})")


def take_role_away(sandbox: RunningSandbox) -> None:
    path = f"systemusers({USER})/systemuserroles_association({USER_ROLE})/$ref"
    assert sandbox.dataverse.delete(path).status_code == 204


# What it does


def test_missing_solutions_are_imported_in_order_and_their_roles_are_given(
    company: Company, sandbox: RunningSandbox
) -> None:  # E-9.11, E-9.30
    for name in (UNIQUE_NAME, BASE_NAME):
        uninstall(sandbox, name)
    before = wrong(company)

    record = redeploy(company)

    missing = {UNIQUE_NAME, "nav_connection", USER_ROLE_NAME, BASE_NAME, "bcbi_company"}
    assert missing <= set(before)
    assert record.result == RedeployResult.DONE
    assert (record.from_version, record.to_version) == ("not installed", "1.0.1.0")
    assert [number for number, _ in record.steps] == [1, 2, 3, 3, 4, 5, 6, 7, 8]
    assert [BASE_NAME in told for number, told in record.steps if number == 3] == [True, False]
    assert wrong(company) == []
    assert setup.dataverse_setup(company).is_enabled  # it was all the time (C-0706)


def test_a_role_that_was_taken_away_is_given_back_without_an_import(
    company: Company, sandbox: RunningSandbox
) -> None:
    take_role_away(sandbox)
    before = wrong(company)

    record = redeploy(company)

    assert before == [USER_ROLE_NAME]
    assert [number for number, _ in record.steps] == [1, 2, 5, 6, 7, 8]
    assert wrong(company) == []


def test_an_integration_user_that_is_gone_is_made_again_with_its_roles(
    company: Company, sandbox: RunningSandbox
) -> None:  # E-9.12
    sandbox.dataverse.delete(f"systemusers({USER})")
    before = redeploy_plan(company)

    record = redeploy(company)

    assert before.user == sandbox.env["SANDBOX_INTEGRATION_CLIENT_ID"]
    assert record.result == RedeployResult.DONE
    assert [number for number, _ in record.steps] == [1, 2, 5, 5, 6, 7, 8]
    assert USER_ROLE_NAME in record.steps[4][1]
    assert wrong(company) == []


def test_a_package_with_one_privilege_less_is_named_by_health(company: Company) -> None:
    deployment.upload(company, lacking("prvWriteProduct", USER_ROLE_NAME), now=clock.now())
    redeploy(company, force=True)
    deployment.use_shipped(company)

    assert wrong(company) == ["prvWriteProduct"]
    assert redeploy(company).result == RedeployResult.DONE
    assert wrong(company) == []


# What waits


def test_entries_wait_and_go_on_exactly_as_they_were(company: Company) -> None:
    before = entries()
    seen: list[set[str]] = []

    class Watching(RunProgress):
        def start(self, step: str, total: int) -> None:
            if "Import" in step:
                seen.append(set(JobQueueEntry.objects.values_list("status", flat=True)))
            super().start(step, total)

    with in_foreground(company, job=redeploying.JOB, description="Redeploy") as progress:
        redeploying.run(
            company,
            deployment.identity_of(company),
            progress=Watching(progress.run_id),
            force=True,
            patience=QUICK,
        )

    assert seen == [{JobStatus.ON_HOLD}]
    assert entries() == before


def test_an_entry_that_a_person_started_meanwhile_stays_as_the_person_wants(
    company: Company,
) -> None:
    contact = entry("CONTACT")

    class Meddling(RunProgress):
        def start(self, step: str, total: int) -> None:
            if "Publish" in step:
                queue.set_inactive(contact, now=clock.now())
            super().start(step, total)

    with in_foreground(company, job=redeploying.JOB, description="Redeploy") as progress:
        redeploying.run(
            company,
            deployment.identity_of(company),
            progress=Meddling(progress.run_id),
            force=True,
            patience=QUICK,
        )

    assert entry("CONTACT").status == JobStatus.ON_HOLD_INACTIVE


# What goes wrong


def test_an_import_that_fails_midway_says_why_and_lets_entries_go_on(
    company: Company, sandbox: RunningSandbox
) -> None:
    uninstall(sandbox)
    before = entries()
    sandbox.faults([{**BROKEN_IMPORT, "times": 1}])

    with pytest.raises(ConfigurationError) as failure:
        redeploy(company)

    record = Redeployment.objects.get()
    assert failure.value.cause == Cause.IMPORT_FAILED
    assert "Out of luck." in failure.value.message
    assert (record.result, record.cause) == (RedeployResult.FAILED, "E-IMPORT")
    assert entries() == before
    assert redeploy(company).result == RedeployResult.DONE
    ends = AuditEntry.objects.filter(act=Act.RUN_ENDED, object_kind="redeploy").order_by("pk")
    assert [entry.after["result"] for entry in ends] == ["Failed", "Done"]
    assert "Out of luck." in ends[0].reason


def test_an_import_that_takes_too_long_is_taken_up_by_the_next_redeploy(
    company: Company, sandbox: RunningSandbox
) -> None:
    uninstall(sandbox)
    sandbox.faults([{**SLOW_IMPORT, "delay_ms": 5000}])

    with pytest.raises(TransientError) as failure:
        redeploy(company, patience=Patience(look=0.05, done=timedelta(seconds=0.2)))
    record = redeploy(company)

    assert failure.value.cause == Cause.TIME_OUT
    assert record.result == RedeployResult.DONE
    [import_] = sandbox.dataverse.get("importjobs?$select=progress").json()["value"]
    assert import_["progress"] == 100


def test_it_waits_for_another_import_to_end(company: Company, sandbox: RunningSandbox) -> None:
    uninstall(sandbox)
    sandbox.faults([{**SLOW_IMPORT, "delay_ms": 700, "times": 1}])
    host = SolutionHost(
        setup.dataverse_as(deployment.identity_of(company), setup.dataverse_setup(company))
    )
    host.begin(package.build(), uuid4())

    record = redeploy(company, force=True)

    assert record.result == RedeployResult.DONE
    assert len(sandbox.dataverse.get("importjobs?$select=progress").json()["value"]) == 2


def test_another_import_that_does_not_end_is_no_reason_to_wait_for_ever(
    company: Company, sandbox: RunningSandbox
) -> None:
    sandbox.faults([SLOW_IMPORT])
    host = SolutionHost(
        setup.dataverse_as(deployment.identity_of(company), setup.dataverse_setup(company))
    )
    host.begin(package.build(), uuid4())

    with pytest.raises(TransientError, match="Another import") as refusal:
        redeploy(company, force=True, patience=Patience(look=0.05, turn=timedelta(seconds=0.2)))

    assert refusal.value.cause == Cause.OTHER_IMPORT
    [record] = Redeployment.objects.all()
    assert [number for number, _ in record.steps] == [1, 8]


@pytest.mark.parametrize("point", ["paused", "import noted", "import begun"])
def test_a_worker_that_dies_is_followed_by_one_that_goes_on(
    company: Company, sandbox: RunningSandbox, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstall(sandbox)
    before = entries()

    class Dying(RunProgress):
        def at(self, where: str) -> None:
            if where == point:
                raise leases.StaleWorkerError(where)  # leaves all as it is, as a death does

    with (
        pytest.raises(leases.StaleWorkerError),
        in_foreground(company, job=redeploying.JOB, description="Redeploy") as progress,
    ):
        redeploying.run(
            company,
            deployment.identity_of(company),
            progress=Dying(progress.run_id),
            patience=QUICK,
        )
    [unfinished] = check_redeploys(company)
    record = redeploy(company)

    assert unfinished.state == State.WRONG
    assert unfinished.code == Cause.UNFINISHED
    assert record.result == RedeployResult.DONE
    assert Redeployment.objects.count() == 1
    assert entries() == before
    assert len(sandbox.dataverse.get("importjobs?$select=progress").json()["value"]) == 1
    assert check_redeploys(company)[0].state == State.HEALTHY


def test_a_cancelled_redeploy_lets_entries_go_on(company: Company) -> None:
    before = entries()

    class Cancelled(RunProgress):
        def at(self, where: str) -> None:
            Run.objects.filter(pk=self.run_id).update(cancel_requested=True)

    with (
        pytest.raises(CancelledError),
        in_foreground(company, job=redeploying.JOB, description="Redeploy") as progress,
    ):
        redeploying.run(
            company,
            deployment.identity_of(company),
            progress=Cancelled(progress.run_id),
            force=True,
            patience=QUICK,
        )

    assert Redeployment.objects.get().result == RedeployResult.CANCELLED
    assert entries() == before


def test_roles_that_cannot_be_given_are_listed_with_the_reason(
    company: Company, sandbox: RunningSandbox
) -> None:
    take_role_away(sandbox)
    refusal = {"error": {"code": "0x80040220", "message": "The role may not be given."}}
    sandbox.faults(
        [
            {
                "action": "status",
                "method": "POST",
                "path": "systemuserroles_association",
                "status": 403,
                "body": refusal,
            }
        ]
    )

    record = redeploy(company)
    sandbox.faults([])
    again = redeploy(company, roles_only=True)

    assert record.result == RedeployResult.ROLES_INCOMPLETE
    [[name, sentence, code]] = record.problems
    assert (name, code) == (USER_ROLE_NAME, "E-ROLES")
    assert "The role may not be given." in sentence
    assert again.result == RedeployResult.DONE


# Who may


def test_without_a_deployment_identity_the_queue_says_what_to_do(company: Company) -> None:
    DeploymentIdentity.objects.all().delete()

    with pytest.raises(ConfigurationError, match="No deployment identity is stored"):
        redeploying.request(company, now=clock.now())


def test_a_second_redeploy_is_refused_with_the_run_of_the_first(company: Company) -> None:
    run = redeploying.request(company, now=clock.now())

    with pytest.raises(BusyError, match=f"run is {run.pk}"):
        redeploying.request(company, now=clock.now())


def test_two_redeploys_never_run_at_the_same_moment(company: Company) -> None:
    with leases.hold(f"REDEPLOY:{company.pk}", "somebody"), pytest.raises(BusyError):
        redeploy(company)


def test_a_worker_redeploys_what_was_asked_for_on_a_page(
    company: Company, sandbox: RunningSandbox
) -> None:
    uninstall(sandbox)
    run = redeploying.request(company, now=clock.now())

    tasks.run_entry(str(run.entry_id))

    run.refresh_from_db()
    record = Redeployment.objects.get()
    assert (run.status, run.step) == (RunStatus.SUCCESS, "8 of 8: Resume job queue entries")
    assert (record.result, record.run_id) == (RedeployResult.DONE, run.pk)
    assert not JobQueueEntry.objects.filter(job=redeploying.JOB).exists()


def test_a_failed_import_puts_the_asked_for_redeploy_on_hold_with_the_reason(
    company: Company, sandbox: RunningSandbox
) -> None:
    uninstall(sandbox)
    sandbox.faults([BROKEN_IMPORT])
    run = redeploying.request(company, now=clock.now())

    tasks.run_entry(str(run.entry_id))
    sandbox.faults([])

    run.refresh_from_db()
    held = JobQueueEntry.objects.get(job=redeploying.JOB)
    assert (run.cause, held.status) == ("E-IMPORT", JobStatus.ON_HOLD)
    assert "Out of luck." in run.error_message
    assert redeploying.request(company, now=clock.now()).entry_id != held.pk


def test_a_run_that_does_not_end_is_no_reason_to_wait_for_ever(company: Company) -> None:
    now = clock.now()
    before = entries()
    Run.objects.create(
        company=company,
        job="synchronize",
        description="CUSTOMER",
        status=RunStatus.IN_PROCESS,
        started_at=now,
        heartbeat_at=now,
    )

    with pytest.raises(TransientError, match="Another run"):
        redeploy(company, patience=Patience(look=0.05, quiet=timedelta(seconds=0.1)))

    assert entries() == before


def test_a_package_for_a_newer_dynamics_is_refused_before_anything_is_touched(
    company: Company,
) -> None:
    with zipfile.ZipFile(io.BytesIO(package.build())) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["solution.xml"] = files["solution.xml"].replace(
        b'SolutionPackageVersion="9.1"', b'SolutionPackageVersion="10.0"'
    )
    deployment.upload(company, package.zipped(files), now=clock.now())

    with pytest.raises(ConfigurationError) as refusal:
        redeploy(company, force=True)

    assert refusal.value.cause == Cause.PACKAGE
    assert Redeployment.objects.get().paused == []
