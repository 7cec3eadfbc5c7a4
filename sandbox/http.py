"""Requests and answers inside the sandbox, whoever carries them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ConnectionCut(Exception):  # noqa: N818 - nothing went wrong here, the line is cut on purpose
    """The connection ends here without an answer, as a fault wanted it."""


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


class Kind(StrEnum):
    """What a request costs its system, by the kind of work."""

    READ = "read"
    WRITE = "write"  # a single write, or one part of a batch
    CREATE_MULTIPLE = "create_multiple"
    WRITE_MULTIPLE = "write_multiple"


@dataclass(frozen=True, slots=True)
class Work:
    """How many operations of which kind a request was."""

    kind: Kind
    count: int = 1


READ, WRITE = Work(Kind.READ), Work(Kind.WRITE)


@dataclass(slots=True)
class Reply:
    """An answer, and what it cost."""

    status: int
    body: Any = None  # bytes go out as they are, all else as JSON
    headers: dict[str, str] = field(default_factory=dict)
    rows: int = 0  # rows read, for the accounted execution time
    work: Work = READ

    def content(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode(
            errors="replace"
        )
