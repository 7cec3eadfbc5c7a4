"""Salespeople, who are users in Sales."""

# ruff: noqa: ARG002 - every hook is handed what some of them need
from __future__ import annotations

from connections.systems import Record, Side, Value, Values
from mappings.spec import DirectedMapping
from syncjobs.engine.entities.entity import Entity, sends
from syncjobs.engine.facts import Facts


class Salesperson(Entity):
    """A new salesperson gets the next free code (E-3.94)."""

    also_reads = {
        Side.BUSINESS_CENTRAL: ("code", "displayName"),
        Side.DATAVERSE: ("fullname", "internalemailaddress"),
    }

    def derive(
        self,
        mapping: DirectedMapping,
        source: Record,
        destination: Record | None,
        planned: Values,
        facts: Facts,
    ) -> dict[str, Value]:
        if sends(mapping) or destination is not None or source.id not in facts.codes:
            return {}
        return {"code": facts.codes[source.id]}


SALESPERSON = Salesperson()
