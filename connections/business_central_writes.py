"""Writes records to Business Central, and finds out what became of those without an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, assert_never
from uuid import UUID

from connections.business_central_batch import Batch, Content, Part
from connections.business_central_pages import ID, Page
from connections.business_central_queries import column_of
from connections.business_central_values import EMPTY, json_text
from connections.causes import Cause
from connections.errors import (
    IntegrationError,
    RecordChangedError,
    RecordError,
    RecordExistsError,
    TransientError,
    UnknownOutcomeError,
)
from connections.odata import Client
from connections.systems import (
    Column,
    Condition,
    Create,
    Delete,
    Kind,
    Operator,
    Record,
    Selection,
    Update,
    Value,
    Values,
    Write,
    Written,
)

ANY_VERSION = "*"
Reader = Callable[[Content], Record]


class Pages(Protocol):
    """What a writer needs of the system it writes to."""

    client: Client
    company: str

    def decoder(self, page: Page, columns: Sequence[str]) -> Reader: ...

    def get(
        self, table: str, ids: Sequence[UUID], columns: Sequence[str]
    ) -> dict[UUID, Record]: ...

    def find(self, selection: Selection, column: str, values: Sequence[Value]) -> list[Record]: ...


class Writer:
    """Writes to one page; every answer carries the whole record, so that none is read again."""

    def __init__(self, system: Pages, page: Page, columns: tuple[str, ...]) -> None:
        self.system = system
        self.page = page
        self.columns = columns
        self.decode = system.decoder(page, columns)
        self.batch = Batch(system.client, page.route)
        self._known: dict[str, tuple[str, Column]] = {}  # what a member begins with

    def write(self, writes: Sequence[Write]) -> list[Written]:
        """Carry out the writes; what got no answer is looked up and sent again if missing."""
        results = self._send(writes)
        lost = [n for n, result in enumerate(results) if _is_unknown(result)]
        if lost:
            for number, result in zip(lost, self._settle([writes[n] for n in lost]), strict=True):
                results[number] = result
        return self._tell_existing(writes, results)

    def _send(self, writes: Sequence[Write]) -> list[Written]:
        outcomes = self.batch.send([self._part(write) for write in writes])
        return [
            self._written(write, outcome) for write, outcome in zip(writes, outcomes, strict=True)
        ]

    def _part(self, write: Write) -> Part:
        records = f"{self.system.company}/{self.page.table.name}"
        match write:
            case Create(identity, values):
                given: Values = {ID: identity} if self.page.table.takes_id else {}
                return Part("POST", records, self._body({**given, **values}))
            case Update(record, values, guarded):
                version = record.version if guarded else ANY_VERSION
                return Part("PATCH", f"{records}({record.id})", self._body(values), version)
            case Delete(record):
                return Part("DELETE", f"{records}({record.id})", if_match=record.version)
            case _:
                assert_never(write)

    def _body(self, values: Values) -> str:
        """Return a body; its order is that of the values, and Business Central validates in it."""
        pieces = []
        for name, value in values.items():
            begin, column = self._known.get(name) or self._learn(name)
            pieces.append(f"{begin}{json_text(column, value)}")
        return f"{{{', '.join(pieces)}}}"

    def _learn(self, name: str) -> tuple[str, Column]:
        known = self._known[name] = f'"{name}": ', column_of(self.page, name)
        return known

    def _written(self, write: Write, outcome: Content | IntegrationError) -> Written:
        if isinstance(outcome, IntegrationError):
            return Written(error=outcome)
        if isinstance(write, Delete):
            return Written()
        try:
            return Written(self.decode(outcome))
        except TransientError as error:
            return Written(error=_unknown(error))  # written, but what came back says not what

    # Ids that are taken

    def _tell_existing(self, writes: Sequence[Write], results: list[Written]) -> list[Written]:
        """Tell apart whether our id or another key is taken; the service says the same of both."""
        taken = {
            write.id: number
            for number, (write, result) in enumerate(zip(writes, results, strict=True))
            if isinstance(write, Create)
            and self.page.table.takes_id
            and result.error is not None
            and result.error.cause == Cause.DUPLICATE
        }
        for identity in self.system.get(self.page.table.name, list(taken), ()) if taken else ():
            error = results[taken[identity]].error
            detail = error.detail if error else ""
            message = "A record with this id is there already."
            known = RecordExistsError(message, cause=Cause.DUPLICATE, detail=detail)
            results[taken[identity]] = Written(error=known)
        return results

    # Answers that were lost

    def _settle(self, writes: Sequence[Write]) -> list[Written]:
        """Look up what arrived, and send once more what did not."""
        try:
            results = self._looked_up(writes)
            again = [n for n, result in enumerate(results) if result is None]
            sent = iter(self._send([writes[n] for n in again]) if again else ())
        except IntegrationError as error:
            return [Written(error=_unknown(error)) for _ in writes]
        return [next(sent) if result is None else result for result in results]

    def _looked_up(self, writes: Sequence[Write]) -> list[Written | None]:
        """Return the outcome of each write as the records show it, None for what did not arrive."""
        wanted = {name for write in writes for name in _values(write)}
        columns = tuple(dict.fromkeys([*self.columns, *sorted(wanted)]))
        ids = [identity for write in writes if (identity := self._identity(write)) is not None]
        found = self.system.get(self.page.table.name, ids, columns)
        results: list[Written | None] = []
        for write in writes:
            identity = self._identity(write)
            if identity is not None:
                results.append(self._arrived(write, found.get(identity)))
            elif isinstance(write, Create):
                results.append(self._keyed(write, columns))
        return results

    def _identity(self, write: Write) -> UUID | None:
        """Return the id to look for; a page that gives its own ids leaves a new record without."""
        if isinstance(write, Create):
            return write.id if self.page.table.takes_id else None
        return write.record.id

    def _arrived(self, write: Write, record: Record | None) -> Written | None:
        match write:
            case Create():
                return Written(self._shown(record)) if record else None
            case Delete(before):
                if record is None:
                    return Written()
                return None if record.version == before.version else Written(error=_changed())
            case Update(before, values, guarded):
                if record is None or record.version == before.version:
                    return None  # a missing record is refused when it is sent again
                if self._holds(record, values):
                    return Written(self._shown(record))
                return Written(error=_changed()) if guarded else None
            case _:
                assert_never(write)

    def _keyed(self, create: Create, columns: Sequence[str]) -> Written | None:
        """Look for a new record by its key, since its page gave it an id that we do not know."""
        key = self.page.table.natural_key
        if not key or not all(create.values.get(name) for name in key):
            message = "Business Central did not say whether it created the record."
            return Written(error=UnknownOutcomeError(message, cause=Cause.UNKNOWN_OUTCOME))
        first, *others = key
        conditions = tuple(Condition(name, Operator.EQ, (create.values[name],)) for name in others)
        selection = Selection(self.page.table.name, tuple(columns), conditions)
        found = self.system.find(selection, first, [create.values[first]])
        if not found:
            return None
        if self._holds(found[0], create.values):
            return Written(self._shown(found[0]))
        message = "Another record with this key was created meanwhile."
        return Written(error=RecordError(message, cause=Cause.DUPLICATE))

    def _holds(self, record: Record, values: Values) -> bool:
        return all(
            _alike(column_of(self.page, name), value, record.values[name])
            for name, value in values.items()
        )

    def _shown(self, record: Record) -> Record:
        values = {name: record.values[name] for name in self.columns}
        return Record(record.table, record.id, record.modified_at, record.version, values)


def _values(write: Write) -> Mapping[str, Value]:
    return {} if isinstance(write, Delete) else write.values


def _alike(column: Column, sent: Value, found: Value) -> bool:
    """Whether a column holds what was sent, in the form Business Central gives it."""
    sent = EMPTY.get(column.kind) if sent is None else sent
    if column.kind == Kind.CODE:
        return str(sent).strip().upper() == found
    return sent == found


def _is_unknown(result: Written) -> bool:
    return isinstance(result.error, UnknownOutcomeError)


def _changed() -> RecordChangedError:
    message = "Somebody changed the record while it was written."
    return RecordChangedError(message, cause=Cause.CHANGED_MEANWHILE)


def _unknown(error: IntegrationError) -> UnknownOutcomeError:
    if isinstance(error, UnknownOutcomeError):
        return error
    message = f"It is not known what became of the write, since looking it up failed: {error}"
    return UnknownOutcomeError(message, cause=Cause.UNKNOWN_OUTCOME, detail=error.detail)
