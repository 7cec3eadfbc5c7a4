"""Finds what a lost creation left in a table that gives its own ids (design: crash safety)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from connections.systems import Condition, Operator, Record, Selection, Table, Value
from mappings import couplings
from mappings.encoding import decoded
from mappings.models import Intent
from syncjobs.engine.values import alike
from syncjobs.engine.watermark import look_back
from syncjobs.runs.gather import Gatherer

Left = dict[UUID, list[Record]]  # by source, the records that may be what was created for it


def left_behind(gatherer: Gatherer, intents: Sequence[Intent]) -> Left:
    """Return, by source, the uncoupled records that hold exactly what was sent.

    A record is looked for by its code if it was sent with one, else among those that were made or
    changed since the intent.
    """
    table = gatherer.destination.describe(gatherer.mapping.destination_table)
    sent = {intent.source_id: decoded(intent.values) for intent in intents}
    key = table.natural_key[0] if table.natural_key else ""
    coded = {source: values for source, values in sent.items() if values.get(key)}
    found: Left = defaultdict(list)
    for record in _of_codes(gatherer, table, key, coded):
        _add(found, record, coded)
    others = {source: values for source, values in sent.items() if source not in coded}
    if others:
        since = min(intent.noted_at for intent in intents)
        selection = Selection(
            table.name,
            _columns(gatherer, table, others),
            changed_after=look_back(gatherer.destination.side, since),
        )
        for page in gatherer.destination.read(selection):
            for record in page:
                _add(found, record, others)
    return _uncoupled(gatherer, found)


def _of_codes(
    gatherer: Gatherer, table: Table, key: str, coded: Mapping[UUID, Mapping[str, Value]]
) -> list[Record]:
    if not coded:
        return []
    columns = _columns(gatherer, table, coded)
    selection = Selection(table.name, columns, (Condition(key, Operator.NE, ("",)),))
    return gatherer.destination.find(selection, key, {values[key] for values in coded.values()})


def _columns(
    gatherer: Gatherer, table: Table, sent: Mapping[UUID, Mapping[str, Value]]
) -> tuple[str, ...]:
    written = sorted({name for values in sent.values() for name in values} & set(table.columns))
    return tuple(dict.fromkeys((*gatherer.destination_columns, *written)))


def _add(found: Left, record: Record, sent: Mapping[UUID, Mapping[str, Value]]) -> None:
    for source_id, values in sent.items():
        if all(alike(record.values.get(name), value) for name, value in values.items()):
            found[source_id].append(record)


def _uncoupled(gatherer: Gatherer, found: Left) -> Left:
    ids = {record.id for records in found.values() for record in records}
    mapping = gatherer.mapping
    _, destination = couplings.sides(mapping.direction)
    taken = couplings.coupled(gatherer.context.company, mapping.name, destination, ids)
    free = {
        source_id: [record for record in records if record.id not in taken]
        for source_id, records in found.items()
    }
    return {source_id: records for source_id, records in free.items() if records}
