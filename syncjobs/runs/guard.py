"""The mass-change guard: a run that would change very much stops before it does, and asks."""

from __future__ import annotations

from collections.abc import Sequence

from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.systems import Side
from mappings.models import Coupling, IntegrationTableMapping
from syncjobs.engine.change import Change, Modify, Uncouple
from syncjobs.engine.values import alike
from syncjobs.terms import Trigger

FROM_RECORDS = 10  # fewer changes than that are never too many
OFF = 100  # percent
GROWTH = 110  # percent: a plan may grow so far after a person said yes to it
ON_COMMAND = " Look at it with --dry-run, and run it with --confirm if that is intended."


class MassChangeError(ConfigurationError):
    """A person has to confirm a run that changes so many of the coupled records."""

    def __init__(self, message: str, *, records: int, coupled: int) -> None:
        super().__init__(message, cause=Cause.MASS_CHANGE)
        self.records = records
        self.coupled = coupled


class Guard:
    """Counts the coupled records that one phase would modify, block or uncouple.

    Creations do not count; neither do records that this direction never had in step before.
    `agreed` is how many changes a person has said yes to.
    """

    def __init__(
        self,
        row: IntegrationTableMapping,
        trigger: Trigger = Trigger.PERSON,
        agreed: int = 0,
    ) -> None:
        self.row = row
        self.trigger = trigger
        self.agreed = agreed
        self.touched = 0
        self._coupled: int | None = None

    @property
    def coupled(self) -> int:
        """How many records the mapping has coupled; asked for when it first matters."""
        if self._coupled is None:
            rows = Coupling.objects.filter(company=self.row.company, mapping_name=self.row.name)
            self._coupled = rows.count()
        return self._coupled

    def may_stop(self) -> bool:
        """Whether there are coupled records enough that the guard could ever stop the run."""
        return self.row.guard_percent < OFF and self.coupled >= FROM_RECORDS

    def look_at(self, changes: Sequence[Change]) -> None:
        """Add what a page would change."""
        self.touched += touched(changes)

    def check(self, side: Side) -> None:
        """Raise MassChangeError if what was looked at would change too much of a side."""
        if not self.stops() or self.touched * 100 <= self.agreed * GROWTH:
            return
        grown = f" That is more than the {self.agreed} agreed to." if self.agreed else ""
        advice = ON_COMMAND if self.trigger == Trigger.COMMAND else ""  # else the cause's
        message = (
            f"The run was stopped before it wrote anything to {side}: it would change "
            f"{self.touched} of {self.coupled} coupled records of {self.row.name} there, more "
            f"than the {self.row.guard_percent} % that the mass-change guard allows."
            f"{grown}{advice}"
        )
        raise MassChangeError(message, records=self.touched, coupled=self.coupled)

    def stops(self) -> bool:
        """Whether a person has to agree to what was looked at."""
        if self.touched < FROM_RECORDS or not self.may_stop():
            return False
        return self.touched * 100 / self.coupled > self.row.guard_percent


def stops(row: IntegrationTableMapping, number: int) -> bool:
    """Whether the guard would stop a run that changes so many coupled records."""
    guard = Guard(row)
    guard.touched = number
    return guard.stops()


def touched(changes: Sequence[Change]) -> int:
    """Return how many coupled records would be changed, as the guard counts them."""
    return sum(1 for change in changes if _touches(change))


def _touches(change: Change) -> bool:
    match change:
        case Uncouple():
            return True
        case Modify(again=True):
            return any(not alike(diff.before, diff.after) for diff in change.diffs)
        case _:
            return False
