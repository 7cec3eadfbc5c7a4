"""Notes how an option run went: option couplings, errors and counters, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from connections.catalogue import remedy_of
from connections.causes import Remedy
from connections.systems import Record
from mappings.couplings import ERROR_LENGTH, NAME_LENGTH
from mappings.models import IntegrationTableMapping, OptionCoupling, PendingCoupling
from mappings.terms import Direction, SynchResult
from syncjobs.engine.options import OptionChange, Step
from syncjobs.models import SynchError, SynchJob
from syncjobs.runs.context import Context
from syncjobs.terms import Action

CAPTION = 250
KEY = 100


@dataclass(frozen=True, slots=True)
class OptionOutcome:
    """What became of a change: the record and the value as they are now."""

    change: OptionChange
    record: Record | None
    value: int | None
    detail: str = ""

    @property
    def is_mapped(self) -> bool:
        """Whether record and value are to be mapped to each other from here on."""
        is_there = self.record is not None and self.value is not None
        return is_there and self.change.is_wanted


class OptionNotes:
    """The memory of one phase of an option mapping."""

    def __init__(
        self,
        context: Context,
        row: IntegrationTableMapping,
        way: Direction,
        job: SynchJob,
        key: str,
    ) -> None:
        self.context = context
        self.row = row
        self.job = job
        self.way = way
        self.key = key
        to = way == Direction.TO_INTEGRATION_TABLE
        self.result = "last_synch_crm_result" if to else "last_synch_result"

    def remember(self, outcomes: Sequence[OptionOutcome], *, cursor: datetime | None) -> None:
        """Note a page; couplings, errors and counters agree or none is written."""
        now = self.context.clock()
        past = self._parked(outcomes)
        counts: Counter[Action] = Counter()
        failures = []
        for outcome in outcomes:
            action = outcome.change.counter
            if outcome.change.cause is not None:
                skips = self._repeats(outcome.change, past)
                action = Action.SKIPPED if skips else Action.FAILED
                failures.append((outcome, skips))
            counts[action] += 1
            counts[Action.COUPLED] += outcome.change.step == Step.COUPLE
        with transaction.atomic():
            self.context.progress.confirm()
            self._map([outcome for outcome in outcomes if outcome.is_mapped])
            self._unmap([o.change for o in outcomes if o.change.step == Step.UNCOUPLE])
            self._fail([f for f in failures if f[0].change.pair is not None])
            self._park([f for f in failures if f[0].change.pair is None], past, now)
            SynchError.objects.bulk_create([self._error(o, now) for o, _ in failures])
            self._count(counts, cursor)

    def _count(self, counts: Counter[Action], cursor: datetime | None) -> None:
        fields = {action.value.lower(): n for action, n in counts.items() if action and n}
        changes: dict[str, Any] = {name: F(name) + number for name, number in fields.items()}
        if cursor is not None:
            changes["cursor"] = cursor
        if changes:
            SynchJob.objects.filter(pk=self.job.pk).update(**changes)

    def _repeats(self, change: OptionChange, past: dict[UUID, PendingCoupling]) -> bool:
        """E-3.80: the same error twice skips, unless waiting helps."""
        assert change.cause is not None
        reason = change.reason[:ERROR_LENGTH]
        if remedy_of(change.cause) != Remedy.CURE:
            return False
        if change.pair is not None:
            return change.pair.failed and change.pair.error == reason
        known = past.get(change.record.id) if change.record else None
        return known is not None and known.message == reason

    def _parked(self, outcomes: Sequence[OptionOutcome]) -> dict[UUID, PendingCoupling]:
        ids = [o.record.id for o in outcomes if o.record is not None and o.change.pair is None]
        rows = PendingCoupling.objects.filter(
            company=self.row.company,
            mapping_name=self.row.name,
            direction=self.way,
            record_id__in=ids,
        )
        return {row.record_id: row for row in rows} if ids else {}

    def _map(self, outcomes: Sequence[OptionOutcome]) -> None:
        rows = [self._mapped(outcome) for outcome in outcomes]
        if not rows:
            return
        ids = [row.business_central_id for row in rows]
        values = [row.option_value for row in rows]
        # A restored partner takes the place of the one that is gone.
        self._mine().filter(option_value__in=values).exclude(business_central_id__in=ids).delete()
        OptionCoupling.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["company", "mapping_name", "business_central_id"],
            update_fields=[
                "business_central_key",
                "option_value",
                "option_caption",
                "last_synch_modified_on",
                self.result,
                "last_synch_job",
                "last_error",
                "skipped",
            ],
        )
        PendingCoupling.objects.filter(
            company=self.row.company,
            mapping_name=self.row.name,
            direction=self.way,
            record_id__in=ids,
        ).delete()

    def _mapped(self, outcome: OptionOutcome) -> OptionCoupling:
        assert outcome.record is not None
        assert outcome.value is not None
        label = outcome.change.label
        key = str(outcome.record.values.get(self.key) or label)
        return OptionCoupling(
            company=self.row.company,
            mapping_name=self.row.name,
            business_central_id=outcome.record.id,
            business_central_key=key[:KEY],
            option_value=outcome.value,
            option_caption=label[:CAPTION],
            last_synch_modified_on=outcome.record.modified_at,
            last_synch_job=self.job.pk,
            **{self.result: SynchResult.SUCCESS},
        )

    def _unmap(self, changes: Sequence[OptionChange]) -> None:
        ids = [change.pair.business_central_id for change in changes if change.pair]
        if ids:
            self._mine().filter(business_central_id__in=ids).delete()

    def _mine(self) -> QuerySet[OptionCoupling]:
        return OptionCoupling.objects.filter(company=self.row.company, mapping_name=self.row.name)

    def _fail(self, failures: Sequence[tuple[OptionOutcome, bool]]) -> None:
        if not failures:
            return
        by_record = {
            o.change.pair.business_central_id: (o, s) for o, s in failures if o.change.pair
        }
        rows = list(self._mine().filter(business_central_id__in=list(by_record)))
        for row in rows:
            outcome, skips = by_record[row.business_central_id]
            setattr(row, self.result, SynchResult.FAILURE)
            row.last_error = outcome.change.reason[:ERROR_LENGTH]
            row.last_synch_job = self.job.pk
            row.skipped = skips
        fields = [self.result, "last_error", "last_synch_job", "skipped"]
        OptionCoupling.objects.bulk_update(rows, fields)

    def _park(
        self,
        failures: Sequence[tuple[OptionOutcome, bool]],
        past: dict[UUID, PendingCoupling],
        now: datetime,
    ) -> None:
        rows = []
        for outcome, skips in failures:
            if outcome.record is None:
                continue  # a value of the option set: every run looks at all of them
            known = past.get(outcome.record.id)
            rows.append(
                PendingCoupling(
                    company=self.row.company,
                    mapping_name=self.row.name,
                    direction=self.way,
                    record_id=outcome.record.id,
                    record_version=outcome.record.version,
                    name=outcome.change.label[:NAME_LENGTH],
                    cause=str(outcome.change.cause),
                    message=outcome.change.reason[:ERROR_LENGTH],
                    attempts=known.attempts + 1 if known else 1,
                    skipped=skips,
                    job=self.job.pk,
                    seen_at=known.seen_at if known else now,
                    failed_at=now,
                )
            )
        PendingCoupling.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["company", "mapping_name", "direction", "record_id"],
            update_fields=[
                "record_version",
                "cause",
                "message",
                "attempts",
                "skipped",
                "failed_at",
            ],
        )

    def _error(self, outcome: OptionOutcome, now: datetime) -> SynchError:
        change = outcome.change
        return self.job.error(
            business_central_id=outcome.record.id if outcome.record else None,
            record_name=change.label[:NAME_LENGTH],
            cause=str(change.cause),
            message=change.reason[:2048],
            detail=outcome.detail,
            logged_at=now,
        )
