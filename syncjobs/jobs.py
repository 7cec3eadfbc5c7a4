"""What a job queue entry may run, by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.models import Company
from syncjobs.progress import RunProgress
from syncjobs.terms import Trigger


class JobReport(Protocol):
    """What a job says when it is done."""

    @property
    def idle(self) -> bool:
        """Whether nothing was inserted, modified, deleted or failed (E-5.10)."""
        ...


@dataclass(frozen=True, slots=True)
class Done:
    """The report of a job that counts nothing."""

    idle: bool = False


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What an entry asks for."""

    company: Company
    mapping_name: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    trigger: Trigger = Trigger.SCHEDULE


Job = Callable[[JobRequest, RunProgress], JobReport]

# Where each job lives; loaded when it is first needed.
PLACES = {
    "synchronize": "syncjobs.queued:synchronize",
    "preview": "syncjobs.queued:preview",
    "synchronize_all": "syncjobs.queued:synchronize_all",
    "match": "syncjobs.queued:match",
    "find_deleted": "syncjobs.queued:find_deleted",
    "sweep": "syncjobs.sweeping:sweep",
    "check_health": "syncjobs.checkup:check_health",
    "redeploy_solution": "syncjobs.redeploying:redeploy_solution",
    "verify_audit_log": "integration_admin.audit_verifying:verify_as_run",
    "switch_unit_groups": "integration_admin.unit_switch:switch",
    "restore_connections": "integration_admin.restoring:restore_connections",
    "assisted_setup": "integration_admin.guides.finishing:finish",
}
# What the console does for itself; every other job carries or couples records.
OF_THE_CONSOLE = (
    "sweep", "check_health", "redeploy_solution", "verify_audit_log", "restore_connections",
    "assisted_setup",
)  # fmt: skip
_registered: dict[str, Job] = {}


def register(name: str, job: Job) -> None:
    """Add a job under a name."""
    _registered[name] = job


def is_known(name: str) -> bool:
    """Whether there is a job of this name."""
    return name in _registered or name in PLACES


def find(name: str) -> Job:
    """Return the job of this name; an unknown one is for an administrator to settle."""
    if name in _registered:
        return _registered[name]
    if name not in PLACES:
        message = f"There is no job named {name}. Delete the entry, or create it anew."
        raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)
    module, _, function = PLACES[name].partition(":")
    job: Job = getattr(importlib.import_module(module), function)
    return job
