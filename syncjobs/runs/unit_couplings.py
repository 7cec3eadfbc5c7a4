"""Couples the units of items and resources that came from Sales (E-3.96a)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import uuid5

from connections.systems import Create, Lookup, Record, Selection
from mappings import pairing
from mappings.models import IntegrationTableMapping
from mappings.pairing import RecordMatch
from syncjobs.engine.change import Insert
from syncjobs.engine.entities.product import GROUP_COLUMN, UNIT_COLUMN, Product
from syncjobs.runs.apply import Outcome
from syncjobs.runs.context import Context
from syncjobs.runs.gather import Gatherer
from syncjobs.runs.page import may_create
from syncjobs.runs.unit_lore import UNIT_TABLES, maps_unit_groups

Pair = tuple[Record, Record]  # the new item or resource, and its product


def couple_units(gatherer: Gatherer, outcomes: Sequence[Outcome]) -> None:
    """Couple unit group and base unit of new records with those of their products."""
    context, entity = gatherer.context, gatherer.entity
    if not (isinstance(entity, Product) and maps_unit_groups(context)):
        return
    table, column, name = UNIT_TABLES[entity.kind]
    new = {
        str(outcome.record.values.get("number")): (outcome.record, outcome.change.source)
        for outcome in outcomes
        if isinstance(outcome.change, Insert) and outcome.record is not None
    }
    if not new or not all(may_create(context, n, gatherer.rules) for n in ("UNIT GROUP", name)):
        return
    selection = Selection("unitGroups", ("sourceType", "sourceNumber", "code"))
    groups = context.business_central.find(selection, "sourceNumber", list(new))
    _couple(
        context,
        "UNIT GROUP",
        [
            _match(group, new[str(group.values["sourceNumber"])][1], GROUP_COLUMN, "code")
            for group in groups
            if group.values["sourceType"] == entity.kind
        ],
    )
    units = _base_units(context, table, column, new)
    _couple(
        context,
        name,
        [_match(unit, new[number][1], UNIT_COLUMN, column) for number, unit in units.items()],
    )


def _base_units(
    context: Context, table: str, column: str, new: dict[str, Pair]
) -> dict[str, Record]:
    """Return the base unit of each record, which is made where it is missing."""
    system, columns = context.business_central, (column, "code")
    found = {}
    for unit in system.find(Selection(table, columns), column, list(new)):
        number = str(unit.values[column])
        if unit.values["code"] == new[number][0].values.get("baseUnitOfMeasureCode"):
            found[number] = unit
    missing = [number for number in new if number not in found]
    creates = [
        Create(
            uuid5(new[number][0].id, "base unit"),
            {
                column: number,
                "code": new[number][0].values.get("baseUnitOfMeasureCode"),
                "quantityPerUnitOfMeasure": 1,
            },
        )
        for number in missing
    ]
    if creates:
        written = system.write(table, creates, columns)
        found |= {n: w.record for n, w in zip(missing, written, strict=True) if w.record}
    return found


def _match(record: Record, product: Record, lookup: str, key: str) -> RecordMatch | None:
    row = product.values.get(lookup)
    text = str(record.values.get(key) or "")
    return RecordMatch(record.id, row.id, text, text) if isinstance(row, Lookup) else None


def _couple(context: Context, name: str, matches: Collection[RecordMatch | None]) -> None:
    """Couple them; whoever was coupled already stays as it is."""
    row = IntegrationTableMapping.objects.filter(company=context.company, name=name).first()
    wanted = [match for match in matches if match is not None]
    if row is not None and wanted:
        pairing.couple_matched(row, wanted)
