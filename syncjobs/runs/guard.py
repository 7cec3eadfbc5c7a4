"""The mass-change guard: a run that would change very much stops before it does, and asks."""

from __future__ import annotations

from collections.abc import Sequence

from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.systems import Side
from mappings.models import Coupling, IntegrationTableMapping
from mappings.spec import DirectedMapping
from syncjobs.engine.change import Change, Modify, Uncouple
from syncjobs.engine.values import alike
from syncjobs.terms import Trigger

FROM_RECORDS = 10  # fewer changes than that are never too many
OFF = 100  # percent
ADVICE = {
    Trigger.PERSON: "Look at the preview of the mapping, and confirm the run if that is intended.",
    Trigger.COMMAND: "Look at it with --dry-run, and run it with --confirm if that is intended.",
}


class MassChangeError(ConfigurationError):
    """A person has to confirm a run that changes so much."""


class Guard:
    """Counts the coupled records that one phase would modify, block or uncouple.

    Creations do not count; neither do records that this direction never had in step before.
    """

    def __init__(
        self, row: IntegrationTableMapping, mapping: DirectedMapping, trigger: Trigger
    ) -> None:
        self.row = row
        self.mapping = mapping
        self.trigger = trigger
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
        """Add a page's changes; raise MassChangeError if they are too many altogether."""
        self.touched += sum(1 for change in changes if _touches(change))
        if self.touched < FROM_RECORDS or not self.may_stop():
            return
        percent = self.touched * 100 / self.coupled
        if percent > self.row.guard_percent:
            to_sales = self.mapping.source_side == Side.BUSINESS_CENTRAL
            side = Side.DATAVERSE if to_sales else Side.BUSINESS_CENTRAL
            message = (
                f"The run was stopped before it wrote anything: it would change at least "
                f"{self.touched} of {self.coupled} coupled records of {self.row.name} in {side}, "
                f"more than the {self.row.guard_percent} % that the mass-change guard allows. "
                f"{ADVICE.get(self.trigger, ADVICE[Trigger.PERSON])}"
            )
            raise MassChangeError(message, cause=Cause.MASS_CHANGE)


def _touches(change: Change) -> bool:
    match change:
        case Uncouple():
            return True
        case Modify(again=True):
            return any(not alike(diff.before, diff.after) for diff in change.diffs)
        case _:
            return False
