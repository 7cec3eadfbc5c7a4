"""Unit Group Mapping: what is coupled under either model, and why a switch has to wait (E-9.23)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db import transaction

from connections.models import Company, SalesConnectionSetup
from connections.terms import UnitOfMeasureModel
from mappings import reset
from mappings.models import Coupling, IntegrationTableMapping, Intent, PendingCoupling
from mappings.setup_choices import SetupChoices

UNITS = {
    UnitOfMeasureModel.UNIT_OF_MEASURE: ("UNIT OF MEASURE",),
    UnitOfMeasureModel.UNIT_GROUP: ("UNIT GROUP", "ITEM UOM", "RESOURCE UOM"),
}
ALL_UNITS = tuple(name for names in UNITS.values() for name in names)
PRODUCTS = ("ITEM-PRODUCT", "RESOURCE-PRODUCT")
PRICES = ("SALESPRC-PRODPRICE", "PLLINE-PRODPRICE")


@dataclass(frozen=True, slots=True)
class Coupled:
    """What rests on the model of now."""

    products: int
    units: int
    prices: int

    @property
    def any(self) -> bool:
        return bool(self.products or self.units)


def coupled(company: Company) -> Coupled:
    """Count what is coupled of products, their units and their prices."""
    rows = Coupling.objects.filter(company=company)
    return Coupled(
        *(rows.filter(mapping_name__in=names).count() for names in (PRODUCTS, ALL_UNITS, PRICES))
    )


def other(model: str) -> UnitOfMeasureModel:
    """Return the other of the two models."""
    models = {UnitOfMeasureModel.UNIT_GROUP, UnitOfMeasureModel.UNIT_OF_MEASURE}
    return (models - {UnitOfMeasureModel(model)}).pop()


def choices_with(company: Company, model: UnitOfMeasureModel) -> SetupChoices:
    """Return the choices that a switch to a model leads to."""
    choices = reset.choices_of(company)
    return replace(choices, unit_of_measure_model=model[:1].lower() + model[1:])


def applied(company: Company) -> UnitOfMeasureModel | None:
    """Return the model that the mappings are for; none where there are no mappings of units."""
    rows = IntegrationTableMapping.objects.filter(company=company, name__in=ALL_UNITS)
    names = set(rows.values_list("name", flat=True))
    return next((model for model, mine in UNITS.items() if names & set(mine)), None)


def in_the_way(company: Company, wanted: str = "") -> str:
    """Say why a model, the chosen one if none is named, must not be applied, or "".

    Sales refuses another unit of a product that was published (0x8004F995).
    """
    row = SalesConnectionSetup.objects.filter(company=company).first()
    model = wanted or (row.unit_of_measure_model if row else "")
    present = applied(company)
    if not model or present is None or present == model:
        return ""
    found = coupled(company)
    if not found.any:
        return ""
    return (
        f"Unit Group Mapping would change, while {found.products} products and {found.units} units "
        f"are coupled under the model {present.label}. Sales gives a published product no other "
        "unit."
    )


@transaction.atomic
def forget(company: Company) -> int:
    """Delete the couplings of units and prices, and what waits of them (E-9.23); say how many."""
    mine = {"company": company, "mapping_name__in": (*ALL_UNITS, *PRICES)}
    for model in (PendingCoupling, Intent):
        model.objects.filter(**mine).delete()
    PendingCoupling.objects.filter(company=company, mapping_name__in=PRODUCTS).delete()
    deleted, _ = Coupling.objects.filter(**mine).delete()
    return deleted
