"""A sandbox that runs for the tests of a session, on free ports, in a temporary directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import django_rq
import pytest
import requests

from syncjobs.orphans import die_with_parent

ROOT = Path(__file__).resolve().parent.parent
BC_RESOURCE = "https://api.businesscentral.dynamics.com"


class Caller:
    """Sends requests to one API as one application."""

    def __init__(
        self, sandbox: RunningSandbox, root: str, resource: str, *, integration: bool
    ) -> None:
        self.sandbox = sandbox
        self.root = root
        self.resource = resource
        self.integration = integration
        self.session = requests.Session()

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        url = path if path.startswith("https://") else f"{self.root}/{path.lstrip('/')}"
        token = self.sandbox.token(self.resource, integration=self.integration)
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        ca = self.sandbox.env["SANDBOX_CA_BUNDLE"]
        return self.session.request(
            method, url, headers=headers, verify=ca, timeout=options.pop("timeout", 60), **options
        )

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> requests.Response:
        return self.request("POST", path, json=json, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> requests.Response:
        return self.request("PATCH", path, json=json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> requests.Response:
        return self.request("PUT", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return self.request("DELETE", path, **options)


class RunningSandbox:
    """The running server: its addresses, its control API, and callers with full rights.

    `dataverse` speaks below `…/api/data/v9.2`, `bc` below
    `…/api/integration/sales/v1.0/companies(…)`, `bc_standard` below `…/api/v2.0/companies(…)`;
    `integration_dataverse` is the integration user.
    """

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self._tokens: dict[tuple[str, bool], tuple[str, float]] = {}
        company = f"companies({env['SANDBOX_BC_COMPANY_ID']})"
        data = f"{env['SANDBOX_DATAVERSE_URL']}/api/data/v9.2"
        resource = env["SANDBOX_DATAVERSE_URL"]
        custom = f"{env['SANDBOX_BC_URL']}/api/integration/sales/v1.0/{company}"
        standard = f"{env['SANDBOX_BC_URL']}/api/v2.0/{company}"
        self.dataverse = Caller(self, data, resource, integration=False)
        self.integration_dataverse = Caller(self, data, resource, integration=True)
        self.bc = Caller(self, custom, BC_RESOURCE, integration=False)
        self.integration_bc = Caller(self, custom, BC_RESOURCE, integration=True)
        self.bc_standard = Caller(self, standard, BC_RESOURCE, integration=False)

    def token(self, resource: str, *, integration: bool = False) -> str:
        """Return an access token, kept until shortly before it expires."""
        kept = self._tokens.get((resource, integration))
        if kept and kept[1] > time.time():
            return kept[0]
        which = "SANDBOX_INTEGRATION_CLIENT" if integration else "SANDBOX_CLIENT"
        form = {
            "grant_type": "client_credentials",
            "client_id": self.env[f"{which}_ID"],
            "client_secret": self.env[f"{which}_SECRET"],
            "scope": f"{resource}/.default",
        }
        url = f"{self.env['SANDBOX_AUTHORITY']}/{self.env['SANDBOX_TENANT']}/oauth2/v2.0/token"
        answer = requests.post(url, data=form, verify=self.env["SANDBOX_CA_BUNDLE"], timeout=30)
        answer.raise_for_status()
        body = answer.json()
        lasts = time.time() + body["expires_in"] - 60
        self._tokens[resource, integration] = body["access_token"], lasts
        return str(body["access_token"])

    def control(self, method: str, name: str, body: Any = None) -> Any:
        """Call the control API; a refusal fails the test with its text."""
        url = f"{self.env['SANDBOX_CONTROL_URL']}/_sandbox/{name}"
        answer = requests.request(method, url, json=body, timeout=300)
        assert answer.ok, answer.text
        return answer.json()

    def reset(
        self, seed: str | dict[str, str] = "empty", scale: float = 1, without: Sequence[str] = ()
    ) -> None:
        """Fill both systems anew; faults, limits, clocks and statistics go back too.

        So does what the console remembers of them: its allowance, since a test after a hundred
        others would be paced, and what tables looked like, since a test may take some away.
        """
        self.control("POST", "reset", {"seed": seed, "scale": scale, "without": list(without)})
        redis = django_rq.get_connection("default")
        for pattern in ("limits:*", "shelf:*"):
            for name in redis.scan_iter(pattern):
                redis.delete(name)

    def seed(self, **amounts: int) -> Any:
        return self.control("POST", "seed", amounts)

    def stats(self) -> Any:
        return self.control("GET", "stats")

    def forget_stats(self) -> None:
        self.control("POST", "stats/reset", {})

    def faults(self, faults: list[dict[str, Any]]) -> Any:
        return self.control("POST", "faults", faults)

    def limits(self, limits: dict[str, Any]) -> Any:
        return self.control("POST", "limits", limits)

    def clock(self, offsets: dict[str, float]) -> Any:
        return self.control("POST", "clock", offsets)


def start(directory: Path) -> tuple[subprocess.Popen[str], RunningSandbox]:
    """Start a sandbox that keeps its files below a directory; the caller ends the process."""
    environment = {**os.environ, "VAR_DIR": str(directory), "SANDBOX_PORTS": "0"}
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "serve"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        # Also when the tests are killed.
        preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - calls into libc only
    )
    assert process.stdout is not None
    if not process.stdout.readline():
        pytest.fail(f"The sandbox ended at once with status {process.wait()}.")
    state = directory / "sandbox" / "running.json"
    return process, RunningSandbox(json.loads(state.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """A sandbox for the whole session; tests that need a clean one call `sandbox.reset()`."""
    process, running = start(tmp_path_factory.mktemp("sandbox"))
    yield running
    process.terminate()
    process.wait(timeout=60)
