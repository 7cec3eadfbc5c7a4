"""$batch as JSON: many requests in one, each in a transaction of its own or all in one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from sandbox.business_central import refusals
from sandbox.http import Call, ConnectionCut, Kind, Reply, Work

if TYPE_CHECKING:
    from sandbox.business_central.service import BusinessCentral

MOST = 100
KNOWN = frozenset({"id", "method", "url", "headers", "body", "dependsOn"})
PART_HEADERS = '{"content-type":"application/json; odata.metadata=minimal","odata-version":"4.0"'
ROLLED_BACK = "The operation was undone because another operation of the batch failed."


class UndoneError(Exception):
    """One part of an all-or-nothing batch failed."""


def handle(environment: BusinessCentral, call: Call, root: str) -> Reply:
    """Carry a batch out, part by part."""
    if call.method != "POST":
        raise refusals.method(call.method, "$batch")
    parts = _parts(call)
    run = _Run(environment, call, root)
    if call.headers.get("isolation", "").strip().lower() == "snapshot":
        answers = run.all_or_nothing(parts)
    else:
        answers = [run.carried_out(part) for part in parts]
    content = f'{{"responses":[{",".join(answers)}]}}'.encode()
    return Reply(200, content, rows=run.rows, work=Work(Kind.WRITE, max(1, len(parts))))


def _parts(call: Call) -> list[dict[str, Any]]:
    body = call.json()
    parts = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        message = "A batch is a JSON object with a list of 'requests'."
        raise refusals.body(message)
    if len(parts) > MOST:
        message = f"A batch holds at most {MOST} operations; these are {len(parts)}."
        raise refusals.body(message)
    ids = [part.get("id") for part in parts]
    if not all(isinstance(name, str) and name for name in ids) or len(set(ids)) < len(ids):
        message = "Every request of a batch has an 'id' of its own, which is a text."
        raise refusals.body(message)
    for part in parts:
        unknown = set(part) - KNOWN
        if unknown:
            message = f"A request of a batch cannot have {', '.join(sorted(unknown))}."
            raise refusals.body(message)
        if not isinstance(part.get("method"), str) or not isinstance(part.get("url"), str):
            message = "Every request of a batch has a 'method' and a 'url'."
            raise refusals.body(message)
    return parts


class _Run:
    def __init__(self, environment: BusinessCentral, call: Call, root: str) -> None:
        self.environment = environment
        self.call = call
        self.root = root
        self.path = root.removeprefix(call.origin)
        self.done = 0
        self.rows = 0
        self.failed = False

    def carried_out(self, part: dict[str, Any]) -> str:
        """Answer one part as JSON text."""
        limit = self.environment.partial_batch_after
        if limit is not None and self.done >= limit:
            raise ConnectionCut
        self.done += 1
        reply = self._reply(part)
        self.failed = self.failed or reply.status >= 400
        self.rows += reply.rows
        return _answer(part["id"], reply)

    def all_or_nothing(self, parts: Iterable[dict[str, Any]]) -> list[str]:
        """Answer all parts within one transaction, which a failure undoes."""
        parts = list(parts)
        answers: list[str] = []
        try:
            with self.environment.store.transaction():
                for part in parts:
                    answers.append(self.carried_out(part))
                    self._demand_success()
        except UndoneError:
            failure = len(answers) - 1
            return [
                answers[failure] if number == failure else _answer(part["id"], _undone())
                for number, part in enumerate(parts)
            ]
        finally:
            if self.failed:
                self.environment.forget()
        return answers

    def _demand_success(self) -> None:
        if self.failed:
            raise UndoneError

    def _reply(self, part: dict[str, Any]) -> Reply:
        headers = part.get("headers") or {}
        if not isinstance(headers, dict):
            return self._refused("The headers of a request are a JSON object.")
        named = {str(name).lower(): str(value) for name, value in headers.items()}
        body = part.get("body")
        if body is not None and not named.get("content-type", "").startswith("application/json"):
            return self._refused("A request with a body needs the Content-Type application/json.")
        path, query = self._address(part["url"])
        call = Call(
            part["method"].upper(), path, query, named, b"", self.call.origin, self.call.user
        )
        return self.environment.handle(call, body)

    def _address(self, url: str) -> tuple[str, str]:
        found = urlsplit(url.removeprefix(self.root))
        path = unquote(found.path)
        if not path.startswith(self.path):
            path = f"{self.path}/{path.lstrip('/')}"
        return path, found.query

    def _refused(self, text: str) -> Reply:
        return self.environment.refused(refusals.body(text))


def _undone() -> Reply:
    return Reply(424, {"error": {"code": "BadRequest", "message": ROLLED_BACK}})


def _answer(name: str, reply: Reply) -> str:
    headers = PART_HEADERS
    if "Location" in reply.headers:
        headers += f',"location":{json.dumps(reply.headers["Location"])}'
    text = f'{{"id":{json.dumps(name)},"status":{reply.status},"headers":{headers}}}'
    content = reply.content()
    if not content:
        return text + "}"
    if reply.headers.get("Content-Type", "").startswith("text/plain"):
        return f'{text},"body":{json.dumps(content.decode())}}}'
    return f'{text},"body":{content.decode()}}}'
