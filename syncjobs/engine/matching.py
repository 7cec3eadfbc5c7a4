"""Match-based coupling: which destination an uncoupled source record is (E-4.30 to E-4.39)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from connections.systems import Lookup, Record, Value
from mappings.spec import Criterion
from syncjobs.engine.change import Candidates


def match(
    sources: Iterable[Record],
    found: Mapping[int, Sequence[Record]],
    criteria: Sequence[Criterion],
    taken: Collection[UUID],
) -> dict[UUID, Candidates]:
    """Return what each source record matches.

    `found` holds, for each priority, the destination records that may match; `taken` the ids that
    are coupled already. Each priority looks at its own records afresh (E-4.35 repaired). Two source
    records that match the same row are as undecided as one that matches two.
    """
    pending = list(sources)
    given = set(taken)  # and the rows that an earlier priority gave away
    result: dict[UUID, Candidates] = {}
    for priority in sorted({criterion.priority for criterion in criteria}):
        chosen = [criterion for criterion in criteria if criterion.priority == priority]
        matches = _matches(pending, found.get(priority, ()), chosen)
        wanted: dict[UUID, list[UUID]] = defaultdict(list)
        for source_id, rows in matches.items():
            if len(rows) == 1:
                wanted[rows[0].id].append(source_id)
        for source_id, rows in matches.items():
            free = [row for row in rows if row.id not in given]
            if len(rows) == 1 and free and len(wanted[rows[0].id]) == 1:
                result[source_id] = Candidates(one=rows[0])
            elif free and source_id not in result:
                rivals = len(wanted[rows[0].id]) if len(rows) == 1 else len(rows)
                result[source_id] = Candidates(several=rivals)
        given |= {candidates.one.id for candidates in result.values() if candidates.one}
        pending = [source for source in pending if not _is_decided(result.get(source.id))]
    return result


def _is_decided(candidates: Candidates | None) -> bool:
    return candidates is not None and candidates.one is not None


def _matches(
    sources: Iterable[Record], rows: Sequence[Record], criteria: Sequence[Criterion]
) -> dict[UUID, list[Record]]:
    """Return the rows equal to each source in every field that it fills (E-4.32, E-4.33)."""
    indexes: dict[tuple[Criterion, ...], dict[tuple[Value, ...], list[Record]]] = {}
    matches: dict[UUID, list[Record]] = {}
    for source in sources:
        used = tuple(c for c in criteria if not _is_blank_text(source.values.get(c.source)))
        if not used:
            continue
        if used not in indexes:
            indexes[used] = _index(rows, used)
        key = tuple(_comparable(source.values.get(c.source), c) for c in used)
        rows_found = indexes[used].get(key)
        if rows_found:
            matches[source.id] = rows_found
    return matches


def _index(
    rows: Sequence[Record], criteria: Sequence[Criterion]
) -> dict[tuple[Value, ...], list[Record]]:
    index: dict[tuple[Value, ...], list[Record]] = defaultdict(list)
    seen: set[UUID] = set()
    for row in rows:
        if row.id in seen:
            continue
        seen.add(row.id)
        index[tuple(_comparable(row.values.get(c.destination), c) for c in criteria)].append(row)
    return index


def _is_blank_text(value: Value) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _comparable(value: Value, criterion: Criterion) -> Value:
    if isinstance(value, Lookup):
        return value.id
    if isinstance(value, str):
        text = value.strip()
        return text if criterion.case_sensitive else text.casefold()
    return value
