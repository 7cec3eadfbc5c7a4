"""Decides what to do with each source record. No I/O: same batch in, same plan out."""

from __future__ import annotations

from uuid import UUID, uuid5

from connections.causes import Cause
from connections.systems import Record
from mappings import captions
from mappings.spec import DirectedMapping, Link
from mappings.terms import DeletionConflictResolution
from syncjobs.engine.change import (
    Agree,
    Batch,
    Change,
    Diffs,
    Fail,
    FieldDiff,
    Ignore,
    Insert,
    Modify,
    Plan,
    Rules,
    Skip,
    Unchanged,
    Uncouple,
)
from syncjobs.engine.conflict import Collide, Overwrite, Yield, contested, resolve
from syncjobs.engine.diff import compare, created, everything, initial, with_derived
from syncjobs.engine.entities import Entity, entity_of
from syncjobs.engine.values import TransferError


def plan(mapping: DirectedMapping, batch: Batch, rules: Rules = Rules()) -> Plan:  # noqa: B008
    """Plan one page of source records."""
    entity = entity_of(mapping)
    planner = _Planner(mapping, entity, batch, rules)
    return Plan(mapping, tuple(planner.plan(source) for source in batch.sources))


def new_id(namespace: UUID, mapping_name: str, source_id: UUID, incarnation: int) -> UUID:
    """Return the id the destination of a record is to have: the same, whoever asks again."""
    return uuid5(namespace, f"{mapping_name}/{source_id}/{incarnation}")


class _Planner:
    """The rules, read top to bottom: the first that fits decides."""

    def __init__(
        self, mapping: DirectedMapping, entity: Entity, batch: Batch, rules: Rules
    ) -> None:
        self.mapping = mapping
        self.entity = entity
        self.batch = batch
        self.rules = rules

    def plan(self, source: Record) -> Change:
        reason = self.entity.ignored(self.mapping, source, self.batch.facts)
        if reason:
            return Ignore(source, reason)
        link = self.batch.links.get(source.id)
        try:
            if link is None:
                return self._uncoupled(source)
            return self._coupled(source, link)
        except TransferError as error:
            return Fail(source, error.message, error.cause, lacks=error.lacks)
        except (ArithmeticError, ValueError) as error:  # E-3.22: the others go on
            message = f"A value of this {self.mapping.source_caption} cannot be converted: {error}."
            return Fail(source, message, Cause.VALUE_INVALID)

    def _uncoupled(self, source: Record) -> Change:
        if source.id in self.batch.set_aside:
            return Skip(source, "Skipped after repeated failure")
        candidates = self.batch.candidates.get(source.id)
        if candidates and candidates.one:
            return self._forced(source, candidates.one, None)
        if not self._may_create(source):
            if self.rules.single:
                return Skip(source, "Not coupled")  # E-3.25
            return Ignore(source, "Not coupled")  # E-3.20
        if candidates and candidates.several:
            several = captions.plural(self.mapping.destination_caption)
            return Fail(
                source,
                f"{candidates.several} {several} match this {self.mapping.source_caption}; couple "
                "it with the right one.",
                Cause.AMBIGUOUS,
            )
        return self._insert(source, incarnation=0)

    def _may_create(self, source: Record) -> bool:
        if self.rules.create_missing or not self.mapping.synch_only_coupled_records:
            return True
        return source.id in self.batch.waiting  # it failed in a run that may create (E-3.15)

    def _coupled(self, source: Record, link: Link) -> Change:
        if link.skipped:
            return Skip(source, "Skipped after repeated failure")  # E-3.21
        destination = self._destination(source, link)
        if destination is None:
            return self._deleted(source, link)
        if self.rules.force:
            return self._forced(source, destination, link)
        if not (link.is_due(source) or self._is_incomplete(source, destination)):
            return Unchanged(source)
        return self._due(source, destination, link)

    def _destination(self, source: Record, link: Link) -> Record | None:
        """Return the coupled record, or what an earlier write of ours restored of it."""
        found = self.batch.destinations.get(link.destination_id)
        candidates = self.batch.candidates.get(source.id)
        return candidates.one if found is None and candidates else found

    def _is_incomplete(self, source: Record, destination: Record) -> bool:
        return self.entity.is_incomplete(self.mapping, destination, source, self.batch.facts)

    def _due(self, source: Record, destination: Record, link: Link) -> Change:
        comparison = compare(self.mapping, source, destination, self.batch.references)
        diffs = self._derive(source, destination, comparison.diffs)
        seen = self.mapping, source, destination, self.batch.facts
        leaves = self.entity.leaves(*seen)
        owes = bool(leaves) or self._owes(link, destination) or self.entity.owes(*seen)
        if not diffs:
            return Agree(source, destination, owes=owes, leaves=leaves)
        # A field that a merge left to the other direction is still to be weighed field by field.
        left = link.due_back and self.mapping.merges
        if not (left or link.is_overtaken_by(destination)):
            return Modify(
                source,
                destination,
                diffs,
                owes=owes,
                leaves=leaves,
                again=link.agreed and link.is_due(source),
                warnings=comparison.warnings,
            )
        if self._leaves_to_the_other(source, link, diffs):
            return Skip(source, "The other side's change is carried first", yields=True)
        match resolve(self.mapping, source, destination, link, diffs):
            case Collide(field):
                return self._conflict(source, field.destination.caption or field.destination.name)
            case Yield():
                return Skip(source, "The other side's update wins", yields=True)  # E-3.42
            case Overwrite((), more, others):
                return Agree(source, destination, owes=owes or more, leaves=(*leaves, *others))
            case Overwrite(kept, more, others):
                return Modify(
                    source,
                    destination,
                    kept,
                    owes=owes or more,
                    leaves=(*leaves, *others),
                    again=link.agreed,
                    warnings=comparison.warnings,
                )

    def _leaves_to_the_other(self, source: Record, link: Link, diffs: Diffs) -> bool:
        """Whether only the destination moved, and holds what its own direction is to carry first.

        What is owed stays owed meanwhile: with nothing of its own, the source must not collide.
        """
        if link.failed or not self.mapping.two_way or self.mapping.merges:
            return False
        return not link.source.is_behind(source) and bool(contested(self.mapping, diffs))

    def _owes(self, link: Link, destination: Record) -> bool:
        """Whether the other direction still has something of the destination to carry (E-3.43)."""
        answers = self.mapping.two_way and self.mapping.answers_back
        return link.due_back or (answers and link.is_overtaken_by(destination))

    def _forced(self, source: Record, destination: Record, link: Link | None) -> Change:
        comparison = compare(self.mapping, source, destination, self.batch.references)
        diffs = self._derive(source, destination, comparison.diffs)
        if self.rules.write_unchanged:
            every = everything(self.mapping, source, destination, self.batch.references)
            diffs = self._derive(source, destination, every)
        couples = link is None
        # What only the other direction copies must still be looked at once (E-3.17).
        owes = self.mapping.answers_back if link is None else self._owes(link, destination)
        if not diffs:
            return Agree(source, destination, couples=couples, owes=owes)
        return Modify(
            source,
            destination,
            diffs,
            couples=couples,
            owes=owes,
            again=link is not None and link.agreed,
            warnings=comparison.warnings,
        )

    def _deleted(self, source: Record, link: Link) -> Change:
        asked = DeletionConflictResolution.RESTORE if self.rules.restore else None  # E-4.49
        match asked or self.mapping.deletion_conflict_resolution:
            case DeletionConflictResolution.RESTORE:  # E-3.32
                return self._insert(source, incarnation=link.incarnation + 1)
            case DeletionConflictResolution.REMOVE:  # E-3.33
                return Uncouple(source)
            case _:  # E-3.31
                return Fail(
                    source,
                    f"This {self.mapping.source_caption} cannot be synchronized because it is "
                    f"coupled to a deleted {self.mapping.destination_caption}.",
                    Cause.DELETED,
                )

    def _insert(self, source: Record, *, incarnation: int) -> Insert:
        incarnation = max(incarnation, self.batch.incarnations.get(source.id, 0))
        values, warnings = initial(self.mapping, source, self.batch.references)
        derived = self.entity.derive(self.mapping, source, None, values, self.batch.facts)
        identity = new_id(self.batch.facts.namespace, self.mapping.name, source.id, incarnation)
        diffs = created(values, derived)
        return Insert(source, identity, diffs, incarnation, warnings=warnings)

    def _conflict(self, source: Record, caption: str) -> Fail:
        return Fail(
            source,
            f"Both the {self.mapping.source_caption} and the {self.mapping.destination_caption} "
            f"were changed since they were last synchronized, and they differ in {caption}.",
            Cause.CONFLICT,
        )

    def _derive(
        self, source: Record, destination: Record, diffs: tuple[FieldDiff, ...]
    ) -> tuple[FieldDiff, ...]:
        planned = {diff.field: diff.after for diff in diffs}
        derived = self.entity.derive(self.mapping, source, destination, planned, self.batch.facts)
        return with_derived(diffs, derived, destination.values)
