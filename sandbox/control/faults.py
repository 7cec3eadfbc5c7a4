"""Faults that were asked for, and when they strike."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Any

ACTIONS = (
    "status",
    "delay",
    "delay_after_commit",
    "reset_before",
    "reset_after_commit",
    "truncate",
    "partial_batch",
    "solution_import",
)
SYSTEMS = ("entra", "dataverse", "bc")
TYPES: dict[str, tuple[type, ...]] = {
    "action": (str,),
    "system": (str,),
    "method": (str,),
    "path": (str,),
    "nth": (int,),
    "every": (int,),
    "probability": (int, float),
    "seed": (int,),
    "status": (int,),
    "body": (object,),
    "html": (str,),
    "headers": (dict,),
    "delay_ms": (int, float),
    "after": (int,),
    "times": (int,),
}


class SettingError(ValueError):
    """Something in a control request that cannot be understood."""


@dataclass(slots=True)
class Fault:
    """One fault; counts the requests that it matches and those that it struck."""

    action: str
    system: str = ""
    method: str = ""
    path: str = ""
    nth: int = 0
    every: int = 0
    probability: float | None = None
    seed: int = 0
    status: int = 503
    body: Any = None
    html: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay_ms: float = 1000
    after: int | None = None  # parts of a batch that are still carried out
    times: int | None = None
    matched: int = 0
    struck: int = 0
    dice: random.Random = field(default_factory=random.Random)

    def strikes(self, system: str, method: str, target: str) -> bool:
        """Count a request; say whether it is hit."""
        if self.system not in ("", system) or self.method.upper() not in ("", method):
            return False
        if self.path and not re.search(self.path, target):
            return False
        self.matched += 1
        if self.times is not None and self.struck >= self.times:
            return False
        if not self._is_due():
            return False
        self.struck += 1
        return True

    def _is_due(self) -> bool:
        if self.nth:
            return self.matched == self.nth
        if self.every:
            return self.matched % self.every == 0
        if self.probability is not None:
            return self.dice.random() < self.probability
        return True

    def described(self) -> dict[str, Any]:
        return {
            "action": self.action,
            "system": self.system,
            "method": self.method,
            "path": self.path,
            "matched": self.matched,
            "struck": self.struck,
        }


def read_faults(entries: Any) -> list[Fault]:
    """Return the faults of a control request; raises SettingError."""
    if not isinstance(entries, list):
        message = "Faults are a list; an empty one takes them all away."
        raise SettingError(message)
    return [_fault(entry) for entry in entries]


def _fault(entry: Any) -> Fault:
    if not isinstance(entry, dict) or set(entry) - set(TYPES):
        message = f"A fault knows {', '.join(TYPES)}."
        raise SettingError(message)
    for name, value in entry.items():
        if not isinstance(value, TYPES[name]):
            message = f"'{value}' is no value for '{name}' of a fault."
            raise SettingError(message)
    if entry.get("action") not in ACTIONS:
        message = f"The action of a fault is one of {', '.join(ACTIONS)}."
        raise SettingError(message)
    if entry.get("system", SYSTEMS[0]) not in SYSTEMS:
        message = f"The system of a fault is one of {', '.join(SYSTEMS)}."
        raise SettingError(message)
    if not 100 <= entry.get("status", 503) <= 599 or not 0 <= entry.get("probability", 0) <= 1:
        message = "A status is between 100 and 599, a probability between 0 and 1."
        raise SettingError(message)
    try:
        re.compile(entry.get("path", ""))
    except re.error as error:
        message = f"The path of a fault is no regular expression: {error}."
        raise SettingError(message) from error
    fault = Fault(**entry)
    fault.dice = random.Random(fault.seed)  # noqa: S311 - repeatable on purpose
    return fault
