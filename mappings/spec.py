"""What the engine needs to know of a mapping and its couplings: frozen, and pointing one way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from connections.systems import Column, Condition, Kind, Record, Side, Value
from mappings.terms import (
    DeletionConflictResolution,
    Direction,
    TooLong,
    UpdateConflictResolution,
)
from mappings.transformations import Transformation

TOLERANCE = timedelta(milliseconds=10)  # E-3.37: nearer times count as equal
# Kinds for which equal values on both sides need no conversion to be known equal.
PLAIN = frozenset({Kind.TEXT, Kind.CODE, Kind.DECIMAL, Kind.INTEGER, Kind.BOOLEAN, Kind.DATE})


@dataclass(frozen=True, slots=True)
class FieldTransfer:
    """One field copied from source to destination; `source` is None for a constant."""

    source: Column | None
    destination: Column
    constant: Value = None
    bidirectional: bool = False
    refers_to: str = ""  # name of the mapping (record or option) that couples what it points to
    not_null: bool = False  # an empty lookup keeps what the destination has (E-2.7)
    clear_on_failure: bool = False  # an uncoupled reference empties the field (E-2.6)
    too_long: TooLong = TooLong.CUT
    transformation: Transformation | None = None
    is_plain: bool = field(init=False, repr=False, compare=False)  # equal values are equal
    is_text: bool = field(init=False, repr=False, compare=False)  # a text goes over as it is
    surely_fits: int = field(init=False, repr=False, compare=False)  # signs, whichever they are

    def __post_init__(self) -> None:
        # Asked for every field of every record, so answered once.
        kinds = {self.destination.kind, *([self.source.kind] if self.source else [])}
        is_copied = self.source is not None and self.transformation is None and not self.refers_to
        object.__setattr__(self, "is_plain", is_copied and kinds <= PLAIN)
        object.__setattr__(self, "is_text", is_copied and kinds == {Kind.TEXT})
        # Both systems count UTF-16 units, of which a sign takes two at most.
        object.__setattr__(self, "surely_fits", (self.destination.max_length or 0) // 2)


@dataclass(frozen=True, slots=True)
class Criterion:
    """A pair of fields that must be equal; lower priorities are tried first (E-4.32)."""

    source: str
    destination: str
    priority: int = 0
    case_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class DirectedMapping:
    """An integration table mapping, turned to the direction of this run."""

    name: str
    direction: Direction  # of this run; never BIDIRECTIONAL
    source_table: str
    destination_table: str
    fields: tuple[FieldTransfer, ...]
    two_way: bool = False  # the mapping itself is bidirectional (E-3.39)
    source_filter: tuple[Condition, ...] = ()
    destination_filter: tuple[Condition, ...] = ()
    synch_only_coupled_records: bool = True
    update_conflict_resolution: UpdateConflictResolution = UpdateConflictResolution.NONE
    deletion_conflict_resolution: DeletionConflictResolution = DeletionConflictResolution.NONE
    # Columns, of source and destination, that each direction derives from the other side.
    shared: tuple[tuple[str, str], ...] = ()
    answers_back: bool = False  # some enabled field is copied the other way only (E-3.8, E-3.43)
    depends_on: tuple[str, ...] = ()
    insert_defaults: Mapping[str, Value] = field(default_factory=dict)  # configuration template
    references: frozenset[str] = frozenset()  # names of the mappings its fields refer to
    criteria: tuple[Criterion, ...] = ()  # of match-based coupling
    source_title: str = ""  # what people call a record of each table
    destination_title: str = ""

    @property
    def source_side(self) -> Side:
        to = self.direction == Direction.TO_INTEGRATION_TABLE
        return Side.BUSINESS_CENTRAL if to else Side.DATAVERSE

    @property
    def source_caption(self) -> str:
        """What people call the source table."""
        return self.source_title or self.source_table

    @property
    def destination_caption(self) -> str:
        """What people call the destination table."""
        return self.destination_title or self.destination_table

    @property
    def merges(self) -> bool:
        """Whether different fields that both sides changed merge."""
        return self.update_conflict_resolution == UpdateConflictResolution.MERGE

    @property
    def source_wins(self) -> bool:
        """Whether the chosen update conflict resolution favours our source."""
        winner = {
            Direction.TO_INTEGRATION_TABLE: UpdateConflictResolution.SEND,
            Direction.FROM_INTEGRATION_TABLE: UpdateConflictResolution.GET,
        }
        return self.update_conflict_resolution == winner[self.direction]


class Mark(Struct, frozen=True):
    """How far one side of a coupling has come: time, version and values at the last agreement."""

    at: datetime | None = None
    version: str = ""
    values: Mapping[str, Value] = msgspec.field(default_factory=dict)

    def is_behind(self, record: Record) -> bool:
        """Whether the record moved since (E-3.37); versions decide where both are known."""
        if self.at is None:
            return True
        if self.version and record.version:
            return self.version != record.version
        return record.modified_at - self.at >= TOLERANCE


class Link(Struct, frozen=True):
    """A coupling as one direction sees it."""

    destination_id: UUID
    source: Mark
    destination: Mark
    failed: bool = False  # last result in this direction
    failed_back: bool = False  # last result in the other direction
    agreed: bool = True  # last result in this direction was a success
    error: str = ""  # message of that failure
    error_version: str = ""  # version of the source that failed
    due: bool = False  # a change was seen that this direction still owes
    due_back: bool = False  # a change was seen that the other direction still owes
    skipped: bool = False
    incarnation: int = 0

    def is_due(self, source: Record) -> bool:
        """Whether the source has something the destination may not have yet."""
        return self.failed or self.due or self.source.is_behind(source)

    def is_overtaken_by(self, destination: Record) -> bool:
        """Whether someone changed the destination since the last agreement (E-3.39)."""
        return self.failed_back or self.destination.is_behind(destination)
