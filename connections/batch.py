"""OData $batch as multipart/mixed: many requests of one service in one message."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from connections.causes import Cause
from connections.errors import TransientError
from connections.odata.answers import Answer
from connections.odata.request import Request
from connections.systems import Side

MOST_PARTS = 1000
MOST_ADDRESS = 56_000  # a part's address may have 64 KB, an address of its own 32 KB
BOUNDARY = "batch_console"
HEAD = b"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
STATUS = re.compile(rb"HTTP/1\.1 (\d{3})[^\r\n]*\r?\n")
GIVEN_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)


class Part(Struct, frozen=True):
    """One request of a batch; `headers` are whole lines with their line ends."""

    method: str
    path: str  # below the service root, percent-encoded
    body: bytes = b""
    headers: bytes = b""


def batch_request(root_path: str, parts: Sequence[Part], *, repeatable: bool = False) -> Request:
    """Return the message for these parts; every one is answered, whatever becomes of the others."""
    mark = b"--" + BOUNDARY.encode() + b"\r\n"
    pieces = []
    for part in parts:
        line = f"{part.method} {root_path}{part.path} HTTP/1.1\r\n".encode("ascii")
        pieces += [mark, HEAD, line, part.headers, b"\r\n", part.body, b"\r\n"]
    pieces.append(b"--" + BOUNDARY.encode() + b"--\r\n")
    headers = {
        "Content-Type": f'multipart/mixed;boundary="{BOUNDARY}"',
        "Prefer": "odata.continue-on-error",
        "Accept": "application/json, multipart/mixed",
    }
    return Request("POST", "$batch", b"".join(pieces), headers, repeatable, wants="multipart")


def batch_answers(answer: Answer, count: int) -> list[Answer]:
    """Return the answer of each part, in order; raise TransientError if they are not all there."""
    found = GIVEN_BOUNDARY.search(answer.headers.get("Content-Type", ""))
    if found is None:
        raise answer.not_an_api() if answer.is_html else _incomplete(answer.side, 0, count)
    pieces = answer.body.split(b"--" + found[1].strip().encode())
    parts = [_part(answer.side, piece) for piece in pieces[1:-1]]
    if len(parts) != count or not pieces[-1].startswith(b"--"):
        raise _incomplete(answer.side, len(parts), count)
    return parts


def _part(side: Side, piece: bytes) -> Answer:
    found = STATUS.search(piece)
    if found is None:
        message = f"{side} answered a part of a batch with something that cannot be read."
        raise TransientError(message, cause=Cause.MALFORMED_ANSWER, detail=repr(piece[:80]))
    status = int(found[1])
    head, _, body = piece[found.end() :].partition(b"\r\n\r\n")
    # Only a refusal's headers are ever looked at.
    headers = _headers(head) if status >= 400 else {}
    return Answer(side, status, headers, body.rstrip(b"\r\n"))


def _headers(head: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in head.decode("latin-1").split("\r\n"))
    return {name.strip(): value.strip() for name, mark, value in lines if mark}


def _incomplete(side: Side, found: int, count: int) -> TransientError:
    message = f"{side} answered {found} of {count} parts of a batch."
    return TransientError(message, cause=Cause.MALFORMED_ANSWER)
