"""Uncoupling: gives rows of Dataverse back, then forgets their couplings (E-4.19 to E-4.23)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from audit import trail
from audit.terms import Act
from connections.errors import RecordChangedError, RecordMissingError
from connections.systems import (
    Condition,
    Delete,
    Lookup,
    Operator,
    Record,
    Selection,
    System,
    Update,
    Write,
    Written,
)
from mappings import filters
from mappings.models import Coupling, IntegrationTableMapping, Intent
from mappings.pairing import PARTNERS, Systems

PAGE = 500
COMPANY_COLUMN = "bcbi_companyid"
STATISTICS_COLUMN = "nav_accountstatisticsid"
PARENT_COLUMN = "parentcustomerid"


@dataclass(frozen=True, slots=True)
class Uncoupled:
    """How many were uncoupled, how many rows were changed for it, and which refused (E-4.22)."""

    uncoupled: int = 0
    modified: int = 0
    failures: tuple[tuple[UUID, str], ...] = ()  # Dataverse row, why

    def __add__(self, other: Uncoupled) -> Uncoupled:
        return Uncoupled(
            self.uncoupled + other.uncoupled,
            self.modified + other.modified,
            self.failures + other.failures,
        )


def uncouple(
    mapping: IntegrationTableMapping,
    business_central_ids: Collection[UUID],
    systems: Systems,
    *,
    by: AbstractBaseUser | None = None,
) -> Uncoupled:
    """Uncouple these records of Business Central; one whose row is refused stays coupled."""
    mine = Coupling.objects.filter(company=mapping.company, mapping_name=mapping.name)
    ids = list(business_central_ids)
    rows = [
        row
        for start in range(0, len(ids), PAGE)  # a statement takes so many parameters only
        for row in mine.filter(business_central_id__in=ids[start : start + PAGE]).select_related(
            "company"
        )
    ]
    release = _Release(mapping, systems.dataverse)
    total = Uncoupled()
    for page in _pages(rows):
        total += release.page(page)
    _note(rows, total, by)
    return total


def _note(rows: Sequence[Coupling], total: Uncoupled, by: AbstractBaseUser | None) -> None:
    """Note each coupling that is gone; of very many only how many."""
    refused = {row_id for row_id, _ in total.failures}
    gone = [row for row in rows if row.dataverse_id not in refused]
    trail.note_rows(Act.UNCOUPLED, gone, gone=PARTNERS, by=by)


def uncouple_all(
    mapping: IntegrationTableMapping, systems: Systems, *, by: AbstractBaseUser | None = None
) -> Uncoupled:
    """Uncouple every record of the mapping, and free the rows that still name this company."""
    everything = Coupling.objects.filter(company=mapping.company, mapping_name=mapping.name)
    ids = list(everything.values_list("business_central_id", flat=True))
    total = uncouple(mapping, ids, systems, by=by)
    release = _Release(mapping, systems.dataverse)
    for rows in release.stuck():  # E-4.23
        total += release.clear(rows)
    return total


def _pages(couplings: Sequence[Coupling]) -> Iterator[Sequence[Coupling]]:
    for start in range(0, len(couplings), PAGE):
        yield couplings[start : start + PAGE]


class _Release:
    """What Dataverse is told when rows of one mapping are uncoupled."""

    def __init__(self, mapping: IntegrationTableMapping, dataverse: System) -> None:
        self.mapping = mapping
        self.dataverse = dataverse
        self.table = mapping.integration_table
        self.described = dataverse.describe(self.table)
        self.company_row = mapping.company.dataverse_company_id
        wanted = (COMPANY_COLUMN, STATISTICS_COLUMN)
        self.columns = tuple(name for name in wanted if name in self.described.columns)

    @property
    def resets(self) -> bool:
        """Whether this mapping's rows name a company that is to be cleared (E-4.20)."""
        return (
            self.mapping.resets_company_id
            and self.company_row is not None
            and COMPANY_COLUMN in self.columns
        )

    def page(self, couplings: Sequence[Coupling]) -> Uncoupled:
        ids = [coupling.dataverse_id for coupling in couplings]
        rows = self.dataverse.get(self.table, ids, self.columns) if self.columns else {}
        cleared = self.clear([row for row in rows.values() if self._is_ours(row)])
        refused = {row_id for row_id, _ in cleared.failures}
        done = [coupling for coupling in couplings if coupling.dataverse_id not in refused]
        self._forget(done)
        self._drop_statistics([row for row in rows.values() if row.id not in refused])
        return cleared + Uncoupled(uncoupled=len(done))

    def _is_ours(self, row: Record) -> bool:
        company = row.values.get(COMPANY_COLUMN)
        return self.resets and isinstance(company, Lookup) and company.id == self.company_row

    def clear(self, rows: Sequence[Record]) -> Uncoupled:
        """Clear the company of these rows; one that changed meanwhile is read and written again."""
        results = self._write(rows)
        moved = [row.id for row, result in results if isinstance(result.error, RecordChangedError)]
        if moved:
            again = self.dataverse.get(self.table, moved, self.columns)
            settled = [pair for pair in results if pair[0].id not in set(moved)]
            results = settled + self._write([row for row in again.values() if self._is_ours(row)])
        refused = [
            (row.id, result.error.message)
            for row, result in results
            if result.error and not isinstance(result.error, RecordMissingError)
        ]
        modified = sum(1 for _, result in results if result.error is None)
        return Uncoupled(modified=modified, failures=tuple(refused))

    def _write(self, rows: Sequence[Record]) -> list[tuple[Record, Written]]:
        if not rows:
            return []
        writes: list[Write] = [Update(row, {COMPANY_COLUMN: None}) for row in rows]
        return list(zip(rows, self.dataverse.write(self.table, writes, self.columns), strict=True))

    def _forget(self, couplings: Sequence[Coupling]) -> None:
        """E-4.21: remove the couplings and those of an account's contacts."""
        children = self._children([coupling.dataverse_id for coupling in couplings])
        company, name = self.mapping.company, self.mapping.name
        ids = [*(c.business_central_id for c in couplings), *(c.dataverse_id for c in couplings)]
        with transaction.atomic():
            Coupling.objects.filter(pk__in=[coupling.pk for coupling in couplings]).delete()
            Intent.objects.filter(company=company, mapping_name=name, source_id__in=ids).delete()
            if children:
                Coupling.objects.filter(
                    company=company, mapping_name__in=self._of_contacts(), dataverse_id__in=children
                ).delete()

    def _of_contacts(self) -> list[str]:
        mappings = IntegrationTableMapping.objects.filter(
            company=self.mapping.company, integration_table="contact"
        )
        return list(mappings.values_list("name", flat=True))

    def _children(self, ids: Sequence[UUID]) -> set[UUID]:
        if self.table != "account" or not ids or not self._of_contacts():
            return set()
        parents = [Lookup("account", row_id) for row_id in ids]
        contacts = self.dataverse.find(
            Selection("contact", (PARENT_COLUMN,)), PARENT_COLUMN, parents
        )
        return {contact.id for contact in contacts}

    def _drop_statistics(self, rows: Sequence[Record]) -> None:
        """E-4.21: an account's statistics row goes too; a refusal does not matter."""
        pointed = [row.values.get(STATISTICS_COLUMN) for row in rows]
        lookups = [value for value in pointed if isinstance(value, Lookup)]
        if not lookups:
            return
        table = lookups[0].table
        found = self.dataverse.get(table, [lookup.id for lookup in lookups], [])
        deletions: list[Write] = [Delete(row) for row in found.values()]
        if deletions:
            self.dataverse.write(table, deletions, [])

    def stuck(self) -> Iterator[list[Record]]:
        """Yield the rows in the mapping's filter that still name this company."""
        if not self.resets or self.company_row is None:
            return
        own = Condition(COMPANY_COLUMN, Operator.EQ, (Lookup("bcbi_company", self.company_row),))
        others = [
            condition
            for condition in filters.conditions(
                self.mapping.integration_table_filter,
                self.described,
                company_row=self.company_row,
            )
            if condition.column != COMPANY_COLUMN
        ]
        # Collected first: what is cleared would leave the filter while it is being paged.
        selection = Selection(self.table, self.columns, (*others, own))
        yield from list(self.dataverse.read(selection))
