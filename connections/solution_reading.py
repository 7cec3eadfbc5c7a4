"""Reads what Dataverse holds of the integration solution, as whoever may read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from connections import company_row, setup
from connections.causes import Cause
from connections.checks import IMPATIENT
from connections.dataverse import Dataverse
from connections.errors import ConfigurationError, TransientError
from connections.models import Company, DataverseConnectionSetup, DeploymentIdentity
from connections.odata import Client
from connections.redeploy import SolutionState
from connections.solution.manifest import Manifest
from connections.solution_host import SolutionHost

T = TypeVar("T")
SHUT_OUT = (Cause.FORBIDDEN, Cause.ADMINISTRATION_MODE)


def state(
    company: Company, target: Manifest, row: DataverseConnectionSetup | None = None
) -> SolutionState:
    """Return what is there of a package, and who has its roles."""

    def read(client: Client, row: DataverseConnectionSetup) -> SolutionState:
        return state_through(client, company, row, target)

    return as_whoever_may(company, read, row)


def state_through(
    client: Client, company: Company, row: DataverseConnectionSetup, target: Manifest
) -> SolutionState:
    """Return it as whoever the client signs in."""
    team = company_row.team_of(company, row, Dataverse(client))
    host = SolutionHost(client)
    return host.state(target, user=row.integration_user_id, team=team, sign_in=row)


def as_whoever_may(
    company: Company,
    read: Callable[[Client, DataverseConnectionSetup], T],
    row: DataverseConnectionSetup | None = None,
) -> T:
    """Read as the integration user; as the deployment identity where that one may not."""
    row = row or setup.dataverse_setup(company)
    try:
        return read(setup.dataverse_of(row, timing=IMPATIENT).client, row)
    except (ConfigurationError, TransientError) as error:
        identity = DeploymentIdentity.objects.filter(company=company).first()
        if error.cause not in SHUT_OUT or identity is None:
            raise
        return read(setup.dataverse_as(identity, row, timing=IMPATIENT), row)
