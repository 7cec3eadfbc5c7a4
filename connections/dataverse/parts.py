"""Single writes in $batch messages: every one has an answer of its own, and may be guarded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from connections.batch import MOST_PARTS, Part, batch_answers, batch_request
from connections.causes import Cause
from connections.dataverse.outcomes import Item, Outcomes
from connections.errors import (
    IntegrationError,
    RecordChangedError,
    RecordError,
    RecordExistsError,
    RecordMissingError,
    TransientError,
)
from connections.odata import Answer, LostAnswerError, refusal
from connections.systems import Create, Delete, Record, Side, Update, Write, Written

SIDE_BY_SIDE = 4
FEWEST = 100  # fewer parts would cost more requests than they save time
TRIES = 3
# What a write is told when it had arrived before: only the row can say whether it was ours.
DOUBTFUL = (RecordChangedError, RecordExistsError, RecordMissingError)
IDENTITY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Parts:
    """Single writes of one table."""

    def __init__(self, outcomes: Outcomes) -> None:
        self.outcomes = outcomes
        self.client = outcomes.reader.client
        prefer = ",".join(filter(None, ["return=representation", outcomes.rows.annotations]))
        self._returns = (
            f"Content-Type: application/json\r\nAccept: application/json\r\nPrefer: {prefer}\r\n"
        ).encode()

    def send(self, items: Sequence[Item]) -> None:
        """Write each record, and note what became of it."""
        waiting = list(items)
        while waiting:
            size = min(MOST_PARTS, max(FEWEST, -(-len(waiting) // SIDE_BY_SIDE)))
            groups = [waiting[at : at + size] for at in range(0, len(waiting), size)]
            root = self.outcomes.reader.root_path
            requests = [batch_request(root, [self._part(i) for i in group]) for group in groups]
            waiting = []
            for group, answer in zip(groups, self.client.send_all(requests), strict=True):
                match answer:
                    case Answer():
                        waiting += self._answered(group, answer)
                    case LostAnswerError():
                        waiting += self._after_loss(group, answer)
                    case IntegrationError():
                        raise answer

    def _tell_met(self, items: Sequence[Item]) -> None:
        """Tell records that have our ids from others that are in the way."""
        found = self.outcomes.look_up(items) if items else None
        for item in items if found is not None else ():
            if item.id in (found or {}):
                self.exists(item)
            else:
                message = "Another record with these values exists already."
                self.outcomes.refuse([item], RecordError(message, cause=Cause.DUPLICATE))

    def exists(self, item: Item) -> None:
        """Note that a record with this id was there before we wrote."""
        message = "A record with this id exists already."
        self.outcomes.refuse([item], RecordExistsError(message, cause=Cause.DUPLICATE))

    def _part(self, item: Item) -> Part:
        described, rows = self.outcomes.described, self.outcomes.rows
        row = f"{described.entity_set}({item.id})"
        match item.write:
            case Create():
                members = f",{item.members}" if item.members else ""
                body = f'{{"{described.key}":"{item.id}"{members}}}'.encode("ascii")
                path = f"{described.entity_set}?$select={rows.select}"
                return Part("POST", path, body, self._returns)
            case Update():
                body = f"{{{item.members}}}".encode("ascii")
                headers = self._returns + _guard(item.write)
                return Part("PATCH", f"{row}?$select={rows.select}", body, headers)
            case Delete():
                return Part("DELETE", row, headers=_guard(item.write))

    def _answered(self, group: Sequence[Item], answer: Answer) -> list[Item]:
        try:
            parts = batch_answers(answer, len(group))
        except TransientError as failure:
            loss = LostAnswerError(failure.message, cause=Cause.LOST_ANSWER, detail=failure.detail)
            return self._after_loss(group, loss)
        again: list[Item] = []
        doubtful: list[Item] = []
        met: list[Item] = []
        pause = 0.0
        for item, part in zip(group, parts, strict=True):
            if part.status < 300:
                self._accepted(item, part)
                continue
            error = _refusal(item, part)
            if isinstance(error, TransientError) and item.tries + 1 < TRIES:
                item.tries += 1
                pause = max(pause, part.retry_after or 0.0)
                again.append(item)
            elif item.uncertain and isinstance(error, DOUBTFUL):
                doubtful.append(item)
            elif isinstance(error, RecordExistsError):
                met.append(item)
            else:
                self.outcomes.refuse([item], error)
        if pause:
            self.client.wait(pause)
        self._tell_met(met)
        return again + self._judge(doubtful)

    def _accepted(self, item: Item, part: Answer) -> None:
        if isinstance(item.write, Delete):
            self.outcomes.note(item, Written())
        elif part.body:
            self.outcomes.answered(item, self.outcomes.rows.record(part.object()))
        else:
            self.outcomes.arrived.append(item)

    def _after_loss(self, group: Sequence[Item], loss: LostAnswerError) -> list[Item]:
        """See what arrived; return what did not, to be sent again."""
        for item in group:
            item.uncertain, item.tries = True, item.tries + 1
        untouched = self._judge(group)
        spent = [item for item in untouched if item.tries >= TRIES]
        self.outcomes.unknown(spent, loss)
        return [item for item in untouched if item.tries < TRIES]

    def _judge(self, items: Sequence[Item]) -> list[Item]:
        """Tell from the rows what became of writes without an answer; return the untouched ones."""
        found = self.outcomes.look_up(items) if items else None
        if found is None:
            return []
        return [item for item in items if self._is_untouched(item, found.get(item.id))]

    def _is_untouched(self, item: Item, row: Record | None) -> bool:
        """Whether a write did not arrive; if it did, its outcome is noted."""
        if isinstance(item.write, Create):
            if row is not None:
                self.outcomes.seen(item, row)
            return row is None
        if row is not None and row.version == item.write.record.version:
            return True
        if isinstance(item.write, Delete):
            self.outcomes.note(item, Written(error=_changed() if row is not None else None))
        elif row is None or self.outcomes.is_ours(item, row):
            self.outcomes.seen(item, row)
        elif item.write.guarded:
            self.outcomes.refuse([item], _changed())
        else:
            return True
        return False


def _guard(write: Write) -> bytes:
    """Return the header that lets a write pass only if the row is still what it was."""
    if isinstance(write, Update) and not write.guarded:
        return b"If-Match: *\r\n"  # without it a missing row would be created
    assert not isinstance(write, Create)
    return f'If-Match: W/"{write.record.version}"\r\n'.encode("ascii")


def _refusal(item: Item, part: Answer) -> IntegrationError:
    code, message = part.refused()
    error = refusal(
        Side.DATAVERSE,
        part.status,
        code,
        message,
        detail=part.request_id,
        retry_after=part.retry_after,
    )
    if isinstance(error, RecordMissingError) and _is_about_another(item, message):
        return RecordError(error.message, cause=Cause.DELETED, detail=error.detail)
    return error


def _is_about_another(item: Item, message: str) -> bool:
    """Whether it is a row that a lookup leads to which does not exist, not the record itself."""
    named = {UUID(text) for text in IDENTITY.findall(message)}
    return isinstance(item.write, Create) or bool(named and item.id not in named)


def _changed() -> RecordChangedError:
    message = "The record was changed meanwhile."
    return RecordChangedError(message, cause=Cause.CHANGED_MEANWHILE)
