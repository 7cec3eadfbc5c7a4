"""The company's row in Dataverse, which marks whose the rows are, and the team that owns them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

from connections.causes import Cause
from connections.errors import ConfigurationError, IntegrationError
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
TEAM_COLUMNS = ("name", "isdefault", "businessunitid")
TEAM_PREFIX = "BCI - "
LONGEST_NAME = 160  # of a business unit or a team


@dataclass(frozen=True, slots=True)
class Owner:
    """The team that owns what comes from Business Central, and its business unit."""

    team: Record
    unit: Record
    own: bool  # made for this company, not the business unit's default team


@dataclass(frozen=True, slots=True)
class Standing:
    """How a company stands in Dataverse: its row, if it is there, and who owns."""

    row: Record | None
    owner: Owner  # of the unit that is coupled
    team: Record  # the one that the row names, or will name
    is_due: bool  # the row does not name the team yet

    @property
    def fits(self) -> bool:
        """E-9.16: the team belongs to the coupled business unit."""
        home = self.team.values["businessunitid"]
        return isinstance(home, Lookup) and home.id == self.owner.unit.id


def mark_of(company: Company) -> str:
    """Return what the name of the company's own business unit holds (E-9.13)."""
    return f"({_mark(company)})"


def team_name(unit: str) -> str:
    """Return what the team is called that was made for a business unit (E-9.13)."""
    return f"{TEAM_PREFIX}{unit}"[:LONGEST_NAME]


def stamp(company: Company, setup: DataverseConnectionSetup, dataverse: System) -> bool:
    """Note the company's row and team (E-9.13); True if the row had to be created."""
    now = standing(company, setup, dataverse)
    row = now.row or _create(company, now.owner, dataverse)
    if now.row is not None and now.is_due:
        team = Lookup("team", now.team.id)
        [written] = dataverse.write(TABLE, [Update(row, {"bcbi_defaultowningteam": team})], COLUMNS)
        row = _written(written)
    _note(company, setup, row.id, now)
    return now.row is None


def standing(company: Company, setup: DataverseConnectionSetup, dataverse: System) -> Standing:
    """Look who owns; nothing is changed.

    A business unit and team of the company's own are used where the administrator who installed
    the solution has made them, else the root unit's default team: the integration user may make
    neither. A row that is there only gets a missing team, and that of another unit which was
    chosen since. Where no unit was chosen, that of the row's team is the coupled one.
    """
    row = _row(company, dataverse)
    named = row.values["bcbi_defaultowningteam"] if row else None
    anew = setup.business_unit_id is not None and setup.owning_team_id is None
    team = None
    if isinstance(named, Lookup) and not anew:
        team = dataverse.get("team", [named.id], TEAM_COLUMNS).get(named.id)
    home = team.values["businessunitid"] if team else None
    chosen = setup.business_unit_id or (home.id if isinstance(home, Lookup) else None)
    owner = _owner(dataverse, company, chosen)
    return Standing(row, owner, team or owner.team, is_due=team is None)


def team_of(company: Company, setup: DataverseConnectionSetup, dataverse: System) -> UUID | None:
    """Return the team that is noted, or that will be once the connection is enabled."""
    if setup.owning_team_id is not None:
        return setup.owning_team_id
    try:
        return standing(company, setup, dataverse).team.id
    except ConfigurationError:  # no unit is shown; whoever asks says that there is no team
        return None


def _row(company: Company, dataverse: System) -> Record | None:
    """Return the company's row; none where the base solution with its table is not there yet."""
    try:
        found = dataverse.find(Selection(TABLE, COLUMNS), "bcbi_externalid", [_mark(company)])
    except IntegrationError as error:
        if error.cause != Cause.UNKNOWN_TABLE:
            raise
        return None
    return found[0] if found else None


def _mark(company: Company) -> str:
    return str(company.business_central_id).lower()


def _create(company: Company, owner: Owner, dataverse: System) -> Record:
    team = Lookup("team", owner.team.id)
    values: dict[str, Value] = {
        "bcbi_name": company.display_name or company.name,
        "bcbi_externalid": _mark(company),
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
    return rows(dataverse, "team", TEAM_COLUMNS, here)


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


def _note(company: Company, setup: DataverseConnectionSetup, row_id: UUID, now: Standing) -> None:
    company.dataverse_company_id = row_id
    company.save(update_fields=["dataverse_company_id"])
    team, unit = now.team, now.owner.unit
    setup.owning_team_id, setup.owning_team_name = team.id, str(team.values["name"])[:LONGEST_NAME]
    setup.business_unit_id = unit.id
    setup.business_unit_name = str(unit.values["name"])[:LONGEST_NAME]
    setup.save(update_fields=NOTED)
