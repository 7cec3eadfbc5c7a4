"""What the console does once a minute, beside what people and the job queue ask for."""

from __future__ import annotations

from datetime import datetime

from audit import chain
from integration_admin.guides import drafts
from syncjobs import plans


def once_a_minute(now: datetime) -> None:
    """Forget what has expired; keep the chain of the audit log whole and of its length."""
    drafts.forget_expired(now=now)
    plans.forget_expired(now=now)
    chain.seal_rest()
    chain.prune(now=now)
