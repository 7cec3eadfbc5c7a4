"""$batch: many requests in one, change sets as one transaction each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from sandbox.dataverse import refusals
from sandbox.dataverse.options import preferences
from sandbox.dataverse.writing import Writer
from sandbox.http import Call, ConnectionCut, Kind, Reply, Work

if TYPE_CHECKING:
    from sandbox.dataverse.service import Dataverse

MOST = 1000
BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
CREATED = re.compile(r"/(?P<set>\w+)\((?P<id>[0-9a-f-]{36})\)$")
REFERENCE = re.compile(r"^/?(?P<reference>\$[\w.-]+)(?P<rest>.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch."""

    call: Call
    content_id: str
    target: str  # as it was written, maybe "$1"


class ChangeSetError(Exception):
    """The first failure of a change set."""

    def __init__(self, part: Part, reply: Reply) -> None:
        super().__init__(part.target)
        self.part, self.reply = part, reply


def handle(environment: Dataverse, call: Call) -> Reply:
    """Carry a batch out, part by part."""
    if call.method != "POST":
        raise refusals.method(call.method, "$batch")
    run = _Run(environment, call)
    return run.answer()


class _Run:
    def __init__(self, environment: Dataverse, call: Call) -> None:
        self.environment = environment
        self.call = call
        self.done = 0
        self.failed = False
        self.name = f"batchresponse_{uuid4()}"
        self.lines: list[bytes] = []

    def answer(self) -> Reply:
        groups = list(self._groups())
        count = sum(len(parts) for _, parts in groups)
        if count > MOST:
            raise refusals.RefusalError(
                400, "0x80060888", f"A batch holds at most {MOST} operations."
            )
        goes_on = preferences(self.call).continue_on_error
        for is_change_set, parts in groups:
            if is_change_set:
                self._change_set(parts)
            else:
                self._single(parts[0])
            if self.failed and not goes_on:
                break
        self.lines.append(f"--{self.name}--\r\n".encode())
        status = 400 if self.failed and not goes_on else 200
        headers = {"Content-Type": f"multipart/mixed; boundary={self.name}"}
        if goes_on:
            headers["Preference-Applied"] = "odata.continue-on-error"
        work = Work(Kind.WRITE, max(1, self.done))
        return Reply(status, b"".join(self.lines), headers, work=work)

    def _groups(self) -> Iterator[tuple[bool, list[Part]]]:
        for headers, content in _parts(self.call.headers.get("content-type", ""), self.call.body):
            kind = headers.get("content-type", "")
            if kind.startswith("multipart/mixed"):
                inner = _parts(kind, content)
                yield True, [self._part(h, c) for h, c in inner]
            else:
                yield False, [self._part(headers, content)]

    def _part(self, outer: dict[str, str], content: bytes) -> Part:
        head, body = _split(content)
        first, *lines = head.split("\n")
        words = first.strip().split(" ")
        if len(words) < 2 or not words[-1].startswith("HTTP/"):
            raise refusals.RefusalError(400, "0x80048d19", f"'{first[:100]}' is no request line.")
        target = " ".join(words[1:-1])
        headers = _headers(lines)
        path, query = _address(target)
        content_id = outer.get("content-id") or headers.get("content-id", "")
        call = Call(words[0], path, query, headers, body, self.call.origin, self.call.user)
        return Part(call, content_id, target)

    def _count(self) -> None:
        limit = self.environment.partial_batch_after
        if limit is not None and self.done >= limit:
            raise ConnectionCut
        self.done += 1

    def _single(self, part: Part) -> None:
        self._count()
        if part.call.path.endswith("/$batch"):
            reply = _refused("0x80060888", "A batch must not stand in a batch.")
        elif part.target.lstrip("/").startswith("$") and "$metadata" not in part.target:
            reply = _unknown_reference(part.target)
        else:
            reply = self.environment.handle(part.call)
        self.failed = self.failed or reply.status >= 400
        self._write(self.name, part, reply)

    def _change_set(self, parts: list[Part]) -> None:
        writer = self.environment.writer(self.call.user)
        replies = []
        try:
            with self.environment.atomic():
                for part in parts:
                    self._count()
                    replies.append(self._in_change_set(part, writer))
        except ChangeSetError as error:
            self.failed = True
            self._write(self.name, error.part, error.reply)
            return
        name = f"changesetresponse_{uuid4()}"
        self.lines.append(
            f"--{self.name}\r\nContent-Type: multipart/mixed; boundary={name}\r\n\r\n".encode()
        )
        for part, reply in zip(parts, replies, strict=True):
            self._write(name, part, reply)
        self.lines.append(f"--{name}--\r\n".encode())

    def _in_change_set(self, part: Part, writer: Writer) -> Reply:
        if part.call.method == "GET" or part.call.path.endswith("/$batch"):
            text = "A GET request or a batch must not stand in a change set."
            raise ChangeSetError(part, _refused("0x80060888", text))
        call = part.call
        found = REFERENCE.match(part.target)
        if found is not None:
            reference = writer.references.get(found["reference"])
            if reference is None:
                raise ChangeSetError(part, _unknown_reference(found["reference"]))
            row = f"{reference.table.entity_set}({reference.id})"
            call = replace(call, path=f"/api/data/v9.2/{row}{found['rest']}")
        reply = self.environment.handle(call, writer)
        if reply.status >= 400:
            raise ChangeSetError(part, reply)
        made = CREATED.search(reply.headers.get("OData-EntityId", ""))
        if made is not None and part.content_id:
            table = self.environment.model.table_of_set(made["set"])
            writer.references[f"${part.content_id}"] = writer.addressed(table, made["id"])
        return reply

    def _write(self, boundary: str, part: Part, reply: Reply) -> None:
        content = reply.content()
        head = [
            f"--{boundary}",
            "Content-Type: application/http",
            "Content-Transfer-Encoding: binary",
        ]
        if part.content_id:
            head.append(f"Content-ID: {part.content_id}")
        head += ["", f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
        if content and "Content-Type" not in reply.headers:
            head.append("Content-Type: application/json; odata.metadata=minimal")
        head += [f"{name}: {value}" for name, value in reply.headers.items()]
        self.lines.append("\r\n".join([*head, "", ""]).encode() + content + b"\r\n")


def _parts(content_type: str, body: bytes) -> list[tuple[dict[str, str], bytes]]:
    """Return headers and content of each part of a multipart body."""
    found = BOUNDARY.search(content_type)
    if found is None:
        raise refusals.RefusalError(400, "0x80048d19", "The boundary of the batch is missing.")
    mark = b"--" + found[1].strip().encode()
    pieces = re.split(rb"(?:^|\r?\n)" + re.escape(mark), body)
    parts = []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            break
        head, content = _split(piece.lstrip(b"\r\n"))
        parts.append((_headers(head.split("\n")), content))
    if not parts:
        raise refusals.RefusalError(400, "0x80048d19", "The batch holds no parts.")
    return parts


def _split(content: bytes) -> tuple[str, bytes]:
    """Split at the blank line behind the headers."""
    pieces = re.split(rb"\r?\n\r?\n", content, maxsplit=1)
    rest = pieces[1] if len(pieces) > 1 else b""
    return pieces[0].decode(), rest.strip(b"\r\n")


def _headers(lines: list[str]) -> dict[str, str]:
    headers = {}
    for line in lines:
        name, mark, value = line.partition(":")
        if mark:
            headers[name.strip().lower()] = value.strip()
    return headers


def _address(target: str) -> tuple[str, str]:
    try:
        found = urlsplit(target)
    except ValueError as error:
        raise refusals.url(f"'{target}' is no address.") from error
    path = unquote(found.path)
    if not path.startswith("/api/"):
        path = f"/api/data/v9.2/{path.lstrip('/')}"
    return path, found.query


def _unknown_reference(target: str) -> Reply:
    name = target.lstrip("/").partition("/")[0]
    text = f"Content-ID Reference: '{name}' does not exist in the batch context."
    return _refused("0x80060888", text)


def _refused(code: str, text: str) -> Reply:
    return Reply(400, {"error": {"code": code, "message": text}})
