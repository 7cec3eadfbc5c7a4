"""Carries a plan out: one write for each change, by the adapter's cheapest message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from connections.errors import IntegrationError
from connections.systems import Create, Record, Side, System, Update, Value
from mappings.spec import DirectedMapping, Mark
from syncjobs.engine.change import Agree, Change, Diffs, Insert, Modify


class Outcome(Struct, frozen=True):
    """What became of a change.

    `record` is the destination after the write; `ours` is False when somebody changed it since.
    `source_mark` says how far the source was when it was written, where that is long ago; `wrote`
    what was written then.
    """

    change: Change
    record: Record | None = None
    error: IntegrationError | None = None
    ours: bool = True
    source_mark: Mark | None = None
    wrote: Mapping[str, Value] | None = None

    @property
    def is_agreement(self) -> bool:
        """Whether source and destination hold the same values now."""
        return self.error is None and isinstance(self.change, Insert | Modify | Agree)

    @property
    def is_unfinished(self) -> bool:
        """Whether a row was modified, and what belongs to it was not."""
        is_written = self.record is not None and isinstance(self.change, Modify)
        return is_written and self.error is not None


def writes_of(mapping: DirectedMapping, changes: Sequence[Change]) -> list[Create | Update]:
    """Return the writes that these insertions and modifications need, in their order."""
    # An unconditional write of a two-way mapping would hide a user's edit for ever (E-3.8).
    guarded = mapping.two_way or mapping.source_side == Side.DATAVERSE
    writes: list[Create | Update] = []
    for change in changes:
        if isinstance(change, Insert):
            writes.append(Create(change.id, values_of(change.diffs)))
        elif isinstance(change, Modify):
            writes.append(Update(change.destination, values_of(change.diffs), guarded=guarded))
    return writes


def values_of(diffs: Diffs) -> dict[str, Value]:
    """Return what a change writes."""
    return {diff.field: diff.after for diff in diffs}


def apply(
    mapping: DirectedMapping,
    changes: Sequence[Change],
    writes: Sequence[Create | Update],
    destination: System,
    columns: Sequence[str],
) -> list[Outcome]:
    """Carry out the writes of these changes; every change gets its outcome."""
    results = iter(destination.write(mapping.destination_table, writes, columns) if writes else ())
    outcomes = []
    for change in changes:
        if isinstance(change, Insert | Modify):
            written = next(results)
            outcomes.append(Outcome(change, written.record, written.error, written.ours))
        else:
            outcomes.append(Outcome(change))
    return outcomes
