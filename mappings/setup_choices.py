"""The choices of the connection set-ups that decide which mappings, fields and jobs there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

# Every name that `when` may use in a default, with the choice it belongs to.
CHOICE_OF = {
    "person": "ownership_model",
    "team": "ownership_model",
    "unitOfMeasure": "unit_of_measure_model",
    "unitGroup": "unit_of_measure_model",
    "salesPrice": "price_model",
    "priceList": "price_model",
    "off": "sales_order_model",
    "orderIntegration": "sales_order_model",
    "bidirectional": "sales_order_model",
    "autoCreateSalesOrders": "auto_create_sales_orders",
    "autoProcessSalesQuotes": "auto_process_sales_quotes",
    "itemAvailabilityEnabled": "item_availability_enabled",
    "salesConnectionEnabled": "sales_connection_enabled",
    "integrationSolutionInstalled": "integration_solution_installed",
    "defaultPriceList": "default_price_list",
    "noDefaultPriceList": "default_price_list",
}


@dataclass(frozen=True, slots=True)
class SetupChoices:
    """What was chosen on the set-up pages; the defaults are those of a new connection."""

    ownership_model: str = "person"
    unit_of_measure_model: str = "unitOfMeasure"
    price_model: str = "salesPrice"
    sales_order_model: str = "off"
    auto_create_sales_orders: bool = False
    auto_process_sales_quotes: bool = False
    item_availability_enabled: bool = False
    sales_connection_enabled: bool = True
    integration_solution_installed: bool = True
    default_price_list: bool = False

    @property
    def owned_by_person(self) -> bool:
        return self.ownership_model == "person"

    @property
    def kept(self) -> dict[str, Any]:
        """Return them as a mapping keeps those that it was made for."""
        return asdict(self.with_sales)

    @property
    def with_sales(self) -> Self:
        """Return them as if Sales were enabled: disabling it changes no mapping (E-9.25)."""
        return replace(self, sales_connection_enabled=True)

    @classmethod
    def from_kept(cls, kept: dict[str, Any]) -> Self:
        """Return what a mapping was made for; what is not named has its default."""
        known = {name: kept[name] for name in cls.__dataclass_fields__ if name in kept}
        return cls(**known)

    def hold(self, when: Iterable[str]) -> bool:
        """Whether each choice that is named has one of the values named for it."""
        wanted: dict[str, list[bool]] = {}
        for name in when:
            wanted.setdefault(CHOICE_OF[name], []).append(self._holds(name))
        return all(any(answers) for answers in wanted.values())

    def _holds(self, name: str) -> bool:
        chosen = getattr(self, CHOICE_OF[name])
        if isinstance(chosen, bool):
            return chosen != (name == "noDefaultPriceList")
        return bool(chosen == name)
