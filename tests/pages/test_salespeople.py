"""Couple Salespeople in front of systems that answer, and in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from connections.models import Company, DataverseConnectionSetup
from connections.terms import OwnershipModel
from integration_admin.roles import Role
from mappings.models import Coupling, IntegrationTableMapping
from syncjobs.models import Run
from tests.connected import connect, connected, trusting
from tests.pages.accessibility import findings
from tests.pages.conftest import sign_in_at_once
from tests.pages.factory import make_user
from tests.running_sandbox import RunningSandbox

__all__ = ["connected", "trusting"]
ADDRESS = "/couplings/salespeople/"
LONG = 60_000


@pytest.fixture
def cronus(
    transactional_db: None, trusting: Settings, sandbox: RunningSandbox
) -> Iterator[Company]:
    """A company whose salespeople are users in Sales too, none of them coupled."""
    sandbox.reset("cronus", 0.1)
    yield connect(sandbox)
    sandbox.reset("empty")


@pytest.fixture
def operator(connected: Company) -> Client:
    client = Client()
    client.force_login(make_user(Role.OPERATOR))
    return client


def new_user(sandbox: RunningSandbox, first: str, email: str, **changed: Any) -> str:
    body = {
        "firstname": first,
        "lastname": "Townsend",
        "internalemailaddress": email,
        "islicensed": True,
        **changed,
    }
    [unit] = sandbox.dataverse.get("businessunits?$select=businessunitid").json()["value"]
    bound = {"businessunitid@odata.bind": f"/businessunits({unit['businessunitid']})"}
    answer = sandbox.dataverse.post("systemusers", {**bound, **body})
    assert answer.status_code == 204, answer.text
    return answer.headers["OData-EntityId"][-37:-1]


def new_salesperson(sandbox: RunningSandbox, code: str, email: str = "") -> None:
    body = {"code": code, "displayName": f"Name of {code}", "email": email}
    answer = sandbox.bc_standard.post("salespeoplePurchasers", body)
    assert answer.status_code == 201, answer.text


def own_team(sandbox: RunningSandbox, company: Company) -> str:
    """Give the company a team of its own, as an administrator does."""
    row = DataverseConnectionSetup.objects.get(company=company)
    bound = {"businessunitid@odata.bind": f"/businessunits({row.business_unit_id})"}
    answer = sandbox.dataverse.post("teams", {"name": "BCI - CRONUS", **bound})
    row.owning_team_id = answer.headers["OData-EntityId"][-37:-1]
    row.save()
    return str(row.owning_team_id)


def test_chosen_codes_are_coupled_and_what_failed_stands_next_to_its_field(
    connected: Company, operator: Client, sandbox: RunningSandbox
) -> None:
    new_salesperson(sandbox, "LT")
    lina, otis = (new_user(sandbox, name, f"{name}@x.example") for name in ("Lina", "Otis"))

    answer = operator.post(
        f"{ADDRESS}save/",
        {f"code-{lina}": "lt", f"was-{lina}": "", f"code-{otis}": "NOBODY", f"was-{otis}": ""},
    )

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "1 coupled, 0 unchanged, 1 failed." in html
    assert "E-NOTFOUND" in html.partition(f'id="code-{otis}-e"')[2][:300]
    assert 'value="NOBODY"' in html
    assert str(Coupling.objects.get().dataverse_id) == lina


def test_what_failed_is_told_of_users_too_that_the_page_does_not_show(
    connected: Company, operator: Client, sandbox: RunningSandbox
) -> None:
    otis = new_user(sandbox, "Otis", "otis@x.example")

    answer = operator.post(f"{ADDRESS}save/?q=nobody", {"accepted": f"{otis} NOBODY"})

    html = answer.content.decode()
    assert f'id="code-{otis}"' not in html
    assert "Otis Townsend: There is no salesperson NOBODY" in html


def test_a_salesperson_of_somebody_else_is_refused_by_name(
    connected: Company, operator: Client, sandbox: RunningSandbox
) -> None:  # C-0903
    new_salesperson(sandbox, "LT")
    lina, otis = (new_user(sandbox, name, f"{name}@x.example") for name in ("Lina", "Otis"))
    operator.post(f"{ADDRESS}save/", {f"code-{lina}": "LT"})

    html = operator.post(f"{ADDRESS}save/", {f"code-{otis}": "LT"}).content.decode()

    assert "LT is already coupled to Lina Townsend. (E-COUPLED)" in html
    assert Coupling.objects.count() == 1


def test_uncoupling_asks_first(
    connected: Company, operator: Client, sandbox: RunningSandbox
) -> None:
    new_salesperson(sandbox, "LT")
    lina = new_user(sandbox, "Lina", "lt@x.example")
    operator.post(f"{ADDRESS}save/", {f"code-{lina}": "LT"})

    asked = operator.post(f"{ADDRESS}uncouple/", {"selected": lina})
    assert "Uncouple this user?" in asked.content.decode()
    assert Coupling.objects.exists()
    operator.post(f"{ADDRESS}uncouple/", {"selected": lina, "confirmed": "yes"})

    assert not Coupling.objects.exists()


def test_coupled_users_are_put_into_the_owning_team_once(
    connected: Company, operator: Client, sandbox: RunningSandbox
) -> None:  # C-0517
    new_salesperson(sandbox, "LT")
    lina = new_user(sandbox, "Lina", "lt@x.example")
    new_user(sandbox, "Otis", "oc@x.example")
    operator.post(f"{ADDRESS}save/", {f"code-{lina}": "LT"})
    team = own_team(sandbox, connected)

    first = operator.post(f"{ADDRESS}team/", follow=True).content.decode()
    second = operator.post(f"{ADDRESS}team/", follow=True).content.decode()

    assert "1 added to the team, 0 unchanged, 0 failed." in first
    assert "0 added to the team, 1 unchanged, 0 failed." in second
    path = f"teams({team})/teammembership_association?$select=systemuserid"
    assert [r["systemuserid"] for r in sandbox.dataverse.get(path).json()["value"]] == [lina]


def test_a_default_team_has_its_members_already(
    connected: Company, operator: Client, sandbox: RunningSandbox
) -> None:
    new_salesperson(sandbox, "LT")
    lina = new_user(sandbox, "Lina", "lt@x.example")
    operator.post(f"{ADDRESS}save/", {f"code-{lina}": "LT"})

    html = operator.post(f"{ADDRESS}team/", follow=True).content.decode()

    assert "0 added to the team, 1 unchanged, 0 failed." in html


def test_a_new_salesperson_is_made_of_a_user_by_a_run(
    connected: Company, operator: Client, sandbox: RunningSandbox
) -> None:
    new_salesperson(sandbox, "LT", "lt@x.example")
    lina, zoe = new_user(sandbox, "Lina", "lt@x.example"), new_user(sandbox, "Zoe", "z@x.example")

    answer = operator.post(f"{ADDRESS}create/", {"selected": [lina, zoe]}, follow=True)

    run = Run.objects.get()
    assert run.entry
    assert run.entry.parameters["ids"] == [zoe]
    assert "couple the two instead" in answer.content.decode()


def test_a_viewer_looks_and_changes_nothing(connected: Company, sandbox: RunningSandbox) -> None:
    new_salesperson(sandbox, "LT", "lt@x.example")
    lina = new_user(sandbox, "Lina", "lt@x.example")
    viewer = Client()
    viewer.force_login(make_user(Role.VIEWER))

    html = viewer.get(ADDRESS).content.decode()

    assert lina in html
    assert 'name="code-' not in html
    assert viewer.post(f"{ADDRESS}save/").status_code == 403


def test_a_viewer_is_told_no_names_and_finds_nobody_by_them(
    connected: Company, operator: Client, sandbox: RunningSandbox
) -> None:  # C-4013
    new_salesperson(sandbox, "LT", "lt@x.example")
    lina = new_user(sandbox, "Lina", "lt@x.example")
    viewer = Client()
    viewer.force_login(make_user(Role.VIEWER))
    operator.post(f"{ADDRESS}save/", {f"code-{lina}": "LT"})

    asked = ["", "?view=hidden", "?suggest=1", "?q=Lina", "?q=LT"]
    *pages, by_name, by_code = (viewer.get(f"{ADDRESS}{one}").content.decode() for one in asked)

    for page in (*pages, by_code):
        assert [one for one in ("Townsend", "x.example", "Name of LT") if one in page] == []
    assert "No user matches" in by_name
    assert lina in by_code
    assert "Name of LT" in operator.get(ADDRESS).content.decode()


def test_under_team_ownership_there_is_nobody_to_couple(
    connected: Company, operator: Client
) -> None:  # E-1.59
    DataverseConnectionSetup.objects.update(ownership_model=OwnershipModel.TEAM)
    IntegrationTableMapping.objects.filter(name="SALESPEOPLE").delete()

    html = operator.get(ADDRESS).content.decode()

    assert "A team owns the records in Sales" in html


def test_a_system_that_does_not_answer_is_no_empty_list(
    connected: Company, operator: Client
) -> None:  # C-0014
    DataverseConnectionSetup.objects.update(client_id="unknown")

    html = operator.get(ADDRESS).content.decode()

    assert "The users could not be loaded" in html
    assert "Try again" in html
    assert "E-" in html


def test_proposals_are_accepted_by_ticking(
    cronus: Company, live: LiveServer, page: Page
) -> None:  # C-0902
    sign_in_at_once(page, live.url, make_user(Role.ADMINISTRATOR, "mira"))
    page.goto(f"{live.url}{ADDRESS}", timeout=LONG)
    assert findings(page) == []

    page.get_by_role("link", name="Suggest by E-Mail").click()
    ticks = page.get_by_role("checkbox", name=re.compile("^Couple .* with "))
    expect(ticks.first).to_be_visible(timeout=LONG)
    assert not Coupling.objects.exists()
    assert findings(page) == []
    number = ticks.count()
    ticks.nth(0).check()
    ticks.nth(1).check()
    page.get_by_role("button", name="Couple the ticked pairs").click()

    expect(page.get_by_text("2 coupled, 0 unchanged, 0 failed.")).to_be_visible(timeout=LONG)
    assert number > 2
    assert Coupling.objects.count() == 2
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.reload(timeout=LONG)
    assert findings(page) == []
