"""What a run says when it is done: counters per direction, and what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from connections.causes import Cause
from connections.systems import Record, Side, System
from mappings.spec import DirectedMapping
from mappings.terms import Direction
from syncjobs.engine.change import Change, Fail
from syncjobs.models import SynchError, SynchJob
from syncjobs.runs.guard import touched
from syncjobs.terms import Action

COUNTERS = tuple(action for action in Action if action)
ACTIVE = (Action.INSERTED, Action.MODIFIED, Action.DELETED, Action.FAILED)  # E-5.10
WAYS = {Direction.TO_INTEGRATION_TABLE: "to", Direction.FROM_INTEGRATION_TABLE: "from"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one record failed or was skipped."""

    bc_id: UUID | None
    dataverse_id: UUID | None
    cause: str
    message: str
    name: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "bc_id": str(self.bc_id) if self.bc_id else None,
            "dataverse_id": str(self.dataverse_id) if self.dataverse_id else None,
            "cause": self.cause,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class JobResult:
    """One phase: its counters and errors, as its synch. job has them."""

    direction: Direction
    counts: Mapping[Action, int] = field(default_factory=dict)
    errors: tuple[Problem, ...] = ()
    message: str = ""
    touched: int = 0  # in a plan: coupled records that the mass-change guard counts

    def count(self, action: Action) -> int:
        return self.counts.get(action, 0)

    def as_json(self) -> dict[str, Any]:
        counters = {action.value.lower(): self.count(action) for action in COUNTERS}
        errors = [problem.as_json() for problem in self.errors]
        return {"direction": WAYS[self.direction], **counters, "errors": errors}


@dataclass(frozen=True, slots=True)
class Report:
    """A run of one mapping."""

    mapping: str
    jobs: tuple[JobResult, ...] = ()
    requests: int = 0
    seconds: float = 0.0
    dry_run: bool = False

    def count(self, action: Action) -> int:
        """Return a counter over all directions."""
        return sum(job.count(action) for job in self.jobs)

    @property
    def idle(self) -> bool:
        """Whether nothing was inserted, modified, deleted or failed (E-5.10)."""
        return not any(self.count(action) for action in ACTIVE)

    @property
    def coupled_something(self) -> bool:
        return bool(self.count(Action.INSERTED) or self.count(Action.COUPLED))

    def as_json(self) -> dict[str, Any]:
        """Return the report in the shape that the command line prints (design.md 7)."""
        return {
            "mapping": self.mapping,
            "jobs": [job.as_json() for job in self.jobs],
            "requests": self.requests,
            "seconds": round(self.seconds, 3),
        }


def result_of(job: SynchJob) -> JobResult:
    """Return what a finished synch. job counted."""
    job.refresh_from_db()
    errors = SynchError.objects.filter(job=job, warning=False).order_by("pk")
    return JobResult(
        direction=Direction(job.direction),
        counts={action: getattr(job, action.value.lower()) for action in COUNTERS},
        errors=tuple(
            Problem(e.business_central_id, e.dataverse_id, e.cause, e.message, e.record_name)
            for e in errors
        ),
        message=job.message,
    )


def result_of_plan(mapping: DirectedMapping, changes: Iterable[Change]) -> JobResult:
    """Return what a synch. job would count."""
    counts: Counter[Action] = Counter()
    problems, planned = [], tuple(changes)
    for change in planned:
        if change.action:
            counts[change.action] += 1
        if getattr(change, "couples", False):
            counts[Action.COUPLED] += 1
        if isinstance(change, Fail):
            problems.append(_problem(mapping, change.source, change.cause, change.reason))
    return JobResult(mapping.direction, counts, tuple(problems), touched=touched(planned))


def _problem(mapping: DirectedMapping, source: Record, cause: Cause, message: str) -> Problem:
    is_local = mapping.source_side == Side.BUSINESS_CENTRAL
    bc_id, dataverse_id = (source.id, None) if is_local else (None, source.id)
    return Problem(bc_id, dataverse_id, cause, message)


@runtime_checkable
class Counting(Protocol):
    """A system that counts the requests it sends."""

    @property
    def requests(self) -> int | Counter[str]: ...


def requests_of(*systems: System) -> int:
    """Return how many requests these systems have sent so far."""
    total = 0
    for system in systems:
        if isinstance(system, Counting):
            sent = system.requests
            total += sent.total() if isinstance(sent, Counter) else sent
    return total
