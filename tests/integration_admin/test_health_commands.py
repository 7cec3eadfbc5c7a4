"""The commands `check_health` and `redeploy_solution`, from an empty database on."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from connections.models import Company, DeploymentIdentity, Redeployment
from connections.solution import package
from connections.terms import RedeployResult
from syncjobs.models import JobQueueEntry
from syncjobs.terms import JobStatus
from tests.connected import environment
from tests.running_sandbox import ROOT, RunningSandbox

pytestmark = pytest.mark.django_db(transaction=True)
USER = "82d13fc9-73a2-4e45-8ab8-d293c4f5e008"
ROLES = {
    "Business Central Integration Administrator": "a2b18661-9ff5-e911-a812-000d3a0b9028",
    "Dynamics 365 Business Central Integration Administrator": (
        "8c8d4f51-a72b-e511-80d9-3863bb349780"
    ),
    "Dynamics 365 Business Central Integration User": "6f960e32-a72b-e511-80d9-3863bb349780",
}


@pytest.fixture
def configured(
    settings: Settings, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunningSandbox]:
    """A sandbox with its seed, and a console that was connected by `configure` alone."""
    settings.ALLOWED_SYSTEM_HOSTS = ["localhost=private"]
    settings.SYSTEM_CA_BUNDLE = sandbox.env["SANDBOX_CA_BUNDLE"]
    sandbox.reset("empty")
    for name, value in sandbox.env.items():
        monkeypatch.setenv(name, value)
    call_command("configure", "--sandbox", stdout=io.StringIO())
    for name in sandbox.env:
        monkeypatch.delenv(name)
    yield sandbox
    sandbox.reset("empty")


def run(command: str, *arguments: str) -> tuple[int, Any]:
    """Return the exit status of a command and the JSON it printed."""
    out, status = io.StringIO(), 0
    try:
        call_command(command, *arguments, "--json", stdout=out)
    except SystemExit as exit_:
        status = int(exit_.code or 0)
    return status, json.loads(out.getvalue())


def refusal(command: str, *arguments: str) -> str:
    with pytest.raises(CommandError) as refused:
        call_command(command, *arguments, stdout=io.StringIO())
    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)
    return str(refused.value)


def take_away(sandbox: RunningSandbox, role: str) -> None:
    path = f"systemusers({USER})/systemuserroles_association({ROLES[role]})/$ref"
    assert sandbox.dataverse.delete(path).status_code == 204


@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_is_missing_is_named_until_a_redeploy_gives_it_back(
    configured: RunningSandbox, role: str
) -> None:
    take_away(configured, role)
    ill, told = run("check_health", "--only", "solution")
    done, _ = run("redeploy_solution")
    again, after = run("check_health", "--only", "solution")

    assert (ill, done, again) == (1, 0, 0)
    assert role in told["wrong"]
    assert (told["state"], after["state"]) == ("wrong", "healthy")
    assert after["wrong"] == []


def test_all_roles_taken_away_are_all_named(configured: RunningSandbox) -> None:
    for role in ROLES:
        take_away(configured, role)

    status, told = run("check_health")

    assert status == 1
    assert set(ROLES) <= set(told["wrong"])
    assert "prvReadSystemuser" in told["wrong"]


def test_a_clock_that_is_far_off_is_wrong(configured: RunningSandbox) -> None:
    configured.clock({"dataverse_offset_s": 900})

    status, told = run("check_health")

    [clock] = [check for check in told["checks"] if check["code"] == "E-CLOCK"]
    assert status == 1
    assert clock["side"] == "Dataverse"
    assert clock["sentence"].endswith("s ahead of ours.")


def test_a_local_currency_that_dataverse_lacks_is_named(configured: RunningSandbox) -> None:
    configured.faults([_answers("transactioncurrencies", [])])

    status, told = run("check_health")

    assert status == 1
    assert told["wrong"] == ["USD"]


def test_a_base_currency_without_a_rate_in_business_central_is_named(
    configured: RunningSandbox,
) -> None:
    crown = "10ac3efe-5c5c-4d0f-9d4c-0f1a2b3c4d5e"
    body = {"currencyname": "Crown", "isocurrencycode": "SEK", "currencysymbol": "kr"}
    configured.dataverse.post(
        "transactioncurrencies",
        {**body, "currencyprecision": 2, "exchangerate": 9, "transactioncurrencyid": crown},
    )
    [row] = configured.dataverse.get("organizations").json()["value"]
    row["_basecurrencyid_value"] = crown
    configured.faults([_answers("organizations", [row])])

    status, told = run("check_health")

    assert status == 1
    assert told["wrong"] == ["SEK"]


def _answers(entity_set: str, rows: list[Any]) -> dict[str, Any]:
    """Let a set hold other rows than it does; the platform forbids to change these."""
    fault = {"action": "status", "system": "dataverse", "method": "GET", "status": 200}
    return {**fault, "path": f"/{entity_set}\\?", "body": {"value": rows}}


def test_a_connection_that_is_switched_off_is_wrong(configured: RunningSandbox) -> None:
    setup = Company.objects.get().dataverse_connection_setup
    setup.is_enabled, setup.disable_reason = False, "moving house"
    setup.save()

    status, told = run("check_health")

    assert status == 1
    assert told["wrong"] == ["Dataverse Connection Setup"]


def test_an_environment_in_administration_mode_is_named(configured: RunningSandbox) -> None:
    answer = {"Detail": {"FriendlyName": "Cronus", "State": "Disabled"}}
    fault = {"action": "status", "system": "dataverse", "method": "GET", "status": 200}
    configured.faults([{**fault, "path": "RetrieveCurrentOrganization", "body": answer}])

    status, told = run("check_health", "--only", "dataverse")

    [found] = [check for check in told["checks"] if check["state"] != "healthy"]
    assert (status, found["code"]) == (1, "E-ADMINMODE")
    assert "Cronus is in administration mode" in found["sentence"]


def test_an_integration_user_that_was_disabled_is_named(configured: RunningSandbox) -> None:
    path = f"systemusers({USER})"
    assert configured.dataverse.patch(path, {"isdisabled": True}).status_code == 204

    status, told = run("check_health", "--only", "dataverse")

    assert status == 1
    assert "E-USER-NONE" in {check["code"] for check in told["checks"]}


def test_what_cannot_be_reached_is_not_called_wrong(configured: RunningSandbox) -> None:
    setup = Company.objects.get().dataverse_connection_setup
    setup.server_address = "https://localhost:9"
    setup.save()

    status, told = run("check_health")

    assert status == 2
    assert told["state"] == "unknown"


def test_without_a_company_there_is_nothing_to_look_at() -> None:
    assert "manage.py configure" in refusal("check_health")
    assert "manage.py configure" in refusal("redeploy_solution")


# Who redeploys


def test_configure_stores_the_deployment_identity_of_a_sandbox(
    configured: RunningSandbox,
) -> None:
    identity = DeploymentIdentity.objects.get()

    assert identity.client_id == configured.env["SANDBOX_CLIENT_ID"]
    assert identity.client_secret.reveal() == configured.env["SANDBOX_CLIENT_SECRET"]


def test_a_file_may_describe_the_deployment_identity(
    configured: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    DeploymentIdentity.objects.all().delete()
    secret = configured.env["SANDBOX_CLIENT_SECRET"]
    monkeypatch.setenv("SECRET_OF_THE_IDENTITY", secret)
    file = tmp_path / "company.toml"
    file.write_text(
        f"""
        [company]
        business_central_id = "{configured.env["SANDBOX_BC_COMPANY_ID"]}"

        [deployment]
        client_id = "{configured.env["SANDBOX_CLIENT_ID"]}"
        client_secret = {{env = "SECRET_OF_THE_IDENTITY"}}
        """,
        encoding="utf-8",
    )

    _, told = run("configure", "--file", str(file))

    identity = DeploymentIdentity.objects.get()
    assert identity.tenant == configured.env["SANDBOX_TENANT"]
    assert identity.client_secret.reveal() == secret
    assert secret not in json.dumps(told)
    assert run("redeploy_solution")[0] == 0


def test_without_an_identity_a_script_is_told_what_to_do(configured: RunningSandbox) -> None:
    DeploymentIdentity.objects.all().delete()

    assert "No deployment identity is stored" in refusal("redeploy_solution")
    assert not Redeployment.objects.exists()


def test_who_is_named_signs_in_once_and_is_not_stored(
    configured: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    DeploymentIdentity.objects.all().delete()
    monkeypatch.setenv("DEPLOYMENT_SECRET", configured.env["SANDBOX_CLIENT_SECRET"])

    status, told = run("redeploy_solution", "--client-id", configured.env["SANDBOX_CLIENT_ID"])

    assert status == 0
    assert told["signed_in_as"] == "Sandbox Administration"
    assert not DeploymentIdentity.objects.exists()
    assert configured.env["SANDBOX_CLIENT_SECRET"] not in json.dumps(told)


def test_a_person_signs_in_with_a_password(
    configured: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPLOYMENT_SECRET", configured.env["SANDBOX_PASSWORD"])

    status, told = run(
        "redeploy_solution",
        "--user-name",
        configured.env["SANDBOX_USERNAME"],
        "--client-id",
        configured.env["SANDBOX_PUBLIC_CLIENT_ID"],
    )

    assert status == 0
    assert told["signed_in_as"] == "Alex Morgan"


def test_a_wrong_secret_is_refused_and_nothing_waits(
    configured: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPLOYMENT_SECRET", "wrong")

    refusal("redeploy_solution", "--client-id", configured.env["SANDBOX_CLIENT_ID"])

    assert Redeployment.objects.get().result == RedeployResult.FAILED
    assert not JobQueueEntry.objects.filter(status=JobStatus.ON_HOLD).exists()


# Packages


def test_an_uploaded_package_is_checked_and_then_used(
    configured: RunningSandbox, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(package.build())
    bad.write_bytes(b"nothing of the kind")

    said = refusal("redeploy_solution", "--package", str(bad))
    status, told = run("redeploy_solution", "--package", str(good), "--force")

    assert "no zip" in said
    assert (status, told["result"]) == (0, "Done")


# A worker that is killed


def test_a_redeploy_that_is_killed_during_the_import_is_gone_on_with(
    configured: RunningSandbox, settings: Settings
) -> None:
    settings.JOB_LEASE_SECONDS = 3.0
    before = list(JobQueueEntry.objects.values_list("pk", "status"))
    configured.faults(
        [{"action": "solution_import", "path": "ImportSolution", "delay_ms": 8000, "times": 1}]
    )
    process = subprocess.Popen(
        [sys.executable, "manage.py", "redeploy_solution", "--force"],
        cwd=ROOT,
        env=environment(configured, JOB_LEASE_SECONDS="3"),
        stdout=subprocess.DEVNULL,
    )
    ends = time.monotonic() + 180
    while not Redeployment.objects.exclude(operation_id=None).exists():
        assert time.monotonic() < ends, "The import never began."
        assert process.poll() is None, "The command ended by itself."
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    held = JobQueueEntry.objects.filter(status=JobStatus.ON_HOLD).count()
    ends = time.monotonic() + 180
    while "Redeploy" not in run("check_health")[1]["wrong"]:
        assert time.monotonic() < ends, "Nobody missed the redeploy."

    status, after = _when_the_lease_has_ended("redeploy_solution")

    assert held == len(before)
    assert (status, after["result"]) == (0, "Done")
    assert list(JobQueueEntry.objects.values_list("pk", "status")) == before
    assert len(configured.dataverse.get("importjobs?$select=progress").json()["value"]) == 1
    assert run("check_health")[0] == 0


def _when_the_lease_has_ended(command: str) -> tuple[int, Any]:
    """Run a command as soon as the dead one's lease lets it."""
    ends = time.monotonic() + 180
    while time.monotonic() < ends:
        with contextlib.suppress(CommandError):
            return run(command)
        time.sleep(0.5)
    pytest.fail("The lease of the killed command never ended.")
