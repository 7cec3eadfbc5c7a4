"""A worker killed at each point where it matters leaves one row, one coupling, and nothing lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from connections.models import Company
from mappings.models import Coupling, Intent, PendingCoupling
from mappings.terms import Direction
from syncjobs.leases import BusyError
from syncjobs.models import SynchError
from syncjobs.runs.report import Report
from syncjobs.runs.synchronize import synchronize_mapping
from syncjobs.terms import Action, Mode
from tests.connected import connected, environment, trusting
from tests.processes import PATIENCE, ROOT, until
from tests.running_sandbox import RunningSandbox

__all__ = ["connected", "trusting"]

POINTS = [
    "before the intent",
    "after the intent",
    "while the request hangs",
    "after the server's commit",
    "after the answer",
    "before our commit",
    "after our commit",
]
LEASE_SECONDS = "1"


@dataclass(frozen=True)
class Way:
    """One direction: where people add records, and where they are to arrive."""

    direction: Direction
    system: str  # the destination, as the sandbox's faults name it

    @property
    def sends(self) -> bool:
        return self.direction == Direction.TO_INTEGRATION_TABLE

    def add(self, sandbox: RunningSandbox, number: int) -> UUID:
        if self.sends:
            values = {"displayName": f"Adatum {number}", "email": f"a{number}@adatum.example"}
            answer = sandbox.bc.post("customers", values)
            assert answer.ok, answer.text
            return UUID(answer.json()["id"])
        row = {
            "name": f"Adatum {number}",
            "emailaddress1": f"a{number}@adatum.example",
            "customertypecode": 3,
        }
        headers = {"Prefer": "return=representation"}
        answer = sandbox.dataverse.post("accounts", row, headers=headers)
        assert answer.ok, answer.text
        return UUID(answer.json()["accountid"])

    def edit(self, sandbox: RunningSandbox, identity: UUID) -> None:
        caller = sandbox.bc if self.sends else sandbox.dataverse
        table, column = ("customers", "city") if self.sends else ("accounts", "address1_city")
        answer = caller.patch(f"{table}({identity})", {column: "Oslo"}, headers={"If-Match": "*"})
        assert answer.ok, answer.text

    def arrived(self, sandbox: RunningSandbox) -> list[tuple[str, str]]:
        """Return name and city of every record on the other side."""
        if self.sends:
            rows: list[dict[str, Any]] = sandbox.dataverse.get(
                "accounts?$select=name,address1_city"
            ).json()["value"]
            return sorted((row["name"], row["address1_city"] or "") for row in rows)
        rows = sandbox.bc.get("customers?$select=displayName,city").json()["value"]
        return sorted((row["displayName"], row["city"]) for row in rows)


WAYS = {
    "to Sales": Way(Direction.TO_INTEGRATION_TABLE, "dataverse"),
    "from Sales": Way(Direction.FROM_INTEGRATION_TABLE, "bc"),
}


def synchronize(company: Company, way: Way) -> Report:
    """Run as the next worker would, as soon as the lease of the dead one has ended."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return synchronize_mapping(
                company,
                "CUSTOMER",
                mode=Mode.FULL,
                directions=(way.direction,),
                confirmed=True,
            )
        except BusyError:
            assert time.monotonic() < deadline, "the lease of a dead worker never ends"
            time.sleep(0.05)


def kill_at(point: str, way: Way, sandbox: RunningSandbox, trace: Path) -> None:
    """Let another process synchronize and die at the point; it did reach it."""
    process = subprocess.run(  # noqa: S603
        [
            sys.executable,
            "-m",
            "tests.syncjobs.crashes.worker",
            "CUSTOMER",
            way.direction,
            point,
            str(trace),
            sandbox.env["SANDBOX_CONTROL_URL"],
            way.system,
        ],
        cwd=ROOT,
        env=environment(sandbox, JOB_LEASE_SECONDS=LEASE_SECONDS),
        check=False,
        timeout=60,
    )
    assert process.returncode == -signal.SIGKILL
    assert trace.read_text(encoding="utf-8") == point


def settle(sandbox: RunningSandbox) -> None:
    """Wait until no request of the dead worker is under way in the sandbox any more."""
    until(
        lambda: not any(f["running"] for f in sandbox.stats()["systems"].values()),
        "the sandbox to finish",
    )


def check(
    company: Company, way: Way, sandbox: RunningSandbox, expected: Sequence[tuple[str, str]]
) -> None:
    """One record, one coupling, nothing lost, nothing left, nothing more to do."""
    settle(sandbox)
    again = synchronize(company, way)

    assert way.arrived(sandbox) == sorted(expected)
    assert Coupling.objects.count() == len(expected)
    assert not Intent.objects.exists()
    assert not PendingCoupling.objects.exists()
    assert not SynchError.objects.exists()
    assert again.count(Action.INSERTED) == again.count(Action.MODIFIED) == 0
    assert again.count(Action.FAILED) == 0


pytestmark = [
    pytest.mark.parametrize("point", POINTS),
    pytest.mark.parametrize("way", WAYS.values(), ids=WAYS),
    pytest.mark.parametrize("size", [1, 25], ids=["one record", "many records"]),
]


def test_creations_survive_a_worker_that_is_killed(
    connected: Company, sandbox: RunningSandbox, tmp_path: Path, way: Way, size: int, point: str
) -> None:
    for number in range(size):
        way.add(sandbox, number)

    kill_at(point, way, sandbox, tmp_path / "trace")
    synchronize(connected, way)

    check(connected, way, sandbox, [(f"Adatum {number}", "") for number in range(size)])


def test_updates_survive_a_worker_that_is_killed(
    connected: Company, sandbox: RunningSandbox, tmp_path: Path, way: Way, size: int, point: str
) -> None:
    ids = [way.add(sandbox, number) for number in range(size)]
    synchronize(connected, way)
    for identity in ids:
        way.edit(sandbox, identity)

    kill_at(point, way, sandbox, tmp_path / "trace")
    synchronize(connected, way)

    check(connected, way, sandbox, [(f"Adatum {number}", "Oslo") for number in range(size)])
