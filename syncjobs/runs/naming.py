"""Names the rows that failures speak of, as people know them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from connections.systems import Lookup, System
from mappings import captions
from syncjobs.engine.change import Change, Fail
from syncjobs.engine.values import unnamed


def with_names(changes: Sequence[Change], source: System) -> tuple[Change, ...]:
    """Let each failure name the row that lacks a partner; one request a table and page."""
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for change in changes:
        if isinstance(change, Fail) and change.lacks is not None:
            wanted[change.lacks.table].add(change.lacks.id)
    if not wanted:
        return tuple(changes)
    names: dict[UUID, str] = {}
    for table, ids in wanted.items():
        column = source.describe(table).name_column
        if column:
            rows = source.get(table, list(ids), (column,))
            names |= {row.id: str(row.values.get(column) or "") for row in rows.values()}
    return tuple(_named(change, names) for change in changes)


def _named(change: Change, names: dict[UUID, str]) -> Change:
    if not isinstance(change, Fail) or change.lacks is None or not names.get(change.lacks.id):
        return change
    name = _title(change.lacks, names[change.lacks.id])
    return replace(change, reason=change.reason.replace(unnamed(change.lacks), name))


def _title(lookup: Lookup, name: str) -> str:
    return f"The {captions.integration_table(lookup.table)} {name}"
