"""Which access to tables of Dataverse the mappings of a company need: the one place (C-0803)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connections.models import Company
from connections.role_matrix import Need
from mappings.models import IntegrationTableMapping
from mappings.terms import CouplingKind, Direction, FieldStatus

# Append: what is sent refers to the company's row, and to other tables.
SENDING = ("Create", "Write", "Append")
OWNER = "ownerid"


def needed(company: Company) -> list[Need]:
    """Return what is needed, a line for each table."""
    rows = IntegrationTableMapping.objects.filter(company=company).prefetch_related("fields")
    tables = {row.name: row.integration_table for row in rows}
    access: dict[str, set[str]] = {}
    mappings: dict[str, set[str]] = {}
    for row in rows:
        for table, right in _uses(row, tables):
            access.setdefault(table, set()).add(right)
            mappings.setdefault(table, set()).add(row.name)
    return [
        Need(table, frozenset(access[table]), tuple(sorted(mappings[table])))
        for table in sorted(access)
    ]


def _uses(row: IntegrationTableMapping, tables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield tables and accesses: reading always, writing where the mapping sends.

    Options are coupled by what the metadata says, which asks for no privilege on a table.
    """
    if row.kind != CouplingKind.RECORD:
        return
    yield row.integration_table, "Read"
    if row.direction == Direction.FROM_INTEGRATION_TABLE:
        return
    for right in SENDING:
        yield row.integration_table, right
    for line in row.fields.all():
        if line.status != FieldStatus.ENABLED or line.direction == Direction.FROM_INTEGRATION_TABLE:
            continue
        if line.integration_field == OWNER:
            yield row.integration_table, "Assign"
        if line.refers_to in tables:
            yield tables[line.refers_to], "AppendTo"
