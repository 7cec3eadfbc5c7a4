"""The business units that may own what comes from Business Central, and which one is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from audit import trail
from audit.facts import facts_of
from audit.terms import Act
from connections import setup
from connections.causes import Cause
from connections.checks import IMPATIENT
from connections.company_row import LONGEST_NAME, NOTED, TEAM_PREFIX, rows
from connections.errors import ConfigurationError
from connections.models import DataverseConnectionSetup
from connections.systems import Condition, Lookup, Operator
from connections.terms import OwnershipModel

COLUMNS = ("name", "parentbusinessunitid", "isdisabled")


@dataclass(frozen=True, slots=True)
class BusinessUnit:
    """A business unit one level under the root (C-0512)."""

    id: UUID
    name: str
    has_team: bool  # one that was made for this console; else its default team owns


def units(row: DataverseConnectionSetup) -> list[BusinessUnit]:
    """Ask Dataverse for the units one level under the root, by name."""
    dataverse = setup.dataverse_of(row, timing=IMPATIENT)
    top = Condition("parentbusinessunitid", Operator.IS_NULL)
    roots = rows(dataverse, "businessunit", COLUMNS, top)
    if not roots:
        return []
    below = Lookup("businessunit", roots[0].id)
    under = Condition("parentbusinessunitid", Operator.EQ, (below,))
    found = rows(dataverse, "businessunit", COLUMNS, under)
    made = Condition("name", Operator.STARTS_WITH, (TEAM_PREFIX,))
    teams = rows(dataverse, "team", ("name", "businessunitid"), made)
    homes = {home.id for team in teams if isinstance(home := team.values["businessunitid"], Lookup)}
    shown = [
        BusinessUnit(unit.id, str(unit.values["name"]), unit.id in homes)
        for unit in found
        if not unit.values["isdisabled"]
    ]
    return sorted(shown, key=lambda unit: unit.name.casefold())


def choose(
    row: DataverseConnectionSetup, unit: BusinessUnit | None, *, by: AbstractBaseUser | None = None
) -> None:
    """Let another unit own; None is the default one. The team is found when it is enabled."""
    if row.is_enabled:
        message = "The connection is enabled. Disable it before you change the business unit."
        raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)
    if row.ownership_model != OwnershipModel.TEAM:
        message = (
            "With the ownership model Person the business unit is fixed. Choose Team on the "
            "Dataverse Connection Setup first."
        )
        raise ConfigurationError(message, cause=Cause.EXCLUSIVE)
    before = facts_of(row, NOTED)
    row.business_unit_id, row.business_unit_name = (
        (unit.id, unit.name[:LONGEST_NAME]) if unit else (None, "")
    )
    row.owning_team_id, row.owning_team_name = None, ""
    after = facts_of(row, NOTED)
    with transaction.atomic():
        row.save(update_fields=NOTED)
        if before != after:
            trail.note(Act.CHANGED, row, before=before, after=after, by=by)
