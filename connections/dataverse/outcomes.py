"""What becomes of writes: an outcome for each, read again where no answer told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from connections.causes import Cause
from connections.dataverse.metadata import Described
from connections.dataverse.reading import Reader
from connections.dataverse.rows import Rows
from connections.errors import (
    IntegrationError,
    RecordMissingError,
    TransientError,
    UnknownOutcomeError,
)
from connections.systems import Column, Delete, Kind, Record, Value, Write, Written


@dataclass(slots=True, eq=False)
class Item:
    """One write on its way; `uncertain` once it was sent and no answer came."""

    place: int
    write: Write
    id: UUID
    members: str  # of its JSON object
    uncertain: bool = False
    tries: int = 0


class Outcomes:
    """What became of the writes so far; what arrived unseen is read again at the end."""

    def __init__(
        self,
        reader: Reader,
        described: Described,
        me: UUID,
        writes: Sequence[Write],
        columns: Sequence[str],
    ) -> None:
        self.reader = reader
        self.described = described
        self.me = me
        self.columns = columns
        written = {
            name: None
            for write in writes
            if not isinstance(write, Delete)
            for name in write.values
            if name in described.table.columns
        }
        self.rows = Rows(described, tuple({**dict.fromkeys(columns), **written}))
        self.results: list[Written | None] = [None] * len(writes)
        self.arrived: list[Item] = []

    def note(self, item: Item, result: Written) -> None:
        self.results[item.place] = result

    def refuse(self, items: Iterable[Item], error: IntegrationError) -> None:
        for item in items:
            self.note(item, Written(error=error))

    def unknown(self, items: Iterable[Item], reason: IntegrationError) -> None:
        """Say that nobody knows yet; recovery finds out later."""
        message = "Dataverse did not say whether the record was written."
        detail = f"{reason.message} {reason.detail}".strip()
        cause = Cause.UNKNOWN_OUTCOME
        self.refuse(items, UnknownOutcomeError(message, cause=cause, detail=detail))

    def look_up(self, items: Sequence[Item]) -> dict[UUID, Record] | None:
        """Return which rows are there; None, and unknown outcomes, if that cannot be found out."""
        try:
            return self.reader.get(self.described, self.rows, [item.id for item in items])
        except TransientError as error:
            self.unknown(items, error)
            return None

    def answered(self, item: Item, record: Record) -> None:
        """Note a row that came back with the answer to its own write."""
        self.note(item, Written(self._shown(record), ours=record.modified_by == self.me))

    def seen(self, item: Item, record: Record | None) -> None:
        """Note a row as it was read after its write."""
        if record is None:
            error = RecordMissingError("The record was deleted meanwhile.", cause=Cause.DELETED)
            self.note(item, Written(error=error))
            return
        self.note(item, Written(self._shown(record), ours=self.is_ours(item, record)))

    def is_ours(self, item: Item, record: Record) -> bool:
        """Whether nobody else wrote the row since: we are its author and it holds what we wrote."""
        if record.modified_by != self.me or isinstance(item.write, Delete):
            return False
        held, columns = record.values, self.described.table.columns
        for name, value in item.write.values.items():
            if held[name] == value:
                continue
            if _settled(columns[name], held[name]) != _settled(columns[name], value):
                return False
        return True

    def finish(self) -> list[Written]:
        """Read what arrived unseen, and return all outcomes in order."""
        if self.arrived:
            found = self.look_up(self.arrived)
            for item in self.arrived if found is not None else ():
                self.seen(item, (found or {}).get(item.id))
        return [result for result in self.results if result is not None]

    def _shown(self, record: Record) -> Record:
        if len(record.values) == len(self.columns):
            return record
        held = record.values
        return Record(
            record.table,
            record.id,
            record.modified_at,
            record.version,
            {name: held[name] for name in self.columns},
            record.modified_by,
        )


def _settled(column: Column, value: Value) -> Value:
    """Return a value as Dataverse keeps it, to compare what was written with what is read."""
    match value:
        case "":
            return None
        case str():
            return value.rstrip()
        case datetime():
            return value.replace(microsecond=0)
        case int() | Decimal() if column.kind == Kind.DECIMAL and column.precision is not None:
            return round(Decimal(value), column.precision)
        case _:
            return value
