"""The rules of Dataverse's own tables, where an integration feels them."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox import identities
from tests.running_sandbox import Caller, RunningSandbox
from tests.sandbox.rows import ENTITY_SETS, base_unit, create, least


@pytest.fixture
def call(sandbox: RunningSandbox) -> Caller:
    sandbox.reset()
    return sandbox.dataverse


def refused(answer: requests.Response) -> tuple[int, str]:
    assert answer.status_code >= 400, answer.text
    return answer.status_code, answer.json()["error"]["code"]


def value(call: Caller, path: str, name: str) -> Any:
    answer = call.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()[name]


def bind(name: str, entity_set: str, key: str) -> dict[str, str]:
    return {f"{name}@odata.bind": f"/{entity_set}({key})"}


# Accounts and contacts


def test_a_contact_has_its_full_name_from_its_parts(call: Caller) -> None:
    path = f"contacts({create(call, 'contact', firstname='Anna', lastname='Berg')})"

    before = value(call, path, "fullname")
    call.patch(path, {"lastname": "Dahl"})

    assert (before, value(call, path, "fullname")) == ("Anna Berg", "Anna Dahl")


def test_a_new_row_has_its_defaults(call: Caller) -> None:
    row = call.get(f"accounts({create(call, 'account')})").json()

    assert (row["statecode"], row["statuscode"]) == (0, 1)
    assert row["donotphone"] is False
    assert row["creditonhold"] is False
    base = call.get("organizations").json()["value"][0]["_basecurrencyid_value"]
    assert row["_transactioncurrencyid_value"] == base
    assert row["exchangerate"] == 1


def test_amounts_are_kept_in_the_base_currency_too(call: Caller) -> None:
    currency = create(call, "transactioncurrency", exchangerate=8)
    path = f"accounts({create(call, 'account', creditlimit=100)})"

    in_base = value(call, path, "creditlimit_base")
    call.patch(path, bind("transactioncurrencyid", "transactioncurrencies", currency))
    converted = call.get(path).json()
    call.patch(path, {"creditlimit": 400})

    assert in_base == 100
    assert (converted["exchangerate"], converted["creditlimit_base"]) == (8, 12.5)
    assert value(call, path, "creditlimit_base") == 50


def test_an_account_cannot_stand_above_itself(call: Caller) -> None:
    top, middle = create(call, "account"), create(call, "account")
    call.patch(f"accounts({middle})", bind("parentaccountid", "accounts", top))

    looped = call.patch(f"accounts({top})", bind("parentaccountid", "accounts", middle))

    assert refused(looped) == (400, "0x80040265")


def test_what_hangs_on_a_deleted_account_goes_or_is_let_loose(call: Caller) -> None:
    account = create(call, "account")
    contact = create(call, "contact", **bind("parentcustomerid_account", "accounts", account))
    child = create(call, "account", **bind("parentaccountid", "accounts", account))
    before = value(call, f"accounts({child})", "versionnumber")

    assert call.delete(f"accounts({account})").status_code == 204

    assert call.get(f"contacts({contact})").status_code == 404
    left = call.get(f"accounts({child})").json()
    assert left["_parentaccountid_value"] is None
    assert left["versionnumber"] > before


def test_a_deleted_contact_is_nobodys_primary_contact(call: Caller) -> None:
    contact = create(call, "contact")
    account = create(call, "account", **bind("primarycontactid", "contacts", contact))

    call.delete(f"contacts({contact})")

    assert value(call, f"accounts({account})", "_primarycontactid_value") is None


@pytest.mark.parametrize(
    ("table", "column", "by"),
    [
        ("account", "customerid_account", "salesorder"),
        ("account", "customerid_account", "invoice"),
        ("contact", "customerid_contact", "salesorder"),
        ("pricelevel", "pricelevelid", "invoice"),
        ("transactioncurrency", "transactioncurrencyid", "account"),
        ("uomschedule", "defaultuomscheduleid", "product"),
    ],
)
def test_a_row_that_others_depend_on_stays(call: Caller, table: str, column: str, by: str) -> None:
    key = create(call, table)
    body = least(call, by)
    for name in [name for name in body if name.startswith(column.partition("_")[0])]:
        del body[name]
    if by == "product":
        del body["defaultuomid@odata.bind"]
        body |= bind("defaultuomid", "uoms", base_unit(call, key))
    made = call.post(ENTITY_SETS[by], body | bind(column, ENTITY_SETS[table], key))
    assert made.status_code == 204, made.text

    held = call.delete(f"{ENTITY_SETS[table]}({key})")
    call.delete(f"{ENTITY_SETS[by]}({made.headers['OData-EntityId'][-37:-1]})")
    free = call.delete(f"{ENTITY_SETS[table]}({key})")

    assert refused(held) == (405, "0x80040227")
    assert free.status_code == 204, free.text


# Currencies


@pytest.mark.parametrize(
    "column",
    ["isocurrencycode", "currencyname", "currencysymbol", "currencyprecision", "exchangerate"],
)
def test_a_currency_needs_all_its_columns(call: Caller, column: str) -> None:
    body = {k: v for k, v in least(call, "transactioncurrency").items() if k != column}

    assert refused(call.post("transactioncurrencies", body)) == (400, "0x80040200")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"exchangerate": 0}, (400, "0x80044330")),
        ({"exchangerate": -1}, (400, "0x80044330")),
        ({"currencyprecision": 9}, (400, "0x80044330")),
        ({"isocurrencycode": "USD"}, (400, "0x80048cf3")),
        ({"isocurrencycode": "usd"}, (400, "0x80048cf3")),
    ],
)
def test_a_currency_that_cannot_be_is_refused(
    call: Caller, changed: dict[str, Any], expected: tuple[int, str]
) -> None:
    body = least(call, "transactioncurrency") | changed

    assert refused(call.post("transactioncurrencies", body)) == expected


def test_the_base_currency_stays_as_it_is(call: Caller) -> None:
    base = call.get("organizations").json()["value"][0]["_basecurrencyid_value"]
    path = f"transactioncurrencies({base})"

    assert refused(call.delete(path)) == (405, "0x80048cff")
    assert refused(call.patch(path, {"exchangerate": 2})) == (400, "0x80048cf5")
    assert refused(call.patch(path, {"isocurrencycode": "EUR"})) == (400, "0x80048d19")
    assert call.patch(path, {"currencyname": "Dollar", "exchangerate": 1}).status_code == 204


# Users, teams, roles


def test_people_are_found_by_whether_they_are_licensed_and_enabled(call: Caller) -> None:
    licensed = create(call, "systemuser", islicensed=True)
    disabled = create(call, "systemuser", islicensed=True)
    create(call, "systemuser")
    call.patch(f"systemusers({disabled})", {"isdisabled": True})

    query = "isdisabled eq false and islicensed eq true and isintegrationuser eq false"
    found = call.get(f"systemusers?$select=fullname&$filter={query}").json()["value"]

    keys = {row["systemuserid"] for row in found}
    assert licensed in keys
    assert disabled not in keys
    assert value(call, f"systemusers({licensed})", "fullname").startswith("Kim User")


def test_a_second_user_of_an_application_or_name_is_refused(
    sandbox: RunningSandbox, call: Caller
) -> None:
    body = least(call, "systemuser")
    call.post("systemusers", body)
    application = {
        "firstname": "Another",
        "lastname": "Application",
        "applicationid": sandbox.env["SANDBOX_INTEGRATION_CLIENT_ID"],
        **{k: v for k, v in body.items() if k.startswith("businessunitid")},
    }

    named = call.post("systemusers", body)
    taken = call.post("systemusers", application)
    fresh = call.post(
        "systemusers", application | {"applicationid": "11111111-2222-4333-8444-555555555555"}
    )

    assert refused(named) == (400, "0x80044150")
    assert refused(taken) == (400, "0x8004F511")
    assert fresh.status_code == 204, fresh.text


def test_an_application_user_keeps_its_kind(sandbox: RunningSandbox, call: Caller) -> None:
    own = sandbox.integration_dataverse.get("WhoAmI").json()["UserId"]
    path = f"systemusers({own})"

    assert value(call, path, "isintegrationuser") is True
    assert value(call, path, "accessmode") == 4
    assert refused(call.patch(path, {"isintegrationuser": False})) == (400, "0x80041d48")
    assert refused(call.patch(path, {"accessmode": 0})) == (400, "0x80040d40")
    assert call.patch(path, {"accessmode": 4, "jobtitle": "Integration"}).status_code == 204


def test_a_disabled_user_may_do_nothing_and_own_nothing(
    sandbox: RunningSandbox, call: Caller
) -> None:
    user = sandbox.integration_dataverse.get("WhoAmI").json()["UserId"]
    account = create(call, "account")
    call.patch(f"systemusers({user})", {"isdisabled": True})

    asked = sandbox.integration_dataverse.get("accounts")
    owned = call.patch(f"accounts({account})", bind("ownerid", "systemusers", user))
    call.patch(f"systemusers({user})", {"isdisabled": False})

    assert refused(asked) == (403, "0x80072560")
    assert refused(owned) == (400, "0x80040225")
    assert sandbox.integration_dataverse.get("accounts").status_code == 200
    assert (
        call.patch(f"accounts({account})", bind("ownerid", "systemusers", user)).status_code == 204
    )
    row = call.get(f"accounts({account})").json()
    assert (row["_ownerid_value"], row["_owninguser_value"]) == (user, user)


def test_a_team_owns_rows_and_gives_its_members_rights(
    sandbox: RunningSandbox, call: Caller
) -> None:
    bare = sandbox.integration_dataverse
    user = bare.get("WhoAmI").json()
    assigned = f"systemusers({user['UserId']})/systemuserroles_association"
    roles = call.get(assigned).json()["value"]
    role = next(role for role in roles if role["roleid"] == identities.INTEGRATION_ROLE_ID)
    for held in roles:
        call.delete(f"{assigned}({held['roleid']})/$ref")
    body = {
        "name": "BCI - CRONUS",
        **bind("businessunitid", "businessunits", user["BusinessUnitId"]),
    }
    team = call.post("teams", body).headers["OData-EntityId"][-37:-1]

    before = bare.get("accounts").status_code
    for path, target in (
        ("teamroles_association", f"roles({role['roleid']})"),
        ("teammembership_association", f"systemusers({user['UserId']})"),
    ):
        made = call.post(f"teams({team})/{path}/$ref", {"@odata.id": f"{call.root}/{target}"})
        assert made.status_code == 204, made.text
    after = bare.get("accounts").status_code
    account = create(call, "account", **bind("ownerid", "teams", team))

    assert (before, after) == (403, 200)
    row = call.get(
        f"accounts({account})?$select=name,_owningteam_value,_owninguser_value&$expand=ownerid"
    ).json()
    assert (row["_owningteam_value"], row["_owninguser_value"]) == (team, None)
    assert row["ownerid"]["@odata.type"] == "#Microsoft.Dynamics.CRM.team"
    again = call.post(
        f"teams({team})/teamroles_association/$ref",
        {"@odata.id": f"{call.root}/roles({role['roleid']})"},
    )
    assert again.status_code in (204, 412)
    assert refused(call.delete(f"teams({team})")) == (405, "0x80040227")


def test_the_default_team_stays(call: Caller) -> None:
    [team] = call.get("teams?$filter=isdefault eq true").json()["value"]

    assert call.delete(f"teams({team['teamid']})").status_code == 400


def test_roles_tell_their_privileges(call: Caller) -> None:
    roles = call.get(
        "roles?$select=name,roleid&$expand=roleprivileges_association($select=name)"
    ).json()

    by_id = {row["roleid"]: row for row in roles["value"]}
    integration = by_id["a2b18661-9ff5-e911-a812-000d3a0b9028"]
    privileges = {item["name"] for item in integration["roleprivileges_association"]}
    assert {"prvReadAccount", "prvCreateAccount", "prvWriteAccount"} <= privileges
    assert "prvWriteSystemuser" not in privileges


def test_the_integration_user_reads_users_but_does_not_change_them(
    sandbox: RunningSandbox, call: Caller
) -> None:
    user = create(call, "systemuser")
    bare = sandbox.integration_dataverse

    assert bare.get("systemusers").status_code == 200
    assert refused(bare.patch(f"systemusers({user})", {"jobtitle": "x"})) == (403, "0x80040220")
    assert refused(bare.delete(f"systemusers({user})")) == (403, "0x80040220")
    owned = bare.post("accounts", {"name": "A", **bind("ownerid", "systemusers", user)})
    assert owned.status_code == 204


# Company and organization


def test_a_company_is_found_by_its_external_id_and_only_once(call: Caller) -> None:
    body = {"bcbi_name": "CRONUS", "bcbi_externalid": "5d9d2e57"}

    made = call.post("bcbi_companies", body)
    again = call.post("bcbi_companies", body)
    lacking = call.post("bcbi_companies", {"bcbi_name": "CRONUS"})

    assert made.status_code == 204, made.text
    assert refused(again) == (412, "0x80060892")
    assert refused(lacking) == (400, "0x80040200")
    found = call.get("bcbi_companies(bcbi_externalid='5d9d2e57')").json()
    assert found["bcbi_name"] == "CRONUS"


def test_there_is_one_organization(call: Caller) -> None:
    [row] = call.get("organizations").json()["value"]
    path = f"organizations({row['organizationid']})"

    assert call.post("organizations", {"name": "second"}).status_code == 405
    assert call.delete(path).status_code == 405
    assert call.patch(path, {"issopintegrationenabled": True}).status_code == 204
    assert value(call, path, "issopintegrationenabled") is True


def test_only_an_administrator_switches_sales_order_integration(
    sandbox: RunningSandbox, call: Caller
) -> None:  # E-9.52
    [row] = sandbox.integration_dataverse.get("organizations").json()["value"]
    path = f"organizations({row['organizationid']})"
    body = {"issopintegrationenabled": True}

    theirs = sandbox.integration_dataverse.patch(path, body)

    assert refused(theirs) == (403, "0x80040220")
    assert "prvWriteOrganization" in theirs.text
    assert value(call, path, "issopintegrationenabled") is False
    assert call.patch(path, body).status_code == 204


# Unit groups


def test_a_unit_group_comes_with_its_base_unit(call: Caller) -> None:
    group = create(call, "uomschedule", baseuomname="Piece")
    unit = base_unit(call, group)

    fixed = call.patch(f"uomschedules({group})", {"baseuomname": "Box"})
    call.patch(f"uoms({unit})", {"name": "Box"})
    named = value(call, f"uoms({unit})", "name")
    kept = call.delete(f"uoms({unit})")
    gone = call.delete(f"uomschedules({group})")

    assert refused(fixed) == (400, "0x80048d19")
    assert named == "Box"
    assert kept.status_code == 400
    assert gone.status_code == 204
    assert call.get(f"uoms({unit})").status_code == 404
