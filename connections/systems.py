"""What the engine may ask of either system, and what it gets back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from uuid import UUID

from msgspec import Struct

if TYPE_CHECKING:
    from connections.errors import IntegrationError


class Side(StrEnum):
    """The two systems, in the order in which every page shows them."""

    BUSINESS_CENTRAL = "Business Central"
    DATAVERSE = "Dataverse"


class Lookup(Struct, frozen=True):
    """A reference to a Dataverse row; the table matters where a column takes several."""

    table: str
    id: UUID


Value = str | int | bool | Decimal | date | datetime | UUID | Lookup | None
Values = Mapping[str, Value]


class Record(Struct, frozen=True):
    """One row as a system returned it.

    `table` is Business Central's entity set ("customers") or Dataverse's logical name ("account").
    `version` is opaque and moves with every write; `modified_by` is None where a system does not
    tell. An empty Business Central text is "", an empty Dataverse column None.
    """

    table: str
    id: UUID
    modified_at: datetime
    version: str
    values: Values
    modified_by: UUID | None = None


class Kind(StrEnum):
    """What a column holds, as far as conversion and comparison care."""

    TEXT = "text"
    CODE = "code"  # Business Central: upper case, no blanks around
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    GUID = "guid"
    ENUM = "enum"  # Business Central: one of named values
    OPTION = "option"  # Dataverse: a number with a label
    LOOKUP = "lookup"  # Dataverse


@dataclass(frozen=True, slots=True)
class Column:
    """A field of Business Central or an attribute of Dataverse."""

    name: str
    kind: Kind
    caption: str = ""
    max_length: int | None = None
    members: tuple[str, ...] = ()  # ENUM: names in order
    options: Mapping[int, str] = field(default_factory=dict)  # OPTION: value to label
    targets: tuple[str, ...] = ()  # LOOKUP: logical names
    creatable: bool = True
    updatable: bool = True
    precision: int | None = None  # DECIMAL: decimals kept
    minimum: Decimal | None = None
    maximum: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """What a system says of one of its tables."""

    name: str
    caption: str
    columns: Mapping[str, Column]
    natural_key: tuple[str, ...] = ()
    name_column: str = ""  # what people call a record by
    takes_id: bool = True  # a new record may bring the id it will have


class Operator(StrEnum):
    """How a condition compares."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"
    IN = "in"
    CONTAINS = "contains"
    STARTS_WITH = "startswith"
    IS_NULL = "isNull"
    NOT_NULL = "notNull"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a filter; the conditions of a filter are joined with and.

    `values` holds one value, several with IN (None among them means "or empty"), none with the
    null tests.
    """

    column: str
    operator: Operator
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records to read, and which of their columns."""

    table: str
    columns: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    changed_after: datetime | None = None  # strictly; None reads everything
    not_modified_by: UUID | None = None
    page_size: int = 1000


class Create(Struct, frozen=True):
    """A new record, under the id it is to have (where its table takes one)."""

    id: UUID
    values: Values


class Update(Struct, frozen=True):
    """New values for columns of a record; refused if `guarded` and the record has moved since."""

    record: Record
    values: Values
    guarded: bool = True


class Delete(Struct, frozen=True):
    """The end of a record; refused if it moved since it was read."""

    record: Record


Write = Create | Update | Delete


class Written(Struct, frozen=True):
    """What became of one write.

    `record` is the row after the write, as read again or answered; None for a deletion or with an
    `error`. `ours` is False when somebody else changed the row before it was read again: it counts
    as changed since.
    """

    record: Record | None = None
    error: IntegrationError | None = None
    ours: bool = True


class System(Protocol):
    """One side of the integration: Business Central or Dataverse.

    Every method may raise TransientError or ConfigurationError; refusals of single records are
    values.
    """

    @property
    def side(self) -> Side:
        """Which of the two this is."""
        ...

    @property
    def me(self) -> UUID | None:
        """Whom our own writes are stamped with; None where the system does not tell."""
        ...

    def describe(self, table: str) -> Table:
        """Return the table's columns, from the system's own metadata; cached."""
        ...

    def count(self, selection: Selection) -> int:
        """Return about how many records `read` will give; for progress only."""
        ...

    def read(self, selection: Selection) -> Iterator[list[Record]]:
        """Yield the records in pages, the one changed longest ago first (ties by id)."""
        ...

    def get(self, table: str, ids: Collection[UUID], columns: Sequence[str]) -> dict[UUID, Record]:
        """Return those of the records that exist, in as few requests as possible."""
        ...

    def find(self, selection: Selection, column: str, values: Collection[Value]) -> list[Record]:
        """Return the records whose column holds one of the values (text: case ignored)."""
        ...

    def write(self, table: str, writes: Sequence[Write], columns: Sequence[str]) -> list[Written]:
        """Carry out the writes by the cheapest message that yields an outcome for each, in order.

        Written records come with `columns`. A lost answer is looked up before it is called unknown
        (UnknownOutcomeError in `Written.error`).
        """
        ...


def everything(system: System, selection: Selection) -> list[Record]:
    """Return all records of a selection that is known to be small."""
    return [record for page in system.read(selection) for record in page]


@runtime_checkable
class OptionSets(Protocol):
    """What a system with option sets offers besides: Dataverse, for option mappings (E-3.72)."""

    def options(self, table: str, column: str) -> dict[int, str]:
        """Return the values of an option set with their labels, as they are now."""
        ...

    def insert_option(
        self, table: str, column: str, label: str, *, value: int | None = None
    ) -> int:
        """Add a value, under a number of its own if none is given; return the number."""
        ...

    def rename_option(self, table: str, column: str, value: int, label: str) -> None:
        """Change the label of a value."""
        ...

    def publish(self, tables: Collection[str]) -> None:
        """Publish the customizations of these tables, so that people see them."""
        ...


@runtime_checkable
class Teams(Protocol):
    """What a system with teams of users offers besides: Dataverse, for owners (E-9.17)."""

    def members(self, team: UUID) -> frozenset[UUID]:
        """Return the users in a team."""
        ...

    def add_members(
        self, team: UUID, users: Sequence[UUID]
    ) -> Mapping[UUID, IntegrationError | None]:
        """Put users into a team and say of each why not; one who is there already is fine."""
        ...
