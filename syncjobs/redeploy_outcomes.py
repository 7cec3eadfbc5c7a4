"""How a redeploy ended, on its record and in the audit log."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from audit import trail
from audit.terms import Act
from connections.causes import Cause
from connections.errors import IntegrationError
from connections.models import Redeployment
from connections.terms import RedeployResult
from syncjobs import clock
from syncjobs.progress import CancelledError


@transaction.atomic
def end(record: Redeployment, **facts: Any) -> None:
    """Note that it ended, in the audit log too."""
    for name, value in {"finished_at": clock.now(), **facts}.items():
        setattr(record, name, value)
    record.save()
    after = {
        "result": str(RedeployResult(record.result).label),
        "from_version": record.from_version,
        "to_version": record.to_version,
        "problems": [name for name, _, _ in record.problems],
    }
    trail.note(Act.RUN_ENDED, record, after=after, reason=record.error_message)


def of_error(error: BaseException) -> dict[str, Any]:
    """Return what is noted of a redeploy that broke off."""
    if isinstance(error, CancelledError):
        return {"result": RedeployResult.CANCELLED}
    cause = str(error.cause) if isinstance(error, IntegrationError) else ""
    message = (str(error) or type(error).__name__)[:2048]
    return {"result": RedeployResult.FAILED, "error_message": message, "cause": cause}


def result_of(record: Redeployment) -> RedeployResult:
    """Return how one ended that took all of its steps (C-0707)."""
    causes = {problem[2] for problem in record.problems}
    if not causes:
        return RedeployResult.DONE
    roles = Cause.ROLES in causes
    return RedeployResult.ROLES_INCOMPLETE if roles else RedeployResult.WITH_WARNINGS
