"""The company's row in Dataverse, which marks whose the rows are, and the team that owns them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.models import Company, DataverseConnectionSetup
from connections.systems import (
    Condition,
    Create,
    Lookup,
    Operator,
    Record,
    Selection,
    System,
    Update,
    Value,
    Written,
    everything,
)

TABLE = "bcbi_company"
COLUMNS = ("bcbi_externalid", "bcbi_name", "bcbi_defaultowningteam")
NOTED = ("owning_team_id", "owning_team_name", "business_unit_id", "business_unit_name")
TEAM_PREFIX = "BCI - "
LONGEST_NAME = 160  # of a business unit or a team


@dataclass(frozen=True, slots=True)
class Owner:
    """The team that owns what comes from Business Central, and its business unit."""

    team: Record
    unit: Record
    own: bool  # made for this company, not the business unit's default team


def mark_of(company: Company) -> str:
    """Return what the name of the company's own business unit holds (E-9.13)."""
    return f"({str(company.business_central_id).lower()})"


def team_name(unit: str) -> str:
    """Return what the team is called that was made for a business unit (E-9.13)."""
    return f"{TEAM_PREFIX}{unit}"[:LONGEST_NAME]


def stamp(company: Company, setup: DataverseConnectionSetup, dataverse: System) -> bool:
    """Note the company's row and team (E-9.13); True if the row had to be created.

    A business unit and team of the company's own are used where the administrator who installed
    the solution has made them, else the root unit's default team: the integration user may make
    neither. A row that is there only gets a missing team, and that of another unit which was
    chosen since.
    """
    external_id = str(company.business_central_id).lower()
    found = dataverse.find(Selection(TABLE, COLUMNS), "bcbi_externalid", [external_id])
    owner = _owner(dataverse, company, setup.business_unit_id)
    row = found[0] if found else _create(company, external_id, owner, dataverse)
    anew = setup.business_unit_id is not None and setup.owning_team_id is None
    if found and (anew or not row.values["bcbi_defaultowningteam"]):
        team = Lookup("team", owner.team.id)
        [written] = dataverse.write(TABLE, [Update(row, {"bcbi_defaultowningteam": team})], COLUMNS)
        row = _written(written)
    team_now = row.values["bcbi_defaultowningteam"]
    team_id = team_now.id if isinstance(team_now, Lookup) else owner.team.id
    teams = dataverse.get("team", [team_id], ("name",))
    _note(company, setup, row.id, teams.get(team_id, owner.team), owner)
    return not found


def _create(company: Company, external_id: str, owner: Owner, dataverse: System) -> Record:
    team = Lookup("team", owner.team.id)
    values: dict[str, Value] = {
        "bcbi_name": company.display_name or company.name,
        "bcbi_externalid": external_id,
        "bcbi_defaultowningteam": team,
    }
    if owner.own:
        values["ownerid"] = team
    identity = uuid5(company.business_central_id, TABLE)
    [written] = dataverse.write(TABLE, [Create(identity, values)], COLUMNS)
    return _written(written)


def _owner(dataverse: System, company: Company, unit_id: UUID | None) -> Owner:
    columns = ("name", "parentbusinessunitid")
    named = Condition("name", Operator.CONTAINS, (mark_of(company),))
    chosen = dataverse.get("businessunit", [unit_id], columns) if unit_id else {}
    units = list(chosen.values()) or rows(dataverse, "businessunit", columns, named)
    for unit in units:
        teams = _teams(dataverse, unit)
        wanted = team_name(str(unit.values["name"]))
        own = next((team for team in teams if team.values["name"] == wanted), None)
        if own is not None:
            return Owner(own, unit, own=True)
    root = rows(
        dataverse, "businessunit", columns, Condition("parentbusinessunitid", Operator.IS_NULL)
    )
    for unit in [*units, *root]:
        default = next((t for t in _teams(dataverse, unit) if t.values["isdefault"]), None)
        if default is not None:
            return Owner(default, unit, own=False)
    message = (
        "Dataverse shows no business unit with a default team. Give the integration user the "
        "integration role, so that it may read business units and teams."
    )
    raise ConfigurationError(message, cause=Cause.FORBIDDEN)


def _teams(dataverse: System, unit: Record) -> list[Record]:
    here = Condition("businessunitid", Operator.EQ, (Lookup("businessunit", unit.id),))
    return rows(dataverse, "team", ("name", "isdefault"), here)


def rows(
    dataverse: System, table: str, columns: tuple[str, ...], condition: Condition
) -> list[Record]:
    """Return all rows that fit."""
    selection = Selection(table, columns, (condition,))
    return everything(dataverse, selection)


def _written(written: Written) -> Record:
    if written.error is not None:
        raise written.error
    if written.record is None:
        message = "Dataverse did not show the company's row after it was written. Try again."
        raise ConfigurationError(message, cause=Cause.MALFORMED_ANSWER)
    return written.record


def _note(
    company: Company,
    setup: DataverseConnectionSetup,
    row_id: UUID,
    team: Record,
    owner: Owner,
) -> None:
    company.dataverse_company_id = row_id
    company.save(update_fields=["dataverse_company_id"])
    setup.owning_team_id, setup.owning_team_name = team.id, str(team.values["name"])[:LONGEST_NAME]
    setup.business_unit_id = owner.unit.id
    setup.business_unit_name = str(owner.unit.values["name"])[:LONGEST_NAME]
    setup.save(update_fields=NOTED)
