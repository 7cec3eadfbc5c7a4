"""One direction of one mapping: gather, plan, apply, remember, page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from connections.errors import RecordChangedError, RecordExistsError, RecordMissingError
from connections.systems import Record, Selection, Side
from mappings import couplings
from mappings.filters import matches
from mappings.models import Coupling
from mappings.spec import DirectedMapping, Link
from syncjobs.engine.change import Batch, Change, Insert, Modify, Plan, Rules
from syncjobs.engine.entities.entity import Entity
from syncjobs.engine.plan import plan
from syncjobs.engine.watermark import advance, is_late, look_back
from syncjobs.models import SynchJob
from syncjobs.runs import followups, intents
from syncjobs.runs.apply import Outcome, apply, writes_of
from syncjobs.runs.completion import complete
from syncjobs.runs.context import Context
from syncjobs.runs.gather import Gatherer
from syncjobs.runs.guard import Guard
from syncjobs.runs.naming import with_names
from syncjobs.runs.prerequisites import Prerequisites
from syncjobs.runs.price_check import check_prices
from syncjobs.runs.remember import Memory
from syncjobs.terms import Action, Mode

PAGE = 1000
SMALLEST_PAGE = 100
LARGE = 5000  # records, from which on every page is a whole one
ROUNDS = 3  # a record that keeps changing under us is planned so often, then parked


@dataclass(frozen=True, slots=True)
class Scope:
    """Which source records a phase looks at."""

    mode: Mode = Mode.MODIFIED
    ids: tuple[UUID, ...] | None = None
    watermark: datetime | None = None
    rest: timedelta = timedelta(0)  # what bounds the overlap of polls (`watermark.look_back`)
    leaves_out_own: bool = False  # E-3.8: changes by the integration user are not synchronized
    resume_at: datetime | None = None  # where a run that died had come to
    also: tuple[UUID, ...] = ()  # what a sweep found, to be looked at whatever the watermark says


@dataclass(frozen=True, slots=True)
class Page:
    """Source records to process, and the moment up to which everything was read with them."""

    records: Sequence[Record]
    reached: datetime | None


@dataclass(slots=True)
class Phase:
    """A phase on its way."""

    context: Context
    mapping: DirectedMapping
    scope: Scope
    rules: Rules
    job: SynchJob
    prerequisites: Prerequisites
    guard: Guard | None = None
    started: datetime = field(init=False)
    gatherer: Gatherer = field(init=False)
    memory: Memory = field(init=False)
    newest: datetime | None = None
    done: int = 0
    left_out: int = 0  # named records that are outside the filter (E-1.37)
    seen: set[UUID] = field(default_factory=set)
    again: list[UUID] = field(default_factory=list)  # whose last write did not arrive
    counts: Counter[Action] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.started = self.context.clock()
        self.newest = self.scope.resume_at
        self.gatherer = Gatherer(self.context, self.mapping, self.rules)
        self.memory = Memory(self.context, self.mapping, self.job)

    def run(self) -> datetime | None:
        """Carry everything over; return the new watermark."""
        for page in self._guarded(self._pages(keep=False)):
            self._process(page)
        if self.scope.ids is None:
            check_prices(self.gatherer, self.memory, self.scope.mode)
        if self.scope.ids is not None:
            return self.scope.watermark
        return advance(self.scope.watermark, self.newest, self.started)

    def preview(self) -> Iterator[Plan]:
        """Plan every page and write nothing."""
        for page in self._pages(keep=True):
            batch = self.gatherer.batch(page.records)
            planned = plan(self.mapping, batch, self.rules)
            yield replace(planned, changes=with_names(planned.changes, self.gatherer.source))

    def _guarded(self, pages: Iterator[Page]) -> Iterator[Page]:
        """Look at the whole run before its first write, where it has more than one page."""
        first, second = next(pages, None), next(pages, None)
        if self.guard is not None and second is not None and self.guard.may_stop():
            scout = Phase(
                self.context, self.mapping, self.scope, self.rules, self.job, self.prerequisites
            )
            for planned in scout.preview():
                self.guard.look_at(planned.changes)
            self.guard.check(self.gatherer.destination.side)
            self.guard = None
        yield from (page for page in (first, second) if page is not None)
        yield from pages

    # Which records

    def _pages(self, *, keep: bool) -> Iterator[Page]:
        """Yield what is to be looked at; `keep` leaves alone what is parked and gone."""
        if self.scope.ids is not None:
            yield from self._named(self.scope.ids, keep=keep, filtered=True)  # E-3.11
            return
        company, mapping = self.context.company, self.mapping
        first = list(dict.fromkeys((*self.again, *couplings.to_retry(company, mapping))))
        self.seen.update(first)
        waiting = [i for i in couplings.waiting(company, mapping) if i not in self.seen]
        self.seen.update(waiting)  # E-3.10: each record once per phase
        swept = [i for i in self.scope.also if i not in self.seen]
        self.seen.update(swept)
        yield from self._named(first, keep=keep)
        yield from self._named(waiting, keep=keep, filtered=True)
        yield from self._swept(swept, keep=keep)
        yield from self._selected(keep=keep)

    def _named(
        self, ids: Sequence[UUID], *, keep: bool = False, filtered: bool = False
    ) -> Iterator[Page]:
        for start in range(0, len(ids), PAGE):
            chunk = ids[start : start + PAGE]
            records = self.gatherer.reread(chunk)
            if filtered:
                inside = [r for r in records if matches(r, self.mapping.source_filter)]
                self.left_out += len(records) - len(inside)
                records = inside
            if not keep:
                self._drop_vanished(set(chunk) - {record.id for record in records})
            if records:
                yield Page(records, None)

    def _swept(self, ids: Sequence[UUID], *, keep: bool) -> Iterator[Page]:
        """Yield what no run had seen, as `_selected` would have."""
        others = self.gatherer.beyond_state
        for page in self._named(ids, keep=keep):
            inside = [record for record in page.records if matches(record, others)]
            if wanted := self._without_strangers(inside):
                yield Page(wanted, None)

    def _drop_vanished(self, ids: set[UUID]) -> None:
        """What is gone, or has left the filter, is superseded: nothing of it is owed any more."""
        if not ids:
            return
        couplings.parked(self.context.company, self.mapping).filter(record_id__in=ids).delete()
        intents.forget(self.context, self.mapping, ids)

    def _selected(self, *, keep: bool) -> Iterator[Page]:
        scope, side = self.scope, self.mapping.source_side
        is_modified = scope.mode == Mode.MODIFIED
        since = look_back(side, scope.watermark, scope.rest) if is_modified else None
        if scope.resume_at is not None:
            since = max(filter(None, (since, look_back(side, scope.resume_at))))
        selection = replace(
            self.gatherer.selection(),
            conditions=self.gatherer.beyond_state,
            changed_after=since,
            not_modified_by=self.gatherer.source.me if scope.leaves_out_own else None,
        )
        for records in self.gatherer.source.read(self._sized(selection)):
            fresh = [record for record in records if record.id not in self.seen]
            wanted = self._without_known(self._without_strangers(fresh), keep=keep)
            self._move_on(records)
            if wanted:
                yield Page(wanted, self.newest)

    def _without_strangers(self, page: Sequence[Record]) -> list[Record]:
        """Keep of the records that left the filter by their state those the other side waits for.

        The filter of blocked or inactive records would hide from it that they are (E-3.93).
        """
        state = self.gatherer.state
        outside = {record.id for record in page if not matches(record, state)}
        if not outside:
            return list(page)
        links = couplings.links(self.context.company, self.mapping, outside)
        return [r for r in page if r.id not in outside or _is_due(links.get(r.id), r)]

    def _sized(self, selection: Selection) -> Selection:
        """Choose pages small enough for progress to be seen, and large enough to be cheap."""
        if self.scope.mode == Mode.MODIFIED and self.scope.watermark is not None:
            return replace(selection, page_size=PAGE)
        total = self.gatherer.source.count(selection)
        # Dataverse counts to 5,000 only: from there on there may be any number.
        is_cut = total == LARGE and self.mapping.source_side == Side.DATAVERSE
        self.context.progress.start(step(self.mapping), self._guessed() if is_cut else total)
        size = PAGE if total >= LARGE else max(SMALLEST_PAGE, total // 10)
        return replace(selection, page_size=size)

    def _guessed(self) -> int:
        """Guess how many records there are by those that are coupled; 0 if nobody knows."""
        mine = Coupling.objects.filter(
            company=self.context.company, mapping_name=self.mapping.name
        ).count()
        return mine if mine > LARGE else 0

    def _without_known(self, page: Sequence[Record], *, keep: bool) -> list[Record]:
        """Drop rows that are read again only because both polls overlap.

        Those of the overlap that are at their noted version are counted nowhere; those at the
        boundary are Unchanged (E-3.7), which needs neither their partner nor anything else.
        """
        side, watermark = self.mapping.source_side, self.scope.watermark
        if self.scope.mode != Mode.MODIFIED or watermark is None:
            return list(page)
        near = [row.id for row in page if row.modified_at <= watermark]
        links = couplings.links(self.context.company, self.mapping, near) if near else {}
        held = self._held_back([row_id for row_id in near if row_id not in links])
        wanted, unchanged = [], 0
        for row in page:
            link = links.get(row.id)
            if held.get(row.id) == row.version:
                continue  # it failed twice as it is (E-3.80)
            if link is None or (link.is_due(row) and not link.skipped):
                wanted.append(row)
            elif not is_late(side, watermark, row.modified_at):
                if keep or link.skipped or _looks_at_unchanged(self.gatherer.entity):
                    wanted.append(row)
                else:
                    unchanged += 1
        if unchanged:
            self.counts += self.memory.count_unchanged(unchanged)
        return wanted

    def _held_back(self, ids: Sequence[UUID]) -> dict[UUID, str]:
        """Return which of these strangers are skipped, and the versions that failed."""
        if not ids:
            return {}
        parked = couplings.parked(self.context.company, self.mapping)
        rows = parked.filter(record_id__in=ids, skipped=True)
        return dict(rows.values_list("record_id", "record_version"))

    def _move_on(self, page: Sequence[Record]) -> None:
        if page:
            last = max(record.modified_at for record in page)
            self.newest = last if self.newest is None else max(self.newest, last)

    # What happens to them

    def _process(self, page: Page) -> None:
        self.context.progress.check()
        self.prerequisites.fulfil(self.context, self.mapping, page.records, self.rules)
        pending: Sequence[Record] = page.records
        refused: dict[UUID, Insert] = {}  # creations whose id is there already
        done: list[Outcome] = []
        for attempt in range(1, ROUNDS + 1):
            batch = self.gatherer.batch(pending, refused)
            planned = plan(self.mapping, batch, self.rules)
            changes = with_names(planned.changes, self.gatherer.source)
            if self.guard is not None and attempt == 1:
                self.guard.look_at(changes)
                self.guard.check(self.gatherer.destination.side)
            outcomes = self._write(batch, changes)
            moved = [o for o in outcomes if attempt < ROUNDS and _is_overtaken(o)]
            overtaken = {outcome.change.source.id for outcome in moved}
            settled = [o for o in outcomes if o.change.source.id not in overtaken]
            self._remember(batch, settled, cursor=None if moved else page.reached)
            done += settled
            if not moved:
                break
            refused |= _there_already(moved)
            pending = self.gatherer.reread(overtaken)
        self.prerequisites.follow(self.mapping, done)
        self.done += len(page.records)
        self.context.progress.advance(self.done)

    def _write(self, batch: Batch, changes: Sequence[Change]) -> list[Outcome]:
        progress, mapping = self.context.progress, self.mapping
        writes = writes_of(mapping, changes)
        progress.at("before the intent")
        self.memory.intended.update(intents.note(self.context, mapping, changes, writes))
        progress.at("after the intent")
        destination, columns = self.gatherer.destination, self.gatherer.destination_columns
        outcomes = apply(mapping, changes, writes, destination, columns)
        progress.at("after the answer")
        return complete(self.gatherer, batch, outcomes)

    def _remember(
        self, batch: Batch, outcomes: Sequence[Outcome], *, cursor: datetime | None = None
    ) -> None:
        self.counts += self.memory.remember(batch, outcomes, cursor=cursor)
        followups.after_page(self.gatherer, outcomes)

    def recover(self) -> None:
        """Find out about the writes of a run that died, before anything is planned.

        What did not arrive is planned anew with the first page.
        """
        for found in intents.recover(self.gatherer):
            self.memory.intended.update(found.sources)
            self.again += found.again
            if found.orphaned and self.mapping.two_way:
                couplings.owe(self.context.company, self.mapping, found.orphaned)
            if found.outcomes:
                sources = [outcome.change.source for outcome in found.outcomes]
                batch = self.gatherer.batch(sources)
                self._remember(batch, complete(self.gatherer, batch, found.outcomes))


def _is_due(link: Link | None, record: Record) -> bool:
    return link is not None and not link.skipped and link.is_due(record)


def step(mapping: DirectedMapping) -> str:
    """Return what a run says it is doing."""
    return f"{mapping.name}, {way(mapping)}"


def way(mapping: DirectedMapping) -> str:
    """Return which way a phase carries, in words."""
    return "to Sales" if mapping.source_side == Side.BUSINESS_CENTRAL else "from Sales"


def _looks_at_unchanged(entity: Entity) -> bool:
    """Whether a record that has not moved may still be left out, or be incomplete."""
    kind = type(entity)
    return kind.ignored is not Entity.ignored or kind.is_incomplete is not Entity.is_incomplete


def _is_overtaken(outcome: Outcome) -> bool:
    """Whether the destination is not as we read it, so that the record is planned anew."""
    match outcome.change:
        case Insert():
            return isinstance(outcome.error, RecordExistsError | RecordMissingError)
        case Modify():
            return isinstance(outcome.error, RecordChangedError | RecordMissingError)
        case _:
            return False


def _there_already(outcomes: Iterable[Outcome]) -> dict[UUID, Insert]:
    """Return, by source, the creations whose id is there already: an earlier write of ours."""
    return {
        outcome.change.source.id: outcome.change
        for outcome in outcomes
        if isinstance(outcome.change, Insert) and isinstance(outcome.error, RecordExistsError)
    }
