"""The product catalogue and what is sold from it: which rules keep which of its tables."""

from __future__ import annotations

from sandbox.dataverse.model import Model
from sandbox.dataverse.opportunities import Opportunities
from sandbox.dataverse.prices import Prices
from sandbox.dataverse.products import Products
from sandbox.dataverse.units import Units
from sandbox.schema import Table
from sandbox.store import Row, Store


class Catalogue:
    """Hands rows of the catalogue's tables to their rules."""

    def __init__(self, store: Store, model: Model) -> None:
        self.units = Units(store, model)
        self.products = Products(store, model, self.units)
        self.prices = Prices(store, model, self.units)
        self.opportunities = Opportunities(store, model)
        self.closes_opportunity = False  # while a message does so

    def before_create(self, table: Table, values: Row) -> None:
        match table.name:
            case "uomschedule":
                self.units.before_create_group(values)
            case "uom":
                self.units.before_create_unit(values)
            case "product":
                self.products.before_create(values)
            case "productpricelevel":
                self.prices.before_create_line(values)
            case "opportunity":
                self.opportunities.before_create(values)

    def after_create(self, table: Table, values: Row) -> None:
        if table.name == "uomschedule":
            self.units.create_base_unit(values)

    def before_update(self, table: Table, before: Row, values: Row) -> None:
        match table.name:
            case "uomschedule":
                self.units.before_update_group(before, values)
            case "uom":
                self.units.before_update_unit(before, values)
            case "product":
                self.products.before_update(before, values)
            case "pricelevel":
                self.prices.before_update_list(before, values)
            case "productpricelevel":
                self.prices.before_update_line(before, values)
            case "opportunity":
                closes = self.closes_opportunity
                self.opportunities.before_update(before, values, closes=closes)

    def after_update(self, table: Table, before: Row, values: Row) -> None:
        if table.name == "product":
            self.products.after_update(before, values)

    def before_delete(self, table: Table, row: Row) -> None:
        match table.name:
            case "uom":
                self.units.before_delete_unit(row)
            case "productpricelevel":
                self.prices.before_delete_line(row)
