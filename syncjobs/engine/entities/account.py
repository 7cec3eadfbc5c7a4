"""Customers and vendors, which are both accounts in Sales."""

from __future__ import annotations

from collections.abc import Mapping

from connections.systems import Record, Side, Value, Values
from mappings.spec import DirectedMapping
from syncjobs.engine.entities.entity import COMPANY_COLUMN, Entity, sends, stamps
from syncjobs.engine.facts import Facts

INACTIVE = 1
TYPE_COLUMN = "customertypecode"


class Account(Entity):
    """Stamps the company and the relationship type; an inactive account blocks its customer."""

    also_reads = {
        Side.BUSINESS_CENTRAL: ("number", "displayName", "primaryContactNumber"),
        Side.DATAVERSE: ("name", "statecode", COMPANY_COLUMN, "primarycontactid"),
    }

    def __init__(self, relationship_type: int, *, blocks: bool) -> None:
        self.relationship_type = relationship_type
        self._blocks = blocks

    def derive(
        self,
        mapping: DirectedMapping,
        source: Record,
        destination: Record | None,
        planned: Values,
        facts: Facts,
    ) -> dict[str, Value]:
        if sends(mapping):
            values = stamps(destination, planned, facts)
            if destination is None:
                values[TYPE_COLUMN] = self.relationship_type  # E-1.85
            return values
        is_free = destination and destination.values.get("blocked", " ") in (None, "", " ")
        if self._blocks and is_free and source.values.get("statecode") == INACTIVE:  # E-3.93
            return {"blocked": "All"}
        return {}


class Customer(Account):
    departs_by: Mapping[Side, str] = {Side.DATAVERSE: "statecode"}
    also_reads = {
        Side.BUSINESS_CENTRAL: (
            *Account.also_reads[Side.BUSINESS_CENTRAL],
            "blocked",
            "systemCreatedAt",
        ),
        Side.DATAVERSE: Account.also_reads[Side.DATAVERSE],
    }


CUSTOMER = Customer(3, blocks=True)
VENDOR = Account(11, blocks=False)
