"""Synchronizes an option mapping: records of Business Central with values of an option set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4

from connections.causes import Cause
from connections.errors import ConfigurationError, RecordError
from connections.systems import (
    Condition,
    Create,
    OptionSets,
    Record,
    Selection,
    Side,
    Update,
    Write,
)
from mappings import filters
from mappings.models import IntegrationTableMapping, OptionCoupling, PendingCoupling
from mappings.pairing import OptionMatch
from mappings.terms import DeletionConflictResolution, Direction, SynchResult
from syncjobs.engine.options import (
    OptionBatch,
    OptionChange,
    OptionRules,
    Pair,
    Step,
    as_key,
    plan_record,
    plan_value,
)
from syncjobs.engine.watermark import advance, is_late, look_back
from syncjobs.models import SynchJob
from syncjobs.runs.context import Context
from syncjobs.runs.documents import DocumentOptions, documents_of
from syncjobs.runs.optionnotes import OptionNotes, OptionOutcome
from syncjobs.runs.order import Order
from syncjobs.runs.report import JobResult, Problem, result_of
from syncjobs.runs.synchjobs import FROM, TO, WATERMARKS, SynchJobs
from syncjobs.terms import Action, Mode

SIDE = Side.BUSINESS_CENTRAL


@dataclass(slots=True)
class OptionPhases:
    """An option mapping whose lease is held, about to be synchronized."""

    context: Context
    row: IntegrationTableMapping
    order: Order
    jobs: SynchJobs = field(init=False)

    def __post_init__(self) -> None:
        self.jobs = SynchJobs(self.context, self.row)

    def run(self) -> tuple[JobResult, ...]:
        """Run the phase of the mapping's direction; there is only one (E-3.75)."""
        allowed = self._allowed()
        is_unsure = not self.jobs.ended_well(allowed)
        self.jobs.close_interrupted()
        results = []
        for way in self.order.directions or (allowed,):
            if way != allowed:
                results.append(self.jobs.not_configured(way))
                continue
            job = self.jobs.open(way)
            phase = OptionPhase(self.context, self.row, self.order, way, job)
            with self.jobs.finishing(job):
                if is_unsure:
                    phase.publish_what_was_left()
                reached = phase.run()
            results.append(result_of(job))
            if self.order.ids is None:
                self.jobs.advance(way, reached)
        return tuple(results)

    def preview(self) -> tuple[tuple[JobResult, tuple[OptionChange, ...]], ...]:
        """Plan and write nothing."""
        way = self._allowed()
        job = SynchJob(company=self.row.company, mapping_name=self.row.name, direction=way)
        phase = OptionPhase(self.context, self.row, self.order, way, job)
        changes = tuple(change for page in phase.plans() for change in page)
        counts = Counter(change.counter for change in changes if change.counter)
        counts[Action.COUPLED] += sum(1 for c in changes if c.step == Step.COUPLE)
        problems = tuple(
            Problem(c.record.id if c.record else None, None, str(c.cause), c.reason, c.label)
            for c in changes
            if c.cause is not None
        )
        return ((JobResult(way, counts, problems), changes),)

    def _allowed(self) -> Direction:
        if self.row.direction == Direction.BIDIRECTIONAL:
            message = (
                f"{self.row.name} maps options, which can only synchronize to or from the option "
                "set: choose one direction on the mapping's card."
            )
            raise ConfigurationError(message, cause=Cause.NO_FIELDS)
        return Direction(self.row.direction)


@dataclass(slots=True)
class OptionPhase:
    """One run over an option set, or over the records that are mapped to it."""

    context: Context
    row: IntegrationTableMapping
    order: Order
    way: Direction
    job: SynchJob
    dataverse: OptionSets = field(init=False)
    key: str = field(init=False)
    rules: OptionRules = field(init=False)
    documents: DocumentOptions = field(init=False)
    newest: datetime | None = None
    changed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        dataverse = self.context.dataverse
        if not isinstance(dataverse, OptionSets):
            message = f"{dataverse.side} offers no option sets, which {self.row.name} needs."
            raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)
        self.dataverse = dataverse
        described = self.context.business_central.describe(self.row.table)
        mapped = self.row.fields.exclude(field="").values_list("field", flat=True).first()
        self.key = mapped or described.natural_key[0]
        given = self.order.rules(self.row)
        self.rules = OptionRules(
            creates=given.create_missing or not self.row.synch_only_coupled_records,
            force=given.force,
            single=given.single,
            deletion=DeletionConflictResolution(self.row.deletion_conflict_resolution),
        )
        self.documents = documents_of(dataverse, self.row.integration_table, self.row.uid_field)
        if not self.context.with_sales:
            self.documents = replace(self.documents, columns={})

    def run(self) -> datetime | None:
        """Carry everything over; return the new watermark."""
        started = self.context.clock()
        self.context.progress.start(self.row.name, 0)
        notes = OptionNotes(self.context, self.row, self.way, self.job, self.key)
        done = 0
        for changes in self.plans():
            self.context.progress.check()
            outcomes = list(self._carried_out(changes))
            self._publish()  # first: an option that is mapped but unpublished would seem deleted
            notes.remember(outcomes, cursor=self.newest)
            done += len(changes)
            self.context.progress.advance(done)
        if self.order.mode != Mode.MODIFIED:
            self._push_all()
            self._publish()
        if self.way == FROM:
            return started if self.newest is None else max(self.newest, started)
        return advance(self.row.sent_up_to, self.newest, started)

    def publish_what_was_left(self) -> None:
        """Publish what a run may have left that died: an option that nobody sees is made twice."""
        if self.way == TO:
            self.dataverse.publish([self.row.integration_table, *self.documents.columns])

    def _publish(self) -> None:
        changed = self.changed | self.documents.touched
        if changed:
            self.dataverse.publish(sorted(changed))
        self.changed.clear()
        self.documents.touched.clear()

    # Plan

    def plans(self) -> Iterator[list[OptionChange]]:
        """Plan page by page; to Dataverse what failed before comes first (repairs E-3.70)."""
        if self.way == FROM:
            yield self._plan_values()
            return
        seen: set[UUID] = set()
        named = self.order.ids
        for page in self._named(self._waiting() if named is None else named):
            seen.update(record.id for record in page)
            yield self._plan_records(page)
        if named is not None:
            return
        for page in self.context.business_central.read(self._selection()):
            fresh = [record for record in page if record.id not in seen]
            self.newest = max(filter(None, (self.newest, page[-1].modified_at)))
            yield self._plan_records(self._without_known(fresh))

    def _selection(self) -> Selection:
        is_modified = self.order.mode == Mode.MODIFIED
        since = look_back(SIDE, getattr(self.row, WATERMARKS[TO])) if is_modified else None
        return Selection(self.row.table, self._columns(), self._filter(), changed_after=since)

    def _filter(self) -> tuple[Condition, ...]:
        described = self.context.business_central.describe(self.row.table)
        return filters.conditions(self.row.table_filter, described)

    def _columns(self) -> tuple[str, ...]:
        filtered = (condition.column for condition in self._filter())
        return tuple(dict.fromkeys((self.key, *filtered)))

    def _waiting(self) -> list[UUID]:
        mine = {"company": self.row.company, "mapping_name": self.row.name, "skipped": False}
        failed = OptionCoupling.objects.filter(last_synch_crm_result=SynchResult.FAILURE, **mine)
        parked = PendingCoupling.objects.filter(direction=self.way, **mine)
        ids = [*failed.values_list("business_central_id", flat=True)]
        return [*ids, *parked.values_list("record_id", flat=True)]

    def _named(self, ids: Sequence[UUID]) -> Iterator[list[Record]]:
        if ids:
            system = self.context.business_central
            yield list(system.get(self.row.table, ids, self._columns()).values())

    def _without_known(self, page: Sequence[Record]) -> list[Record]:
        """Drop records of the overlap that have not moved; they are counted nowhere."""
        if self.order.mode != Mode.MODIFIED:
            return list(page)
        watermark = self.row.sent_up_to
        noted = {pair.business_central_id: pair.modified_at for pair in self._pairs()}

        def is_known(record: Record) -> bool:
            at = noted.get(record.id)
            is_noted = at is not None and record.modified_at <= at
            return is_noted and is_late(SIDE, watermark, record.modified_at)

        return [record for record in page if not is_known(record)]

    def _plan_records(self, page: Sequence[Record]) -> list[OptionChange]:
        if not page:
            return []
        batch = self._batch(page)
        return [plan_record(record, batch, self.rules) for record in page]

    def _plan_values(self) -> list[OptionChange]:
        selection = Selection(self.row.table, self._columns())
        everything = [r for page in self.context.business_central.read(selection) for r in page]
        batch = self._batch(everything)
        wanted = [
            int(value)
            for row in self.row.integration_table_filter
            if row[:2] in ([self.row.uid_field, "eq"], [self.row.uid_field, "in"])
            for value in row[2:]
        ]
        return [
            plan_value(value, batch, self.rules)
            for value in batch.labels
            if not wanted or value in wanted
        ]

    def _batch(self, records: Sequence[Record]) -> OptionBatch:
        column = self.context.business_central.describe(self.row.table).columns.get(self.key)
        length = column.max_length if column else None
        parked = PendingCoupling.objects.filter(
            company=self.row.company, mapping_name=self.row.name, direction=self.way
        ).values_list("record_id", "skipped")
        return OptionBatch(
            labels=self.dataverse.options(self.row.integration_table, self.row.uid_field),
            keys={r.id: as_key(str(r.values.get(self.key) or ""), None) for r in records},
            records={record.id: record for record in records},
            pairs=self._pairs(),
            set_aside={record_id for record_id, skipped in parked if skipped},
            waiting={record_id for record_id, skipped in parked if not skipped},
            key_length=length,
        )

    def _pairs(self) -> list[Pair]:
        rows = OptionCoupling.objects.filter(company=self.row.company, mapping_name=self.row.name)
        to = self.way == TO
        return [
            Pair(
                row.business_central_id,
                row.option_value,
                row.last_synch_modified_on,
                (row.last_synch_crm_result if to else row.last_synch_result) == SynchResult.FAILURE,
                row.last_error,
                row.skipped,
            )
            for row in rows
        ]

    def matches(self) -> tuple[list[OptionMatch], list[UUID]]:
        """Return which unmapped records bear the label of a free value, and which do not."""
        selection = Selection(self.row.table, self._columns(), self._filter())
        records = [r for page in self.context.business_central.read(selection) for r in page]
        batch = self._batch(records)
        rules = OptionRules(creates=True)
        plans = [plan_record(r, batch, rules) for r in records if r.id not in batch.by_record]
        found = [
            OptionMatch(
                plan.record.id, plan.value, batch.keys[plan.record.id], batch.labels[plan.value]
            )
            for plan in plans
            if plan.step == Step.COUPLE and plan.record is not None and plan.value is not None
        ]
        mapped = {match.business_central_id for match in found}
        return found, [r.id for r in (plan.record for plan in plans) if r and r.id not in mapped]

    # Apply

    def _carried_out(self, changes: Sequence[OptionChange]) -> Iterator[OptionOutcome]:
        written = self._written(changes) if self.way == FROM else {}
        for index, change in enumerate(changes):
            if index in written:
                outcome = written[index]
            elif self.way == TO and change.step in (Step.ADD, Step.RENAME):
                outcome = self._to_option_set(change)
            else:
                outcome = OptionOutcome(change, change.record, change.value)
            if outcome.is_mapped:
                outcome = self._pushed(outcome)
            yield outcome

    def _to_option_set(self, change: OptionChange) -> OptionOutcome:
        table, column = self.row.integration_table, self.row.uid_field
        try:
            if change.step == Step.ADD:
                value = self.dataverse.insert_option(table, column, change.label)
            else:
                assert change.value is not None
                value = change.value
                self.dataverse.rename_option(table, column, value, change.label)
        except RecordError as error:
            failed = change.failed(error.message, error.cause)
            return OptionOutcome(failed, change.record, change.value, error.detail)
        self.changed.add(table)
        return OptionOutcome(change, change.record, value)

    def _pushed(self, outcome: OptionOutcome) -> OptionOutcome:
        """Repeat a changed option in the documents; a refusal there fails the option."""
        change = outcome.change
        if change.step == Step.LEAVE or outcome.value is None:
            return outcome
        try:
            self.documents.push(outcome.value, change.label)
        except RecordError as error:
            return replace(outcome, change=change.failed(error.message, error.cause))
        return outcome

    def _push_all(self) -> None:
        """E-3.76: a full run brings the documents' option sets up to date altogether."""
        if self.documents.columns:
            labels = self.dataverse.options(self.row.integration_table, self.row.uid_field)
            for pair in self._pairs():
                if pair.value in labels:
                    self.documents.push(pair.value, labels[pair.value])

    def _written(self, changes: Sequence[OptionChange]) -> dict[int, OptionOutcome]:
        """E-3.73: create records with the label as their key, or rename them; in bulk."""
        column = self.context.business_central.describe(self.row.table).columns[self.key]
        writes: dict[int, Write] = {}
        for index, change in enumerate(changes):
            values = {self.key: as_key(change.label, column.max_length)}
            if change.step == Step.ADD:
                writes[index] = Create(uuid4(), values)
            elif change.step == Step.RENAME and change.record is not None:
                writes[index] = Update(change.record, values)
        if not writes:
            return {}
        results = self.context.business_central.write(
            self.row.table, list(writes.values()), self._columns()
        )
        outcomes = {}
        for index, result in zip(writes, results, strict=True):
            change = changes[index]
            if result.error is not None:
                change = change.failed(result.error.message, result.error.cause)
            outcomes[index] = OptionOutcome(change, result.record or change.record, change.value)
        return outcomes
