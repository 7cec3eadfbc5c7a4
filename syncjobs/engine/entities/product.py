"""Items and resources, which are both products in Sales."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from connections.causes import Cause
from connections.systems import Lookup, Record, Side, Value, Values
from mappings.spec import DirectedMapping
from syncjobs.engine.entities.entity import COMPANY_COLUMN, Entity, company_stamp, sends
from syncjobs.engine.facts import Facts, Unit
from syncjobs.engine.values import TransferError

ACTIVE, RETIRED, DRAFT = 0, 1, 2
STATUSES = {ACTIVE: 1, RETIRED: 2}
UNIT_COLUMN, GROUP_COLUMN = "defaultuomid", "defaultuomscheduleid"
QUANTITY_DECIMALS = 2


class Product(Entity):
    """Derives units, currency, type and state (E-8.57, E-3.93)."""

    also_reads = {
        Side.BUSINESS_CENTRAL: (
            "number",
            "blocked",
            "baseUnitOfMeasureCode",
            "vendorNumber",
            "unitPrice",
        ),
        Side.DATAVERSE: (
            COMPANY_COLUMN,
            UNIT_COLUMN,
            GROUP_COLUMN,
            "price",
            "pricelevelid",
            "producttypecode",
            "quantitydecimal",
            "quantityonhand",
            "statecode",
            "statuscode",
            "transactioncurrencyid",
            "vendorname",
        ),
    }
    derives = frozenset({UNIT_COLUMN})
    departs_by: Mapping[Side, str] = {
        Side.BUSINESS_CENTRAL: "blocked",
        Side.DATAVERSE: "statecode",
    }

    def __init__(self, kind: str, product_type: int, unit_mapping: str) -> None:
        self.kind = kind
        self.product_type = product_type
        self.unit_mapping = unit_mapping  # of its units, where unit groups are mapped

    def ignored(self, mapping: DirectedMapping, source: Record, facts: Facts) -> str:
        """E-3.18: what stands for products that Sales writes in is no product."""
        if sends(mapping) and facts.write_in and source.values.get("number") == facts.write_in:
            return f"The {self.kind.lower()} is the default write-in product"
        return ""

    def may_adopt(
        self, mapping: DirectedMapping, source: Record, destination: Record, facts: Facts
    ) -> bool:
        """A published product keeps its unit for good, so one with another unit is an old one."""
        if not sends(mapping) or destination.values.get("statecode") == DRAFT:
            return True
        try:
            unit = self._unit(source, facts)
        except TransferError:
            return True  # planning says what is wrong
        return destination.values.get(UNIT_COLUMN) == unit.row

    def owes(
        self, mapping: DirectedMapping, source: Record, destination: Record, facts: Facts
    ) -> bool:
        return mapping.two_way and (
            self._leaves_state(mapping, source, destination, facts)
            or self._comes_back(mapping, source, destination)
        )

    def _comes_back(self, mapping: DirectedMapping, source: Record, destination: Record) -> bool:
        """Whether a product is active again: its price may have changed while it was retired."""
        is_active = source.values.get("statecode") == ACTIVE
        return not sends(mapping) and is_active and bool(destination.values.get("blocked"))

    def _leaves_state(
        self, mapping: DirectedMapping, source: Record, destination: Record, facts: Facts
    ) -> bool:
        """Whether the state is left to the other direction, since somebody changed it there."""
        if source.id not in facts.overtaken:
            return False
        if sends(mapping):
            retired = destination.values.get("statecode") not in (ACTIVE, DRAFT)
            blocked = bool(source.values.get("blocked"))
            return retired != blocked if source.id in facts.unmoved else retired and not blocked
        active = source.values.get("statecode") == ACTIVE
        blocked = bool(destination.values.get("blocked"))
        return active == blocked if source.id in facts.unmoved else active and blocked

    def derive(
        self,
        mapping: DirectedMapping,
        source: Record,
        destination: Record | None,
        planned: Values,
        facts: Facts,
    ) -> dict[str, Value]:
        if sends(mapping):
            return self._product(mapping, source, destination, planned, facts)
        return self._record(mapping, source, destination, facts)

    # To Sales

    def _product(
        self,
        mapping: DirectedMapping,
        source: Record,
        destination: Record | None,
        planned: Values,
        facts: Facts,
    ) -> dict[str, Value]:
        unit = self._unit(source, facts)
        vendor = str(source.values.get("vendorNumber") or "")
        values: dict[str, Value] = {
            **company_stamp(facts),
            UNIT_COLUMN: unit.row,
            GROUP_COLUMN: unit.group,
            "producttypecode": self.product_type,
            "quantitydecimal": QUANTITY_DECIMALS,
            "vendorname": facts.vendor_names.get(vendor) or None,
        }
        if facts.local_currency:
            values["transactioncurrencyid"] = facts.local_currency
        for column in ("price", "quantityonhand"):
            number = planned.get(column)
            if isinstance(number, Decimal | int) and number < 0:
                values[column] = Decimal(0)
        if destination is not None:
            values |= self._state(mapping, source, destination, facts)
        return values

    def _unit(self, source: Record, facts: Facts) -> Unit:
        """E-3.97: without its unit there is no product."""
        code, number = str(source.values.get("baseUnitOfMeasureCode") or ""), ""
        if not code:
            message = (
                f"{self.kind} {source.values.get('number')} has no base unit of measure. Choose "
                "one in Business Central."
            )
            raise TransferError(message, cause=Cause.NO_UNIT)
        if facts.by_unit_group:
            number = str(source.values.get("number") or "")
        unit = facts.units.get((number, code))
        if unit is None:
            name = self.unit_mapping if facts.by_unit_group else "UNIT OF MEASURE"
            message = f"Base Unit of Measure {code} must be coupled to a unit under {name}."
            raise TransferError(message, cause=Cause.NOT_COUPLED, waits_for=(name, code))
        return unit

    def _state(
        self, mapping: DirectedMapping, source: Record, destination: Record, facts: Facts
    ) -> dict[str, Value]:
        """E-3.93: a blocked item is a retired product; a draft cannot be retired."""
        state = destination.values.get("statecode")
        wanted = RETIRED if source.values.get("blocked") else ACTIVE
        if state == wanted or (state == DRAFT and wanted == RETIRED):
            return {}
        if self._leaves_state(mapping, source, destination, facts):
            return {}
        return {"statecode": wanted, "statuscode": STATUSES[wanted]}

    # From Sales

    def _record(
        self, mapping: DirectedMapping, source: Record, destination: Record | None, facts: Facts
    ) -> dict[str, Value]:
        values: dict[str, Value] = {}
        blocked = source.values.get("statecode") != ACTIVE
        left = destination and self._leaves_state(mapping, source, destination, facts)
        if not left and (destination is not None or blocked):
            values["blocked"] = blocked
        if facts.by_unit_group and destination is None:
            values["baseUnitOfMeasureCode"] = self._code(source, facts)
        return values

    def _code(self, source: Record, facts: Facts) -> str:
        """E-3.97: a new item takes the unit of measure that is named like the product's unit."""
        unit, group = source.values.get(UNIT_COLUMN), source.values.get(GROUP_COLUMN)
        if isinstance(group, Lookup) and group.id in facts.shared_groups:
            message = (
                "The product shares its unit group with other products. Give it a unit group of "
                "its own in Sales."
            )
            raise TransferError(message, cause=Cause.UNIT_GROUP)
        code = facts.unit_codes.get(unit.id) if isinstance(unit, Lookup) else None
        if not code:
            message = (
                "Business Central has no unit of measure that is named like the product's default "
                "unit. Create it there, or choose another unit in Sales."
            )
            raise TransferError(message, cause=Cause.NO_UNIT)
        return code


ITEM = Product("Item", 1, "ITEM UOM")
RESOURCE = Product("Resource", 3, "RESOURCE UOM")
