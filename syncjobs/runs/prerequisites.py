"""What is synchronized before a page, since it depends on it, and after it (E-3.99, E-8.60)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from connections.systems import Condition, Operator, Record, Selection
from mappings import couplings
from mappings.spec import DirectedMapping
from mappings.terms import Direction
from syncjobs.engine.change import Agree, Insert, Modify, Rules, Unchanged
from syncjobs.engine.entities import entity_of
from syncjobs.engine.entities.account import CUSTOMER, VENDOR
from syncjobs.engine.entities.entity import sends
from syncjobs.engine.entities.price import Price
from syncjobs.engine.entities.product import Product
from syncjobs.engine.entities.unit import OwnUnit
from syncjobs.runs.apply import Outcome
from syncjobs.runs.context import Context
from syncjobs.runs.lore import uncoupled_parents
from syncjobs.runs.page import may_create, rows_of, texts
from syncjobs.runs.price_lore import FEW, PRODUCT_MAPPINGS
from syncjobs.runs.unit_lore import UNIT_TABLES, maps_unit_groups
from syncjobs.terms import Mode

TO = Direction.TO_INTEGRATION_TABLE
MAPPINGS = {CUSTOMER.relationship_type: "CUSTOMER", VENDOR.relationship_type: "VENDOR"}
LINES = {  # table of price lists -> mapping of their prices, and the column of the list
    "customerPriceGroups": ("SALESPRC-PRODPRICE", "salesCode"),
    "priceLists": ("PLLINE-PRODPRICE", "priceListCode"),
}

# Synchronizes these records of another mapping on their own.
Synchronize = Callable[[str, Direction, Collection[UUID], Rules], None]
# Synchronizes the records of another mapping that meet a condition besides its filter.
SynchronizeWithin = Callable[[str, Condition, Mode], None]


@dataclass(slots=True)
class Prerequisites:
    """Asks for the synchronization of what a page depends on, once for each record."""

    synchronize: Synchronize
    synchronize_within: SynchronizeWithin
    asked: set[UUID] = field(default_factory=set)

    def fulfil(
        self, context: Context, mapping: DirectedMapping, page: Sequence[Record], rules: Rules
    ) -> None:
        if not sends(mapping):
            if mapping.source_table == "contact":
                self._parents(context, page, rules)
            return
        match entity_of(mapping):
            case Price() as entity:
                self._products(context, entity, page, rules)
            case Product() as entity if maps_unit_groups(context):
                numbers = texts(self._strangers(context, mapping, page), "number")
                self._units(context, entity.kind, numbers, rules)
            case OwnUnit() as entity:
                self._groups(context, texts(page, entity.number), rules)

    def _parents(self, context: Context, page: Sequence[Record], rules: Rules) -> None:
        """E-3.90: the account of a contact goes before it."""
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

    # Products, units and unit groups (E-3.97, E-3.99)

    def _products(
        self, context: Context, entity: Price, page: Sequence[Record], rules: Rules
    ) -> None:
        """The product of a price goes before it, where its mapping may create one."""
        for kind, (name, table) in PRODUCT_MAPPINGS.items():
            numbers = {
                entity.number_of(record) for record in page if entity.kind_of(record) == kind
            } - {""}
            missing = numbers - set(rows_of(context, name, numbers))
            if missing and may_create(context, name, rules):
                self._ask(context, name, Selection(table, ("number",)), "number", missing, rules)

    def _units(self, context: Context, kind: str, numbers: Collection[str], rules: Rules) -> None:
        table, column, name = UNIT_TABLES[kind]
        if not numbers or not may_create(context, name, rules):
            return
        self._groups(context, numbers, rules)
        self._ask(context, name, Selection(table, (column,)), column, numbers, rules)

    def _groups(self, context: Context, numbers: Collection[str], rules: Rules) -> None:
        """A unit also creates its missing unit group (E-3.99)."""
        if numbers and may_create(context, "UNIT GROUP", rules):
            selection = Selection("unitGroups", ("sourceNumber",))
            self._ask(context, "UNIT GROUP", selection, "sourceNumber", numbers, rules)

    def _ask(
        self,
        context: Context,
        name: str,
        selection: Selection,
        column: str,
        values: Collection[str],
        rules: Rules,
    ) -> None:
        """Synchronize those of the records that have no partner yet."""
        rows = context.business_central.find(selection, column, values)
        ids = {row.id for row in rows} - self.asked
        self.asked |= ids
        ids -= set(couplings.coupled(context.company, name, couplings.BUSINESS_CENTRAL, ids))
        if ids:
            self.synchronize(name, TO, ids, rules)

    def _strangers(
        self, context: Context, mapping: DirectedMapping, page: Sequence[Record]
    ) -> list[Record]:
        ids = [record.id for record in page]
        known = couplings.coupled(context.company, mapping.name, couplings.BUSINESS_CENTRAL, ids)
        return [record for record in page if record.id not in known]

    # Afterwards

    def follow(self, mapping: DirectedMapping, outcomes: Sequence[Outcome]) -> None:
        """E-8.60: the prices of lists are synchronized with them, all of those that changed."""
        if mapping.source_table not in LINES:
            return
        name, column = LINES[mapping.source_table]
        for mode, kinds in ((Mode.FULL, Insert | Modify), (Mode.MODIFIED, Unchanged | Agree)):
            codes = sorted(
                texts(
                    [
                        outcome.change.source
                        for outcome in outcomes
                        if outcome.error is None and isinstance(outcome.change, kinds)
                    ],
                    "code",
                )
            )
            for start in range(0, len(codes), FEW):
                few = tuple(codes[start : start + FEW])
                self.synchronize_within(name, Condition(column, Operator.IN, few), mode)
