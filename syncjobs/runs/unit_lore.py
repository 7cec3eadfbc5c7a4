"""Facts about units and unit groups, gathered a page at a time (E-3.96, E-3.97)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from connections.systems import Lookup, Record, Selection, Value
from mappings import couplings
from syncjobs.engine.entities import entity_of
from syncjobs.engine.entities.unit import OwnUnit, UnitOfMeasure
from syncjobs.engine.entities.unit import UnitGroup as UnitGroupEntity
from syncjobs.engine.facts import Unit, UnitGroup
from syncjobs.runs.context import Context
from syncjobs.runs.page import Page, in_groups, lookup_ids, rows_of, texts

UNIT_TABLES = {  # kind -> table of its units, the column of its no., and their mapping
    "Item": ("itemUnitsOfMeasure", "itemNumber", "ITEM UOM"),
    "Resource": ("resourceUnitsOfMeasure", "resourceNumber", "RESOURCE UOM"),
}


def maps_unit_groups(context: Context) -> bool:
    """Whether the setting Unit Group Mapping is on."""
    return "UNIT GROUP" in context.peers()


# Unit groups


def groups_of_page(page: Page) -> dict[str, Any]:
    """Return the unit groups that records have or could be, and their units (E-3.96)."""
    entity = entity_of(page.mapping)
    assert isinstance(entity, UnitOfMeasure | UnitGroupEntity)
    system = page.context.dataverse
    rows = system.get("uomschedule", page.destination_ids(), page.columns)
    names = {record.id: entity.group_name(record) for record in page.strangers}
    selection = Selection("uomschedule", page.columns)
    found = system.find(selection, "name", set(names.values())) if names else []
    by_name = {str(row.values.get("name") or "").casefold(): row for row in found}
    rows |= {row.id: row for row in found}
    units: dict[UUID, list[Record]] = defaultdict(list)
    for unit in in_groups(system, rows, ("name", "isschedulebaseuom")):
        group = unit.values.get("uomscheduleid")
        if isinstance(group, Lookup):
            units[group.id].append(unit)
    return {
        "groups": {key: UnitGroup(row, tuple(units[key])) for key, row in rows.items()},
        "twins": {
            record_id: by_name[name.casefold()]
            for record_id, name in names.items()
            if name.casefold() in by_name
        },
    }


def owned_units(page: Page) -> dict[str, Any]:
    """Return the unit groups of the items or resources that units belong to (E-1.92)."""
    entity = entity_of(page.mapping)
    assert isinstance(entity, OwnUnit)
    numbers = texts(page.wanted, entity.number)
    groups = groups_by_number(page.context, entity.owner.capitalize(), numbers)
    rows = in_groups(page.context.dataverse, {group.id for group in groups.values()}, page.columns)
    base = {
        group.id: Lookup("uom", row.id)
        for row in rows
        if row.values.get("isschedulebaseuom")
        and isinstance(group := row.values.get("uomscheduleid"), Lookup)
    }
    named = {
        (row.values.get("uomscheduleid"), _folded(row.values.get("name"))): row for row in rows
    }
    twins = {}
    for record in page.strangers:
        group_row = groups.get(str(record.values.get(entity.number) or ""))
        found = named.get((group_row, _folded(record.values.get("code"))))
        if found is not None:
            twins[record.id] = found
    return {"groups_of": groups, "base_units": base, "twins": twins}


def _folded(value: Value) -> str:
    return str(value or "").casefold()


def groups_by_number(context: Context, kind: str, numbers: Collection[str]) -> dict[str, Lookup]:
    """Return the coupled unit groups of items or resources, by no."""
    if not numbers:
        return {}
    selection = Selection("unitGroups", ("sourceType", "sourceNumber"))
    rows = context.business_central.find(selection, "sourceNumber", numbers)
    mine = {row.id: str(row.values["sourceNumber"]) for row in rows if _is_of(row, kind)}
    partners = couplings.coupled(
        context.company, "UNIT GROUP", couplings.BUSINESS_CENTRAL, list(mine)
    )
    return {mine[key]: Lookup("uomschedule", group) for key, group in partners.items()}


def _is_of(row: Record, kind: str) -> bool:
    return str(row.values.get("sourceType")) == kind


# The units of items and resources


def units_by_code(context: Context, codes: Iterable[str]) -> dict[tuple[str, str], Unit]:
    """Return the units of coupled units of measure, which all products share (E-3.96)."""
    groups = rows_of(context, "UNIT OF MEASURE", set(codes))
    rows = in_groups(context.dataverse, groups.values(), ("name",))
    by_group = {
        group.id: row for row in rows if isinstance(group := row.values["uomscheduleid"], Lookup)
    }
    return {
        ("", code): Unit(Lookup("uom", by_group[group].id), Lookup("uomschedule", group))
        for code, group in groups.items()
        if group in by_group
    }


def units_by_number(
    context: Context, kind: str, numbers: Collection[str]
) -> dict[tuple[str, str], Unit]:
    """Return the coupled units of items or resources, by no. and code (E-3.97)."""
    if not numbers:
        return {}
    table, column, mapping_name = UNIT_TABLES[kind]
    found = context.business_central.find(Selection(table, (column, "code")), column, numbers)
    partners = couplings.coupled(
        context.company, mapping_name, couplings.BUSINESS_CENTRAL, [row.id for row in found]
    )
    columns = ("name", "quantity", "uomscheduleid")
    rows = context.dataverse.get("uom", list(partners.values()), columns) if partners else {}
    units = {}
    for record in found:
        row = rows.get(partners.get(record.id, record.id))
        if row is not None and isinstance(group := row.values["uomscheduleid"], Lookup):
            quantity = row.values.get("quantity")
            units[str(record.values[column]), str(record.values["code"])] = Unit(
                Lookup("uom", row.id),
                group,
                Decimal(quantity) if isinstance(quantity, Decimal | int) else Decimal(1),
                str(row.values.get("name") or ""),
            )
    return units


def codes_of_units(context: Context, products: Collection[Record]) -> dict[str, Any]:
    """Return units of measure that are named like products' units (E-3.97)."""
    ids = lookup_ids(products, "defaultuomid")
    rows = context.dataverse.get("uom", list(ids), ("name",)) if ids else {}
    names = {key: str(row.values.get("name") or "") for key, row in rows.items()}
    selection = Selection("unitsOfMeasure", ("code",))
    found = context.business_central.find(selection, "code", set(names.values())) if names else []
    codes = {_folded(row.values["code"]): str(row.values["code"]) for row in found}
    groups = [Lookup("uomschedule", g) for g in lookup_ids(products, "defaultuomscheduleid")]
    selection = Selection("product", ("defaultuomscheduleid",))
    sharing = context.dataverse.find(selection, "defaultuomscheduleid", groups) if groups else []
    counts = Counter(row.values["defaultuomscheduleid"] for row in sharing)
    return {
        "unit_codes": {
            k: codes[_folded(name)] for k, name in names.items() if _folded(name) in codes
        },
        "shared_groups": frozenset(
            group.id for group, n in counts.items() if n > 1 and isinstance(group, Lookup)
        ),
    }
