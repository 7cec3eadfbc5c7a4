"""Imports of solutions: staged, carried out one at a time, and looked at while they run."""

from __future__ import annotations

import base64
import binascii
import json
import time
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4
from xml.sax.saxutils import quoteattr

from sandbox.dataverse import refusals, solutions
from sandbox.dataverse.planting import plant
from sandbox.dataverse.solutions import SolutionError
from sandbox.dataverse.writing import Writer
from sandbox.http import WRITE, Call, Reply
from sandbox.store import DATAVERSE, seconds

if TYPE_CHECKING:
    from sandbox.control.faults import Fault
    from sandbox.dataverse.service import Dataverse

RUNNING = "dataverse:import"
IMPORT_SOLUTION = 203  # operationtype
LASTS = 0.3  # seconds, unless a fault says otherwise
IN_PROGRESS, SUCCEEDED, FAILED, FINISHED = 20, 30, 31, 3
MIDWAY = 50
FAILURE = "Solution Import: the import failed midway (fault)."
PRIVILEGE = "prvImportCustomization"


class Imports:
    """What is staged, and the one import that is under way."""

    def __init__(self, environment: Dataverse) -> None:
        self.environment = environment
        self.staged: dict[str, bytes] = {}
        self.fault: Fault | None = None  # that the request being answered met
        self.running: dict[str, Any] | None = None

    def reload(self) -> None:
        """Read again what is under way; an import outlives a restart."""
        kept = self.environment.store.get_meta(RUNNING)
        self.running = json.loads(kept) if kept else None

    def start(self, package: bytes, job: str, writer: Writer) -> str:
        """Begin an import and return the id of its asynchronous operation."""
        if self.running is not None:
            raise refusals.solution_operation()
        fault, operation, now = self.fault, str(uuid4()), time.time()
        lasts = fault.delay_ms / 1000 if fault is not None else LASTS
        fails = fault is not None and (fault.after is not None or fault.body is not None)
        running = {
            "operation": operation,
            "job": job,
            "user": writer.user,
            "package": base64.b64encode(package).decode("ascii"),
            "begun": now,
            "lasts": max(lasts, 0.001),
            "fails_at": (MIDWAY if fault is None or fault.after is None else fault.after),
            "failure": str(fault.body or FAILURE) if fails and fault is not None else "",
        }
        moment = seconds(self.environment.store.now(DATAVERSE))
        row = {
            "asyncoperationid": operation,
            "name": "Import Solution",
            "operationtype": IMPORT_SOLUTION,
            "statecode": 2,
            "statuscode": IN_PROGRESS,
            "startedon": moment,
        }
        plant(self.environment, "asyncoperation", [row], by=writer.user)
        told = {"importjobid": job, "progress": 0.0, "startedon": moment}
        plant(self.environment, "importjob", [told], by=writer.user)
        self._keep(running)
        return operation

    def settle(self) -> None:
        """Carry on with the import as far as its time has come."""
        running = self.running
        if running is None:
            return
        progress = min(100.0, (time.time() - running["begun"]) / running["lasts"] * 100)
        failure = running["failure"]
        if failure and progress >= running["fails_at"]:
            self._end(running, running["fails_at"], failure)
        elif progress >= 100:
            self._finish(running)
        else:
            self._tell("importjob", running["job"], {"progress": round(progress, 1)})

    def _finish(self, running: dict[str, Any]) -> None:
        environment, failure = self.environment, ""
        try:
            content = solutions.read(base64.b64decode(running["package"]))
            with environment.atomic():
                solutions.install(environment, content, by=running["user"])
        except SolutionError as error:
            failure = str(error)
        self._end(running, MIDWAY if failure else 100, failure)

    def _end(self, running: dict[str, Any], progress: float, failure: str) -> None:
        moment = seconds(self.environment.store.now(DATAVERSE))
        ended = {
            "statecode": FINISHED,
            "statuscode": FAILED if failure else SUCCEEDED,
            "message": failure or None,
            "friendlymessage": failure or None,
            "completedon": moment,
        }
        result = "failure" if failure else "success"
        told = f' errorcode="0x80048500" errortext={quoteattr(failure)}' if failure else ""
        data = f'<importexportxml progress="{progress}"><result result="{result}"{told} />'
        self._tell("asyncoperation", running["operation"], ended)
        job = {"progress": progress, "completedon": moment, "data": f"{data}</importexportxml>"}
        self._tell("importjob", running["job"], job)
        self._keep(None)

    def _tell(self, table: str, key: str, values: dict[str, Any]) -> None:
        store = self.environment.store
        stamps = {"versionnumber": store.next_version()}
        store.update(DATAVERSE, self.environment.model.tables[table], key, values | stamps)

    def _keep(self, running: dict[str, Any] | None) -> None:
        self.running = running
        self.environment.store.set_meta(RUNNING, json.dumps(running) if running else "")


# What clients ask


def stage(environment: Dataverse, call: Call, _text: str, writer: Writer) -> Reply:
    """StageSolution: look into a package and keep it for an import."""
    body = _body(environment, call, "StageSolution", writer)
    package = _package(body)
    try:
        content = solutions.read(package)
    except SolutionError as error:
        raise refusals.plugin(str(error)) from error
    upload = str(uuid4())
    environment.imports.staged[upload] = package
    results = {
        "StageSolutionUploadId": upload,
        "StageSolutionStatus": "Passed",
        "SolutionValidationResults": [],
        "MissingDependencies": [],
        "SolutionDetails": {
            "SolutionUniqueName": content.unique_name,
            "SolutionFriendlyName": content.friendly_name,
            "SolutionVersion": content.version,
            "IsManaged": content.managed,
        },
    }
    return _answer(call, "StageSolution", {"StageSolutionResults": results})


def import_async(environment: Dataverse, call: Call, _text: str, writer: Writer) -> Reply:
    """ImportSolutionAsync: begin an import of a staged or a given package."""
    body = _body(environment, call, "ImportSolutionAsync", writer)
    given = body.get("SolutionParameters")
    if isinstance(given, dict) and given.get("StageSolutionUploadId"):
        package = environment.imports.staged.get(str(given["StageSolutionUploadId"]))
        if package is None:
            raise refusals.plugin("The staged solution was not found; stage it again.")
    else:
        package = _package(body)
    job = _job(environment, body.get("ImportJobId"))
    with environment.atomic():
        operation = environment.imports.start(package, job, writer)
    return _answer(
        call, "ImportSolutionAsync", {"ImportJobKey": job, "AsyncOperationId": operation}
    )


def _job(environment: Dataverse, given: Any) -> str:
    try:
        job = str(UUID(str(given))) if given else str(uuid4())
    except ValueError as error:
        raise refusals.plugin("ImportJobId is no id.") from error
    if environment.store.get(DATAVERSE, environment.model.tables["importjob"], job) is not None:
        raise refusals.duplicate()
    return job


def _body(environment: Dataverse, call: Call, name: str, writer: Writer) -> dict[str, Any]:
    if call.method != "POST":
        raise refusals.method(call.method, name)
    environment.security.demand_everything(writer.user, PRIVILEGE)
    body = call.json()
    if not isinstance(body, dict):
        raise refusals.plugin(f"{name} needs its parameters.")
    return body


def _package(body: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(str(body.get("CustomizationFile") or ""), validate=True)
    except binascii.Error as error:
        raise refusals.plugin("CustomizationFile is not base64.") from error


def _answer(call: Call, name: str, body: dict[str, Any]) -> Reply:
    context = f"{call.origin}/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM.{name}Response"
    return Reply(200, {"@odata.context": context, **body}, rows=1, work=WRITE)
