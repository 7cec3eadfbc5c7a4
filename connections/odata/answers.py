"""What a system answered, and what is read from it."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, cast

import msgspec
from msgspec import Struct

from connections.causes import Cause
from connections.errors import ConfigurationError, TransientError
from connections.systems import Side

Headers = Mapping[str, str]
LONGEST_WAIT = 24 * 60 * 60.0  # what asks for more than a day is mistaken
REQUEST_IDS = ("x-ms-service-request-id", "REQ_ID", "request-id", "ms-correlation-x")
# Half a character, as a text has that was cut, or a NUL: no database keeps them.
UNSTORABLE = re.compile(rb"\\u(?:[dD][89a-fA-F]|0000)")
DECODER = msgspec.json.Decoder(float_hook=Decimal)
LENIENT = json.JSONDecoder(parse_float=Decimal)  # reads halves of characters, too


class Answer(Struct, frozen=True):
    """Status, headers (case ignored) and body of an answer."""

    side: Side
    status: int
    headers: Headers
    body: bytes

    def json(self) -> Any:
        """Return the body; numbers with decimals are Decimal."""
        try:
            if UNSTORABLE.search(self.body):
                return _storable(LENIENT.decode(self.body.decode("utf-8-sig")))
            return DECODER.decode(self.body.removeprefix(BOM_UTF8))
        except ValueError as error:
            raise self._unreadable() from error

    def object(self) -> dict[str, Any]:
        """Return the body, which must be a JSON object."""
        content = self.json()
        if not isinstance(content, dict):
            raise self._unreadable()
        return cast("dict[str, Any]", content)

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of a collection."""
        return self.rows_of(self.object())

    def rows_of(self, content: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the rows of a collection that was read already."""
        rows = content.get("value")
        if not isinstance(rows, list):
            raise self._unreadable()
        return rows

    def refused(self) -> tuple[str, str]:
        """Return code and message of a refusal; a body of another form gives its first words."""
        try:
            content = self.json()
        except TransientError:
            content = None
        told = content.get("error") if isinstance(content, dict) else None
        if isinstance(told, dict):
            return str(told.get("code") or ""), str(told.get("message") or "")
        return "", "" if self.is_html else self.body[:200].decode("utf-8", "replace")

    @property
    def is_html(self) -> bool:
        """Whether a page for people answered instead of the API."""
        kind = self.headers.get("Content-Type", "").lower()
        start = self.body[:15].lstrip().lower()
        return "html" in kind or start.startswith((b"<!doctype", b"<html"))

    @property
    def request_id(self) -> str:
        """Return what the system calls this request, for its support."""
        return next((self.headers[name] for name in REQUEST_IDS if name in self.headers), "")

    @property
    def retry_after(self) -> float | None:
        """Return how many seconds the system asks to wait, if it says so."""
        return seconds_to_wait(self.headers.get("Retry-After", ""), datetime.now(UTC))

    def not_an_api(self) -> ConfigurationError:
        message = f"A web page answered instead of the API of {self.side}."
        detail = f"{self.status} {self.headers.get('Content-Type', '')}"
        return ConfigurationError(message, cause=Cause.NOT_AN_API, detail=detail)

    def _unreadable(self) -> TransientError:
        message = f"{self.side} answered with something that cannot be read."
        detail = f"{self.status} {self.request_id} {self.body[:80]!r}"
        return TransientError(message, cause=Cause.MALFORMED_ANSWER, detail=detail)


def seconds_to_wait(text: str, now: datetime) -> float | None:
    """Read a Retry-After header: seconds, or a date."""
    text = text.strip()
    if not text:
        return None
    try:
        return min(max(0.0, float(text)), LONGEST_WAIT)
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), LONGEST_WAIT)


def _storable(content: Any) -> Any:
    """Return JSON with a replacement character for each half of one, and without NULs."""
    match content:
        case str():
            whole = content.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            return whole.replace("\x00", "")
        case list():
            return [_storable(item) for item in content]
        case dict():
            return {name: _storable(value) for name, value in content.items()}
        case _:
            return content
