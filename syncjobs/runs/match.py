"""Match-based coupling: couples records that are the same by the fields chosen for it (E-4.30)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from connections.causes import Cause
from connections.models import Company
from mappings import couplings, directed, pairing
from mappings.models import IntegrationTableMapping
from mappings.pairing import Match, RecordMatch
from mappings.spec import Criterion, DirectedMapping
from mappings.terms import CouplingKind, Direction, UpdateConflictResolution
from syncjobs import clock, leases
from syncjobs.engine.change import Rules
from syncjobs.models import SynchJob
from syncjobs.runs.context import Context, Progress, Silent
from syncjobs.runs.gather import Gatherer
from syncjobs.runs.labels import Labels
from syncjobs.runs.options import OptionPhase, OptionPhases
from syncjobs.runs.order import Order
from syncjobs.runs.phase import PAGE
from syncjobs.runs.phases import Phases, lease_name
from syncjobs.runs.report import JobResult, Report, requests_of, result_of
from syncjobs.runs.synchjobs import FROM, TO, SynchJobs
from syncjobs.runs.synchronize import (
    Systems,
    Watched,
    context_of,
    find_mapping,
    systems_of,
    wake_waiting,
)
from syncjobs.terms import SynchJobType, Trigger

NEVER_CREATED = "SALESPEOPLE"  # E-4.38: users are not made from salespeople
NO_FIELDS = (
    "You must specify which fields are used for match-based coupling: choose them on the mapping's "
    "field list, then start again."
)


def match_mapping(
    company: Company,
    name: str,
    *,
    progress: Progress | None = None,
    trigger: Trigger = Trigger.PERSON,
    systems: Systems | None = None,
    now: Callable[[], datetime] = clock.now,
) -> Report:
    """Couple what matches; then create or report the rest, and synchronize, as the mapping says."""
    row = find_mapping(company, name)
    both = systems or systems_of(company, progress)
    with leases.hold(lease_name(row), leases.me()) as held:
        context = context_of(company, both, Watched(progress or Silent(), held), now)
        began, sent = time.monotonic(), requests_of(both.business_central, both.dataverse)
        row.refresh_from_db()
        is_option = row.kind == CouplingKind.OPTION
        matching = OptionMatching(context, row) if is_option else Matching(context, row)
        results = matching.run(trigger)
        report = Report(
            row.name,
            results,
            requests_of(both.business_central, both.dataverse) - sent,
            time.monotonic() - began,
        )
    if report.coupled_something:
        wake_waiting(company, row.name, now=now())
    return report


@dataclass(slots=True)
class Matching:
    """The matching of one mapping, whose lease is held."""

    context: Context
    row: IntegrationTableMapping
    coupled: list[UUID] = field(default_factory=list)  # Business Central records
    unmatched: list[UUID] = field(default_factory=list)

    def run(self, trigger: Trigger) -> tuple[JobResult, ...]:
        jobs = SynchJobs(self.context, self.row)
        job = jobs.open(self._ways()[0], SynchJobType.COUPLING)
        self.context.progress.start(f"{self.row.name}, coupling", 0)
        with jobs.finishing(job):
            if self._is_ready(job):
                for pairs in self.pages():
                    self._couple(job, pairs)
                self._report_unmatched(job)
        results = [result_of(job)]
        if self.unmatched and self._creates():
            order = Order(ids=tuple(self.unmatched), directions=(TO,), create=True, forced=True)
            results += self._synchronize(replace(order, trigger=trigger))
        if self.coupled and self.row.synch_after_bulk_coupling:
            order = Order(ids=tuple(self.coupled), directions=self._ways_after(), forced=True)
            results += self._synchronize(replace(order, trigger=trigger))
        return tuple(results)

    def _synchronize(self, order: Order) -> tuple[JobResult, ...]:
        return Phases(self.context, self.row, order).run()

    def _ways(self) -> tuple[Direction, ...]:
        return directed.directions(self.row)

    def _ways_after(self) -> tuple[Direction, ...]:
        """E-4.40: the chosen update conflict resolution decides for a bidirectional mapping."""
        match self.row.update_conflict_resolution:
            case UpdateConflictResolution.SEND if TO in self._ways():
                return (TO,)
            case UpdateConflictResolution.GET if FROM in self._ways():
                return (FROM,)
            case _:
                return self._ways()

    def _creates(self) -> bool:
        """E-4.38: only what the mapping sends at all is created."""
        wanted = self.row.create_new_in_case_of_no_match and TO in self._ways()
        return wanted and self.row.name != NEVER_CREATED

    def _is_ready(self, job: SynchJob) -> bool:
        """E-4.30: without a field to match by there is one error, and nothing else happens."""
        if self.row.fields.filter(use_for_match_based_coupling=True).exists():
            return True
        self._fail(job, 1, NO_FIELDS, Cause.NO_MATCH_FIELDS)
        return False

    def pages(self) -> Iterator[Sequence[Match]]:
        """Yield what matches, page by page; the rest is noted as unmatched."""
        mapping = self._mapping()
        gatherer, labels = Gatherer(self.context, mapping, Rules()), Labels(self.context, mapping)
        local = couplings.BUSINESS_CENTRAL
        for page in gatherer.source.read(replace(gatherer.selection(), page_size=PAGE)):
            self.context.progress.check()
            ids = [record.id for record in page]
            known = couplings.coupled(self.context.company, mapping.name, local, ids)
            strangers = [record for record in page if record.id not in known]
            found = gatherer.candidates(strangers) if strangers else {}
            ones = {i: candidates.one for i, candidates in found.items() if candidates.one}
            self.unmatched += [record.id for record in strangers if record.id not in ones]
            yield [
                RecordMatch(record.id, row.id, *labels.of(record, row))
                for record in strangers
                if (row := ones.get(record.id)) is not None
            ]

    def _mapping(self) -> DirectedMapping:
        """E-4.31: Business Central's records are matched, whichever way the mapping runs."""
        way = self._ways()[0]
        business_central, dataverse = self.context.business_central, self.context.dataverse
        mapping = directed.directed(self.row, way, business_central, dataverse)
        if way == TO:
            return mapping
        return replace(
            mapping,
            direction=TO,
            source_table=mapping.destination_table,
            destination_table=mapping.source_table,
            source_filter=mapping.destination_filter,
            destination_filter=mapping.source_filter,
            fields=(),
            criteria=tuple(_turned(criterion) for criterion in mapping.criteria),
        )

    def _couple(self, job: SynchJob, pairs: Sequence[Match]) -> None:
        if not pairs:
            return
        with transaction.atomic():
            self.context.progress.confirm()
            pairing.couple_matched(self.row, pairs)
            SynchJob.objects.filter(pk=job.pk).update(coupled=F("coupled") + len(pairs))
        self.coupled += [pair.business_central_id for pair in pairs]
        self.context.progress.advance(len(self.coupled))

    def _report_unmatched(self, job: SynchJob) -> None:
        if self.unmatched and not self._creates():
            number = len(self.unmatched)
            message = (
                f"Failed to couple {number} record(s), because no unique uncoupled matching entity "
                "was found."
            )
            self._fail(job, number, message, Cause.NO_MATCH)

    def _fail(self, job: SynchJob, number: int, message: str, cause: Cause) -> None:
        with transaction.atomic():
            self.context.progress.confirm()
            now = self.context.clock()
            job.error(cause=cause, message=message, logged_at=now).save()
            SynchJob.objects.filter(pk=job.pk).update(failed=F("failed") + number)


def _turned(criterion: Criterion) -> Criterion:
    return replace(criterion, source=criterion.destination, destination=criterion.source)


@dataclass(slots=True)
class OptionMatching(Matching):
    """Options match by their label (E-4.37)."""

    def pages(self) -> Iterator[Sequence[Match]]:
        order = Order(ids=(), directions=self._ways())
        job = SynchJob(company=self.row.company, mapping_name=self.row.name)
        phase = OptionPhase(self.context, self.row, order, self._ways()[0], job)
        found, self.unmatched = phase.matches()
        yield found

    def _is_ready(self, _job: SynchJob) -> bool:
        return True

    def _synchronize(self, order: Order) -> tuple[JobResult, ...]:
        return OptionPhases(self.context, self.row, order).run()
