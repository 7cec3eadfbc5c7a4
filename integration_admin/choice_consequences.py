"""What another choice on a set-up page will do to the mappings, said when it is saved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connections.models import Company
from connections.setup_forms import SetupForm
from connections.terms import OwnershipModel
from mappings import new_choices, price_models, reset
from mappings.models import Coupling
from mappings.new_choices import Plan

SALES_CHOICES = ("unit_of_measure_model", "price_model", "bidirectional", "sales_order_model")


def ownership_consequences(form: SetupForm[Any], changed: list[str]) -> str:
    """Say what another ownership model does once the connection is enabled (E-9.17)."""
    if "ownership_model" not in changed:
        return ""
    row = form.instance
    return of_ownership(row.company, OwnershipModel(row.ownership_model))


def of_ownership(company: Company, model: OwnershipModel) -> str:
    """Say what a model does that is chosen, and perhaps not saved yet."""
    choices = replace(reset.choices_of(company), ownership_model=model.lower())
    plan = new_choices.preview(company, choices=choices)
    moved = f"the owner's lines change in {_listed(plan.moved)}" if plan.moved else ""
    if model == OwnershipModel.PERSON:
        made = "the mapping SALESPEOPLE and its job are made" if plan.created else ""
        then = "Couple the salespeople then: records whose salesperson has no user wait."
        return _told([made, moved], plan, then)
    gone = "the mapping SALESPEOPLE and its job are removed" if plan.removed else ""
    couplings = Coupling.objects.filter(company=company, mapping_name="SALESPEOPLE").count()
    stay = f"{couplings} couplings of salespeople stay"
    then = "The team of the coupled business unit owns what is created from then on."
    return _told([gone, moved, stay], plan, then)


def sales_consequences(form: SetupForm[Any], changed: list[str]) -> str:
    """Say which mappings other choices for Sales make, change and remove."""
    row = form.instance
    if row.is_enabled or not set(SALES_CHOICES) & set(changed):
        return ""
    plan = new_choices.preview(row.company)
    made = [name for name in plan.created if plan.removed or plan.moved]
    parts = (("made", made), ("removed", plan.removed), ("changed", plan.moved))
    then = price_models.left_behind(row.company, plan.removed)
    return _told([f"{_listed(names)} will be {how}" for how, names in parts if names], plan, then)


def _told(parts: list[str], plan: Plan, then: str) -> str:
    """Put it together, with what is lost and what stays of what an administrator changed."""
    if plan.customised:
        parts = [*parts, f"the changes made by hand to {_listed(plan.customised)} are lost"]
    if plan.stays:
        parts = [*parts, f"changed by hand, so left: {_listed(plan.stays)}"]
    said = "; ".join(part for part in parts if part)
    what = f"When the connection is enabled: {said}." if said else ""
    return f"{what} {then}".strip()


def _listed(names: Any) -> str:
    return ", ".join(names)
