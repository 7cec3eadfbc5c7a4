"""The coupled business unit: looked up in Dataverse, chosen, and its team owns afterwards."""

from __future__ import annotations

import pytest
from django.test import Client

from audit.models import AuditEntry
from connections import deployment, integration_role, setup
from connections.health import State
from connections.models import Company, DataverseConnectionSetup
from integration_admin import enabling
from integration_admin.roles import Role
from mappings import new_choices
from syncjobs import clock
from syncjobs.progress import in_foreground
from syncjobs.redeploying import JOB, run
from tests.connected import connected, trusting
from tests.pages.factory import make_user
from tests.pages.test_setups import DATAVERSE, form_of
from tests.running_sandbox import RunningSandbox

__all__ = ["connected", "trusting"]
UNIT = f"{DATAVERSE}business-unit/"
WANTED = {"Prefer": "return=representation"}


@pytest.fixture
def admin(connected: Company) -> Client:
    row = connected.dataverse_connection_setup
    row.is_enabled, row.ownership_model = False, "Team"
    row.save()
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    return client


def make_unit(sandbox: RunningSandbox, name: str, parent: str = "") -> str:
    call = sandbox.dataverse
    [root] = [
        unit["businessunitid"]
        for unit in call.get("businessunits").json()["value"]
        if unit["_parentbusinessunitid_value"] is None
    ]
    unit = {"name": name, "parentbusinessunitid@odata.bind": f"/businessunits({parent or root})"}
    made = call.post("businessunits", unit, headers=WANTED)
    assert made.ok, made.text
    return str(made.json()["businessunitid"])


def make_team(sandbox: RunningSandbox, name: str, unit: str) -> str:
    team = {"name": name, "teamtype": 0, "businessunitid@odata.bind": f"/businessunits({unit})"}
    made = sandbox.dataverse.post("teams", team, headers=WANTED)
    assert made.ok, made.text
    return str(made.json()["teamid"])


def redeploy(company: Company, sandbox: RunningSandbox) -> None:
    """Give the roles, which the set-up's page names as the cure."""
    env = sandbox.env
    who = {"client_id": env["SANDBOX_CLIENT_ID"], "client_secret": env["SANDBOX_CLIENT_SECRET"]}
    with in_foreground(company, job=JOB, description="redeploy") as progress:
        run(company, deployment.identity_for_once(company, who), progress=progress)


def name_another_team(company: Company, sandbox: RunningSandbox, team: str) -> None:
    row = Company.objects.get(pk=company.pk).dataverse_company_id
    named = {"bcbi_DefaultOwningTeam@odata.bind": f"/teams({team})"}
    assert sandbox.dataverse.patch(f"bcbi_companies({row})", named).ok


def test_units_one_level_under_the_root_are_shown_when_asked(
    admin: Client, sandbox: RunningSandbox
) -> None:  # C-0512
    north = make_unit(sandbox, "North")
    make_unit(sandbox, "Under North", parent=north)

    before = admin.get(UNIT).content.decode()
    looked = admin.get(f"{UNIT}?look=1").content.decode()

    assert "North" not in before
    assert "Choose Look up in Dataverse" in before
    assert "North" in looked
    assert "Under North" not in looked


def test_the_team_of_the_chosen_unit_owns_once_it_is_enabled(
    connected: Company, admin: Client, sandbox: RunningSandbox
) -> None:  # E-9.13
    unit = make_unit(sandbox, "North")
    team = make_team(sandbox, "BCI - North", unit)
    before = str(connected.dataverse_connection_setup.owning_team_id)

    chosen = admin.post(f"{UNIT}choose/", {"unit": unit}, follow=True).content.decode()
    assert "North is the coupled business unit" in chosen
    assert "found when the connection is enabled" in chosen
    noted = AuditEntry.objects.filter(act="Changed").latest("pk")
    assert noted.after["business_unit_name"] == "North"
    refused = enabling.enable_dataverse(connected, now=clock.now())
    assert refused.mappings is None
    assert ("E-ROLES", True) in {
        (f.code, "team BCI - North" in f.sentence) for f in refused.findings
    }
    redeploy(connected, sandbox)
    outcome = enabling.enable_dataverse(connected, now=clock.now())

    assert outcome.mappings is not None, outcome.in_the_way
    row = setup.dataverse_setup(connected)
    assert (str(row.owning_team_id), row.owning_team_name) == (team, "BCI - North")
    assert team != before
    [company] = sandbox.dataverse.get("bcbi_companies").json()["value"]
    assert company["_bcbi_defaultowningteam_value"] == team
    assert "BCI - North" in admin.get(DATAVERSE).content.decode()

    name_another_team(connected, sandbox, before)  # E-9.16
    [found] = integration_role.check(connected)
    assert (found.state, found.code) == (State.WRONG, "E-ROLES")
    assert "does not belong to the coupled business unit North" in found.sentence


def test_what_dataverse_does_not_have_is_not_chosen(admin: Client) -> None:
    answer = admin.post(f"{UNIT}choose/", {"unit": "5e3d6c0e-0000-4000-8000-000000000000"})

    assert answer.status_code == 422
    assert "E-DELETED" in answer.content.decode()
    assert DataverseConnectionSetup.objects.get().owning_team_id is not None


def test_with_the_model_person_the_unit_is_fixed(admin: Client, sandbox: RunningSandbox) -> None:
    unit = make_unit(sandbox, "North")
    DataverseConnectionSetup.objects.update(ownership_model="Person")

    answer = admin.post(f"{UNIT}choose/", {"unit": unit})

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "With the ownership model Person the business unit is fixed." in html
    assert "Choose this unit" not in html


def test_what_is_stored_is_shown_while_dataverse_is_away(
    admin: Client, sandbox: RunningSandbox
) -> None:
    sandbox.faults(
        [{"system": "dataverse", "method": "GET", "path": "businessunits", "every": 1,
          "action": "status", "status": 403}]
    )  # fmt: skip

    html = admin.get(f"{UNIT}?look=1").content.decode()

    sandbox.faults([])
    assert "Dataverse did not show its business units" in html
    assert DataverseConnectionSetup.objects.get().business_unit_name in html


def test_another_ownership_model_says_what_it_does(
    connected: Company, admin: Client
) -> None:  # E-9.17
    new_choices.apply(Company.objects.get(pk=connected.pk))
    page = {**form_of(admin, DATAVERSE), "ownership_model": "Person"}
    told = admin.post(f"{DATAVERSE}save/", page, follow=True).content.decode()
    assert "the mapping SALESPEOPLE and its job are made" in told

    new_choices.apply(Company.objects.get(pk=connected.pk))
    page = {**form_of(admin, DATAVERSE), "ownership_model": "Team"}
    told = admin.post(f"{DATAVERSE}save/", page, follow=True).content.decode()

    assert "the mapping SALESPEOPLE and its job are removed" in told
    assert "couplings of salespeople stay" in told
