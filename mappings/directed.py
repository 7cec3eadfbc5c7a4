"""Turns the rows of a mapping to the direction of a run, with what both systems say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import InvalidOperation
from uuid import UUID

from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.systems import Column, Kind, System, Table, Value
from mappings import filters
from mappings.models import IntegrationFieldMapping, IntegrationTableMapping, TransformationRule
from mappings.spec import Criterion, DirectedMapping, FieldTransfer
from mappings.terms import (
    CouplingKind,
    DeletionConflictResolution,
    Direction,
    FieldStatus,
    TooLong,
    UpdateConflictResolution,
)
from mappings.transformations import Transformation


def directed(
    mapping: IntegrationTableMapping,
    direction: Direction,
    business_central: System,
    dataverse: System,
    *,
    company_row: UUID | None = None,
) -> DirectedMapping:
    """Return the mapping as a run in this direction sees it.

    `company_row` is the company's row in Dataverse, for filters (E-1.40); the one that the company
    knows if not given. Raises ConfigurationError for what an administrator has to correct.
    """
    turned = _Turned(mapping, direction, business_central, dataverse)
    return turned.build(company_row or mapping.company.dataverse_company_id)


def directions(mapping: IntegrationTableMapping) -> tuple[Direction, ...]:
    """Return the directions the mapping runs in: to Dataverse first (E-3.1)."""
    if mapping.direction == Direction.BIDIRECTIONAL:
        return Direction.TO_INTEGRATION_TABLE, Direction.FROM_INTEGRATION_TABLE
    return (Direction(mapping.direction),)


@dataclass(frozen=True, slots=True)
class _Pair:
    """The columns a field mapping names; a side is None for a constant."""

    source: Column | None
    destination: Column | None


class _Turned:
    """One mapping and one direction, while they are put together."""

    def __init__(
        self,
        mapping: IntegrationTableMapping,
        direction: Direction,
        business_central: System,
        dataverse: System,
    ) -> None:
        self.mapping = mapping
        self.direction = direction
        self.sends = direction == Direction.TO_INTEGRATION_TABLE
        self.local = business_central.describe(mapping.table)
        self.remote = dataverse.describe(mapping.integration_table)
        self.rows: Sequence[IntegrationFieldMapping] = list(mapping.fields.all())

    @property
    def destination(self) -> Table:
        return self.remote if self.sends else self.local

    def build(self, company_row: UUID | None) -> DirectedMapping:
        mapping = self.mapping
        fields = self._fields()
        if not fields:  # E-2.3
            message = (
                f"There are no field mapping rows for mapping {mapping.name} in this direction. "
                "Enable a field on its card, or use the default synchronization setup."
            )
            raise ConfigurationError(message, cause=Cause.NO_FIELDS)
        local = filters.conditions(mapping.table_filter, self.local)
        remote = filters.conditions(
            mapping.integration_table_filter, self.remote, company_row=company_row
        )
        two_way = mapping.direction == Direction.BIDIRECTIONAL
        return DirectedMapping(
            name=mapping.name,
            direction=self.direction,
            source_table=mapping.table if self.sends else mapping.integration_table,
            destination_table=self.destination.name,
            fields=fields,
            two_way=two_way,
            source_filter=local if self.sends else remote,
            destination_filter=remote if self.sends else local,
            synch_only_coupled_records=mapping.synch_only_coupled_records,
            update_conflict_resolution=UpdateConflictResolution(mapping.update_conflict_resolution),
            deletion_conflict_resolution=DeletionConflictResolution(
                mapping.deletion_conflict_resolution
            ),
            answers_back=two_way and self._answers_back(),
            depends_on=tuple(mapping.depends_on),
            insert_defaults=self._insert_defaults() if self.sends else {},
            references=frozenset(field.refers_to for field in fields if field.refers_to),
            criteria=self._criteria(),
            source_title=(self.local if self.sends else self.remote).caption,
            destination_title=self.destination.caption,
        )

    def _answers_back(self) -> bool:
        other = Direction.FROM_INTEGRATION_TABLE if self.sends else Direction.TO_INTEGRATION_TABLE
        return any(
            row.status == FieldStatus.ENABLED and row.direction == other and _copies(row)
            for row in self.rows
        )

    # Fields

    def _fields(self) -> tuple[FieldTransfer, ...]:
        rules = self._rules()
        changed: dict[str, Transformation] = {}  # E-2.15: later fields read the changed source
        fields: list[FieldTransfer] = []
        for row in self.rows:
            source_name = row.field if self.sends else row.integration_field
            rule = rules.get(row.transformation_rule)
            if rule and source_name and row.transformation_direction == self.direction:  # E-2.16
                earlier = changed.get(source_name)
                changed[source_name] = earlier.followed_by(rule) if earlier else rule
            if self._takes_part(row):
                field = self._field(row, changed.get(source_name))
                if field is not None:
                    fields.append(field)
        return tuple(fields)

    def _takes_part(self, row: IntegrationFieldMapping) -> bool:
        return row.status == FieldStatus.ENABLED and row.direction in (
            self.direction,
            Direction.BIDIRECTIONAL,
        )

    def _rules(self) -> Mapping[str, Transformation]:
        if not any(row.transformation_rule for row in self.rows):
            return {}
        return TransformationRule.objects.by_code()

    def _field(
        self, row: IntegrationFieldMapping, rule: Transformation | None
    ) -> FieldTransfer | None:
        pair = self._pair(row)
        destination = pair.destination
        if destination is None:
            return None
        return FieldTransfer(
            source=pair.source,
            destination=destination,
            constant=None if pair.source else self._constant(row, destination),
            bidirectional=row.direction == Direction.BIDIRECTIONAL,
            refers_to=row.refers_to,
            not_null=row.not_null and self.sends,
            clear_on_failure=row.clear_value_on_failed_sync,
            too_long=self._too_long(row, pair.source, destination),
            transformation=rule,
        )

    def _pair(self, row: IntegrationFieldMapping) -> _Pair:
        local = self._column(row.field, self.local)
        remote = self._column(row.integration_field, self.remote, constant=row.constant_value)
        return _Pair(local, remote) if self.sends else _Pair(remote, local)

    def _column(self, name: str, table: Table, *, constant: str = "") -> Column | None:
        """Return a column; None for the type of a lookup, which the lookup's row says by itself."""
        if not name:
            return None
        found = table.columns.get(name)
        if found is None and constant and filters.column_of(name, table) is not None:
            return None
        if found is None:
            message = (
                f"The field mapping of {self.mapping.name} names the field {name} of "
                f"{table.caption or table.name}, which does not exist. Correct or disable it."
            )
            raise ConfigurationError(message, cause=Cause.UNKNOWN_TABLE)
        return found

    def _too_long(
        self, row: IntegrationFieldMapping, source: Column | None, destination: Column
    ) -> TooLong:
        """A key that was cut would name something else: it fails, whatever the field says."""
        is_key = destination.name in self.destination.natural_key or (
            source is not None and source.kind == Kind.CODE
        )
        return TooLong.FAIL if is_key else TooLong(row.too_long)

    def _constant(self, row: IntegrationFieldMapping, destination: Column) -> Value:
        try:
            return filters.typed(row.constant_value, destination)
        except (ValueError, InvalidOperation) as error:
            message = (
                f"The field mapping of {self.mapping.name} writes {row.constant_value!r} to "
                f"{destination.caption or destination.name}, which cannot hold it."
            )
            raise ConfigurationError(message, cause=Cause.VALUE_INVALID) from error

    def _insert_defaults(self) -> dict[str, Value]:
        """Return the values a new Dataverse row starts with (E-1.44, E-1.85)."""
        values: dict[str, Value] = {}
        for name, entered in self.mapping.insert_defaults.items():
            column = self._column(name, self.remote)
            if column is not None:
                values[name] = filters.typed(entered, column)
        return values

    # Matching

    def _criteria(self) -> tuple[Criterion, ...]:
        """Return the fields to match by, disabled ones too (E-4.36), in both directions."""
        criteria = [
            Criterion(
                source=row.field if self.sends else row.integration_field,
                destination=row.integration_field if self.sends else row.field,
                priority=row.match_priority,
                case_sensitive=row.case_sensitive_matching,
            )
            for row in self.rows
            if row.use_for_match_based_coupling and row.field and row.integration_field
        ]
        if self.mapping.kind == CouplingKind.OPTION:
            return tuple(criteria)
        known = [c for c in criteria if self._is_known(c)]
        return tuple(sorted(known, key=lambda criterion: criterion.priority))

    def _is_known(self, criterion: Criterion) -> bool:
        source, destination = (self.local, self.remote) if self.sends else (self.remote, self.local)
        return criterion.source in source.columns and criterion.destination in destination.columns


def _copies(row: IntegrationFieldMapping) -> bool:
    """Whether the field mapping copies a value; a constant carries nothing over."""
    return bool(row.field and row.integration_field)
