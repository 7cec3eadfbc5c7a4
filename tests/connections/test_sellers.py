"""Who of the people in Sales sees stock and opens Business Central from there (C-0805)."""

from __future__ import annotations

import pytest
from django.test import Client

from connections import deployment, sellers, setup
from connections.models import Company
from connections.sellers import Seller
from integration_admin.roles import Role
from tests.connected import connected, trusting
from tests.pages.factory import make_user
from tests.running_sandbox import RunningSandbox

__all__ = ["connected", "trusting"]
USERS = "systemuserroles_association"


@pytest.fixture
def unit(connected: Company, sandbox: RunningSandbox) -> str:
    """A business unit of sellers, whose default team has no roles."""
    [root] = sandbox.dataverse.get("businessunits?$select=businessunitid").json()["value"]
    above = {"parentbusinessunitid@odata.bind": f"/businessunits({root['businessunitid']})"}
    answer = sandbox.dataverse.post("businessunits", {"name": "Sellers", **above})
    return answer.headers["OData-EntityId"][-37:-1]


def new_seller(sandbox: RunningSandbox, unit: str, first: str) -> str:
    body = {
        "firstname": first,
        "lastname": "Townsend",
        "internalemailaddress": f"{first}@cronus.example",
        "islicensed": True,
        "businessunitid@odata.bind": f"/businessunits({unit})",
    }
    answer = sandbox.dataverse.post("systemusers", body)
    assert answer.status_code == 204, answer.text
    return answer.headers["OData-EntityId"][-37:-1]


def give_role(sandbox: RunningSandbox, company: Company, path: str) -> None:
    role = sellers.role_of_sellers(deployment.package_of(company).manifest)
    assert role
    target = {"@odata.id": f"{sandbox.dataverse.root}/roles({role.id})"}
    answer = sandbox.dataverse.post(f"{path}/$ref", target)
    assert answer.status_code == 204, answer.text


def read(company: Company) -> dict[str, Seller]:
    client = setup.systems_of(company).dataverse.client
    found = sellers.read(client, deployment.package_of(company).manifest)
    return {one.name: one for one in found}


def test_who_has_the_role_lacks_nothing(
    connected: Company, sandbox: RunningSandbox, unit: str
) -> None:
    lina = new_seller(sandbox, unit, "Lina")
    new_seller(sandbox, unit, "Otis")
    give_role(sandbox, connected, f"systemusers({lina})/{USERS}")

    found = read(connected)

    has_it, lacks_it = found["Lina Townsend"], found["Otis Townsend"]
    assert (has_it.has_role, has_it.through, has_it.missing) == (True, "", ())
    assert not lacks_it.has_role
    assert lacks_it.missing == tuple(sellers.NEEDED)
    assert next(iter(found)) == "Otis Townsend"


def test_a_role_may_come_through_a_team(
    connected: Company, sandbox: RunningSandbox, unit: str
) -> None:
    lina = new_seller(sandbox, unit, "Lina")
    bound = {"businessunitid@odata.bind": f"/businessunits({unit})"}
    made = sandbox.dataverse.post("teams", {"name": "Field sales", **bound})
    team = made.headers["OData-EntityId"][-37:-1]
    give_role(sandbox, connected, f"teams({team})/teamroles_association")
    member = {"@odata.id": f"{sandbox.dataverse.root}/systemusers({lina})"}
    sandbox.dataverse.post(f"teams({team})/teammembership_association/$ref", member)

    found = read(connected)["Lina Townsend"]

    assert (found.has_role, found.through, found.missing) == (True, "Field sales", ())


def test_an_administrator_lacks_nothing_without_the_role(connected: Company) -> None:
    found = read(connected)["Alex Morgan"]

    assert found.is_administrator
    assert (found.has_role, found.missing) == (False, ())


def test_a_single_privilege_that_is_missing_is_named(
    connected: Company, sandbox: RunningSandbox, unit: str
) -> None:
    lina = new_seller(sandbox, unit, "Lina")
    give_role(sandbox, connected, f"systemusers({lina})/{USERS}")
    role = sellers.role_of_sellers(deployment.package_of(connected).manifest)
    assert role
    query = "privileges?$select=privilegeid&$filter=name eq 'prvDeleteNav_defaultconnection'"
    [privilege] = sandbox.dataverse.get(query).json()["value"]
    path = f"roles({role.id})/roleprivileges_association({privilege['privilegeid']})/$ref"
    assert sandbox.dataverse.delete(path).status_code == 204

    found = read(connected)["Lina Townsend"]

    assert found.has_role
    assert found.missing_words == ("delete the default connection",)


def test_the_tab_looks_when_asked_and_names_who_lacks_what(
    connected: Company, sandbox: RunningSandbox, unit: str
) -> None:
    new_seller(sandbox, unit, "Otis")
    support = Client()
    support.force_login(make_user(Role.SUPPORT))

    before = support.get("/connections/roles/sellers/").content.decode()
    after = support.post("/connections/roles/sellers/check/").content.decode()

    assert "Product Availability User" in before
    assert "Otis Townsend" not in before
    assert "1 person lacks what opening Business Central from Sales needs" in after
    assert "may not read the Business Central connection" in after


def test_a_system_that_does_not_answer_is_no_empty_list(connected: Company) -> None:  # C-0808
    connected.dataverse_connection_setup.client_id = "unknown"
    connected.dataverse_connection_setup.save()
    support = Client()
    support.force_login(make_user(Role.SUPPORT))

    html = support.post("/connections/roles/sellers/check/").content.decode()

    assert "The sellers could not be read" in html
    assert "Nobody is licensed" not in html
