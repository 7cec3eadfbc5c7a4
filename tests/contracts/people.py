"""People who work in the sandbox by hand, as another user than the console's."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

import requests

from connections.systems import Value
from tests.running_sandbox import Caller, RunningSandbox

SECONDS = count(10, 10)  # how far the clocks were put ahead, by all tests together


class PeopleOverHttp:
    """Somebody with rights on everything; `sets` names a table's entity set where it differs."""

    def __init__(self, sandbox: RunningSandbox, caller: Caller, sets: Mapping[str, str]) -> None:
        self.sandbox = sandbox
        self.caller = caller
        self.sets = sets

    def add(self, table: str, values: Mapping[str, Value]) -> UUID:
        headers = {"Prefer": "return=representation"}
        answer = self.caller.post(self._set(table), json=_plain(values), headers=headers)
        content = _accepted(answer).json()
        return UUID(content.get("id") or content[f"{table}id"])

    def edit(self, table: str, identity: UUID, values: Mapping[str, Value]) -> None:
        path = f"{self._set(table)}({identity})"
        _accepted(self.caller.patch(path, json=_plain(values), headers={"If-Match": "*"}))

    def drop(self, table: str, identity: UUID) -> None:
        path = f"{self._set(table)}({identity})"
        _accepted(self.caller.delete(path, headers={"If-Match": "*"}))

    def wait(self) -> None:
        ahead = next(SECONDS)
        self.sandbox.clock({"bc_offset_s": ahead, "dataverse_offset_s": ahead})

    def _set(self, table: str) -> str:
        return self.sets.get(table, table)


def in_dataverse(sandbox: RunningSandbox) -> PeopleOverHttp:
    """Return somebody who works in Dynamics 365 Sales."""
    sets = {"account": "accounts", "contact": "contacts"}
    return PeopleOverHttp(sandbox, sandbox.dataverse, sets)


def in_business_central(sandbox: RunningSandbox) -> PeopleOverHttp:
    """Return somebody who works in Business Central."""
    return PeopleOverHttp(sandbox, sandbox.bc_standard, {})


def _accepted(answer: requests.Response) -> requests.Response:
    assert answer.ok, f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
    return answer


def _plain(values: Mapping[str, Value]) -> dict[str, Any]:
    return {
        name: float(value) if isinstance(value, Decimal) else value
        for name, value in values.items()
    }
