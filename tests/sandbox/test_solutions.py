"""Solutions in the sandbox's Dataverse: staged, imported one at a time, and taken away."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from connections.solution import package
from connections.solution.manifest import BASE_NAME, UNIQUE_NAME
from connections.solution.package import Package
from tests.processes import until
from tests.running_sandbox import Caller, RunningSandbox

DATA = Path(__file__).resolve().parents[2] / "sandbox" / "data"
USER_ROLE = "6f960e32-a72b-e511-80d9-3863bb349780"


@pytest.fixture
def call(sandbox: RunningSandbox) -> Iterator[Caller]:
    sandbox.reset("empty")
    yield sandbox.dataverse
    sandbox.reset("empty")


def changed(old: str, new: str) -> bytes:
    """Return our package with one text replaced in both files."""
    with zipfile.ZipFile(io.BytesIO(package.build())) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return package.zipped(
        {name: text.replace(old.encode(), new.encode()) for name, text in files.items()}
    )


def begin(call: Caller, content: bytes, job: str = "") -> Any:
    file = base64.b64encode(content).decode()
    return call.post(
        "ImportSolutionAsync",
        {
            "OverwriteUnmanagedCustomizations": True,
            "PublishWorkflows": True,
            "CustomizationFile": file,
            **({"ImportJobId": job} if job else {}),
        },
    )


def finished(call: Caller, content: bytes) -> Any:
    """Import a package and return how the asynchronous operation ended."""
    operation = begin(call, content).json()["AsyncOperationId"]
    return wait(call, operation)


def wait(call: Caller, operation: str) -> Any:
    columns = "statecode,statuscode,message,friendlymessage"

    def ended() -> Any:
        row = call.get(f"asyncoperations({operation})?$select={columns}").json()
        return row if row["statecode"] == 3 else None

    return until(ended, "the import to end")


def installed(call: Caller) -> list[Any]:
    query = f"solutions?$select=solutionid,version&$filter=uniquename eq '{UNIQUE_NAME}'"
    rows: list[Any] = call.get(query).json()["value"]
    return rows


def privileges(call: Caller, role: str) -> set[str]:
    rows = call.get(f"roles({role})/roleprivileges_association?$select=name").json()["value"]
    return {row["name"] for row in rows}


@pytest.mark.parametrize(
    ("one", "folder"),
    list(zip(package.shipped().chain, ("base_solution", "solution"), strict=True)),
)
def test_what_is_installed_at_first_is_the_package_of_this_release(
    one: Package, folder: str
) -> None:
    with zipfile.ZipFile(io.BytesIO(one.content)) as archive:
        for name in ("solution.xml", "customizations.xml"):
            assert archive.read(name) == (DATA / folder / name).read_bytes(), (
                f"Copy {name} of the built package to {DATA / folder}."
            )


def test_without_the_base_solution_nothing_can_be_marked_as_a_company_s(
    call: Caller, sandbox: RunningSandbox
) -> None:
    sandbox.reset("empty", without=[BASE_NAME])

    companies = call.get("bcbi_companies")
    marked = call.get("accounts?$select=name,_bcbi_companyid_value")
    made = call.post("accounts", {"name": "A", "bcbi_CompanyId@odata.bind": "/bcbi_companies(1)"})

    assert [answer.status_code for answer in (companies, marked, made)] == [404, 400, 400]
    assert call.get("accounts?$select=name").ok


def test_every_seed_has_the_solution_and_its_roles(call: Caller) -> None:
    [solution] = installed(call)

    roles = {role.id: role for role in package.shipped().manifest.roles}

    assert solution["version"] == "1.0.1.0"
    assert all(privileges(call, str(i)) == role.privileges for i, role in roles.items())


def test_an_import_is_polled_until_it_succeeds(call: Caller) -> None:
    job = str(uuid4())

    begun = begin(call, changed("<Version>1.0.1.0<", "<Version>1.1.0.0<"), job).json()
    row = call.get(f"asyncoperations({begun['AsyncOperationId']})").json()
    ended = wait(call, begun["AsyncOperationId"])

    assert begun["ImportJobKey"] == job
    assert row["statuscode"] == 20
    assert ended["statuscode"] == 30
    assert call.get(f"importjobs({job})?$select=progress").json()["progress"] == 100
    assert installed(call)[0]["version"] == "1.1.0.0"


def test_a_staged_package_is_imported_by_its_id(call: Caller) -> None:
    file = base64.b64encode(package.build()).decode()

    staged = call.post("StageSolution", {"CustomizationFile": file}).json()
    results = staged["StageSolutionResults"]
    upload = {"StageSolutionUploadId": results["StageSolutionUploadId"]}
    begun = call.post("ImportSolutionAsync", {"SolutionParameters": upload})

    assert results["SolutionDetails"]["SolutionUniqueName"] == UNIQUE_NAME
    assert wait(call, begun.json()["AsyncOperationId"])["statuscode"] == 30


def test_an_import_puts_roles_back_to_what_the_package_says(call: Caller) -> None:
    lacking = changed('<RolePrivilege name="prvWriteProduct" level="Global" />', "")

    finished(call, lacking)
    without = privileges(call, USER_ROLE)
    finished(call, package.build())

    assert "prvWriteProduct" not in without
    assert "prvWriteProduct" in privileges(call, USER_ROLE)


def test_only_one_import_runs_at_a_time(call: Caller, sandbox: RunningSandbox) -> None:
    sandbox.faults([{"action": "solution_import", "path": "ImportSolution", "delay_ms": 60_000}])
    begin(call, package.build())

    second = begin(call, package.build())

    assert second.json()["error"]["code"] == "0x80071151"


def test_an_import_that_fails_midway_changes_nothing(call: Caller, sandbox: RunningSandbox) -> None:
    fault = {"action": "solution_import", "delay_ms": 100, "after": 40, "body": "Out of luck."}
    sandbox.faults([{**fault, "path": "ImportSolution"}])
    begun = begin(call, changed("<Version>1.0.1.0<", "<Version>1.1.0.0<")).json()

    ended = wait(call, begun["AsyncOperationId"])

    job = call.get(f"importjobs({begun['ImportJobKey']})").json()
    assert (ended["statuscode"], ended["message"]) == (31, "Out of luck.")
    assert job["progress"] == 40
    assert 'result="failure"' in job["data"]
    assert installed(call)[0]["version"] == "1.0.1.0"


def test_an_unknown_privilege_fails_the_import(call: Caller) -> None:
    ended = finished(call, changed("prvWriteProduct", "prvWriteProdukt"))

    assert ended["statuscode"] == 31
    assert "prvWriteProdukt" in ended["message"]


def test_the_integration_user_may_not_import(call: Caller, sandbox: RunningSandbox) -> None:
    answer = begin(sandbox.integration_dataverse, package.build())

    assert answer.status_code == 403
    assert "prvImportCustomization" in answer.json()["error"]["message"]


def test_a_solution_that_is_deleted_takes_tables_and_roles_along(call: Caller) -> None:
    [solution] = installed(call)

    call.delete(f"solutions({solution['solutionid']})")

    assert not installed(call)
    assert call.get("nav_connections").status_code == 404
    assert call.get(f"roles({USER_ROLE})").status_code == 404
    assert "nav_connection" not in call.get("$metadata").text
    assert call.get("accounts?$top=1").status_code == 200


def test_an_import_brings_the_tables_back(call: Caller) -> None:
    call.delete(f"solutions({installed(call)[0]['solutionid']})")

    ended = finished(call, package.build())

    assert ended["statuscode"] == 30
    assert call.post("nav_connections", {"nav_name": "CRONUS"}).status_code == 204
    assert privileges(call, USER_ROLE)


def test_the_clock_of_a_system_is_told_with_every_answer(
    call: Caller, sandbox: RunningSandbox
) -> None:
    before = call.get("WhoAmI").headers["Date"]
    sandbox.clock({"dataverse_offset_s": 86_400})

    after = call.get("WhoAmI").headers["Date"]

    assert before[:16] != after[:16]
