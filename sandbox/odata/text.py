"""Comparison of text where SQLite's own does not reach: letters beyond A to Z, sets of letters."""

from __future__ import annotations

import re
import sqlite3
from functools import lru_cache


def add_functions(connection: sqlite3.Connection) -> None:
    """Let SQL know FOLDED(text) and MATCHES(pattern, text)."""
    connection.create_function("FOLDED", 1, folded, deterministic=True)
    connection.create_function("MATCHES", 2, matches, deterministic=True)


def folded(text: str | None) -> str | None:
    return None if text is None else str(text).casefold()


def matches(pattern: str, text: str | None) -> bool | None:
    """Say whether a text fits a pattern with %, _ and [sets]; the case does not count."""
    return None if text is None else expression(pattern).fullmatch(str(text)) is not None


@lru_cache(maxsize=1000)
def expression(pattern: str) -> re.Pattern[str]:
    """Return a LIKE pattern of the platform as a regular expression."""
    pieces, position = [], 0
    while position < len(pattern):
        letter = pattern[position]
        end = pattern.find("]", position + 1) if letter == "[" else -1
        if end > position + 1:
            inside = pattern[position + 1 : end]
            negated = inside.startswith("^") and len(inside) > 1
            letters = re.sub(r"([\\\[\]^])", r"\\\1", inside[1:] if negated else inside)
            pieces.append(f"[{'^' if negated else ''}{letters}]")
            position = end
        else:
            pieces.append({"%": ".*", "_": "."}.get(letter) or re.escape(letter))
        position += 1
    try:
        return re.compile("".join(pieces), re.IGNORECASE | re.DOTALL)
    except re.error:  # a set such as [z-a], in which no letter is
        return re.compile("(?!)")
