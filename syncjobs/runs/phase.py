"""One direction of one mapping: gather, plan, apply, remember, page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from connections.causes import Cause
from connections.errors import RecordChangedError, RecordMissingError
from connections.systems import Record, Selection, Side
from mappings import couplings
from mappings.models import PendingCoupling
from mappings.spec import DirectedMapping
from syncjobs.engine.change import Batch, Change, Fail, Insert, Modify, Plan, Rules
from syncjobs.engine.plan import plan
from syncjobs.engine.watermark import advance, is_late, look_back
from syncjobs.models import SynchJob
from syncjobs.runs import followups, intents
from syncjobs.runs.apply import Outcome, apply
from syncjobs.runs.context import Context
from syncjobs.runs.gather import Gatherer
from syncjobs.runs.lore import uncoupled_parents
from syncjobs.runs.prerequisites import Prerequisites
from syncjobs.runs.remember import Memory
from syncjobs.terms import Action, Mode

PAGE = 1000
ROUNDS = 3  # a record that keeps changing under us is planned so often, then parked


@dataclass(frozen=True, slots=True)
class Scope:
    """Which source records a phase looks at."""

    mode: Mode = Mode.MODIFIED
    ids: tuple[UUID, ...] | None = None
    watermark: datetime | None = None
    leaves_out_own: bool = False  # E-3.8: changes by the integration user are not synchronized
    resume_at: datetime | None = None  # where a run that died had come to


@dataclass(slots=True)
class Phase:
    """A phase on its way."""

    context: Context
    mapping: DirectedMapping
    scope: Scope
    rules: Rules
    job: SynchJob
    prerequisites: Prerequisites
    started: datetime = field(init=False)
    newest: datetime | None = None
    done: int = 0
    seen: set[UUID] = field(default_factory=set)
    counts: Counter[Action] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.started = self.context.clock()
        self.gatherer = Gatherer(self.context, self.mapping, self.rules)
        self.memory = Memory(self.context, self.mapping, self.job)

    gatherer: Gatherer = field(init=False)
    memory: Memory = field(init=False)

    def run(self) -> datetime | None:
        """Carry everything over; return the new watermark."""
        self._recover()
        for page in self._pages():
            self._process(page)
        if self.scope.ids is not None:
            return self.scope.watermark
        return advance(self.scope.watermark, self.newest, self.started)

    def preview(self) -> Iterator[Plan]:
        """Plan every page and write nothing."""
        for page in self._pages():
            batch = self.gatherer.batch(page)
            yield plan(self.mapping, batch, self.rules)

    # Which records

    def _pages(self) -> Iterator[list[Record]]:
        if self.scope.ids is not None:
            yield from self._named(self.scope.ids)  # E-3.11: nothing else
            return
        waiting = list(dict.fromkeys(couplings.to_retry(self.context.company, self.mapping)))
        yield from self._named(waiting)
        self.seen.update(waiting)  # E-3.10: each record once per phase
        yield from self._selected()

    def _named(self, ids: Sequence[UUID]) -> Iterator[list[Record]]:
        for start in range(0, len(ids), PAGE):
            chunk = ids[start : start + PAGE]
            records = self.gatherer.reread(chunk)
            self._drop_vanished(set(chunk) - {record.id for record in records})
            if records:
                yield records

    def _drop_vanished(self, ids: Collection[UUID]) -> None:
        """A parked record that no longer exists is superseded by its own deletion."""
        if ids:
            PendingCoupling.objects.filter(
                company=self.context.company,
                mapping_name=self.mapping.name,
                direction=self.mapping.direction,
                record_id__in=ids,
            ).delete()

    def _selected(self) -> Iterator[list[Record]]:
        scope, side = self.scope, self.mapping.source_side
        since = look_back(side, scope.watermark) if scope.mode == Mode.MODIFIED else None
        if scope.resume_at is not None:
            since = max(filter(None, (since, look_back(side, scope.resume_at))))
        selection = replace(
            self.gatherer.selection(),
            changed_after=since,
            not_modified_by=self.gatherer.source.me if scope.leaves_out_own else None,
        )
        selection = self._sized(selection)
        for page in self.gatherer.source.read(selection):
            fresh = [record for record in page if record.id not in self.seen]
            wanted = self._without_known(fresh)
            self._move_on(page)
            if wanted:
                yield wanted

    def _sized(self, selection: Selection) -> Selection:
        """Choose pages small enough for progress to be seen, and large enough to be cheap."""
        if self.scope.mode == Mode.MODIFIED and self.scope.watermark is not None:
            return replace(selection, page_size=PAGE)
        total = self.gatherer.source.count(selection)
        self.context.progress.start(self.job.title, total)
        return replace(selection, page_size=min(PAGE, max(100, total // 10)))

    def _without_known(self, page: Sequence[Record]) -> list[Record]:
        """Drop rows of the overlap that are at their noted version; they are counted nowhere."""
        side, watermark = self.mapping.source_side, self.scope.watermark
        if self.scope.mode != Mode.MODIFIED:
            return list(page)
        late = [row for row in page if is_late(side, watermark, row.modified_at)]
        if not late:
            return list(page)
        links = couplings.links(self.context.company, self.mapping, [row.id for row in late])
        known = {
            row.id
            for row in late
            if row.id in links and not links[row.id].is_due(row)
        }
        return [row for row in page if row.id not in known]

    def _move_on(self, page: Sequence[Record]) -> None:
        if page:
            last = max(record.modified_at for record in page)
            self.newest = last if self.newest is None else max(self.newest, last)

    # What happens to them

    def _process(self, page: Sequence[Record]) -> None:
        self.context.progress.check()
        self.prerequisites.fulfil(self.context, self.mapping, page, self.rules)
        pending: Sequence[Record] = page
        for attempt in range(1, ROUNDS + 1):
            batch = self.gatherer.batch(pending)
            changes = plan(self.mapping, batch, self.rules).changes
            outcomes = self._write(changes)
            changed = [o.change.source.id for o in outcomes if _is_overtaken(o)]
            last = attempt == ROUNDS or not changed
            settled = [o for o in outcomes if last or not _is_overtaken(o)]
            self._remember(batch, settled)
            if last:
                break
            pending = self.gatherer.reread(changed)
        self.done += len(page)
        self.context.progress.advance(self.done)

    def _write(self, changes: Sequence[Change]) -> list[Outcome]:
        progress, mapping = self.context.progress, self.mapping
        progress.at("before the intent")
        intents.note(self.context, mapping, changes)
        progress.at("after the intent")
        destination, columns = self.gatherer.destination, self.gatherer.destination_columns
        outcomes = apply(mapping, changes, destination, columns)
        progress.at("after the answer")
        return followups.stamp_sources(self.gatherer, outcomes)

    def _remember(self, batch: Batch, outcomes: Sequence[Outcome]) -> None:
        self.counts += self.memory.remember(batch, outcomes, cursor=self.newest)
        followups.after_page(self.gatherer, outcomes)

    def _recover(self) -> None:
        """Find out about the writes of a run that died, before anything is repeated."""
        for found in intents.recover(self.gatherer):
            if found.outcomes:
                sources = tuple(outcome.change.source for outcome in found.outcomes)
                batch = self.gatherer.batch(sources)
                outcomes = followups.stamp_sources(self.gatherer, found.outcomes)
                self._remember(batch, outcomes)
            self.memory.adopt(found.agreements, found.again)
            if found.again:
                for records in self._named(found.again):
                    self._process(records)
            self.seen.update(found.again)


def _is_overtaken(outcome: Outcome) -> bool:
    """Whether somebody changed or removed the destination between our reading and writing."""
    return isinstance(outcome.error, RecordChangedError | RecordMissingError) and isinstance(
        outcome.change, Insert | Modify
    )



