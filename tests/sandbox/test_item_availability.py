"""The item availability service answers OData with basic authentication, as Sales asks it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.running_sandbox import RunningSandbox

COMPANY = "Company('CRONUS%20International%20Ltd.')"


@pytest.fixture(autouse=True)
def goods(sandbox: RunningSandbox) -> None:
    sandbox.reset("empty")
    sandbox.bc_standard.post("unitsOfMeasure", json={"code": "PCS", "displayName": "Piece"})
    for name, blocked in (("Chair", False), ("Table", False), ("Old lamp", True)):
        body = {"displayName": name, "blocked": blocked}
        answer = sandbox.bc.post("items", json=body)
        assert answer.ok, answer.text


def ask(sandbox: RunningSandbox, path: str = f"{COMPANY}/ItemAvailability", **options: Any) -> Any:
    key = sandbox.control("GET", "access_key")["access_key"]
    auth = options.pop("auth", ("AVAILABILITY", key))
    ca = sandbox.env["SANDBOX_CA_BUNDLE"]
    url = f"{sandbox.env['SANDBOX_BC_URL']}/ODataV4/{path}"
    return requests.request(
        options.pop("method", "GET"), url, auth=auth, verify=ca, timeout=30, **options
    )


def test_items_are_listed_with_their_stock_but_blocked_ones_are_not(
    sandbox: RunningSandbox,
) -> None:
    answer = ask(sandbox)

    assert answer.status_code == 200, answer.text
    assert answer.json()["@odata.context"].endswith("/ItemAvailability")
    found = {row["Description"]: row for row in answer.json()["value"]}
    assert set(found) == {"Chair", "Table"}
    assert set(found["Chair"]) == {"@odata.etag", "ItemNo", "Description", "UOM", "Inventory"}
    assert found["Chair"]["Inventory"] == 0


def test_it_is_filtered_and_chosen_by_its_own_names(sandbox: RunningSandbox) -> None:
    number = ask(sandbox).json()["value"][1]["ItemNo"]
    wanted = {"$filter": f"ItemNo eq '{number}'", "$select": "ItemNo,Inventory"}

    [row] = ask(sandbox, params=wanted).json()["value"]

    assert row.pop("@odata.etag")
    assert row == {"ItemNo": number, "Inventory": 0}
    assert ask(sandbox, params={"$filter": "number eq 'X'"}).status_code == 400


def test_pages_follow_each_other(sandbox: RunningSandbox) -> None:
    first = ask(sandbox, headers={"Prefer": "odata.maxpagesize=1"}).json()

    link = first["@odata.nextLink"].partition("/ODataV4/")[2]
    second = ask(sandbox, link).json()

    assert [len(page["value"]) for page in (first, second)] == [1, 1]
    assert ask(sandbox, f"{COMPANY}/ItemAvailability/$count").text == "2"


@pytest.mark.parametrize("auth", [None, ("AVAILABILITY", "wrong"), ("SOMEBODY", "key")])
def test_without_the_right_key_it_asks_for_one(sandbox: RunningSandbox, auth: Any) -> None:
    answer = ask(sandbox, auth=auth)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_token_is_no_key_and_a_key_opens_no_page_of_the_api(sandbox: RunningSandbox) -> None:
    token = sandbox.token("https://api.businesscentral.dynamics.com")
    key = sandbox.control("GET", "access_key")["access_key"]

    bearer = ask(sandbox, auth=False, headers={"Authorization": f"Bearer {token}"})
    basic = requests.get(
        f"{sandbox.bc.root}/items",
        auth=("AVAILABILITY", key),
        verify=sandbox.env["SANDBOX_CA_BUNDLE"],
        timeout=30,
    )

    assert (bearer.status_code, basic.status_code) == (401, 401)


def test_a_changed_key_makes_the_old_one_worthless(sandbox: RunningSandbox) -> None:
    old = sandbox.control("GET", "access_key")["access_key"]

    new = sandbox.control("POST", "access_key")["access_key"]

    assert ask(sandbox, auth=("AVAILABILITY", old)).status_code == 401
    assert ask(sandbox, auth=("availability", new)).status_code == 200


def test_nothing_can_be_written_and_other_companies_are_not_known(sandbox: RunningSandbox) -> None:
    assert ask(sandbox, method="POST", json={}).status_code == 405
    assert ask(sandbox, "Company('Other')/ItemAvailability").status_code == 404
    assert ask(sandbox, f"{COMPANY}/Items").status_code == 404
    assert b"ItemAvailability" in ask(sandbox, "$metadata").content
