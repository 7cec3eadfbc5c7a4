"""What the console does once a minute, beside what people and the job queue ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from audit import chain
from integration_admin import restoring
from integration_admin.guides import drafts
from syncjobs import plans


@dataclass(slots=True)
class Housekeeping:
    """The chores of a scheduler; when it begins, connections that rested are restored."""

    has_begun: bool = False

    def __call__(self, now: datetime) -> None:
        if not self.has_begun:
            restoring.ask_for_it(now=now)
            self.has_begun = True
        once_a_minute(now)


def once_a_minute(now: datetime) -> None:
    """Forget what has expired; keep the chain of the audit log whole and of its length."""
    drafts.forget_expired(now=now)
    plans.forget_expired(now=now)
    chain.seal_rest()
    chain.prune(now=now)
