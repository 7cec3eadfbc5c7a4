"""A bare client: sends the engine's requests again, in order, and does nothing with the answers.

What may run side by side is what ran side by side: a request waits for those whose answers the
engine had when it sent it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from benchmarks.children import measured, order
from benchmarks.recording import Sent, recorded
from benchmarks.sandbox import BC_RESOURCE, env_of, token

TIMEOUT = 300


class BareClient:
    """Plain sessions that keep their connections, as many as the engine had."""

    def __init__(self, env: dict[str, str], at_once: int) -> None:
        self.env = env
        dataverse = env["SANDBOX_DATAVERSE_URL"]
        resources = {dataverse: dataverse, _origin(env["SANDBOX_BC_URL"]): BC_RESOURCE}
        self.tokens = {
            origin: token(env, resource, "SANDBOX_INTEGRATION_CLIENT")
            for origin, resource in resources.items()
        }
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.mount("https://", HTTPAdapter(pool_maxsize=at_once, pool_block=True))

    def send(self, sent: Sent) -> int:
        headers = {**sent.headers, "Authorization": f"Bearer {self.tokens[_origin(sent.url)]}"}
        headers.pop("Content-Length", None)
        response = self.session.request(
            sent.method,
            sent.url,
            data=sent.body or None,
            headers=headers,
            verify=self.env["SANDBOX_CA_BUNDLE"],
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        return response.status_code


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def at_once(calls: Sequence[Sent]) -> int:
    """Return how many requests were under way together at most."""
    moments = sorted([(c.began, 1) for c in calls] + [(c.ended, -1) for c in calls])
    most = running = 0
    for _, step in moments:
        running += step
        most = max(most, running)
    return most


def replay(client: BareClient, calls: Sequence[Sent], workers: int) -> int:
    """Send the requests again; return how many were answered with another status."""
    with ThreadPoolExecutor(workers) as threads:
        under_way: list[tuple[Sent, Future[int]]] = []
        others = 0
        for call in calls:
            for earlier, future in [item for item in under_way if item[0].ended <= call.began]:
                others += future.result() != earlier.status
                under_way.remove((earlier, future))
            under_way.append((call, threads.submit(client.send, call)))
        return others + sum(future.result() != earlier.status for earlier, future in under_way)


def main() -> None:
    """Send a file of recorded requests again."""
    calls = recorded(Path(order()["record"]))
    workers = at_once(calls)
    client = BareClient(env_of(Path(os.environ["VAR_DIR"])), workers)
    with measured() as costs:
        others = replay(client, calls, workers)
    costs.figures = {"requests": len(calls), "other_statuses": others, "at_once": workers}
    costs.tell()


if __name__ == "__main__":
    main()
