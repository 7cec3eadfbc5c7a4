"""Units of measure, unit groups and the units in them."""

# ruff: noqa: ARG002 - every hook is handed what some of them need
from __future__ import annotations

from connections.causes import Cause
from connections.systems import Record, Side, Value, Values
from mappings.spec import DirectedMapping
from syncjobs.engine.entities.entity import Entity
from syncjobs.engine.facts import Facts
from syncjobs.engine.values import TransferError

ACTIVE = 0
GROUP_COLUMN = "uomscheduleid"


class UnitOfMeasure(Entity):
    """Without unit group mapping each unit of measure is a unit group with one unit (E-3.96)."""

    also_reads = {
        Side.BUSINESS_CENTRAL: ("code",),
        Side.DATAVERSE: ("name", "statecode", "baseuomname"),
    }
    finds_twins = True
    couples_by_key = True

    def group_name(self, source: Record) -> str:
        """Return the name of the unit group that stands for the unit."""
        return f"NAV {source.values.get('code') or ''}"

    def is_incomplete(
        self, mapping: DirectedMapping, destination: Record, source: Record, facts: Facts
    ) -> bool:
        group = facts.groups.get(destination.id)
        return group is not None and any(
            unit.values.get("name") != source.values.get("code") for unit in group.units
        )

    def derive(
        self,
        mapping: DirectedMapping,
        source: Record,
        destination: Record | None,
        planned: Values,
        facts: Facts,
    ) -> dict[str, Value]:
        name = self.group_name(source)
        if destination is not None:
            check_active(destination, facts)
            group = facts.groups.get(destination.id)
            if group is not None and len(group.units) > 1:
                message = (
                    f"Unit group {destination.values.get('name')} has {len(group.units)} units in "
                    "Sales. Without unit group mapping it may have one only: delete the others, or "
                    "switch Unit Group Mapping on."
                )
                raise TransferError(message, cause=Cause.UNIT_GROUP)
        return {"name": name}


def check_active(destination: Record, facts: Facts) -> None:
    """Refuse to build on a unit group that is inactive in Sales."""
    group = facts.groups.get(destination.id)
    row = group.row if group else destination
    if row.values.get("statecode") not in (None, ACTIVE):
        message = (
            f"Unit group {destination.values.get('name')} is inactive in Sales. Activate it, or "
            "couple the record with another one."
        )
        raise TransferError(message, cause=Cause.UNIT_GROUP)


class UnitGroup(Entity):
    """With unit group mapping each item and resource has a unit group of its own (E-1.92)."""

    also_reads = {
        Side.BUSINESS_CENTRAL: ("sourceType", "sourceNumber", "code"),
        Side.DATAVERSE: ("name", "statecode", "baseuomname"),
    }
    derives = frozenset({"name", "baseuomname"})
    finds_twins = True
    couples_by_key = True

    def group_name(self, source: Record) -> str:
        return str(source.values.get("code") or "")

    def derive(
        self,
        mapping: DirectedMapping,
        source: Record,
        destination: Record | None,
        planned: Values,
        facts: Facts,
    ) -> dict[str, Value]:
        name = self.group_name(source)
        if destination is None:
            return {"name": name, "baseuomname": name}
        check_active(destination, facts)
        return {"name": name}


class OwnUnit(Entity):
    """A unit of an item or resource is a unit in its unit group (E-1.92)."""

    derives = frozenset({GROUP_COLUMN, "baseuom"})
    finds_twins = True
    couples_by_key = True

    def __init__(self, owner: str, number: str) -> None:
        self.owner = owner  # what people call what the unit belongs to
        self.number = number  # the column that holds its no.
        self.also_reads = {
            Side.BUSINESS_CENTRAL: (number, "code"),
            Side.DATAVERSE: ("name", "quantity", GROUP_COLUMN, "isschedulebaseuom"),
        }

    def derive(
        self,
        mapping: DirectedMapping,
        source: Record,
        destination: Record | None,
        planned: Values,
        facts: Facts,
    ) -> dict[str, Value]:
        number = str(source.values.get(self.number) or "")
        group = facts.groups_of.get(number)
        if group is None:
            message = (
                f"The unit group of {self.owner} {number} must be coupled to a Unit Group under "
                "UNIT GROUP."
            )
            raise TransferError(message, cause=Cause.NOT_COUPLED, waits_for=("UNIT GROUP", number))
        if destination is not None:
            return {}
        return {GROUP_COLUMN: group, "baseuom": facts.base_units.get(group.id)}


UNIT_OF_MEASURE = UnitOfMeasure()
UNIT_GROUP = UnitGroup()
ITEM_UNIT = OwnUnit("item", "itemNumber")
RESOURCE_UNIT = OwnUnit("resource", "resourceNumber")
