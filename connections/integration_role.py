"""Whether integration user and owning team may do what the integration does (E-9.16, E-9.19)."""

from __future__ import annotations

from connections import company_row, health, setup
from connections.causes import Cause
from connections.checks import IMPATIENT
from connections.company_row import Standing
from connections.health import Finding, Settings, WrongError
from connections.models import Company
from connections.redeploy import BASE_ROLE, HolderKind
from connections.solution import package
from connections.solution_host import SolutionHost
from connections.systems import Side

NAME = "Integration role and owning team"
CHOOSE_AGAIN = (
    "Correct the team of the company's row in Dataverse; with the ownership model Team, choose the "
    "Coupled Business Unit again: the row follows it when the connection is enabled."
)


def check(company: Company, unsaved: Settings | None = None) -> list[Finding]:
    """Look at the base role of both, and at the team's business unit, as they will be."""
    return health.timed(Side.DATAVERSE, NAME, lambda: _look(company, unsaved))


def _look(company: Company, unsaved: Settings | None) -> str:
    row = unsaved.dataverse if unsaved else setup.dataverse_setup(company)
    dataverse = setup.dataverse_of(row, timing=IMPATIENT)
    standing = company_row.standing(company, row, dataverse)
    _check_fit(standing)
    host = SolutionHost(dataverse.client)
    holders = [
        host.holder(HolderKind.USER, dataverse.me),
        host.holder(HolderKind.TEAM, standing.team.id),
    ]
    lacking = [str(one) for one in holders if one is not None and BASE_ROLE not in one.roles]
    if lacking:
        lacks = "lacks" if len(lacking) == 1 else "lack"
        [role] = package.shipped_base().manifest.roles
        sentence = f"The {' and the '.join(lacking)} {lacks} the security role {role.name}."
        raise WrongError(Cause.ROLES, sentence, role.name)
    return f"The integration user and the team {standing.team.values['name']} have the base role."


def _check_fit(standing: Standing) -> None:
    """The team that the company's row names belongs to the coupled business unit."""
    if standing.fits:
        return
    team, unit = standing.team.values["name"], standing.owner.unit.values["name"]
    sentence = f"The owning team {team} does not belong to the coupled business unit {unit}."
    raise WrongError(Cause.ROLES, sentence, str(team), cure=CHOOSE_AGAIN)
