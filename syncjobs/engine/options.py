"""Decides what to do with each option of an option mapping; no I/O (E-3.70 to E-3.74)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from connections.causes import Cause
from connections.systems import Record
from mappings.spec import TOLERANCE
from mappings.terms import DeletionConflictResolution
from syncjobs.terms import Action


class Step(StrEnum):
    """What is done for an option."""

    ADD = "add"  # its partner is created
    RENAME = "rename"
    COUPLE = "couple"  # its partner was found by its label (E-4.37)
    UNCOUPLE = "uncouple"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Pair:
    """A Business Central record and an option value that are mapped to each other."""

    business_central_id: UUID
    value: int
    modified_at: datetime | None = None
    failed: bool = False
    error: str = ""
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class OptionChange:
    """A decision about one record or one value of the option set."""

    step: Step
    counter: Action
    label: str
    record: Record | None = None
    value: int | None = None
    pair: Pair | None = None
    reason: str = ""
    cause: Cause | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether the pair is mapped after this, as far as the plan goes."""
        return self.step in (Step.ADD, Step.RENAME, Step.COUPLE)

    def failed(self, message: str, cause: Cause) -> OptionChange:
        """Return this as a failure."""
        return replace(self, step=Step.LEAVE, counter=Action.FAILED, reason=message, cause=cause)


@dataclass(frozen=True, slots=True)
class OptionRules:
    """What a run may do with options."""

    creates: bool
    force: bool = False
    single: bool = False
    deletion: DeletionConflictResolution = DeletionConflictResolution.NONE


@dataclass(frozen=True, slots=True)
class OptionBatch:
    """Everything needed to plan option mappings: both sides and what is mapped of them."""

    labels: Mapping[int, str]  # the option set
    keys: Mapping[UUID, str]  # Business Central: the label each record stands for
    records: Mapping[UUID, Record]
    pairs: Collection[Pair]
    set_aside: Collection[UUID] = ()
    waiting: Collection[UUID] = ()
    key_length: int | None = None
    by_record: dict[UUID, Pair] = field(init=False)
    by_value: dict[int, Pair] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_record", {p.business_central_id: p for p in self.pairs})
        object.__setattr__(self, "by_value", {pair.value: pair for pair in self.pairs})


def plan_record(record: Record, batch: OptionBatch, rules: OptionRules) -> OptionChange:
    """Plan one Business Central record: to the option set (E-3.72)."""
    label, pair = batch.keys[record.id], batch.by_record.get(record.id)
    here = OptionChange(Step.LEAVE, Action.UNCHANGED, label, record, pair=pair)
    if pair is None:
        return _new_value(here, batch, rules)
    here = replace(here, value=pair.value)
    if pair.skipped:
        return replace(here, counter=Action.SKIPPED, reason="Skipped after repeated failure")
    if pair.value not in batch.labels:
        return _deleted(here, rules)
    if not (rules.force or pair.failed or _is_behind(pair, record)):
        return here
    return replace(here, step=Step.RENAME, counter=Action.MODIFIED)


def _is_behind(pair: Pair, record: Record) -> bool:
    return pair.modified_at is None or record.modified_at - pair.modified_at >= TOLERANCE


def _new_value(here: OptionChange, batch: OptionBatch, rules: OptionRules) -> OptionChange:
    assert here.record is not None
    if here.record.id in batch.set_aside:
        return replace(here, counter=Action.SKIPPED, reason="Skipped after repeated failure")
    if not (rules.creates or here.record.id in batch.waiting):
        return _not_coupled(here, rules)
    if not here.label:
        return here.failed("The record has no code; enter one.", Cause.REQUIRED)
    found = [value for value, label in batch.labels.items() if folded(label) == folded(here.label)]
    free = [value for value in found if value not in batch.by_value]
    if len(free) == 1:
        return replace(here, step=Step.COUPLE, value=free[0])
    if free:  # one more of the name would help nobody
        message = f"{len(free)} options are called {here.label}; couple it with the right one."
        return here.failed(message, Cause.AMBIGUOUS)
    return replace(here, step=Step.ADD, counter=Action.INSERTED)


def plan_value(value: int, batch: OptionBatch, rules: OptionRules) -> OptionChange:
    """Plan one value of the option set: to Business Central (E-3.73)."""
    label, pair = batch.labels[value], batch.by_value.get(value)
    here = OptionChange(Step.LEAVE, Action.UNCHANGED, label, value=value, pair=pair)
    if pair is None:
        return _new_record(here, batch, rules)
    if pair.skipped:
        return replace(here, counter=Action.SKIPPED, reason="Skipped after repeated failure")
    record = batch.records.get(pair.business_central_id)
    if record is None:
        return _deleted(here, rules)
    here = replace(here, record=record)
    if batch.keys[record.id] == as_key(label, batch.key_length):
        return here
    return replace(here, step=Step.RENAME, counter=Action.MODIFIED)


def _new_record(here: OptionChange, batch: OptionBatch, rules: OptionRules) -> OptionChange:
    if not rules.creates:
        return _not_coupled(here, rules)
    key = as_key(here.label, batch.key_length)
    if not key:
        return here.failed("The option has no label; enter one.", Cause.REQUIRED)
    for record_id, known in batch.keys.items():
        if known == key and record_id not in batch.by_record:
            return replace(here, step=Step.COUPLE, record=batch.records[record_id])
    return replace(here, step=Step.ADD, counter=Action.INSERTED)


def _not_coupled(here: OptionChange, rules: OptionRules) -> OptionChange:
    counter = Action.SKIPPED if rules.single else Action.NONE  # E-3.20, E-3.25
    return replace(here, counter=counter, reason="Not coupled")


def _deleted(here: OptionChange, rules: OptionRules) -> OptionChange:
    """E-3.74: as for records."""
    match rules.deletion:
        case DeletionConflictResolution.RESTORE:
            return replace(here, step=Step.ADD, counter=Action.INSERTED)
        case DeletionConflictResolution.REMOVE:
            return replace(here, step=Step.UNCOUPLE, counter=Action.NONE)
        case _:
            message = (
                f"{here.label} cannot be synchronized because it is mapped to a deleted "
                "counterpart; restore that one, or delete the option mapping."
            )
            return here.failed(message, Cause.DELETED)


def as_key(label: str, length: int | None) -> str:
    """Return a label as Business Central writes a code (E-3.72: truncated, case ignored)."""
    text = label.strip().upper()
    return text if length is None else text[:length].strip()


def folded(label: str) -> str:
    """Return a label for comparison, in whatever case it is written."""
    return label.strip().casefold()
