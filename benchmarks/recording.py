"""Writes down every request that the engine sends, so that a bare client can send it again."""

from __future__ import annotations

import pickle
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry


@dataclass(frozen=True, slots=True)
class Sent:
    """One request, when it was sent, and when its answer was there."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    status: int
    began: float
    ended: float


class Recorder:
    """Writes requests to a file at once, so that they take no memory."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._lock = threading.Lock()

    def note(self, sent: Sent) -> None:
        with self._lock:
            pickle.dump(sent, self._file)

    def close(self) -> None:
        self._file.close()


class RecordingAdapter(HTTPAdapter):
    """Sends as the engine's own adapter does, and notes what was sent."""

    def __init__(self, recorder: Recorder, pool: int) -> None:
        self.recorder = recorder
        super().__init__(
            pool_connections=2,
            pool_maxsize=pool,
            pool_block=True,
            max_retries=Retry(0, read=False),
        )

    def send(
        self, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        began = time.perf_counter()
        response = super().send(request, *args, **options)
        content = response.content  # read here, or the answer would not be there yet
        del content
        headers = {k: v for k, v in request.headers.items() if k != "Authorization"}
        body = request.body or b""
        self.recorder.note(
            Sent(
                str(request.method),
                str(request.url),
                headers,
                body if isinstance(body, bytes) else str(body).encode(),
                response.status_code,
                began,
                time.perf_counter(),
            )
        )
        return response


def recorded(path: Path) -> list[Sent]:
    """Return the requests of a file, in the order they were sent in."""
    found: list[Sent] = []
    with path.open("rb") as file:
        while True:
            try:
                found.append(pickle.load(file))  # noqa: S301 - our own file, of this very run
            except EOFError:
                return sorted(found, key=lambda sent: sent.began)
