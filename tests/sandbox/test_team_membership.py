"""Who is in which team, and who may put somebody into one."""

from __future__ import annotations

import pytest
import requests

from sandbox import identities
from tests.running_sandbox import Caller, RunningSandbox

MEMBERS = "teammembership_association"


@pytest.fixture
def call(sandbox: RunningSandbox) -> Caller:
    sandbox.reset("empty")
    return sandbox.dataverse


def refused(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def made(call: Caller, path: str, **body: str | bool) -> str:
    """Make a row of the root business unit and return its id."""
    unit = f"/businessunits({identities.BUSINESS_UNIT_ID})"
    answer = call.post(path, {"businessunitid@odata.bind": unit, **body})
    assert answer.status_code == 204, answer.text
    return answer.headers["OData-EntityId"][-37:-1]


def new_team(call: Caller) -> str:
    return made(call, "teams", name="BCI - CRONUS")


def new_user(call: Caller) -> str:
    names = {"firstname": "Lina", "lastname": "Townsend"}
    return made(call, "systemusers", internalemailaddress="lt@cronus.example", **names)


def members(call: Caller, team: str) -> set[str]:
    rows = call.get(f"teams({team})/{MEMBERS}?$select=systemuserid").json()["value"]
    return {row["systemuserid"] for row in rows}


def add(call: Caller, team: str, user: str) -> tuple[int, str]:
    target = {"@odata.id": f"{call.root}/systemusers({user})"}
    answer = call.post(f"teams({team})/{MEMBERS}/$ref", target)
    return (answer.status_code, "") if answer.ok else refused(answer)


def test_the_integration_user_adds_members_to_a_team_once(
    call: Caller, sandbox: RunningSandbox
) -> None:
    team, user = new_team(call), new_user(call)

    first = add(sandbox.integration_dataverse, team, user)
    second = add(sandbox.integration_dataverse, team, user)

    assert (first, second) == ((204, ""), (412, "0x80040237"))
    assert members(call, team) == {user}


def test_without_the_right_to_write_teams_nobody_is_added(
    call: Caller, sandbox: RunningSandbox
) -> None:
    team, user = new_team(call), new_user(call)
    role = f"roles({identities.INTEGRATION_ROLE_ID})/roleprivileges_association"
    [write] = call.get("privileges?$select=privilegeid&$filter=name eq 'prvWriteTeam'").json()[
        "value"
    ]
    assert call.delete(f"{role}({write['privilegeid']})/$ref").status_code == 204

    answer = sandbox.integration_dataverse.post(
        f"teams({team})/{MEMBERS}/$ref", {"@odata.id": f"{call.root}/systemusers({user})"}
    )

    assert answer.status_code == 403
    assert "prvWriteTeam" in answer.text
    assert members(call, team) == set()


def test_a_default_team_has_the_people_of_its_unit_and_takes_nobody_else(call: Caller) -> None:
    above = {"parentbusinessunitid@odata.bind": f"/businessunits({identities.BUSINESS_UNIT_ID})"}
    answer = call.post("businessunits", {"name": "Overseas", **above})
    unit = answer.headers["OData-EntityId"][-37:-1]
    user, team = new_user(call), identities.DEFAULT_TEAM_ID

    inside = members(call, team)
    call.patch(f"systemusers({user})", {"businessunitid@odata.bind": f"/businessunits({unit})"})
    outside = members(call, team)
    removal = call.delete(f"teams({team})/{MEMBERS}({identities.PERSON_USER_ID})/$ref")

    assert inside == {identities.PERSON_USER_ID, user}
    assert outside == {identities.PERSON_USER_ID}
    assert add(call, team, user) == (400, "0x8004830B")
    assert refused(removal) == (400, "0x8004830C")
