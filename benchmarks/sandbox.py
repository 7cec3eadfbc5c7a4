"""A sandbox that runs for one measurement, below a directory of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import requests

from integration_admin.embedded_redis import EmbeddedRedis
from syncjobs.orphans import die_with_parent

ROOT = Path(__file__).resolve().parent.parent
BC_RESOURCE = "https://api.businesscentral.dynamics.com"
LONG = 900  # seconds a volume may take to grow


class Sandbox:
    """The running server, as somebody with full rights sees it."""

    def __init__(self, directory: Path, env: dict[str, str]) -> None:
        self.directory = directory
        self.env = env
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = env["SANDBOX_CA_BUNDLE"]
        self._tokens: dict[str, str] = {}

    @property
    def data(self) -> str:
        """The service root of Dataverse."""
        return f"{self.env['SANDBOX_DATAVERSE_URL']}/api/data/v9.2"

    @property
    def sales(self) -> str:
        """The company's pages in Business Central that the integration brings."""
        company = self.env["SANDBOX_BC_COMPANY_ID"]
        return f"{self.env['SANDBOX_BC_URL']}/api/integration/sales/v1.0/companies({company})"

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def control(self, method: str, name: str, body: Any = None) -> Any:
        """Call the control API."""
        url = f"{self.env['SANDBOX_CONTROL_URL']}/_sandbox/{name}"
        answer = self._session.request(method, url, json=body, timeout=LONG)
        answer.raise_for_status()
        return answer.json()

    def stats(self) -> dict[str, Any]:
        """Return what each system was asked since the last `forget`."""
        systems: dict[str, Any] = self.control("GET", "stats")["systems"]
        return systems

    def forget(self) -> None:
        self.control("POST", "stats/reset", {})

    def call(self, method: str, url: str, body: Any = None) -> Any:
        """Send a request as a person with full rights, to the address of either system."""
        is_dataverse = url.startswith(self.env["SANDBOX_DATAVERSE_URL"])
        resource = self.env["SANDBOX_DATAVERSE_URL"] if is_dataverse else BC_RESOURCE
        if resource not in self._tokens:
            self._tokens[resource] = token(self.env, resource)
        headers = {"Authorization": f"Bearer {self._tokens[resource]}", "If-Match": "*"}
        if method == "POST":
            del headers["If-Match"]
        answer = self._session.request(method, url, json=body, headers=headers, timeout=LONG)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def token(env: dict[str, str], resource: str, which: str = "SANDBOX_CLIENT") -> str:
    """Return an access token of the client with full rights, or of the integration user."""
    form = {
        "grant_type": "client_credentials",
        "client_id": env[f"{which}_ID"],
        "client_secret": env[f"{which}_SECRET"],
        "scope": f"{resource}/.default",
    }
    url = f"{env['SANDBOX_AUTHORITY']}/{env['SANDBOX_TENANT']}/oauth2/v2.0/token"
    answer = requests.post(url, data=form, verify=env["SANDBOX_CA_BUNDLE"], timeout=60)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def free_ports() -> str:
    """Return four free ports: all servers of a measurement use them, since links hold them."""
    probes = [socket.socket() for _ in range(4)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = ",".join(str(probe.getsockname()[1]) for probe in probes)
    for probe in probes:
        probe.close()
    return ports


@contextmanager
def running(directory: Path, ports: str) -> Iterator[Sandbox]:
    """Run a sandbox and a Redis on what a directory holds."""
    environment = {**os.environ, "VAR_DIR": str(directory), "SANDBOX_PORTS": ports}
    store = EmbeddedRedis(directory)
    store.start()
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "serve"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - calls into libc only
    )
    try:
        assert process.stdout is not None
        if not process.stdout.readline():
            message = f"The sandbox ended at once with status {process.wait()}."
            raise RuntimeError(message)
        sandbox = Sandbox(directory, env_of(directory))
        yield sandbox
        sandbox.close()  # or the server waits for more requests before it ends
    finally:
        process.terminate()
        process.wait(timeout=30)
        store.stop()


def env_of(directory: Path) -> dict[str, str]:
    """Return the addresses and secrets of the sandbox that runs on a directory."""
    state = directory / "sandbox" / "running.json"
    ends = time.monotonic() + 10
    while not state.exists() and time.monotonic() < ends:
        time.sleep(0.02)
    env: dict[str, str] = json.loads(state.read_text(encoding="utf-8"))
    return env
