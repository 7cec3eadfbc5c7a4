"""What must be synchronized before a page: the parent account of a contact (E-3.90, E-3.99)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from connections.systems import Record
from mappings.spec import DirectedMapping
from mappings.terms import Direction
from syncjobs.engine.change import Rules
from syncjobs.engine.entities.account import CUSTOMER, VENDOR
from syncjobs.engine.entities.entity import sends
from syncjobs.runs.context import Context
from syncjobs.runs.lore import uncoupled_parents

MAPPINGS = {CUSTOMER.relationship_type: "CUSTOMER", VENDOR.relationship_type: "VENDOR"}

# Synchronizes these records of another mapping on their own.
Synchronize = Callable[[str, Direction, Collection[UUID], Rules], None]


@dataclass(slots=True)
class Prerequisites:
    """Asks for the synchronization of what a page depends on, once for each record."""

    synchronize: Synchronize
    asked: set[UUID] = field(default_factory=set)

    def fulfil(
        self, context: Context, mapping: DirectedMapping, page: Sequence[Record], rules: Rules
    ) -> None:
        if mapping.source_table != "contact" or sends(mapping):
            return
        parents = uncoupled_parents(context, page) - self.asked
        self.asked |= parents
        if not parents:
            return
        rows = context.dataverse.get("account", list(parents), ("customertypecode", "statecode"))
        for relationship_type, name in MAPPINGS.items():
            ids = [
                row.id
                for row in rows.values()
                if row.values.get("customertypecode") == relationship_type
                and row.values.get("statecode") == 0
            ]
            if ids:
                self.synchronize(name, Direction.FROM_INTEGRATION_TABLE, ids, rules)
