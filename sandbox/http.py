"""Requests and answers inside the sandbox, whoever carries them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `path` is decoded and without the query. Header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    origin: str  # https origin that links are built from
    user: str = ""  # id of the calling user, once the token was read

    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass(slots=True)
class Reply:
    """An answer, and what it cost."""

    status: int
    body: Any = None  # bytes go out as they are, all else as JSON
    headers: dict[str, str] = field(default_factory=dict)
    rows: int = 0  # rows read, for the accounted execution time
    cost_ms: float | None = None  # accounted execution time; None: as for a single write or read
    operations: int = 1

    def content(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()
