"""Notes how a page went: couplings, failures, errors and counters, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from connections.catalogue import remedy_of
from connections.causes import Cause, Remedy
from connections.errors import UnknownOutcomeError
from connections.systems import Record, Side, Value
from mappings import couplings
from mappings.couplings import Agreement, Failure
from mappings.models import PendingCoupling
from mappings.spec import DirectedMapping, Link
from syncjobs.engine.change import (
    Agree,
    Batch,
    Change,
    Fail,
    Ignore,
    Insert,
    Modify,
    Skip,
    Uncouple,
)
from syncjobs.models import SynchError, SynchJob
from syncjobs.runs import intents
from syncjobs.runs.apply import Outcome, values_of
from syncjobs.runs.context import Context
from syncjobs.runs.labels import Labels
from syncjobs.terms import Action

# Causes of what went through all the same.
WARNINGS = frozenset({Cause.VALUE_TRUNCATED, Cause.PRICE_LIST_EDITED})


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a person should know of a record, beside what became of it."""

    source: Record
    destination_id: UUID
    text: str
    cause: Cause


class Memory:
    """One direction of one mapping, as far as remembering goes."""

    def __init__(self, context: Context, mapping: DirectedMapping, job: SynchJob) -> None:
        self.context = context
        self.mapping = mapping
        self.job = job
        self.to_sales = mapping.source_side == Side.BUSINESS_CENTRAL
        self.labels = Labels(context, mapping)
        self.intended: set[UUID] = set()  # sources with an intent that is still open

    def remember(
        self, batch: Batch, outcomes: Sequence[Outcome], cursor: datetime | None = None
    ) -> Counter[Action]:
        """Note a page; the couplings, the errors and the counters agree or none is written."""
        page = _Page(self, batch, outcomes)
        with transaction.atomic():
            self.context.progress.confirm()
            page.write()
            self._count(page.counts, len(page.warnings), cursor)
            intents.forget(self.context, self.mapping, page.settled & self.intended)
            self.context.progress.at("before our commit")
        self.intended -= page.settled
        self.context.progress.at("after our commit")
        return page.counts

    def count_unchanged(self, number: int) -> Counter[Action]:
        """Note records of which the source has not moved, and nothing else."""
        counts = Counter({Action.UNCHANGED: number})
        with transaction.atomic():
            self.context.progress.confirm()
            self._count(counts, 0, None)
        return counts

    def warn(self, notes: Sequence[Note]) -> None:
        """Write warnings of records; they count as such only (E-5.4)."""
        if not notes:
            return
        now = self.context.clock()
        rows = []
        for note in notes:
            ids = (note.source.id, note.destination_id)
            bc, dataverse = ids if self.to_sales else reversed(ids)
            _, name = self.labels.of(note.source, None)
            rows.append(
                self.job.error(
                    business_central_id=bc,
                    dataverse_id=dataverse,
                    record_name=name[: couplings.NAME_LENGTH],
                    cause=note.cause,
                    message=note.text[:2048],
                    warning=True,
                    logged_at=now,
                )
            )
        with transaction.atomic():
            self.context.progress.confirm()
            SynchError.objects.bulk_create(rows)
            self._count(Counter(), len(rows), None)

    def _count(self, counts: Counter[Action], warnings: int, cursor: datetime | None) -> None:
        """Add to the counters of the synch. job, so that they show while it runs (E-5.2)."""
        fields = {action.value.lower(): n for action, n in counts.items() if action and n}
        changes = {name: F(name) + number for name, number in fields.items()}
        if warnings:
            changes["warnings"] = F("warnings") + warnings
        if cursor:
            changes["cursor"] = cursor  # type: ignore[assignment]
        if changes:
            SynchJob.objects.filter(pk=self.job.pk).update(**changes)


class _Page:
    """Sorts the outcomes of a page by what is to be written of them."""

    def __init__(self, memory: Memory, batch: Batch, outcomes: Sequence[Outcome]) -> None:
        self.memory = memory
        self.batch = batch
        self.now = memory.context.clock()
        self.counts: Counter[Action] = Counter()
        self.agreements: list[Agreement] = []
        self.failures: list[Failure] = []
        self.parked: list[tuple[Fail, bool]] = []
        self.uncoupled: list[UUID] = []
        self.owed: list[UUID] = []  # left to the other direction
        self.due: list[UUID] = []  # written long ago: the source has moved since
        self.superseded: list[UUID] = []  # parked, and no longer for this mapping
        self.errors: list[SynchError] = []
        self.warnings: list[SynchError] = []
        self.settled: set[UUID] = set()  # whose outcome is known
        self.past = self._past(outcomes)
        for outcome in outcomes:
            self._sort(outcome)

    def _past(self, outcomes: Sequence[Outcome]) -> dict[UUID, PendingCoupling]:
        """Return what is parked of the uncoupled records that fail now."""
        failed = [
            o.change.source.id
            for o in outcomes
            if (o.error or isinstance(o.change, Fail))
            and o.change.source.id not in self.batch.links
        ]
        if not failed:
            return {}
        rows = self._parked_rows().filter(record_id__in=failed)
        return {row.record_id: row for row in rows}

    def _parked_rows(self) -> QuerySet[PendingCoupling]:
        return couplings.parked(self.memory.context.company, self.memory.mapping)

    def _sort(self, outcome: Outcome) -> None:
        change = outcome.change
        unfinished = outcome.is_unfinished and change.source.id in self.batch.links
        if unfinished or not isinstance(outcome.error, UnknownOutcomeError):
            self.settled.add(change.source.id)
        if outcome.error is not None:
            if unfinished:
                assert isinstance(change, Modify)
                # Else our own write would seem somebody's edit, and collide with the next one.
                self._note(change, outcome)
            message, cause = outcome.error.message, outcome.error.cause
            self._failed(Fail(change.source, message, cause, outcome.error.detail))
            return
        match change:
            case Fail():
                self._failed(change)
            case Insert() | Modify() | Agree():
                self._agreed(change, outcome)
            case _:
                self.counts[change.action] += 1
                self._left_alone(change)

    def _left_alone(self, change: Change) -> None:
        """Note what follows from a record that was not written."""
        match change:
            case Uncouple():
                self.uncoupled.append(change.source.id)
            case Skip(yields=True):
                self.owed.append(change.source.id)
            case Ignore() if change.source.id in self.batch.waiting:
                self.superseded.append(change.source.id)

    def _agreed(self, change: Insert | Modify | Agree, outcome: Outcome) -> None:
        self.counts[change.action] += 1
        if change.source.id not in self.batch.links and not isinstance(change, Insert):
            self.counts[Action.COUPLED] += 1
        self._note(change, outcome)

    def _note(self, change: Insert | Modify | Agree, outcome: Outcome) -> None:
        """Couple the pair, or note how far both sides have come."""
        link = self.batch.links.get(change.source.id)
        record = change.destination if isinstance(change, Agree) else outcome.record
        assert record is not None
        for text in () if isinstance(change, Agree) else change.warnings:
            self.warnings.append(self._error(change.source, record, text, Cause.VALUE_TRUNCATED))
        mark = outcome.source_mark
        if mark is not None and mark.version != change.source.version:
            # Perhaps by ourselves, when its company was stamped: E-3.8 would not show it again.
            self.due.append(change.source.id)
        kept = 0 if link is None else link.incarnation
        key, name = self.memory.labels.of(change.source, record)
        self.agreements.append(
            Agreement(
                change.source,
                record,
                key,
                name,
                incarnation=change.incarnation if isinstance(change, Insert) else kept,
                source_mark=outcome.source_mark,
                source_base=self._source_base(change, outcome, link),
                destination_seen=outcome.ours,
                destination_base=self._destination_base(change, outcome, link),
                owes=change.owes,
            )
        )

    def _source_base(
        self, change: Insert | Modify | Agree, outcome: Outcome, link: Link | None
    ) -> Mapping[str, Value] | None:
        """A field that was left to the other direction is agreed on only when that was there."""
        agreed = link.source.values if link is not None else {}
        if outcome.wrote is not None:  # long ago: what it was written from may have changed since
            mark = outcome.source_mark
            same = mark is not None and mark.version == change.source.version
            written = self._sources_of(outcome.wrote)
            now = {name: change.source.values.get(name) for name in written}
            return {**agreed, **(now if same else dict.fromkeys(written))}
        leaves = () if isinstance(change, Insert) else change.leaves
        if not leaves or link is None:
            return None
        left = {name: agreed.get(name) for name in self._sources_of(leaves)}
        return {**change.source.values, **left}

    def _sources_of(self, destinations: Collection[str]) -> list[str]:
        mapping = self.memory.mapping
        shared = [here for here, there in mapping.shared if there in destinations]
        return shared + [
            field.source.name
            for field in mapping.fields
            if field.source is not None and field.destination.name in destinations
        ]

    def _destination_base(
        self, change: Insert | Modify | Agree, outcome: Outcome, link: Link | None
    ) -> Mapping[str, Value] | None:
        """What somebody wrote over our own values was never agreed on."""
        agreed = link.destination.values if link is not None else {}
        if outcome.wrote is not None:
            return {**agreed, **outcome.wrote}
        leaves = () if isinstance(change, Insert) else change.leaves
        left = {name: agreed.get(name) for name in leaves}
        if not outcome.ours:
            before = change.destination.values if isinstance(change, Modify) else {}
            diffs = () if isinstance(change, Agree) else change.diffs
            return {**before, **values_of(diffs), **left}
        record = change.destination if isinstance(change, Agree) else outcome.record
        return {**record.values, **left} if left and record is not None else None

    def _failed(self, change: Fail) -> None:
        """E-3.80: the same error twice on the same version skips, unless waiting helps."""
        source, link = change.source, self.batch.links.get(change.source.id)
        repeats = self._repeats(change, link) and remedy_of(change.cause) == Remedy.CURE
        skips = change.final or repeats
        self.counts[Action.SKIPPED if skips else Action.FAILED] += 1
        destination = self.batch.destinations.get(link.destination_id) if link else None
        other_id = link.destination_id if link else None
        self.errors.append(
            self._error(source, destination, change.reason, change.cause, other_id, change.detail)
        )
        if link is None:
            self.parked.append((change, skips))
        else:
            self.failures.append(Failure(source, link, change.reason, change.cause, skips))

    def _repeats(self, change: Fail, link: Link | None) -> bool:
        reason = change.reason[: couplings.ERROR_LENGTH]
        if link is not None:
            return link.failed and (link.error, link.error_version) == (
                reason,
                change.source.version,
            )
        past = self.past.get(change.source.id)
        return past is not None and (past.message, past.record_version) == (
            reason,
            change.source.version,
        )

    def _error(
        self,
        source: Record,
        destination: Record | None,
        message: str,
        cause: Cause,
        other_id: UUID | None = None,
        detail: str = "",
    ) -> SynchError:
        other = destination.id if destination else other_id
        bc, dataverse = (source.id, other) if self.memory.to_sales else (other, source.id)
        _, name = self.memory.labels.of(source, destination)
        return self.memory.job.error(
            business_central_id=bc,
            dataverse_id=dataverse,
            record_name=name[: couplings.NAME_LENGTH],
            cause=cause,
            message=message[:2048],
            detail=detail,
            warning=cause in WARNINGS,
            logged_at=self.now,
        )

    def write(self) -> None:
        """Write everything: at most one statement for each kind."""
        context, mapping, job = self.memory.context, self.memory.mapping, self.memory.job
        if self.agreements:
            couplings.agree(context.company, mapping, self.agreements, job.pk)
            done = [item.source.id for item in self.agreements]
            self._parked_rows().filter(record_id__among=done).delete()
        if self.superseded:
            self._parked_rows().filter(record_id__in=self.superseded).delete()
        for ids, mark in ((self.due, couplings.look_again), (self.owed, couplings.owe)):
            if ids:
                mark(context.company, mapping, ids)
        if self.failures:
            couplings.fail(context.company, mapping, self.failures, job.pk, self.now)
        if self.uncoupled:
            couplings.forget(context.company, mapping, self.uncoupled)
        self._park()
        if self.errors or self.warnings:
            SynchError.objects.bulk_create([*self.errors, *self.warnings])

    def _park(self) -> None:
        mapping = self.memory.mapping
        rows = []
        for change, skips in self.parked:
            past = self.past.get(change.source.id)
            _, name = self.memory.labels.of(change.source, None)
            rows.append(
                PendingCoupling(
                    company=self.memory.context.company,
                    mapping_name=mapping.name,
                    direction=mapping.direction,
                    record_id=change.source.id,
                    record_version=change.source.version,
                    name=name[: couplings.NAME_LENGTH],
                    cause=change.cause,
                    message=change.reason[: couplings.ERROR_LENGTH],
                    attempts=past.attempts + 1 if past else 1,
                    skipped=skips,
                    job=self.memory.job.pk,
                    seen_at=past.seen_at if past else self.now,
                    failed_at=self.now,
                )
            )
        PendingCoupling.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["company", "mapping_name", "direction", "record_id"],
            update_fields=[
                "record_version",
                "name",
                "cause",
                "message",
                "attempts",
                "skipped",
                "job",
                "failed_at",
            ],
        )
