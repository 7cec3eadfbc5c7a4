"""What the integration user may: the solution's roles, and the tables that mappings use."""

from __future__ import annotations

import time

from connections import deployment, health, permissions, redeploy, role_matrix
from connections.catalogue import CATALOGUE
from connections.causes import Cause
from connections.errors import IntegrationError
from connections.health import Finding, State
from connections.models import Company
from connections.permissions import Permissions
from connections.role_matrix import Need
from connections.systems import Side
from mappings import table_access
from syncjobs import clock

NAME = "Tables of the mappings"


def check_permissions(company: Company) -> list[Finding]:
    """Look at the solution, its roles, who has them, and the tables of the mappings (C-0803)."""
    began, needs = time.monotonic(), table_access.needed(company)
    try:
        found = permissions.look(company, [need.table for need in needs], now=clock.now())
    except IntegrationError as error:
        return [health.solution_unread(error)]
    seconds = time.monotonic() - began
    return [*health.of_solution(company, found.state, seconds), _of_tables(company, found, needs)]


def _of_tables(company: Company, found: Permissions, needs: list[Need]) -> Finding:
    """Name the privileges that the package does not bring; those it brings a redeploy mends."""
    chain = deployment.package_of(company).manifest.chain
    brought = [role for one in chain for role in one.roles if redeploy.is_assigned(role)]
    lacking = {
        name: row
        for row in role_matrix.of_mappings(needs, found)
        for name in row.missing
        if not any(role.gives(name) for role in brought)
    }
    if not lacking or found.account is None:
        sentence = "The integration user may use the tables of all mappings."
        return Finding(Side.DATAVERSE, NAME, State.HEALTHY, sentence)
    tables = {row.table: ", ".join(row.needed_by) for row in lacking.values()}
    told = "; ".join(f"{table} ({by})" for table, by in tables.items())
    sentence = f"The integration user lacks {', '.join(lacking)} on the tables {told}."
    cause = Cause.FORBIDDEN
    advice = CATALOGUE[cause].advice
    return Finding(Side.DATAVERSE, NAME, State.WRONG, sentence, advice, cause, tuple(lacking))
