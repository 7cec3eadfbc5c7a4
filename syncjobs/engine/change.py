"""What a run intends to do, as values that can be shown, stored and tested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from connections.causes import Cause
from connections.systems import Lookup, Record, Value
from mappings.spec import DirectedMapping, Link
from syncjobs.engine.facts import Facts
from syncjobs.terms import Action


class FieldDiff(Struct, frozen=True):
    """One destination field before and after."""

    field: str
    before: Value
    after: Value


Diffs = tuple[FieldDiff, ...]


class Insert(Struct, frozen=True):
    """Create the destination record under this id and couple it."""

    action: ClassVar = Action.INSERTED
    source: Record
    id: UUID
    diffs: Diffs
    incarnation: int = 0
    owes: bool = False  # as of Modify; only what was created long ago can have changed since
    warnings: tuple[str, ...] = ()


class Modify(Struct, frozen=True):
    """Write the fields that differ.

    `couples`: the two were not coupled until now. `owes`: the destination has changes of its own
    which the other direction still has to carry; `leaves` names the fields among them that are
    copied both ways.
    """

    action: ClassVar = Action.MODIFIED
    source: Record
    destination: Record
    diffs: Diffs
    couples: bool = False
    owes: bool = False
    leaves: tuple[str, ...] = ()
    again: bool = False  # this direction had brought them in step before
    warnings: tuple[str, ...] = ()


class Uncouple(Struct, frozen=True):
    """Forget the coupling; its other record is gone (E-3.33: counted nowhere)."""

    action: ClassVar = Action.NONE
    source: Record


class Unchanged(Struct, frozen=True):
    """Do nothing; the source has not moved since the last synchronization (E-3.38)."""

    action: ClassVar = Action.UNCHANGED
    source: Record


class Agree(Struct, frozen=True):
    """Write nothing, but note that both sides now hold the same values (E-3.44)."""

    action: ClassVar = Action.UNCHANGED
    source: Record
    destination: Record
    couples: bool = False
    owes: bool = False
    leaves: tuple[str, ...] = ()


class Ignore(Struct, frozen=True):
    """Not for this mapping: counted nowhere (E-3.18, E-3.20)."""

    action: ClassVar = Action.NONE
    source: Record
    reason: str


class Skip(Struct, frozen=True):
    """Leave the record alone, on purpose; `yields` leaves it to the other direction (E-3.42)."""

    action: ClassVar = Action.SKIPPED
    source: Record
    reason: str
    yields: bool = False


class Fail(Struct, frozen=True):
    """Leave the record alone and tell support staff why."""

    action: ClassVar = Action.FAILED
    source: Record
    reason: str
    cause: Cause
    detail: str = ""
    lacks: Lookup | None = None  # the row it points to that has no partner
    final: bool = False  # only a person can decide: it is not tried again by itself


Change = Insert | Modify | Uncouple | Unchanged | Agree | Ignore | Skip | Fail

# References: (mapping name, what the source calls it) -> what the destination calls it.
References = Mapping[tuple[str, Value], Value]


class Candidates(Struct, frozen=True):
    """Destination records that an uncoupled source record might be (E-3.24, E-4.34)."""

    one: Record | None = None
    several: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything needed to plan one page of source records."""

    sources: tuple[Record, ...]
    links: Mapping[UUID, Link]
    destinations: Mapping[UUID, Record]
    references: References
    facts: Facts = field(default_factory=Facts)
    candidates: Mapping[UUID, Candidates] = field(default_factory=dict)
    # Uncoupled records that failed before: skipped, or to be tried again (E-3.15).
    set_aside: frozenset[UUID] = frozenset()
    waiting: frozenset[UUID] = frozenset()
    # Where the id a destination was to have belongs to another record by now.
    incarnations: Mapping[UUID, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a run may do beyond the mapping's own settings."""

    create_missing: bool = False  # C-1017: a full run creates the missing partner
    force: bool = False  # E-3.16: no time test, no conflict
    write_unchanged: bool = False  # E-1.50 and E-3.44: an unconditional run writes all fields
    single: bool = False  # records named one by one (E-3.25)
    restore: bool = (
        False  # a person wants deleted partners back, whatever the mapping says (E-4.49)
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """The decisions for one page, in the order they will be carried out."""

    mapping: DirectedMapping
    changes: tuple[Change, ...]

    @property
    def counts(self) -> Counter[Action]:
        """How many of each counter, were the plan carried out."""
        return Counter(change.action for change in self.changes if change.action)
