"""What people see on the pages when a role, a privilege or an import goes wrong, and the cure."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from audit.models import AuditEntry
from connections.models import Company, DeploymentIdentity, Redeployment, UploadedPackage
from connections.solution import package
from connections.solution.manifest import BASE_NAME
from integration_admin.roles import Role
from syncjobs import leases, redeploying, tasks
from syncjobs.models import HealthCheck, JobQueueEntry, Run
from syncjobs.terms import JobStatus
from tests.connected import connected, trusting
from tests.pages.factory import make_user
from tests.running_sandbox import RunningSandbox
from tests.syncjobs.test_redeploying import (
    BROKEN_IMPORT,
    SLOW_IMPORT,
    USER_ROLE_NAME,
    identity,
    lacking,
    take_role_away,
    uninstall,
)

__all__ = ["connected", "trusting"]
REDEPLOY, HEALTH = "/connections/redeploy/", "/connections/health/"


@pytest.fixture
def admin(connected: Company, sandbox: RunningSandbox) -> Any:
    """An administrator of a company with a stored deployment identity."""
    identity(connected, sandbox).save()
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    yield client
    sandbox.reset("empty")


def check(client: Client) -> str:
    """Look at the solution and the last redeploy; return the page that shows what was found."""
    chosen = {"only": ["solution", "redeploy"]}
    return client.post(f"{HEALTH}check/", chosen, follow=True).content.decode()


def redeploy(client: Client, **options: str) -> str:
    """Ask for a redeploy as a person does, let a worker do it, and return its run's page."""
    begun = client.post(f"{REDEPLOY}start/", {"confirmed": "yes", **options})
    run = Run.objects.filter(job=redeploying.JOB).latest("pk")
    assert begun["Location"] == f"/runs/{run.pk}/"
    tasks.run_entry(str(run.entry_id))
    return page(client, f"/runs/{run.pk}/")


def page(client: Client, address: str = REDEPLOY) -> str:
    return client.get(address).content.decode()


def upload(client: Client, content: bytes) -> str:
    file = SimpleUploadedFile("solution.zip", content, "application/zip")
    answer = client.post(f"{REDEPLOY}package/", {"package": file}, follow=True)
    return answer.content.decode()


def test_a_role_that_was_taken_away_turns_health_red_until_it_is_repaired(
    admin: Client, sandbox: RunningSandbox
) -> None:
    assert "Healthy" in check(admin)
    take_role_away(sandbox)

    red = check(admin)
    roles = HealthCheck.objects.get(name="Roles and privileges")
    redeploy(admin)
    green = check(admin)

    assert "Something is wrong" in red
    assert f"{USER_ROLE_NAME}</li>" in red
    assert "need a person, since" in red.replace("needs", "need")
    assert (roles.state, roles.names) == ("wrong", [USER_ROLE_NAME])
    assert "Something is wrong" not in green
    assert HealthCheck.objects.get(name="Roles and privileges").since > roles.since


def test_a_privilege_that_a_package_lacks_turns_health_red_until_a_redeploy(
    admin: Client,
) -> None:
    said = upload(admin, lacking("prvWriteProduct", USER_ROLE_NAME))
    redeploy(admin, force="yes")
    admin.post(f"{REDEPLOY}package/shipped/", {"confirmed": "yes"})

    red = check(admin)
    done = redeploy(admin)
    green = check(admin)

    assert "is imported by the next redeploy" in said
    assert "prvWriteProduct</li>" in red
    assert "Done in" in done
    assert "prvWriteProduct</li>" not in green
    assert AuditEntry.objects.filter(object_kind="integration solution package").count() == 2


def test_an_import_that_fails_is_explained_and_a_retry_mends_it(
    admin: Client, sandbox: RunningSandbox
) -> None:  # C-0707
    uninstall(sandbox)
    sandbox.faults([{**BROKEN_IMPORT, "times": 1}])

    failed = redeploy(admin)
    told = page(admin)
    redeploy(admin)
    history = page(admin, f"{REDEPLOY}history/?view=recent")
    file = admin.get("/lists/redeploys/export/?format=csv").getvalue().decode()

    for html in (failed, told):
        assert "The import failed. Out of luck." in html
        assert "redeploy again; nothing was changed" in html
        assert "E-IMPORT" in html
    assert "Retry" in told
    assert "administrator: Failed" in told
    assert "Redeploys</h1>" in history  # C-0710
    [heads, done, undone] = [line.split(",") for line in file.splitlines()]
    assert heads[1:] == ["By", "Solution", "From Version", "To Version", "Result", "Duration"]
    assert [(line[1], line[5]) for line in (done, undone)] == [
        ("administrator", "Done"),
        ("administrator", "Failed"),
    ]
    assert Redeployment.objects.latest("pk").get_result_display() == "Done"
    assert not JobQueueEntry.objects.filter(mapping_name="CUSTOMER", status=JobStatus.ON_HOLD)


def test_a_time_out_is_explained_and_the_next_redeploy_takes_the_import_up(
    admin: Client, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:  # C-0708
    uninstall(sandbox)
    sandbox.faults([{**SLOW_IMPORT, "delay_ms": 5000, "times": 1}])
    short = redeploying.Patience(look=0.05, done=timedelta(seconds=0.2))
    monkeypatch.setattr(redeploying, "Patience", lambda: short)

    timed_out = redeploy(admin)
    told = page(admin)
    monkeypatch.undo()
    JobQueueEntry.objects.filter(job=redeploying.JOB).delete()  # which would try again by itself
    redeploy(admin)

    for html in (timed_out, told):
        assert "The import does not end." in html
        assert "it takes up an import that is still under way" in html
        assert "E-TIMEOUT" in html
    assert Redeployment.objects.latest("pk").get_result_display() == "Done"
    assert len(sandbox.dataverse.get("importjobs?$select=progress").json()["value"]) == 1


def test_a_killed_worker_is_named_on_the_pages_until_somebody_redeploys_again(
    admin: Client, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstall(sandbox)

    def die(_self: object, point: str) -> None:
        if point == "import begun":
            raise leases.StaleWorkerError(point)  # leaves all as it is, as a death does

    monkeypatch.setattr("syncjobs.progress.RunProgress.at", die)
    admin.post(f"{REDEPLOY}start/", {"confirmed": "yes"})
    entry = JobQueueEntry.objects.get(job=redeploying.JOB)
    tasks.run_entry(str(entry.pk))
    monkeypatch.undo()
    entry.delete()
    Run.objects.filter(job=redeploying.JOB).update(status="Error")

    red, told = check(admin), page(admin)
    redeploy(admin)

    assert "E-UNFINISHED" in red
    assert "The last redeploy did not end" in told
    assert Redeployment.objects.get().get_result_display() == "Done"
    assert "E-UNFINISHED" not in check(admin)


def close_to_all_but_administrators(sandbox: RunningSandbox, _: Company) -> None:
    sandbox.control("POST", "administration_mode", {"on": True})


def sign_in_as_the_integration_user(_: RunningSandbox, company: Company) -> None:
    row = company.dataverse_connection_setup
    DeploymentIdentity.objects.update(client_id=row.client_id, client_secret=row.client_secret)


@pytest.mark.parametrize(
    ("arrange", "code", "cure"),
    [
        (close_to_all_but_administrators, "E-ADMINMODE", "Switch the administration mode off"),
        (sign_in_as_the_integration_user, "E-NOTADMIN", "store another deployment identity"),
    ],
)
def test_what_is_in_the_way_is_told_before_a_redeploy_and_pauses_nothing(
    admin: Client,
    connected: Company,
    sandbox: RunningSandbox,
    arrange: Callable[[RunningSandbox, Company], None],
    code: str,
    cure: str,
) -> None:  # C-0703
    arrange(sandbox, connected)

    asked = admin.post(f"{REDEPLOY}start/").content.decode()
    redeploy(admin)

    assert code in asked
    assert cure in asked
    assert 'name="confirmed"' not in asked
    record = Redeployment.objects.get()
    assert (record.cause, record.get_result_display()) == (code, "Failed")
    assert {number for number, _ in record.steps} <= {1, 8}
    assert "0 job queue entries go on." in record.steps[-1][1]


def test_an_import_that_is_under_way_is_told_and_does_not_keep_from_asking(
    admin: Client, sandbox: RunningSandbox
) -> None:  # C-0703
    sandbox.faults([SLOW_IMPORT])
    file = base64.b64encode(package.build()).decode()
    assert sandbox.dataverse.post("ImportSolutionAsync", {"CustomizationFile": file}).ok

    asked = admin.post(f"{REDEPLOY}start/").content.decode()

    assert "E-BUSY" in asked
    assert "The redeploy waits ten minutes for it" in asked
    assert 'name="confirmed"' in asked


def test_a_second_redeploy_is_refused_with_the_way_to_the_first(admin: Client) -> None:  # C-0706
    admin.post(f"{REDEPLOY}start/", {"confirmed": "yes"})

    again = admin.post(f"{REDEPLOY}start/", {"confirmed": "yes"}, follow=True).content.decode()

    run = Run.objects.get()
    assert "E-BUSY" in again
    assert f'href="/runs/{run.pk}/"' in again


def test_a_package_of_an_older_generation_is_taken_and_shown(admin: Client) -> None:
    files = unzipped(package.build())
    wanted = b'SolutionPackageVersion="8.2"'
    files["solution.xml"] = files["solution.xml"].replace(b'SolutionPackageVersion="9.1"', wanted)

    html = upload(admin, package.zipped(files))

    assert "8.2 or later" in html
    assert UploadedPackage.objects.exists()


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_package_that_cannot_be_right_is_refused_on_the_page(admin: Client) -> None:
    unreadable = upload(admin, b"text")
    too_large = upload(admin, b"\0" * (package.LARGEST + 1))

    assert "no zip" in unreadable
    assert "is larger than" in too_large
    assert "E-PACKAGE" in unreadable
    assert "E-PACKAGE" in too_large
    assert not UploadedPackage.objects.exists()


def test_an_empty_console_is_configured_healthy_ill_and_healed_by_commands(
    transactional_db: None,
    trusting: Settings,
    sandbox: RunningSandbox,
    tmp_path: Any,
) -> None:
    sandbox.reset("empty", without=[BASE_NAME])
    env = sandbox.env
    sign_in = f"""
        authority = "{env["SANDBOX_AUTHORITY"]}"
        tenant = "{env["SANDBOX_TENANT"]}"
        client_id = "{env["SANDBOX_INTEGRATION_CLIENT_ID"]}"
        client_secret = "{env["SANDBOX_INTEGRATION_CLIENT_SECRET"]}"
    """
    file = tmp_path / "company.toml"
    file.write_text(
        f"""
        [company]
        business_central_id = "{env["SANDBOX_BC_COMPANY_ID"]}"
        [business_central]
        server_address = "{env["SANDBOX_BC_URL"]}"
        {sign_in}
        [dataverse]
        server_address = "{env["SANDBOX_DATAVERSE_URL"]}"
        consent = true
        {sign_in}
        [sales]
        enabled = true
        [deployment]
        client_id = "{env["SANDBOX_CLIENT_ID"]}"
        client_secret = "{env["SANDBOX_CLIENT_SECRET"]}"
        """,
        encoding="utf-8",
    )

    with pytest.raises(CommandError, match=f"solution {BASE_NAME}.* Redeploy"):  # E-9.11
        call_command("configure", "--file", str(file), stdout=io.StringIO())
    assert command("redeploy_solution")[0] == 0
    configured, _ = command("configure", "--file", str(file))
    healthy, before = command("check_health")
    take_role_away(sandbox)
    ill, told = command("check_health")
    mended, _ = command("redeploy_solution")
    again, after = command("check_health")
    sandbox.reset("empty")

    assert (configured, healthy, ill, mended, again) == (0, 0, 1, 0, 0), (before, told)
    assert told["wrong"] == [USER_ROLE_NAME]
    assert (before["wrong"], after["wrong"]) == ([], [])
    assert DeploymentIdentity.objects.exists()


def command(name: str, *words: str) -> tuple[int, Any]:
    out, status = io.StringIO(), 0
    try:
        call_command(name, *words, "--json", stdout=out)
    except SystemExit as ended:
        status = int(ended.code or 0)
    return status, json.loads(out.getvalue())
