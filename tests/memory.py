"""A system that lives in memory: it keeps the rules an integration feels, and counts requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from msgspec import structs

from connections.causes import Cause
from connections.errors import (
    ConfigurationError,
    IntegrationError,
    RecordChangedError,
    RecordError,
    RecordExistsError,
    RecordMissingError,
    UnknownOutcomeError,
)
from connections.systems import (
    Column,
    Create,
    Delete,
    Kind,
    Lookup,
    Record,
    Selection,
    Side,
    Table,
    Update,
    Value,
    Values,
    Write,
    Written,
)
from mappings.filters import matches

Refusal = Callable[[str, Write], IntegrationError | None]
START = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 1000
BLANK: Mapping[Kind, Value] = {Kind.TEXT: "", Kind.CODE: "", Kind.DECIMAL: 0, Kind.INTEGER: 0}


class Clock:
    """Time that moves when it is told to, and a little with every write."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta = timedelta(seconds=1)) -> datetime:
        self.now += by
        return self.now


@dataclass
class MemorySystem:
    """One side, in memory. People act by `add`, `edit` and `drop`, the engine by `write`.

    `refusals` says why a write is refused, `before_write` lets somebody else act between a read and
    a write, `after_write` between a write and the reading of what it left; `lost_answers` counts
    bulk messages whose answer does not arrive (their rows do).
    """

    side: Side
    tables: Mapping[str, Table]
    clock: Clock = field(default_factory=Clock)
    me: UUID | None = None
    rows: dict[str, dict[UUID, Record]] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    rows_found: Counter[str] = field(default_factory=Counter)  # by `find`, by table
    rows_read: Counter[str] = field(default_factory=Counter)  # by `read`, by table
    refusals: list[Refusal] = field(default_factory=list)
    before_write: list[Callable[[], object]] = field(default_factory=list)
    after_write: list[Callable[[], object]] = field(default_factory=list)
    lost_answers: int = 0
    option_sets: dict[tuple[str, str], dict[int, str]] = field(default_factory=dict)
    published: list[str] = field(default_factory=list)
    # Options as people still see them while a change is not published.
    unpublished: dict[tuple[str, str], dict[int, str]] = field(default_factory=dict)
    refused_labels: set[str] = field(default_factory=set)
    numbers: Counter[str] = field(default_factory=Counter)

    # What people do

    def add(
        self, table: str, *, identity: UUID | None = None, by: UUID | None = None, **values: Value
    ) -> Record:
        """Create a record as a person would; what is left out has its empty value."""
        self.clock.advance()
        self._number(self.describe(table), values)
        self._activate(self.describe(table), values)
        return self._store(table, identity or uuid4(), values, by or UUID(int=99))

    def edit(self, record: Record, *, by: UUID | None = None, **values: Value) -> Record:
        """Change columns of a record as a person would."""
        self.clock.advance()
        present = self.rows[record.table][record.id]
        merged = {**present.values, **values}
        return self._store(record.table, record.id, merged, by or UUID(int=99))

    def drop(self, record: Record) -> None:
        """Delete a record as a person would."""
        del self.rows[record.table][record.id]

    def now(self, record: Record) -> Record:
        """Return the record as it is now."""
        return self.rows[record.table][record.id]

    def all(self, table: str) -> list[Record]:
        """Return the records of a table, oldest change first."""
        rows = self.rows.get(table, {}).values()
        return sorted(rows, key=lambda row: (row.modified_at, row.id))

    # What the engine does

    def describe(self, table: str) -> Table:
        if table not in self.tables:
            message = f"{self.side} has no table {table}."
            raise ConfigurationError(message, cause=Cause.UNKNOWN_TABLE)
        return self.tables[table]

    def count(self, selection: Selection) -> int:
        self.requests["count"] += 1
        return len(self._selected(selection))

    def read(self, selection: Selection) -> Iterator[list[Record]]:
        rows = self._selected(selection)
        self.rows_read[selection.table] += len(rows)
        size = selection.page_size
        for start in range(0, max(len(rows), 1), size):
            self.requests["read"] += 1
            page = rows[start : start + size]
            if page:
                yield [self._shown(row, selection.columns) for row in page]

    def get(self, table: str, ids: Collection[UUID], columns: Sequence[str]) -> dict[UUID, Record]:
        self.requests["get"] += -(-len(ids) // BATCH)
        present = self.rows.get(table, {})
        return {id_: self._shown(present[id_], columns) for id_ in ids if id_ in present}

    def find(self, selection: Selection, column: str, values: Collection[Value]) -> list[Record]:
        self.requests["find"] += -(-len(values) // BATCH)
        wanted = {_folded(value) for value in values}
        rows = self._selected(replace(selection, columns=(*selection.columns, column)))
        found = [row for row in rows if _folded(row.values.get(column)) in wanted]
        self.rows_found[selection.table] += len(found)
        return [self._shown(row, selection.columns) for row in found]

    def write(self, table: str, writes: Sequence[Write], columns: Sequence[str]) -> list[Written]:
        self.requests["write"] += -(-len(writes) // BATCH)
        while self.before_write:
            self.before_write.pop(0)()
        self.clock.advance()
        results = [self._write(table, write, columns) for write in writes]
        if self.lost_answers:
            self.lost_answers -= 1
            error = UnknownOutcomeError("The answer was lost.", cause=Cause.LOST_ANSWER)
            return [Written(error=error) for _ in writes]
        if self.after_write:
            while self.after_write:
                self.after_write.pop(0)()
            return [self._reread(result, columns) for result in results]
        return results

    # Option sets

    def options(self, table: str, column: str) -> dict[int, str]:
        self.requests["options"] += 1
        present = self._option_set(table, column)
        return dict(self.unpublished.get((table, column), present))

    def insert_option(
        self, table: str, column: str, label: str, *, value: int | None = None
    ) -> int:
        self.requests["insert_option"] += 1
        present = self._option_set(table, column)
        self._check_label(label)
        number = max(present, default=0) + 1 if value is None else value
        self.unpublished.setdefault((table, column), dict(present))
        present[number] = label
        return number

    def rename_option(self, table: str, column: str, value: int, label: str) -> None:
        self.requests["rename_option"] += 1
        present = self._option_set(table, column)
        self._check_label(label)
        if value not in present:
            raise RecordMissingError("There is no such option.", cause=Cause.DELETED)
        self.unpublished.setdefault((table, column), dict(present))
        present[value] = label

    def publish(self, tables: Collection[str]) -> None:
        self.requests["publish"] += 1
        self.published += tables
        for key in [key for key in self.unpublished if key[0] in tables]:
            del self.unpublished[key]

    def _option_set(self, table: str, column: str) -> dict[int, str]:
        described = self.describe(table).columns[column]
        return self.option_sets.setdefault((table, column), dict(described.options))

    def _check_label(self, label: str) -> None:
        if label in self.refused_labels:
            raise RecordError(f"{label} is not a good label.", cause=Cause.REFUSED)

    # Inside

    def _write(self, table: str, write: Write, columns: Sequence[str]) -> Written:
        try:
            self._check_refusals(table, write)
            match write:
                case Create():
                    record = self._create(table, write)
                case Update():
                    record = self._update(table, write)
                case Delete(present):
                    self._check_unmoved(present)
                    del self.rows[table][present.id]
                    return Written()
        except IntegrationError as error:
            return Written(error=error)
        return Written(self._shown(record, columns))

    def _reread(self, result: Written, columns: Sequence[str]) -> Written:
        """Return the row as somebody left it since; it is ours only if nobody touched it."""
        if result.record is None:
            return result
        present = self.rows[result.record.table].get(result.record.id)
        if present is None:
            error = RecordMissingError("The record is gone.", cause=Cause.DELETED)
            return Written(error=error)
        ours = present.version == result.record.version
        return Written(self._shown(present, columns), ours=ours)

    def _check_refusals(self, table: str, write: Write) -> None:
        for refusal in self.refusals:
            error = refusal(table, write)
            if error is not None:
                raise error

    def _create(self, table: str, write: Create) -> Record:
        described = self.describe(table)
        identity = write.id if described.takes_id else uuid4()
        if identity in self.rows.get(table, {}):
            message = "A record with this id exists already."
            raise RecordExistsError(message, cause=Cause.DUPLICATE)
        values = dict(write.values)
        self._number(described, values)
        self._check_values(described, values, creates=True)
        self._activate(described, values)
        self._check_key(described, values)
        if table == "product":
            values["statecode"] = 2  # a new product is a draft
        if table == "uomschedule":
            self._add_base_unit(identity, values)
        return self._store(table, identity, values, self.me)

    def _add_base_unit(self, group: UUID, values: Values) -> None:
        """A unit group brings its base unit into being."""
        unit: Values = {
            "name": values.get("baseuomname"),
            "quantity": 1,
            "uomscheduleid": Lookup("uomschedule", group),
            "isschedulebaseuom": True,
        }
        self._store("uom", uuid4(), unit, self.me)

    def _update(self, table: str, write: Update) -> Record:
        if write.guarded:
            self._check_unmoved(write.record)
        present = self.rows.get(table, {}).get(write.record.id)
        if present is None:
            raise RecordMissingError("The record is gone.", cause=Cause.DELETED)
        self._check_values(self.describe(table), write.values, creates=False)
        merged = {**present.values, **write.values}
        return self._store(table, present.id, merged, self.me)

    def _check_unmoved(self, record: Record) -> None:
        present = self.rows.get(record.table, {}).get(record.id)
        if present is None:
            raise RecordMissingError("The record is gone.", cause=Cause.DELETED)
        if present.version != record.version:
            raise RecordChangedError("The record was changed.", cause=Cause.CHANGED_MEANWHILE)

    def _check_values(self, table: Table, values: Values, *, creates: bool) -> None:
        for name, value in values.items():
            column = table.columns.get(name)
            if column is None or not (column.creatable if creates else column.updatable):
                message = f"{name} cannot be written."
                raise RecordError(message, cause=Cause.REFUSED)
            limit = column.max_length
            if limit is not None and isinstance(value, str) and len(value) > limit:
                message = f"{name} is too long."
                raise RecordError(message, cause=Cause.VALUE_TOO_LONG)

    def _number(self, table: Table, values: dict[str, Value]) -> None:
        """Give a new Business Central record the next number of its series."""
        key = table.natural_key
        if self.side == Side.BUSINESS_CENTRAL and key == ("number",) and not values.get("number"):
            self.numbers[table.name] += 1
            values["number"] = f"{table.name[:3].upper()}{self.numbers[table.name]:05}"

    def _activate(self, table: Table, values: dict[str, Value]) -> None:
        """A new row of Dataverse is active."""
        if self.side == Side.DATAVERSE and "statecode" in table.columns:
            values.setdefault("statecode", 0)

    def _check_key(self, table: Table, values: Values) -> None:
        key = [values.get(name) for name in table.natural_key]
        if not any(key):
            return
        for row in self.rows.get(table.name, {}).values():
            if [row.values.get(name) for name in table.natural_key] == key:
                message = f"{table.caption} {key[0]} exists already."
                raise RecordError(message, cause=Cause.DUPLICATE)

    def _store(self, table: str, identity: UUID, values: Values, by: UUID | None) -> Record:
        described = self.describe(table)
        kept = {
            column.name: self._kept(column, values.get(column.name))
            for column in described.columns.values()
        }
        at = self.clock.now
        if self.side == Side.DATAVERSE:
            at = at.replace(microsecond=0)
        rows = self.rows.setdefault(table, {})
        before = rows.get(identity)
        version = str(int(before.version) + 1) if before else "1"
        author = by if self.side == Side.DATAVERSE else None
        rows[identity] = Record(table, identity, at, version, kept, author)
        return rows[identity]

    def _kept(self, column: Column, value: Value) -> Value:
        if self.side == Side.DATAVERSE:
            return None if value == "" else value
        if value is None:
            blank = column.members[0] if column.members else None
            return BLANK.get(column.kind, blank)
        return value

    def _selected(self, selection: Selection) -> list[Record]:
        known = self.describe(selection.table).columns
        for name in selection.columns:
            assert name in known, f"{selection.table} has no column {name}"
        return [
            row
            for row in self.all(selection.table)
            if (selection.changed_after is None or row.modified_at > selection.changed_after)
            and (selection.not_modified_by is None or row.modified_by != selection.not_modified_by)
            and matches(row, selection.conditions)
        ]

    def _shown(self, row: Record, columns: Sequence[str]) -> Record:
        return structs.replace(row, values={name: row.values.get(name) for name in columns})


def _folded(value: Value) -> Value:
    if isinstance(value, Lookup):
        return value.id
    return value.casefold() if isinstance(value, str) else value


def ids(records: Iterable[Record]) -> list[UUID]:
    """Return the ids of records."""
    return [record.id for record in records]
