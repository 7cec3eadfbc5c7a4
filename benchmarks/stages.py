"""States to measure from: prepared once, then copied, so that every client meets the same one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks import children
from benchmarks.sandbox import Sandbox, running

TO, FROM = "ToIntegrationTable", "FromIntegrationTable"
AGO = -7200.0  # seconds; what was there before is older than the overlap of both polls
AT_ONCE = 100  # parts of a batch of Business Central


class Stages:
    """Makes states below a directory; all servers answer at the same addresses."""

    def __init__(self, directory: Path, ports: str) -> None:
        self.directory = directory
        self.ports = ports
        self._numbers = count(1)

    def prepared(self, prepare: Callable[[Sandbox], None], *, with_sales: bool = False) -> Path:
        """Return a directory with two systems and a connected company, at rest."""
        directory = self._new()
        with running(directory, self.ports) as sandbox:
            sandbox.control("POST", "clock", {"bc_offset_s": AGO, "dataverse_offset_s": AGO})
            prepare(sandbox)
            sandbox.control("POST", "clock", {"bc_offset_s": 0, "dataverse_offset_s": 0})
            children.run("engine", sandbox, verb="connect", with_sales=with_sales)
        return directory

    @contextmanager
    def on_copy(self, prepared: Path) -> Iterator[Sandbox]:
        """Run the servers on a copy of a state; the copy goes afterwards."""
        directory = self._new()
        shutil.copytree(
            prepared, directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sock")
        )
        with self.on(directory) as sandbox:
            yield sandbox
        self.drop(directory)

    @contextmanager
    def on(self, directory: Path) -> Iterator[Sandbox]:
        """Run the servers on a state."""
        with running(directory, self.ports) as sandbox:
            sandbox.forget()
            yield sandbox

    def drop(self, prepared: Path) -> None:
        """Throw a state away."""
        shutil.rmtree(prepared, ignore_errors=True)

    def file(self) -> Path:
        """Return where requests can be written down."""
        return self.directory / f"recorded-{next(self._numbers)}"

    def _new(self) -> Path:
        directory = self.directory / str(next(self._numbers))
        directory.mkdir()
        return directory


def customers(amount: int) -> Callable[[Sandbox], None]:
    """Return what adds customers to Business Central."""
    return lambda sandbox: sandbox.control("POST", "seed", {"customers": amount})


def accounts(amount: int) -> Callable[[Sandbox], None]:
    """Return what adds customers to Sales."""
    return lambda sandbox: sandbox.control("POST", "seed", {"accounts": amount})


def items(amount: int, prices: int) -> Callable[[Sandbox], None]:
    """Return what adds items to Business Central, each with prices in as many currencies."""
    return lambda sandbox: sandbox.control(
        "POST", "seed", {"items": amount, "prices_per_item": prices}
    )


def with_bad_rows(amount: int, bad: int) -> Callable[[Sandbox], None]:
    """Return what adds customers of whom some are refused by Dataverse.

    Dataverse has a key over name and postal code, and prospects hold both of the bad ones.
    """

    def prepare(sandbox: Sandbox) -> None:
        customers(amount)(sandbox)
        label = {"LocalizedLabels": [{"Label": "Name and post code", "LanguageCode": 1033}]}
        key = {
            "SchemaName": "bench_nameandpostcode",
            "DisplayName": label,
            "KeyAttributes": ["name", "address1_postalcode"],
        }
        sandbox.call("POST", f"{sandbox.data}/EntityDefinitions(LogicalName='account')/Keys", key)
        step = amount // bad
        for row in some_customers(sandbox, [number * step + step // 3 for number in range(bad)]):
            prospect = {
                "name": row["displayName"],
                "address1_postalcode": row["postalCode"],
                "customertypecode": 8,
            }
            sandbox.call("POST", f"{sandbox.data}/accounts", prospect)

    return prepare


def some_customers(sandbox: Sandbox, places: list[int]) -> list[dict[str, Any]]:
    """Return the customers at these places, in the order of their numbers."""
    found = []
    for place in places:
        number = f"C{1_000_001 + place}"
        answer = sandbox.call("GET", f"{sandbox.sales}/customers?$filter=number eq '{number}'")
        found += answer["value"]
    return found


def edit_customers(sandbox: Sandbox, amount: int, step: int, text: str) -> None:
    """Let a person in Business Central change some customers, far from each other."""
    rows = some_customers(sandbox, [number * step for number in range(amount)])
    company = sandbox.sales.rpartition("/")[2]
    parts = [
        {
            "id": str(number),
            "method": "PATCH",
            "url": f"{company}/customers({row['id']})",
            "headers": {"If-Match": "*", "Content-Type": "application/json"},
            "body": {"addressLine2": text},
        }
        for number, row in enumerate(rows)
    ]
    route = sandbox.sales.rpartition("/")[0]
    for start in range(0, len(parts), AT_ONCE):
        batch = {"requests": parts[start : start + AT_ONCE]}
        answer = sandbox.call("POST", f"{route}/$batch", batch)
        assert all(part["status"] < 300 for part in answer["responses"])


def edit_account(sandbox: Sandbox) -> None:
    """Let a person in Sales change an account."""
    url = f"{sandbox.data}/accounts?$select=accountid&$top=1&$orderby=name"
    [row] = sandbox.call("GET", url)["value"]
    sandbox.call("PATCH", f"{sandbox.data}/accounts({row['accountid']})", {"address1_line2": "x"})
