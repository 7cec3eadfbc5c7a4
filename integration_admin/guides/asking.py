"""What a guide asks the systems before anything is saved: companies, administrator, user, plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from connections import deployment, health, item_availability, redeploy, setup
from connections.checks import IMPATIENT
from connections.company_row import LONGEST_NAME, mark_of
from connections.health import Finding, State
from connections.models import BusinessCentralConnection, Company, DataverseConnectionSetup, SignIn
from connections.odata import Client
from connections.redeploy import AssignRole, ImportSolution
from connections.solution import package
from connections.solution.manifest import shown
from connections.solution.package import Package
from connections.solution_host import ADMINISTRATOR_TEMPLATE, SolutionHost
from connections.systems import Side
from connections.terms import AuthenticationType


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
        state = host.state(_package(row).manifest, user=None, team=None)
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
        user = _integration_user(client, row)
        found.append(user)
        return Prospect(found, _planned(host, row))
    finally:
        client.close()


def _planned(host: SolutionHost, row: DataverseConnectionSetup) -> list[str]:
    manifest = _package(row).manifest
    state = host.state(manifest, user=None, team=row.owning_team_id, client_id=row.client_id)
    steps = list(redeploy.plan_redeploy(state, manifest))
    will = [
        f"Import {manifest.unique_name} {shown(step.version)}. {step.reason}"
        for step in steps
        if isinstance(step, ImportSolution)
    ]
    if not will:
        will.append(f"{manifest.unique_name} {shown(state.installed)} is there and stays.")
    return will + [
        f"Give the role {step.role.name} to the {step.to}."
        for step in steps
        if isinstance(step, AssignRole)
    ]


def _integration_user(client: Client, row: DataverseConnectionSetup) -> Finding:
    """E-9.12, E-9.16: the user exists, is enabled and is no System Administrator."""
    if row.authentication_type == AuthenticationType.PASSWORD:
        who = row.user_name
        name = who.replace("'", "''")
        wanted = f"domainname eq '{name}' or internalemailaddress eq '{name}'"
    else:
        who = row.client_id
        wanted = f"applicationid eq {UUID(who)}"
    path = f"systemusers?$select=systemuserid,fullname,isdisabled&$filter={wanted}"
    found = client.rows(path)
    if not found:
        sentence = f"The integration user {who} does not exist in Dataverse."
        cure = "Create the application user of the Client Id in the Power Platform admin center."
        return _wrong(sentence, cure, "E-USER-NONE")
    user = found[0]
    if user.get("isdisabled"):
        sentence = f"The integration user {user['fullname']} is disabled."
        return _wrong(sentence, "Enable the user in Dataverse.", "E-USER-DISABLED")
    roles = f"systemusers({user['systemuserid']})/systemuserroles_association"
    rows = client.rows(f"{roles}?$select=_roletemplateid_value")
    if any(row.get("_roletemplateid_value") == ADMINISTRATOR_TEMPLATE for row in rows):
        sentence = f"The integration user {user['fullname']} must not be System Administrator."
        cure = "Take that role away, or register another application for the integration."
        return _wrong(sentence, cure, "E-USER-ADMIN")
    return _well("Integration user", f"{user['fullname']} exists and is no System Administrator.")


def _well(name: str, sentence: str) -> Finding:
    return Finding(Side.DATAVERSE, name, State.HEALTHY, sentence)


def _wrong(sentence: str, cure: str, code: str) -> Finding:
    name = "Integration user"
    return Finding(Side.DATAVERSE, name, State.WRONG, sentence, cure, code, (name,))


def sales(company: Company) -> dict[str, Any]:
    """Return the solution in Sales, what it lacks, and where the availability service would be."""
    wanted = deployment.package_of(company)
    state = health.solution_state(company, wanted)
    return {
        "solution": shown(state.installed) if state.installed else "",
        "missing": [found.sentence for found in redeploy.shortfalls(state, wanted.manifest)],
        "odata_url": item_availability.default_url(company),
    }
