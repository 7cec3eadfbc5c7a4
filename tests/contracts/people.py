"""People who work in the sandbox by hand: plain requests, as another user than the console's."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import count
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

import requests

from connections.systems import Value

BUSINESS_CENTRAL_RESOURCE = "https://api.businesscentral.dynamics.com"
CUSTOM_PAGES = "api/integration/sales/v1.0"
SECONDS = count(10, 10)  # how far the sandbox's clocks were put ahead, by all tests together


class Sandbox(Protocol):
    """What these people need of the running sandbox."""

    env: Mapping[str, str]


class PeopleOverHttp:
    """Somebody with rights on everything."""

    def __init__(self, sandbox: Sandbox, root: str, resource: str, keys: Mapping[str, str]) -> None:
        self.env = sandbox.env
        self.root = root
        self.keys = keys  # table to entity set, for Dataverse
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {self._token(resource)}"

    def add(self, table: str, values: Mapping[str, Value]) -> UUID:
        answer = self._send("POST", self._set(table), values, Prefer="return=representation")
        content = answer.json()
        return UUID(content["id"] if "id" in content else content[f"{table}id"])

    def edit(self, table: str, identity: UUID, values: Mapping[str, Value]) -> None:
        self._send("PATCH", f"{self._set(table)}({identity})", values, If_Match="*")

    def drop(self, table: str, identity: UUID) -> None:
        self._send("DELETE", f"{self._set(table)}({identity})", None, If_Match="*")

    def wait(self) -> None:
        ahead = next(SECONDS)
        offsets = {"bc_offset_s": ahead, "dataverse_offset_s": ahead}
        answer = requests.post(
            f"{self.env['SANDBOX_CONTROL_URL']}/_sandbox/clock", json=offsets, timeout=10
        )
        answer.raise_for_status()

    def _set(self, table: str) -> str:
        return self.keys.get(table, table)

    def _send(
        self, method: str, path: str, values: Mapping[str, Value] | None, **headers: str
    ) -> requests.Response:
        answer = self.session.request(
            method,
            f"{self.root}/{path}",
            json=None if values is None else {name: _plain(v) for name, v in values.items()},
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            verify=self.env["SANDBOX_CA_BUNDLE"],
            timeout=30,
        )
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer

    def _token(self, resource: str) -> str:
        answer = requests.post(
            f"{self.env['SANDBOX_AUTHORITY']}/{self.env['SANDBOX_TENANT']}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": self.env["SANDBOX_CLIENT_ID"],
                "client_secret": self.env["SANDBOX_CLIENT_SECRET"],
                "scope": f"{resource}/.default",
            },
            verify=self.env["SANDBOX_CA_BUNDLE"],
            timeout=30,
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])


def in_dataverse(sandbox: Sandbox) -> PeopleOverHttp:
    """Return somebody who works in Dynamics 365 Sales."""
    origin = sandbox.env["SANDBOX_DATAVERSE_URL"]
    sets = {"account": "accounts", "contact": "contacts"}
    return PeopleOverHttp(sandbox, f"{origin}/api/data/v9.2", origin, sets)


def in_business_central(sandbox: Sandbox) -> PeopleOverHttp:
    """Return somebody who works in Business Central."""
    base, company = sandbox.env["SANDBOX_BC_URL"], sandbox.env["SANDBOX_BC_COMPANY_ID"]
    assert urlsplit(base).scheme == "https"
    root = f"{base}/{CUSTOM_PAGES}/companies({company})"
    return PeopleOverHttp(sandbox, root, BUSINESS_CENTRAL_RESOURCE, {})


def _plain(value: Value) -> Any:
    return float(value) if isinstance(value, Decimal) else value
