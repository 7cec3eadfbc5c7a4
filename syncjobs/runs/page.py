"""A page of source records, as those see it who gather facts about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from connections.systems import Lookup, Record, Selection, System
from mappings import couplings
from mappings.models import IntegrationTableMapping
from mappings.spec import DirectedMapping, Link
from syncjobs.engine.change import Rules
from syncjobs.runs.context import Context


@dataclass(frozen=True, slots=True)
class Page:
    """What is known of a page before its facts are."""

    context: Context
    mapping: DirectedMapping
    sources: Sequence[Record]
    links: Mapping[UUID, Link]
    columns: tuple[str, ...]  # to read of destinations
    rules: Rules

    @property
    def wanted(self) -> list[Record]:
        """Return the records that a plan will look into: new ones, and those that changed."""
        return [
            record
            for record in self.sources
            if self.rules.force or record.id not in self.links or self._is_due(record)
        ]

    @property
    def strangers(self) -> list[Record]:
        """Return the records without a partner."""
        return [record for record in self.sources if record.id not in self.links]

    def _is_due(self, record: Record) -> bool:
        link = self.links[record.id]
        return not link.skipped and link.is_due(record)

    def destination_ids(self) -> list[UUID]:
        return [link.destination_id for link in self.links.values()]


def texts(records: Iterable[Record], column: str) -> set[str]:
    """Return what a column of records holds, blanks apart."""
    return {str(record.values.get(column) or "") for record in records} - {""}


def lookup_ids(records: Iterable[Record], column: str) -> set[UUID]:
    """Return the rows that a lookup of records points to."""
    values = (record.values.get(column) for record in records)
    return {value.id for value in values if isinstance(value, Lookup)}


def in_groups(system: System, groups: Iterable[UUID], columns: tuple[str, ...]) -> list[Record]:
    """Return the units of unit groups."""
    wanted = [Lookup("uomschedule", group) for group in groups]
    selection = Selection("uom", ("uomscheduleid", *columns))
    return system.find(selection, "uomscheduleid", wanted) if wanted else []


def rows_of(context: Context, mapping_name: str, codes: Iterable[str]) -> dict[str, UUID]:
    """Return the Dataverse rows coupled to Business Central records with these codes."""
    found = couplings.by_key(context.company, [mapping_name], list(codes))
    return {key: row_id for (_, key), row_id in found.items()}


def may_create(context: Context, mapping_name: str, rules: Rules) -> bool:
    """Whether uncoupled records of a mapping may be created (E-3.25)."""
    rows = IntegrationTableMapping.objects.filter(company=context.company, name=mapping_name)
    only_coupled = rows.values_list("synch_only_coupled_records", flat=True).first()
    return only_coupled is not None and (rules.create_missing or not only_coupled)
