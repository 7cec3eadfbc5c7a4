"""What a request asks for: query options and preferences."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.dataverse import refusals
from sandbox.http import Call
from sandbox.odata.errors import QueryError
from sandbox.odata.syntax import split_options

PAGE = 5000
KNOWN = frozenset(
    {"$select", "$filter", "$orderby", "$top", "$count", "$expand", "$skiptoken", "$deltatoken"}
)
# The platform knows these too; the sandbox says that it does not.
UNSUPPORTED = frozenset({"$apply", "fetchxml", "savedquery", "userquery", "sql"})
PREFER_PAGE = re.compile(r"odata\.maxpagesize\s*=\s*(\d+)")
PREFER_ANNOTATIONS = re.compile(r'odata\.include-annotations\s*=\s*(?:"([^"]*)"|([^";,\s]+))')


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the Prefer header asks for."""

    page_size: int | None
    annotations: tuple[str, ...]
    track_changes: bool
    representation: bool
    continue_on_error: bool

    def wants(self, annotation: str) -> bool:
        return any(fnmatch.fnmatchcase(annotation, pattern) for pattern in self.annotations)

    def applied(self) -> dict[str, str]:
        parts = []
        if self.page_size:
            parts.append(f"odata.maxpagesize={self.page_size}")
        if self.annotations:
            parts.append(f'odata.include-annotations="{",".join(self.annotations)}"')
        if self.track_changes:
            parts.append("odata.track-changes")
        if self.representation:
            parts.append("return=representation")
        return {"Preference-Applied": ", ".join(parts)} if parts else {}


def preferences(call: Call) -> Preferences:
    """Return what the Prefer header of a request asks for."""
    prefer = call.headers.get("prefer", "")
    size, notes = PREFER_PAGE.search(prefer), PREFER_ANNOTATIONS.search(prefer)
    names = (notes[1] or notes[2] or "").split(",") if notes else []
    return Preferences(
        page_size=min(int(size[1]), PAGE) if size and int(size[1]) > 0 else None,
        annotations=tuple(name.strip() for name in names if name.strip()),
        track_changes="odata.track-changes" in prefer,
        representation="return=representation" in prefer,
        continue_on_error="odata.continue-on-error" in prefer,
    )


def read_options(query: str) -> dict[str, str]:
    """Return the query options; an unknown one is an error."""
    try:
        options = split_options(query)
    except QueryError as error:
        raise refusals.url(str(error)) from error
    for name in options:
        if name.lower() in UNSUPPORTED:
            raise refusals.unsupported(f"The query option {name}")
        if name not in KNOWN and not name.startswith("@"):
            raise refusals.url(f"The query parameter {name} is not supported.")
    if options.get("$count", "true") not in ("true", "false"):
        raise refusals.url(f"Invalid value '{options['$count']}' for $count query option found.")
    return options


def aliases(options: Mapping[str, str]) -> dict[str, str]:
    """Return the parameter aliases among the options."""
    return {name: value for name, value in options.items() if name.startswith("@")}


def top(options: Mapping[str, str]) -> int | None:
    """Return how many rows are wanted at most."""
    text = options.get("$top")
    if text is None:
        return None
    if not text.isdigit():
        raise refusals.url(f"Invalid value '{text}' for $top query option found.")
    return int(text)
