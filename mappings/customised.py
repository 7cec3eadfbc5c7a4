"""Mappings that an administrator changed: named before a connection is enabled, or put back."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import AbstractBaseUser

from connections.models import Company
from mappings import reset
from mappings.models import IntegrationTableMapping
from mappings.reset import ResetSummary
from mappings.setup_choices import SetupChoices


def customised(company: Company) -> tuple[str, ...]:
    """Name the mappings that differ from the defaults of the choices that they were made for.

    What other choices move is not lost, so it is nothing to be asked about.
    """
    wanted = reset.defaults_of(reset.choices_of(company).with_sales)
    rows = IntegrationTableMapping.objects.filter(company=company, user_defined=False)
    return tuple(
        row.name
        for row in rows.prefetch_related("fields")
        if row.name in wanted
        and reset.is_now(row)
        != reset.defaults_of(SetupChoices.from_kept(row.made_for)).get(row.name, wanted[row.name])
    )


def use_defaults(
    company: Company, names: Collection[str], *, by: AbstractBaseUser | None = None
) -> ResetSummary:
    """Put these mappings back to the defaults (E-9.42); every other one stays as it is."""
    choices = reset.choices_of(company).with_sales
    present = IntegrationTableMapping.objects.filter(company=company).values_list("name", flat=True)
    keep = {*present, *reset.defaults_of(choices)} - set(names)
    return reset.use_default_synchronization_setup(company, choices=choices, keep=keep, by=by)
