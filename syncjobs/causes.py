"""What pages say of a cause: title, advice and how it passes, also for one nobody knows."""

from __future__ import annotations

from connections.catalogue import CATALOGUE, Explanation
from connections.causes import Cause, Remedy

UNKNOWN = Explanation(
    "Cause not known",
    "Look at the message of each record; an administrator finds more in its details.",
    Remedy.CURE,
)
REMEDIES = {
    Remedy.RETRY: ("passes by itself", "clock"),
    Remedy.WAIT: ("waits for another record", "couple"),
    Remedy.CURE: ("needs a person", "cure"),
}


def explain(code: str) -> Explanation:
    """Return title, advice and remedy of a cause that was noted with a failure."""
    try:
        return CATALOGUE[Cause(code)]
    except ValueError:
        return UNKNOWN
