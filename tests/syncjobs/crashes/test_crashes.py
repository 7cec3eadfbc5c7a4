"""A worker killed at each point where it matters leaves one row, one coupling, and nothing lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from connections.models import Company
from mappings.models import Coupling, Intent, PendingCoupling
from mappings.terms import Direction
from syncjobs import clock
from syncjobs.models import Lease, SynchError
from syncjobs.orphans import die_with_parent
from syncjobs.runs.report import Report
from syncjobs.runs.synchronize import synchronize_mapping
from syncjobs.terms import Action, Mode
from tests.connected import connected, environment, trusting
from tests.processes import ROOT, until
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


@pytest.fixture(scope="module")
def nursery(
    django_db_setup: None, sandbox: RunningSandbox
) -> Iterator[Callable[[dict[str, str]], int]]:
    """Give birth to workers that die; return how each of them ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.syncjobs.crashes.worker"],
        cwd=ROOT,
        env=environment(sandbox),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Also when the tests are killed.
        preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - calls into libc only
    )
    assert process.stdin
    assert process.stdout
    orders, answers = process.stdin, process.stdout

    def let_one_work(order: dict[str, str]) -> int:
        orders.write(f"{json.dumps(order)}\n")
        orders.flush()
        return int(answers.readline())

    yield let_one_work
    orders.close()
    process.wait()


@dataclass(frozen=True)
class Deadly:
    """A console whose worker dies at a point, on one way."""

    nursery: Callable[[dict[str, str]], int]
    company: Company
    way: Way
    sandbox: RunningSandbox
    point: str
    trace: Path

    def kill(self) -> None:
        """Let another process synchronize and die at the point; it did reach it."""
        order = {
            "mapping": "CUSTOMER",
            "direction": self.way.direction,
            "point": self.point,
            "trace": str(self.trace),
            "control": self.sandbox.env["SANDBOX_CONTROL_URL"],
            "system": self.way.system,
        }
        assert self.nursery(order) == -signal.SIGKILL
        assert self.trace.read_text(encoding="utf-8") == self.point
        # Its lease stands until it ends by itself; here the time until then has passed.
        assert Lease.objects.filter(expires_at__gt=clock.now()).update(expires_at=clock.now()) == 1

    def synchronize(self) -> Report:
        return synchronize_mapping(
            self.company,
            "CUSTOMER",
            mode=Mode.FULL,
            directions=(self.way.direction,),
            confirmed=True,
        )

    def check(self, expected: Sequence[tuple[str, str]]) -> None:
        """One record, one coupling, nothing lost, nothing left, nothing more to do."""
        settle(self.sandbox)
        again = self.synchronize()

        assert self.way.arrived(self.sandbox) == sorted(expected)
        assert Coupling.objects.count() == len(expected)
        assert not Intent.objects.exists()
        assert not PendingCoupling.objects.exists()
        assert not SynchError.objects.exists()
        assert again.count(Action.INSERTED) == again.count(Action.MODIFIED) == 0
        assert again.count(Action.FAILED) == 0


@pytest.fixture
def deadly(
    nursery: Callable[[dict[str, str]], int],
    connected: Company,
    sandbox: RunningSandbox,
    tmp_path: Path,
    way: Way,
    point: str,
) -> Deadly:
    return Deadly(nursery, connected, way, sandbox, point, tmp_path / "trace")


def settle(sandbox: RunningSandbox) -> None:
    """Wait until no request of the dead worker is under way in the sandbox any more."""
    until(
        lambda: not any(f["running"] for f in sandbox.stats()["systems"].values()),
        "the sandbox to finish",
    )


pytestmark = [
    pytest.mark.parametrize("point", POINTS),
    pytest.mark.parametrize("way", WAYS.values(), ids=WAYS),
    pytest.mark.parametrize("size", [1, 25], ids=["one record", "many records"]),
]


def test_creations_survive_a_worker_that_is_killed(
    deadly: Deadly, sandbox: RunningSandbox, way: Way, size: int
) -> None:
    for number in range(size):
        way.add(sandbox, number)

    deadly.kill()
    deadly.synchronize()

    deadly.check([(f"Adatum {number}", "") for number in range(size)])


def test_updates_survive_a_worker_that_is_killed(
    deadly: Deadly, sandbox: RunningSandbox, way: Way, size: int
) -> None:
    ids = [way.add(sandbox, number) for number in range(size)]
    deadly.synchronize()
    for identity in ids:
        way.edit(sandbox, identity)

    deadly.kill()
    deadly.synchronize()

    deadly.check([(f"Adatum {number}", "Oslo") for number in range(size)])
