"""The phases of one mapping: their order, and the watermarks after them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from connections.systems import Condition
from mappings import directed
from mappings.models import Coupling, IntegrationTableMapping, Intent
from mappings.spec import DirectedMapping
from mappings.terms import Direction, FieldStatus
from syncjobs import leases
from syncjobs.engine.change import Agree, Change, Modify, Rules, Unchanged
from syncjobs.engine.entities import settled
from syncjobs.leases import BusyError
from syncjobs.models import MassChange, SynchJob
from syncjobs.runs import readings
from syncjobs.runs.context import Context, Inner
from syncjobs.runs.guard import Guard, MassChangeError
from syncjobs.runs.order import Order
from syncjobs.runs.phase import PAGE, Phase, Scope, step
from syncjobs.runs.prerequisites import Prerequisites
from syncjobs.runs.report import JobResult, result_of, result_of_plan
from syncjobs.runs.synchjobs import FROM, TO, WATERMARKS, SynchJobs
from syncjobs.terms import Mode


@dataclass(slots=True)
class Phases:
    """A mapping whose lease is held, about to be synchronized."""

    context: Context
    row: IntegrationTableMapping
    order: Order
    rules: Rules = field(init=False)
    jobs: SynchJobs = field(init=False)
    reached: dict[Direction, datetime | None] = field(default_factory=dict)
    began: dict[Direction, datetime] = field(default_factory=dict)  # phases that read the whole

    def __post_init__(self) -> None:
        self.rules = self.order.rules(self.row)
        self.jobs = SynchJobs(self.context, self.row)

    def run(self) -> tuple[JobResult, ...]:
        """Run every phase, to Dataverse first (E-3.1), then move the watermarks on."""
        allowed = directed.directions(self.row)
        wanted = [way for way in (TO, FROM) if way in (self.order.directions or allowed)]
        turned = {way: self.directed(way) for way in wanted if way in allowed}
        resume_at = {} if self.order.ids is not None else self.jobs.resume_points()
        self.jobs.close_interrupted()
        with ExitStack() as endings:
            begun = self._recovered(endings)
            results = []
            for way in wanted:
                if way in turned:
                    scope = replace(self.scope(way), resume_at=resume_at.get(way))
                    results.append(self.phase(turned[way], scope, begun.pop(way, None)))
                else:
                    results.append(self.jobs.not_configured(way))
            results += [result_of(phase.job) for phase in begun.values()]
        for way, reached in self.reached.items():
            self.jobs.advance(way, reached)
            if way in self.began and reached is not None:
                readings.note(self.row, way, reached, self.began[way], self.context.clock())
        return tuple(results)

    def preview(self) -> tuple[tuple[JobResult, tuple[Change, ...]], ...]:
        """Plan every phase and write nothing, neither outside nor in the database."""
        allowed = directed.directions(self.row)
        results = []
        sent: dict[UUID, Change] = {}  # by destination, what will be in step then
        for way in (TO, FROM):
            if way not in (self.order.directions or allowed) or way not in allowed:
                continue
            mapping = self.directed(way)
            job = SynchJob(company=self.row.company, mapping_name=self.row.name, direction=way)
            phase = self._phase(mapping, self.scope(way), job)
            self.context.progress.start(step(mapping), 0)
            planned: list[Change] = []
            for page in phase.preview():
                self.context.progress.check()
                planned += page.changes
                self.context.progress.advance(len(planned))
            changes = tuple(_after(planned, sent, phase.scope))
            sent = {
                change.destination.id: change
                for change in changes
                if isinstance(change, Modify | Agree) and not change.owes
            }
            results.append((result_of_plan(mapping, changes), changes))
        return tuple(results)

    def directed(self, way: Direction) -> DirectedMapping:
        context = self.context
        turned = directed.directed(self.row, way, context.business_central, context.dataverse)
        return settled(turned)

    # One phase

    def scope(self, way: Direction) -> Scope:
        watermark = getattr(self.row, WATERMARKS[way])
        return Scope(
            mode=self.order.mode,
            ids=self._ids(way),
            watermark=watermark,
            rest=timedelta(0) if self.order.ids else readings.rest(self.row, way, watermark),
            leaves_out_own=way == FROM and self._leaves_out_own(),
            also=self.order.also.get(way, ()),
        )

    def _leaves_out_own(self) -> bool:
        """E-3.8: the integration user's changes stay out when all three conditions hold."""
        is_permanent = self.order.ids is None and not self.rules.force
        only_from = self.row.fields.filter(status=FieldStatus.ENABLED, direction=FROM)
        return (
            is_permanent
            and self.row.direction == Direction.BIDIRECTIONAL
            and not only_from.exclude(integration_field="").exists()
        )

    def _ids(self, way: Direction) -> tuple[UUID, ...] | None:
        """Return the named records as this phase's source knows them, whichever side named them."""
        named = self.order.ids
        if named is None:
            return None
        mine = Coupling.objects.filter(company=self.row.company, mapping_name=self.row.name)
        at = 0 if way == TO else 1
        partners: dict[UUID, UUID] = {}
        for start in range(0, len(named), PAGE):  # a statement takes so many parameters only
            few = named[start : start + PAGE]
            pairs = mine.filter(Q(business_central_id__in=few) | Q(dataverse_id__in=few))
            for pair in pairs.values_list("business_central_id", "dataverse_id"):
                partners |= dict.fromkeys(pair, pair[at])
        return tuple(dict.fromkeys(partners.get(record_id, record_id) for record_id in named))

    def _recovered(self, endings: ExitStack) -> dict[Direction, Phase]:
        """Begin the phases whose last run left writes of which the outcome is not known.

        Both directions are looked up before either plans: what one of them created must not seem
        a stranger to the other.
        """
        begun = {}
        intents = Intent.objects.filter(company=self.row.company, mapping_name=self.row.name)
        for direction in set(intents.values_list("direction", flat=True)):
            way = Direction(direction)
            if way not in directed.directions(self.row):
                continue
            job = self.jobs.open(way)
            endings.enter_context(self.jobs.finishing(job))
            phase = self._phase(self.directed(way), self.scope(way), job)
            phase.recover()
            begun[way] = phase
        return begun

    def phase(
        self, mapping: DirectedMapping, scope: Scope, begun: Phase | None = None
    ) -> JobResult:
        """Run one phase under a synch. job of its own (E-3.3)."""
        job = begun.job if begun else self.jobs.open(mapping.direction, cursor=scope.resume_at)
        self.context.progress.start(step(mapping), 0)
        phase = self._phase(mapping, scope, job)
        if begun is not None:
            phase.again = begun.again
            phase.memory.intended |= begun.memory.intended
        with self.jobs.finishing(job), self._noting_mass_change(job):
            self.reached[mapping.direction] = phase.run()
            if scope.ids is None and scope.resume_at is None:
                self.began[mapping.direction] = phase.started
            if phase.left_out and scope.ids is not None:
                job.message = f"{phase.left_out} record(s) are outside the filter of the mapping."
        return result_of(job)

    @contextmanager
    def _noting_mass_change(self, job: SynchJob) -> Iterator[None]:
        """Keep what the guard stopped, so that a person can say yes to it."""
        try:
            yield
        except MassChangeError as error:
            if self.context.run_id is not None:
                MassChange.objects.create(
                    run_id=self.context.run_id,
                    mapping_name=self.row.name,
                    direction=job.direction,
                    order=self.order.parameters(),
                    records=error.records,
                    coupled=error.coupled,
                )
            raise

    def _phase(self, mapping: DirectedMapping, scope: Scope, job: SynchJob) -> Phase:
        is_free = self.order.confirmed or scope.ids is not None
        return Phase(
            context=self.context,
            mapping=mapping,
            scope=scope,
            rules=self.rules,
            job=job,
            prerequisites=Prerequisites(self._prerequisite, self._within),
            guard=None if is_free else Guard(self.row, self.order.trigger, self.order.agreed),
        )

    def _prerequisite(self, name: str, way: Direction, ids: Collection[UUID], rules: Rules) -> None:
        """Synchronize records of another mapping on their own, forced (E-3.90, E-3.99)."""
        row = IntegrationTableMapping.objects.filter(company=self.row.company, name=name).first()
        if row is None or way not in directed.directions(row):
            return
        order = Order(ids=tuple(ids), directions=(way,), create=rules.create_missing, forced=True)
        try:
            with leases.hold(lease_name(row), leases.me()) as held:
                progress = Inner(self.context.progress, held.confirm)
                inner = Phases(replace(self.context, progress=progress), row, order)
                inner.phase(inner.directed(way), inner.scope(way))
        except BusyError as error:  # what needs it waits until it is there
            self.context.progress.log(error.message)

    def _within(self, name: str, condition: Condition, mode: Mode) -> None:
        """Synchronize what meets a condition of another mapping; its watermark stays (E-8.60)."""
        row = IntegrationTableMapping.objects.filter(company=self.row.company, name=name).first()
        if row is None or TO not in directed.directions(row):
            return
        order = Order(mode=mode, directions=(TO,), confirmed=True, trigger=self.order.trigger)
        try:
            with leases.hold(lease_name(row), leases.me()) as held:
                progress = Inner(self.context.progress, held.confirm)
                inner = Phases(replace(self.context, progress=progress), row, order)
                # All of them are looked at, but nothing is created that would not be otherwise.
                inner.rules = replace(inner.rules, create_missing=self.rules.create_missing)
                mapping = inner.directed(TO)
                narrowed = replace(mapping, source_filter=(*mapping.source_filter, condition))
                inner.phase(narrowed, inner.scope(TO))
        except BusyError as error:  # the run that is at it sees to it
            self.context.progress.log(error.message)


def _after(
    changes: Iterable[Change], sent: Mapping[UUID, Change], scope: Scope
) -> Iterator[Change]:
    """Yield what is left of a plan once the direction before it was carried out.

    What that one will write counts as ours (E-3.8); what it finds in step has not changed.
    """
    for change in changes:
        earlier = sent.get(change.source.id)
        if earlier is None:
            yield change
        elif isinstance(earlier, Agree) or not scope.leaves_out_own:
            yield Unchanged(change.source)


def lease_name(row: IntegrationTableMapping) -> str:
    """Name the lease of a mapping: whoever changes its couplings holds it."""
    return f"mapping:{row.company_id}:{row.name}"
