"""Sales prices and price list lines, which are price list items in Sales (E-8.61)."""

# ruff: noqa: ARG002 - every hook is handed what some of them need
from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from connections.causes import Cause
from connections.systems import Lookup, Record, Side, Value, Values
from mappings.spec import DirectedMapping
from syncjobs.engine.entities.entity import Entity
from syncjobs.engine.facts import Facts, PriceList, Product, Unit
from syncjobs.engine.values import TransferError

Key = tuple[UUID, UUID, UUID]  # price list, product and unit: one price for each


@dataclass(frozen=True, slots=True)
class Place:
    """Where a price belongs in Sales."""

    price_list: Lookup
    product: Lookup
    unit: Unit

    @property
    def key(self) -> Key:
        return self.price_list.id, self.product.id, self.unit.row.id


@dataclass(frozen=True, slots=True)
class PriceColumns:
    """How a table of prices calls what makes a price."""

    code: str  # of its price list
    number: str  # of its item or resource
    kind: str = ""  # the column that says which of the two; items only if there is none


class Price(Entity):
    """A price belongs to a list, a product and a unit of it."""

    derives = frozenset(
        {"pricelevelid", "productid", "uomid", "uomscheduleid", "transactioncurrencyid"}
    )
    finds_twins = True
    couples_by_key = True

    def __init__(self, lists: str, columns: PriceColumns, extra: tuple[str, ...]) -> None:
        self.lists = lists  # name of the mapping of its price lists
        self.columns = columns
        self.also_reads = {
            Side.BUSINESS_CENTRAL: (
                columns.code,
                columns.number,
                *((columns.kind,) if columns.kind else ()),
                "currencyCode",
                "unitOfMeasureCode",
                "minimumQuantity",
                "unitPrice",
                *extra,
            ),
            Side.DATAVERSE: ("pricelevelid", "productid", "uomid", "uomscheduleid", "amount"),
        }

    def ignored(self, mapping: DirectedMapping, source: Record, facts: Facts) -> str:
        """Say which prices Sales has no place for."""
        quantity = source.values.get("minimumQuantity")
        if isinstance(quantity, Decimal | int) and quantity > 0:
            return "A price from a minimum quantity on has no place in a price list of Sales"
        if source.values.get("variantCode"):
            return "A price of one variant has no place in a price list of Sales"
        if self.kind_of(source) not in ("Item", "Resource"):
            return f"A price of {self.kind_of(source) or 'everything'} has no product in Sales"
        if self.code_of(source) in facts.inactive_lists:
            return "The price list of the price is not active in Business Central"
        return ""

    def kind_of(self, source: Record) -> str:
        """Return whether the price is one of an item or a resource, or what else."""
        column = self.columns.kind
        return str(source.values.get(column) or "").strip() if column else "Item"

    def code_of(self, source: Record) -> str:
        return str(source.values.get(self.columns.code) or "")

    def number_of(self, source: Record) -> str:
        return str(source.values.get(self.columns.number) or "")

    def derive(
        self,
        mapping: DirectedMapping,
        source: Record,
        destination: Record | None,
        planned: Values,
        facts: Facts,
    ) -> dict[str, Value]:
        place = self.place(source, facts)
        values: dict[str, Value] = {
            "productid": place.product,
            "uomid": place.unit.row,
            "uomscheduleid": place.unit.group,
        }
        if destination is not None:
            return values
        if source.id in facts.twins:  # another price has it, else the two were coupled
            message = (
                f"Price list {self.code_of(source)} has a price of {self.number_of(source)} in "
                "this unit already, from another line. Sales takes one: delete the line that is "
                "out of date in Business Central."
            )
            raise TransferError(message, cause=Cause.DUPLICATE)
        return values | {"pricelevelid": place.price_list}

    def place(self, source: Record, facts: Facts) -> Place:
        """Return where the price belongs; raise TransferError if that cannot be told."""
        price_list = self._list(source, facts)
        product = self._product(source, facts)
        return Place(price_list.row, product.row, self._unit(source, product, facts))

    def _list(self, source: Record, facts: Facts) -> PriceList:
        code = self.code_of(source)
        found = facts.price_lists.get(code)
        if found is None:
            message = f"{code} must be coupled to a Price List under {self.lists}."
            raise TransferError(message, cause=Cause.NOT_COUPLED, waits_for=(self.lists, code))
        if not found.is_active:
            message = f"Price list {code} is inactive in Sales, which takes no prices then."
            raise TransferError(message, cause=Cause.PRICE_LIST_INACTIVE)
        currency = str(source.values.get("currencyCode") or "")
        row = facts.currencies.get(currency)
        if row is None:
            message = f"Currency Code {currency} must be coupled to a Currency under CURRENCY."
            raise TransferError(message, cause=Cause.NOT_COUPLED, waits_for=("CURRENCY", currency))
        if row != found.currency:
            name = currency or "the local currency"
            message = f"The price is in {name}, and price list {code} is in another currency."
            raise TransferError(message, cause=Cause.PRICE_CURRENCY)
        return found

    def _product(self, source: Record, facts: Facts) -> Product:
        kind, number = self.kind_of(source), self.number_of(source)
        found = facts.products.get((kind, number))
        mapping = "RESOURCE-PRODUCT" if kind == "Resource" else "ITEM-PRODUCT"
        if found is None:
            message = f"{kind} {number} must be coupled to a Product under {mapping}."
            raise TransferError(message, cause=Cause.NOT_COUPLED, waits_for=(mapping, number))
        if found.is_retired:
            message = f"The product of {kind.lower()} {number} is retired in Sales."
            raise TransferError(message, cause=Cause.PRODUCT_RETIRED)
        return found

    def _unit(self, source: Record, product: Product, facts: Facts) -> Unit:
        """Return the unit of the price, which is one of its product's unit group."""
        code = str(source.values.get("unitOfMeasureCode") or "") or product.unit_code
        number = self.number_of(source) if facts.by_unit_group else ""
        unit = facts.units.get((number, code))
        if unit is None:
            name = "its unit mapping" if facts.by_unit_group else "UNIT OF MEASURE"
            message = f"Unit of Measure Code {code} must be coupled to a unit under {name}."
            raise TransferError(message, cause=Cause.NOT_COUPLED, waits_for=("", code))
        if product.group is not None and unit.group != product.group:
            message = (
                f"{self.kind_of(source)} {self.number_of(source)} has no unit {code} in Sales: "
                "without unit group mapping it has its base unit of measure only."
            )
            raise TransferError(message, cause=Cause.FOREIGN_UNIT)
        return unit


SALES_PRICE = Price(
    "CUSTPRCGRP-PRICE", PriceColumns("salesCode", "itemNumber"), ("startingDate", "variantCode")
)
PRICE_LIST_LINE = Price(
    "PLHEADER-PRICE", PriceColumns("priceListCode", "assetNumber", "assetType"), ()
)
