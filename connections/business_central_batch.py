"""Business Central's JSON batch: a hundred requests in one, each with an outcome of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from connections.causes import Cause
from connections.errors import IntegrationError, TransientError
from connections.odata import Answer, Client, LostAnswerError, Request, refusal
from connections.systems import Side

MOST = 100
Content = Mapping[str, Any]


class Part(Struct, frozen=True):
    """One request of a batch; `url` is below the route, `body` is JSON text."""

    method: str
    url: str
    body: str = ""
    if_match: str = ""

    def text(self, number: int) -> str:
        headers = {}
        if self.body:
            headers["Content-Type"] = "application/json"
        if self.if_match:
            headers["If-Match"] = self.if_match
        head = {"id": str(number), "method": self.method, "url": self.url, "headers": headers}
        start = msgspec.json.encode(head).decode()
        return f'{start[:-1]},"body":{self.body}}}' if self.body else start


class Batch:
    """Sends parts to one route, a hundred in a request, several requests side by side."""

    def __init__(self, client: Client, route: str) -> None:
        self.client = client
        self.route = route

    def read(self, parts: Sequence[Part]) -> list[Content]:
        """Return what each part answered; the first failure is raised."""
        contents = []
        for outcome in self.send(parts, reads=True):
            if isinstance(outcome, IntegrationError):
                raise outcome
            contents.append(outcome)
        return contents

    def send(
        self, parts: Sequence[Part], *, reads: bool = False
    ) -> list[Content | IntegrationError]:
        """Return the outcome of each part, in order; LostAnswerError where nobody knows it."""
        chunks = [parts[start : start + MOST] for start in range(0, len(parts), MOST)]
        answers = self.client.send_all([self._request(chunk, reads=reads) for chunk in chunks])
        _check_any_arrived(answers)
        return [
            outcome
            for chunk, answer in zip(chunks, answers, strict=True)
            for outcome in _outcomes(len(chunk), answer, reads=reads)
        ]

    def _request(self, parts: Iterable[Part], *, reads: bool) -> Request:
        texts = ",".join(part.text(number) for number, part in enumerate(parts))
        body = f'{{"requests": [{texts}]}}'.encode()
        headers = {"Content-Type": "application/json"}
        return Request("POST", f"{self.route}/$batch", body, headers, repeatable=reads)


def _check_any_arrived(answers: Sequence[Answer | IntegrationError]) -> None:
    """If nothing at all went through, it is the system that fails and not its records."""
    failures = [answer for answer in answers if isinstance(answer, TransientError)]
    if failures and len(failures) == len(answers):
        for failure in failures:
            if isinstance(failure, LostAnswerError):
                return
        raise failures[0]


def _outcomes(
    count: int, answer: Answer | IntegrationError, *, reads: bool
) -> list[Content | IntegrationError]:
    if isinstance(answer, IntegrationError):
        return [answer] * count
    try:
        responses = {int(row["id"]): row for row in answer.object()["responses"]}
    except (TransientError, KeyError, TypeError, ValueError) as error:
        return [_unread(answer, str(error), reads=reads)] * count
    return [
        _outcome(responses[number], reads=reads)
        if number in responses
        else _unread(answer, f"no answer to part {number}", reads=reads)
        for number in range(count)
    ]


def _outcome(response: Content, *, reads: bool) -> Content | IntegrationError:
    status, body = int(response.get("status", 0)), response.get("body")
    content = body if isinstance(body, dict) else {}
    if status and status < 300:
        return content
    told = content.get("error")
    told = told if isinstance(told, dict) else {}
    code, message = str(told.get("code") or ""), str(told.get("message") or "")
    return refusal(Side.BUSINESS_CENTRAL, status, code, message, reads=reads)


def _unread(answer: Answer, reason: str, *, reads: bool) -> IntegrationError:
    detail = f"{answer.status} {answer.request_id} {reason}"[:300]
    if reads:
        message = "Business Central answered a batch with something that cannot be read."
        return TransientError(message, cause=Cause.MALFORMED_ANSWER, detail=detail)
    message = "Business Central did not say what became of a write."
    return LostAnswerError(message, cause=Cause.LOST_ANSWER, detail=detail)
