"""Keeps a plan for people: which records, and each field before and after, in their words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from connections.systems import Lookup, Record, System, Table, Value
from mappings import captions
from mappings.models import Coupling, IntegrationTableMapping
from mappings.terms import Direction
from syncjobs.engine.change import Agree, Change, FieldDiff, Insert, Modify, Uncouple
from syncjobs.engine.options import OptionChange, Step
from syncjobs.models import PlannedChange, PlannedRun
from syncjobs.runs.guard import stops
from syncjobs.terms import Action, Planned

if TYPE_CHECKING:
    from syncjobs.runs.order import Order
    from syncjobs.runs.synchronize import Preview, Systems

LISTED = 500  # of each kind and direction; all of them are counted
LONGEST_VALUE, LONGEST_NAME, LONGEST_REASON = 250, 160, 500
STEPS = {
    Step.ADD: Planned.INSERT,
    Step.RENAME: Planned.CHANGE,
    Step.COUPLE: Planned.COUPLE,
    Step.UNCOUPLE: Planned.UNCOUPLE,
}
COUNTED = {
    Action.UNCHANGED: Planned.UNCHANGED,
    Action.SKIPPED: Planned.SKIP,
    Action.FAILED: Planned.FAIL,
}
Changes = Sequence[Change | OptionChange]


def keep(run_id: int, order: Order, planned: Preview, systems: Systems) -> PlannedRun:
    """Note what a run would do, with the first records of each kind."""
    directions = order.directions or ()
    plan = PlannedRun.objects.create(
        run_id=run_id,
        mode=order.mode,
        direction=directions[0] if len(directions) == 1 else "",
        counts={result.direction: _counted(changes) for result, changes in planned.phases},
        would_change=max((result.touched for result, _ in planned.phases), default=0),
        is_stopped=any(stops(planned.mapping, result.touched) for result, _ in planned.phases),
    )
    for result, changes in planned.phases:
        writer = _Writer(plan, planned.mapping, result.direction, systems)
        PlannedChange.objects.bulk_create(writer.rows(_first_of_each(changes)), batch_size=500)
    plan.forget_older()
    return plan


def kind_of(change: Change | OptionChange) -> Planned | None:
    """Return what would be done with a record; None for what no mapping is about."""
    match change:
        case OptionChange():
            return STEPS.get(change.step) or COUNTED.get(change.counter)
        case Insert():
            return Planned.INSERT
        case Modify(couples=True) | Agree(couples=True):
            return Planned.COUPLE
        case Modify():
            return Planned.CHANGE
        case Uncouple():
            return Planned.UNCOUPLE
        case _:
            return COUNTED.get(change.action)


def _counted(changes: Changes) -> dict[str, int]:
    return dict(Counter(kind.value for kind in map(kind_of, changes) if kind))


def _first_of_each(changes: Changes) -> list[tuple[Planned, Change | OptionChange]]:
    listed: dict[Planned, list[Change | OptionChange]] = defaultdict(list)
    for change in changes:
        kind = kind_of(change)
        if kind and kind != Planned.UNCHANGED and len(listed[kind]) < LISTED:
            listed[kind].append(change)
    return [(kind, change) for kind in Planned for change in listed[kind]]


@dataclass(frozen=True, slots=True)
class _Writer:
    """Says what is planned in one direction in the words of both systems."""

    plan: PlannedRun
    mapping: IntegrationTableMapping
    way: Direction
    systems: Systems

    def rows(self, listed: list[tuple[Planned, Change | OptionChange]]) -> Iterator[PlannedChange]:
        names = self._names_of_lookups(change for _, change in listed)
        for kind, change in listed:
            if isinstance(change, OptionChange):
                yield self._of_option(kind, change)
            else:
                yield self._of_record(kind, change, names)

    @property
    def _to_sales(self) -> bool:
        return self.way == Direction.TO_INTEGRATION_TABLE

    def _of_record(self, kind: Planned, change: Change, names: dict[UUID, str]) -> PlannedChange:
        destination: Record | None = getattr(change, "destination", None)
        ids = (change.source.id, destination.id if destination else None)
        local, remote = ids if self._to_sales else ids[::-1]
        fields = [self._field(diff, names) for diff in getattr(change, "diffs", ())]
        return self._row(
            kind,
            business_central_id=local,
            dataverse_id=remote,
            record_name=self._called(change.source)[:LONGEST_NAME],
            fields=fields,
            reason=getattr(change, "reason", "")[:LONGEST_REASON],
            cause=str(getattr(change, "cause", "")),
        )

    def _of_option(self, kind: Planned, change: OptionChange) -> PlannedChange:
        return self._row(
            kind,
            business_central_id=change.record.id if change.record else None,
            record_name=change.label[:LONGEST_NAME],
            reason=change.reason[:LONGEST_REASON],
            cause=str(change.cause or ""),
        )

    def _row(self, kind: Planned, **given: object) -> PlannedChange:
        return PlannedChange(plan=self.plan, direction=self.way, kind=kind, **given)

    def _source(self) -> tuple[System, Table]:
        return self._side(local=self._to_sales)

    def _destination(self) -> tuple[System, Table]:
        return self._side(local=not self._to_sales)

    def _side(self, *, local: bool) -> tuple[System, Table]:
        system = self.systems.business_central if local else self.systems.dataverse
        return system, system.describe(
            self.mapping.table if local else self.mapping.integration_table
        )

    def _called(self, source: Record) -> str:
        """Return number and name of a record."""
        _, table = self._source()
        columns = (*table.natural_key[:1], table.name_column)
        words = [str(source.values.get(column) or "") for column in columns if column]
        return " ".join(dict.fromkeys(word for word in words if word))

    def _field(self, diff: FieldDiff, names: dict[UUID, str]) -> list[str]:
        _, table = self._destination()
        column = table.columns.get(diff.field)
        if self._to_sales:
            known = captions.integration_field(self.mapping.integration_table, diff.field)
        else:
            known = captions.field(self.mapping.table, diff.field)
        options: Mapping[int, str] = column.options if column else {}
        caption = known or (column.caption if column else "") or diff.field
        return [caption, *(_text(one, options, names) for one in (diff.before, diff.after))]

    def _names_of_lookups(self, changes: Iterable[Change | OptionChange]) -> dict[UUID, str]:
        """Return what people call the rows that fields point to, as far as they are coupled."""
        company = self.mapping.company
        ids = {
            value.id
            for change in changes
            for diff in getattr(change, "diffs", ())
            for value in (diff.before, diff.after)
            if isinstance(value, Lookup)
        }
        names: dict[UUID, str] = {}
        wanted = list(ids)
        for start in range(0, len(wanted), LISTED):
            rows = Coupling.objects.filter(
                company=company, dataverse_id__in=wanted[start : start + LISTED]
            )
            found = rows.values_list("dataverse_id", "business_central_key", "name")
            names |= {row: name or key for row, key, name in found}
        if company.dataverse_company_id:
            names[company.dataverse_company_id] = company.name
        return names


def _text(value: Value, options: Mapping[int, str], names: dict[UUID, str]) -> str:
    """Return a value as a person reads it."""
    match value:
        case None:
            text = ""
        case bool():
            text = "Yes" if value else "No"
        case Lookup():
            text = names.get(value.id) or str(value.id)
        case int() if value in options:
            text = options[value]
        case Decimal():
            text = f"{value.normalize():,f}"
        case datetime():
            text = value.strftime("%Y-%m-%d %H:%M UTC")
        case date():
            text = value.isoformat()
        case _:
            text = str(value)
    return text[:LONGEST_VALUE]
