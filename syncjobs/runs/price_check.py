"""Puts back what people changed in the automatic price list, and says so (E-8.58, E-8.59)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from connections.causes import Cause
from connections.systems import (
    Condition,
    Lookup,
    Operator,
    Record,
    Selection,
    Update,
)
from mappings import couplings
from mappings.models import Coupling
from syncjobs.engine.entities.entity import sends
from syncjobs.engine.entities.product import RETIRED, Product
from syncjobs.engine.facts import Facts
from syncjobs.engine.values import render
from syncjobs.runs.automatic_prices import (
    LINE_COLUMNS,
    LINES,
    AutomaticPrices,
    Wanted,
    amount_of,
    holds,
    wanted_of,
)
from syncjobs.runs.followups import write_quietly
from syncjobs.runs.gather import Gatherer
from syncjobs.runs.price_lore import PRODUCT_MAPPINGS
from syncjobs.runs.remember import Memory, Note
from syncjobs.runs.unit_lore import maps_unit_groups, units_by_number
from syncjobs.terms import Mode

PAGE = 1000
ITEM_COLUMNS = ("number", "displayName", "unitPrice")
PRODUCT_COLUMNS = ("defaultuomid", "statecode")


def check_prices(gatherer: Gatherer, memory: Memory, mode: Mode) -> None:
    """Look at the prices that somebody else wrote last; in a full run at missing ones too."""
    entity = gatherer.entity
    if not (isinstance(entity, Product) and sends(gatherer.mapping)):
        return
    prices = AutomaticPrices(gatherer.context)
    price_list = prices.default()
    if price_list is None:
        return
    check = _Check(gatherer, memory, entity.kind, prices)
    check.correct_edited(price_list)
    if mode != Mode.MODIFIED or prices.was_recreated:
        # A new list lacks the prices of both kinds, whichever mapping found out.
        for kind in PRODUCT_MAPPINGS if prices.was_recreated else (entity.kind,):
            replace(check, kind=kind).add_missing(price_list)
        prices.remember_recreated()


@dataclass(frozen=True, slots=True)
class _Check:
    """The prices of one kind of product."""

    gatherer: Gatherer
    memory: Memory
    kind: str  # Item or Resource
    prices: AutomaticPrices

    @property
    def mapping_name(self) -> str:
        return PRODUCT_MAPPINGS[self.kind][0]

    def correct_edited(self, price_list: Lookup) -> None:
        for lines in self._lines(price_list, not_modified_by=self.gatherer.destination.me):
            by_key = {(_id(line, "productid"), _id(line, "uomid")): line for line in lines}
            wanted, items = self._wanted({product for product, _ in by_key if product})
            updates, notes = [], []
            for want in wanted:
                line = by_key.get((want.product, want.unit.id))
                if line is not None and not holds(line, want):
                    updates.append(Update(line, amount_of(want)))
                    notes.append(self._edited(items[want.product], want, line))
            self._write(updates, notes)

    def add_missing(self, price_list: Lookup) -> None:
        """Write the prices of products that have none in the list any more."""
        there = {_id(line, "productid") for lines in self._lines(price_list) for line in lines}
        for products in self._coupled():
            wanted, items = self._wanted([p for p in products if p not in there])
            errors = self.prices.keep(price_list, wanted)
            self._set_default(price_list, {want.product for want in wanted})
            missing = {want.product for want in wanted} - set(errors)
            self.memory.warn([self._missing(items[product], product) for product in missing])

    def _set_default(self, price_list: Lookup, products: Collection[UUID]) -> None:
        """Name the list on products that have no default price list any more."""
        system = self.gatherer.destination
        rows = system.get("product", list(products), ("pricelevelid",)) if products else {}
        updates = [
            Update(row, {"pricelevelid": price_list})
            for row in rows.values()
            if row.values.get("pricelevelid") is None
        ]
        write_quietly(
            self.gatherer.context, self.mapping_name, couplings.DATAVERSE, system, updates
        )

    def _lines(
        self, price_list: Lookup, not_modified_by: UUID | None = None
    ) -> Iterator[list[Record]]:
        condition = Condition("pricelevelid", Operator.EQ, (price_list,))
        selection = Selection(
            LINES, LINE_COLUMNS, (condition,), not_modified_by=not_modified_by, page_size=5000
        )
        return self.gatherer.destination.read(selection)

    def _coupled(self) -> Iterator[list[UUID]]:
        rows = Coupling.objects.filter(
            company=self.gatherer.context.company, mapping_name=self.mapping_name
        )
        ids = list(rows.values_list("dataverse_id", flat=True))
        for start in range(0, len(ids), PAGE):
            yield ids[start : start + PAGE]

    def _wanted(self, products: Collection[UUID]) -> tuple[list[Wanted], Mapping[UUID, Record]]:
        """Return what the list is to hold for those products that are coupled, and their items."""
        context = self.gatherer.context
        name, table = PRODUCT_MAPPINGS[self.kind]
        partners = couplings.coupled(context.company, name, couplings.DATAVERSE, products)
        if not partners:
            return [], {}
        items = context.business_central.get(table, list(partners.values()), ITEM_COLUMNS)
        rows = context.dataverse.get("product", list(partners), PRODUCT_COLUMNS)
        known = {
            key: items[item] for key, item in partners.items() if item in items and key in rows
        }
        facts = Facts(by_unit_group=maps_unit_groups(context))
        if facts.by_unit_group:
            numbers = {str(item.values["number"]) for item in known.values()}
            units = units_by_number(context, self.kind, numbers)
            facts = Facts(by_unit_group=True, units=units)
        wanted: list[Wanted] = []
        for key, item in known.items():
            if rows[key].values.get("statecode") != RETIRED:
                price = item.values.get("unitPrice")
                amount = Decimal(price) if isinstance(price, Decimal | int) else Decimal(0)
                number = str(item.values["number"])
                wanted += wanted_of(rows[key], number, max(amount, Decimal(0)), facts)
        return wanted, known

    def _write(self, updates: list[Update], notes: list[Note]) -> None:
        if not updates:
            return
        self.gatherer.context.progress.check()
        written = self.gatherer.destination.write(LINES, updates, LINE_COLUMNS)
        done = zip(notes, written, strict=True)
        self.memory.warn([note for note, after in done if after.error is None])

    def _edited(self, item: Record, want: Wanted, line: Record) -> Note:
        text = (
            f"The price in the automatic price list was changed by hand to "
            f"{render(line.values.get('amount'))}; it was put back to {render(want.amount)}. "
            "Change prices in Business Central."
        )
        return Note(item, want.product, text, Cause.PRICE_LIST_EDITED)

    def _missing(self, item: Record, product: UUID) -> Note:
        text = "The price was missing in the automatic price list; it was written again."
        return Note(item, product, text, Cause.PRICE_LIST_EDITED)


def _id(record: Record, column: str) -> UUID | None:
    value = record.values.get(column)
    return value.id if isinstance(value, Lookup) else None
