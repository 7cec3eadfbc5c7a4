"""What a guide asks the systems before anything is saved: companies, administrator, user, plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from connections import (
    deployment,
    integration_user,
    item_availability,
    redeploy,
    setup,
    solution_reading,
)
from connections.catalogue import CATALOGUE
from connections.causes import Cause
from connections.checks import IMPATIENT
from connections.company_row import LONGEST_NAME, mark_of
from connections.health import Finding, State
from connections.models import BusinessCentralConnection, Company, DataverseConnectionSetup, SignIn
from connections.odata import Client
from connections.redeploy import AssignRole, CreateUser, ImportSolution
from connections.solution import package
from connections.solution.manifest import shown
from connections.solution.package import Package
from connections.solution_host import ADMINISTRATOR_TEMPLATE, SolutionHost
from connections.systems import Side

USER = "Integration user"


def companies(row: BusinessCentralConnection) -> list[dict[str, str]]:
    """Return the companies that Business Central answers with."""
    return [
        {
            "id": str(UUID(str(told["id"]))),
            "name": str(told["name"]),
            "display_name": str(told.get("displayName") or ""),
        }
        for told in setup.business_central_of(row, timing=IMPATIENT).companies()
    ]


def environment(who: SignIn, row: DataverseConnectionSetup) -> dict[str, Any]:
    """Sign in as an administrator; return the name, the solution there and the business units."""
    client = setup.dataverse_as(who, row, timing=IMPATIENT)
    try:
        host = SolutionHost(client)
        name = host.check_administrator()
        state = host.state(_package(row).manifest, team=None)
        return {
            "administrator": name,
            "solution": shown(state.installed) if state.installed else "",
            "units": _units(client),
        }
    finally:
        client.close()


def _package(row: DataverseConnectionSetup) -> Package:
    return deployment.package_of(row.company) if row.company.pk else package.shipped()


def _units(client: Client) -> list[dict[str, str]]:
    """Return the business units; the root one has no parent."""
    path = "businessunits?$select=businessunitid,name,_parentbusinessunitid_value&$orderby=name"
    rows = client.rows(path)
    rows.sort(key=lambda row: row.get("_parentbusinessunitid_value") is not None)
    return [{"id": str(UUID(row["businessunitid"])), "name": str(row["name"])} for row in rows]


def unit_name(company: Company) -> str:
    """Return what the company's own business unit is called (E-9.13)."""
    mark = f" {mark_of(company)}"
    name = company.display_name or company.name
    return f"{name[: LONGEST_NAME - len(mark)]}{mark}"


@dataclass(frozen=True, slots=True)
class Prospect:
    """What the import would do, and whether the integration user may be one."""

    findings: list[Finding]
    will: list[str]


def prospect(who: SignIn, row: DataverseConnectionSetup) -> Prospect:
    """Look as an administrator at what is there, and say what will be done."""
    client = setup.dataverse_as(who, row, timing=IMPATIENT)
    try:
        host = SolutionHost(client)
        name = host.check_administrator()
        found = [_well("Administrator", f"{name} is System Administrator there.")]
        found.append(_integration_user(client, row))
        return Prospect(found, _planned(host, row))
    finally:
        client.close()


def _planned(host: SolutionHost, row: DataverseConnectionSetup) -> list[str]:
    manifest = _package(row).manifest
    state = host.state(manifest, team=row.owning_team_id, sign_in=row)
    steps = list(redeploy.plan_redeploy(state, manifest))
    imports = {step.solution: step for step in steps if isinstance(step, ImportSolution)}
    will = [
        f"Import {name} {shown(imports[name].version)}. {imports[name].reason}"
        if name in imports
        else f"{name} {shown(state.version_of(one))} is there and stays."
        for one in manifest.chain
        for name in [one.unique_name]
    ]
    will += [
        f"Create the application user {integration_user.NAME} in the root business unit, and give "
        "it the roles of the integration."
        for step in steps
        if isinstance(step, CreateUser)
    ]
    return will + [
        f"Give the role {step.role.name} to the {step.to}."
        for step in steps
        if isinstance(step, AssignRole)
    ]


def _integration_user(client: Client, row: DataverseConnectionSetup) -> Finding:
    """E-9.12, E-9.16: the user is enabled and no System Administrator, or can be made."""
    user = integration_user.find(client, row)
    if user is None and integration_user.signs_in_as_application(row):
        return _well(USER, f"The application {row.client_id} has no user yet. Finish creates it.")
    if user is None:
        sentence = f"The integration user {row.user_name} does not exist in Dataverse."
        return _wrong(sentence, Cause.USER_NONE)
    if user.is_disabled:
        sentence = f"The integration user {user.name} is disabled."
        return _wrong(sentence, Cause.USER_DISABLED)
    roles = f"systemusers({user.id})/systemuserroles_association"
    rows = client.rows(f"{roles}?$select=_roletemplateid_value")
    if any(row.get("_roletemplateid_value") == ADMINISTRATOR_TEMPLATE for row in rows):
        sentence = f"The integration user {user.name} must not be System Administrator."
        return _wrong(sentence, Cause.USER_ADMINISTRATOR)
    then = "" if user.is_set_apart else " Finish marks it as integration user, Non-interactive."
    return _well(USER, f"{user.name} exists and is no System Administrator.{then}")


def _well(name: str, sentence: str) -> Finding:
    return Finding(Side.DATAVERSE, name, State.HEALTHY, sentence)


def _wrong(sentence: str, cause: Cause) -> Finding:
    cure = CATALOGUE[cause].advice
    return Finding(Side.DATAVERSE, USER, State.WRONG, sentence, cure, cause, (USER,))


def sales(company: Company) -> dict[str, Any]:
    """Return the solution in Sales, what it lacks, and where the availability service would be."""
    wanted = deployment.package_of(company)
    state = solution_reading.state(company, wanted.manifest)
    return {
        "solution": shown(state.installed) if state.installed else "",
        "missing": [found.sentence for found in redeploy.shortfalls(state, wanted.manifest)],
        "odata_url": item_availability.default_url(company),
    }
