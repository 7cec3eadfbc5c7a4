"""One row at a time: versions, alternate keys, upserts, links, deep inserts, and who did it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.running_sandbox import Caller, RunningSandbox

NOWHERE = "00000000-0000-4000-8000-00000000000f"


@pytest.fixture
def call(sandbox: RunningSandbox) -> Caller:
    sandbox.reset()
    return sandbox.dataverse


def made(answer: requests.Response) -> str:
    assert answer.status_code in (201, 204), answer.text
    return answer.headers["OData-EntityId"][-37:-1]


def refused(answer: requests.Response) -> tuple[int, str]:
    assert answer.status_code >= 400, answer.text
    return answer.status_code, answer.json()["error"]["code"]


def declare(call: Caller, *columns: str, table: str = "account") -> requests.Response:
    body = {"SchemaName": f"{'_'.join(columns)}_key", "KeyAttributes": list(columns)}
    return call.post(f"EntityDefinitions(LogicalName='{table}')/Keys", body)


# Versions


def test_a_row_that_did_not_change_is_not_sent_again(call: Caller) -> None:
    path = f"accounts({made(call.post('accounts', {'name': 'A'}))})"
    tag = call.get(path).json()["@odata.etag"]

    same = call.get(path, headers={"If-None-Match": tag})
    expanded = call.get(f"{path}?$expand=primarycontactid", headers={"If-None-Match": tag})
    call.patch(path, {"name": "B"})
    moved = call.get(path, headers={"If-None-Match": tag})

    assert (same.status_code, same.content) == (304, b"")
    assert expanded.status_code == 200
    assert (moved.status_code, moved.json()["name"]) == (200, "B")


def test_the_version_moves_with_every_write_and_is_the_tag(call: Caller) -> None:
    path = f"accounts({made(call.post('accounts', {'name': 'A'}))})"
    versions = []
    for body in ({"name": "B"}, {"name": "B"}, {"statecode": 1}):
        call.patch(path, body)
        row = call.get(path).json()
        assert row["@odata.etag"] == f'W/"{row["versionnumber"]}"'
        versions.append(row["versionnumber"])

    assert versions == sorted(set(versions))


@pytest.mark.parametrize(
    ("header", "exists", "status"),
    [
        ({}, True, 204),
        ({}, False, 204),
        ({"If-Match": "*"}, True, 204),
        ({"If-Match": "*"}, False, 404),
        ({"If-None-Match": "*"}, True, 412),
        ({"If-None-Match": "*"}, False, 204),
        ({"If-Match": 'W/"1"'}, True, 412),
        ({"If-Match": 'W/"1"'}, False, 404),
    ],
)
def test_a_patch_creates_or_updates_as_its_condition_says(
    call: Caller, header: dict[str, str], exists: bool, status: int
) -> None:
    key = made(call.post("accounts", {"name": "A"})) if exists else NOWHERE

    answer = call.patch(f"accounts({key})", {"name": "B"}, headers=header)

    assert answer.status_code == status, answer.text
    now = call.get(f"accounts({key})")
    if status == 204:
        assert answer.headers["OData-EntityId"].endswith(f"/accounts({key})")
        assert now.json()["name"] == "B"
    else:
        assert now.status_code == (200 if exists else 404)
        assert not exists or now.json()["name"] == "A"


@pytest.mark.parametrize("exists", [True, False])
def test_a_representation_tells_created_from_updated(call: Caller, exists: bool) -> None:
    key = made(call.post("accounts", {"name": "A"})) if exists else NOWHERE
    prefer = {"Prefer": 'return=representation,odata.include-annotations="*"'}

    answer = call.patch(f"accounts({key})?$select=name,statecode", {"name": "B"}, headers=prefer)

    assert answer.status_code == (200 if exists else 201)
    body = answer.json()
    assert (body["accountid"], body["name"]) == (key, "B")
    assert body["statecode@OData.Community.Display.V1.FormattedValue"] == "Active"
    assert "fax" not in body
    assert "return=representation" in answer.headers["Preference-Applied"]


def test_a_row_is_created_with_the_id_it_is_given(call: Caller) -> None:
    answer = call.post("accounts", {"name": "A", "accountid": NOWHERE.upper()})

    assert made(answer) == NOWHERE
    assert call.get(f"accounts({NOWHERE})").json()["accountid"] == NOWHERE


# Alternate keys


def test_a_key_finds_creates_and_updates_its_row(call: Caller) -> None:
    declare(call, "accountnumber")
    path = "accounts(accountnumber='O''Neill %23 1')"

    missing = call.get(path)
    only = call.patch(path, {"name": "A"}, headers={"If-Match": "*"})
    created = call.patch(path, {"name": "A"}, headers={"Prefer": "return=representation"})
    updated = call.patch(path, {"name": "B", "accountnumber": "ignored"})
    found = call.get(path).json()

    assert refused(missing) == (404, "0x80060891")
    assert refused(only) == (404, "0x80060891")
    assert (created.status_code, created.json()["accountnumber"]) == (201, "O'Neill # 1")
    assert updated.status_code == 204
    assert (found["name"], found["accountnumber"]) == ("B", "O'Neill # 1")
    assert call.delete(path).status_code == 204
    assert call.get("accounts/$count").text == "0"


def test_key_columns_of_the_body_win_when_the_row_is_created(call: Caller) -> None:
    declare(call, "accountnumber")

    call.patch("accounts(accountnumber='one')", {"name": "A", "accountnumber": "two"})

    assert call.get("accounts(accountnumber='two')").status_code == 200
    assert call.get("accounts(accountnumber='one')").status_code == 404


def test_a_key_of_several_columns_may_hold_numbers_and_lookups(call: Caller) -> None:
    declare(call, "numberofemployees", "parentaccountid", "name")
    parent = made(call.post("accounts", {"name": "Parent"}))
    path = f"accounts(name='A',numberofemployees=7,_parentaccountid_value={parent})"

    created = call.patch(path, {"fax": "1"})

    assert created.status_code == 204, created.text
    found = call.get(path).json()
    assert (found["numberofemployees"], found["_parentaccountid_value"]) == (7, parent)


def test_a_taken_key_is_refused_by_name(call: Caller) -> None:
    declare(call, "accountnumber")
    first = made(call.post("accounts", {"name": "A", "accountnumber": "1"}))
    second = made(call.post("accounts", {"name": "B", "accountnumber": "2"}))

    created = call.post("accounts", {"name": "C", "accountnumber": "1"})
    updated = call.patch(f"accounts({second})", {"accountnumber": "1"})
    same = call.patch(f"accounts({first})", {"accountnumber": "1", "name": "D"})
    empty = [call.post("accounts", {"name": "No number"}).status_code for _ in range(2)]

    for answer in (created, updated):
        assert refused(answer) == (412, "0x80060892")
        message = answer.json()["error"]["message"]
        assert message.startswith(
            "Entity Key accountnumber_key violated. A record with the same value"
        )
    assert same.status_code == 204
    assert empty == [204, 204]


def test_columns_that_are_no_declared_key_are_refused(call: Caller) -> None:
    undeclared = call.get("accounts(accountnumber='1')")
    unknown = call.get("accounts(nonsense='1')")
    malformed = call.get("accounts(nonsense)")

    assert refused(undeclared) == (400, "0x80060888")
    assert "not valid for resource" in undeclared.json()["error"]["message"]
    assert refused(unknown) == (400, "0x80060888")
    assert refused(malformed) == (400, "0x80060888")


def test_a_key_over_values_that_occur_twice_fails(call: Caller) -> None:
    for _ in range(2):
        call.post("accounts", {"name": "A", "accountnumber": "1"})

    declare(call, "accountnumber")

    [key] = call.get("EntityDefinitions(LogicalName='account')/Keys").json()["value"]
    assert key["EntityKeyIndexStatus"] == "Failed"
    assert refused(call.get("accounts(accountnumber='1')")) == (400, "0x80060888")


def test_a_key_is_removed_and_an_unknown_column_makes_none(call: Caller) -> None:
    declare(call, "accountnumber")
    path = "EntityDefinitions(LogicalName='account')/Keys"
    [key] = call.get(path).json()["value"]

    wrong = declare(call, "nonsense")
    twice = declare(call, "accountnumber")
    removed = call.delete(f"{path}({key['MetadataId']})")

    assert wrong.status_code == 400
    assert twice.status_code == 400
    assert removed.status_code == 204
    assert call.get(path).json()["value"] == []


def test_a_table_has_ten_keys_at_most(call: Caller) -> None:
    columns = ["name", "accountnumber", "fax", "telephone1", "telephone2", "websiteurl"]
    columns += ["emailaddress1", "address1_city", "address1_line1", "address1_line2"]

    statuses = [declare(call, column).status_code for column in [*columns, "sic"]]

    assert statuses == [204] * 10 + [400]


# Columns, lookups, deep inserts


def test_one_column_is_read_written_and_cleared(call: Caller) -> None:
    path = f"accounts({made(call.post('accounts', {'name': 'A'}))})"

    written = call.put(f"{path}/telephone1", {"value": "1"})
    read = call.get(f"{path}/telephone1").json()["value"]
    cleared = call.delete(f"{path}/telephone1")

    assert (written.status_code, read, cleared.status_code) == (204, "1", 204)
    assert call.get(f"{path}/telephone1").status_code == 204


@pytest.mark.parametrize("form", ["/accounts({})", "accounts({})", "{root}/accounts({})"])
def test_a_lookup_is_bound_in_every_form_and_cleared(
    sandbox: RunningSandbox, call: Caller, form: str
) -> None:
    account = made(call.post("accounts", {"name": "A"}))
    bind = {"parentcustomerid_account@odata.bind": form.format(account, root=call.root)}
    path = f"contacts({made(call.post('contacts', {'lastname': 'B', **bind}))})"

    assert call.get(path).json()["_parentcustomerid_value"] == account
    for clearing in (
        {"parentcustomerid_account@odata.bind": None},
        {"parentcustomerid_account": None},
    ):
        call.patch(path, bind)
        assert call.patch(path, clearing).status_code == 204
        assert call.get(path).json()["_parentcustomerid_value"] is None


def test_a_lookup_is_bound_by_an_alternate_key(call: Caller) -> None:
    declare(call, "accountnumber")
    account = made(call.post("accounts", {"name": "A", "accountnumber": "A1"}))

    bind = {"parentcustomerid_account@odata.bind": "/accounts(accountnumber='A1')"}
    contact = made(call.post("contacts", {"lastname": "B", **bind}))

    assert call.get(f"contacts({contact})").json()["_parentcustomerid_value"] == account


@pytest.mark.parametrize(
    ("bind", "expected"),
    [
        ({"parentcustomerid_account@odata.bind": f"/accounts({NOWHERE})"}, (404, "0x80040217")),
        ({"parentcustomerid_account@odata.bind": f"/contacts({NOWHERE})"}, (400, "0x80048d19")),
        ({"parentcustomerid@odata.bind": f"/accounts({NOWHERE})"}, (400, "0x80048d19")),
        ({"ParentCustomerId_account@odata.bind": f"/accounts({NOWHERE})"}, (400, "0x80048d19")),
        ({"_parentcustomerid_value": NOWHERE}, (400, "0x80048d19")),
        ({"parentcustomerid_account": NOWHERE}, (400, "0x80048d19")),
        ({"parentcustomerid_account@odata.bind": "nonsense"}, (400, "0x80060888")),
        ({"parentcustomerid_account@odata.bind": "$1"}, (400, "0x80060888")),
        ({"parentcustomerid_account@odata.bind": 5}, (400, "0x80060888")),
    ],
)
def test_a_lookup_that_leads_nowhere_is_refused(
    call: Caller, bind: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert refused(call.post("contacts", {"lastname": "B", **bind})) == expected


def test_custom_lookups_are_bound_by_their_schema_name(call: Caller) -> None:
    company = made(call.post("bcbi_companies", {"bcbi_name": "CRONUS", "bcbi_externalid": "c1"}))
    relations = call.get("EntityDefinitions(LogicalName='account')/ManyToOneRelationships").json()
    [name] = [
        relation["ReferencingEntityNavigationPropertyName"]
        for relation in relations["value"]
        if relation["ReferencingAttribute"] == "bcbi_companyid"
    ]

    account = made(
        call.post("accounts", {"name": "A", f"{name}@odata.bind": f"/bcbi_companies({company})"})
    )

    assert name == "bcbi_CompanyId"
    assert call.get(f"accounts({account})").json()["_bcbi_companyid_value"] == company


def test_rows_are_linked_and_unlinked(call: Caller) -> None:
    account = made(call.post("accounts", {"name": "A"}))
    contact = made(call.post("contacts", {"lastname": "B"}))
    reference = {"@odata.id": f"{call.root}/contacts({contact})"}
    path = f"accounts({account})"

    one = call.put(f"{path}/primarycontactid/$ref", reference)
    many = call.post(f"{path}/contact_customer_accounts/$ref", reference)

    assert (one.status_code, many.status_code) == (204, 204)
    assert call.get(path).json()["_primarycontactid_value"] == contact
    assert call.get(f"contacts({contact})").json()["_parentcustomerid_value"] == account
    gone = call.delete(f"{path}/contact_customer_accounts({contact})/$ref")
    assert gone.status_code == 204
    assert call.get(f"contacts({contact})").json()["_parentcustomerid_value"] is None
    call.post(f"{path}/contact_customer_accounts/$ref", reference)
    by_query = f"{path}/contact_customer_accounts/$ref?$id={call.root}/contacts({contact})"
    assert call.delete(by_query).status_code == 204
    assert call.get(f"contacts({contact})").json()["_parentcustomerid_value"] is None
    assert call.delete(f"{path}/primarycontactid/$ref").status_code == 204
    assert call.get(path).json()["_primarycontactid_value"] is None


def test_related_rows_are_created_with_their_row(call: Caller) -> None:
    body = {
        "name": "A",
        "primarycontactid": {"lastname": "First"},
        "contact_customer_accounts": [{"lastname": "Second"}, {"lastname": "Third"}],
    }
    account = made(call.post("accounts", body))

    expanded = "primarycontactid,contact_customer_accounts($orderby=lastname)"
    query = f"accounts({account})?$select=name&$expand={expanded}"
    found = call.get(query).json()

    assert found["primarycontactid"]["lastname"] == "First"
    assert [row["lastname"] for row in found["contact_customer_accounts"]] == ["Second", "Third"]


def test_a_deep_insert_is_made_as_a_whole_or_not(call: Caller) -> None:
    body = {"name": "A", "contact_customer_accounts": [{"lastname": "B"}, {"nonsense": 1}]}

    assert refused(call.post("accounts", body)) == (400, "0x80048d19")
    assert call.get("accounts/$count").text == "0"
    assert call.get("contacts/$count").text == "0"


# Bodies


@pytest.mark.parametrize("content", [b"{", b"[]", b"5", b'"x"', b"\xff\xfe", b""])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_body_that_is_no_object_is_refused(call: Caller, method: str, content: bytes) -> None:
    path = (
        "accounts"
        if method == "POST"
        else f"accounts({made(call.post('accounts', {'name': 'A'}))})"
    )

    answer = call.request(method, path, data=content, headers={"Content-Type": "application/json"})

    assert refused(answer) == (400, "0x80048d19")


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("creditlimit", 1e300, (400, "0x80044330")),
        ("creditlimit", True, (400, "0x80048d19")),
        ("numberofemployees", 1.5, (400, "0x80048d19")),
        ("numberofemployees", 10**30, (400, "0x80044330")),
        ("customertypecode", 10**30, (400, "0x8004431A")),
        ("statecode", 7, (400, "0x8004431A")),
        ("statuscode", 2, (400, "0x80048408")),
        ("name", "", (400, "0x80040200")),
        ("name", None, (400, "0x80040200")),
    ],
)
def test_a_value_outside_its_range_is_refused(
    call: Caller, column: str, value: Any, expected: tuple[int, str]
) -> None:
    key = made(call.post("accounts", {"name": "A"}))

    assert refused(call.patch(f"accounts({key})", {column: value})) == expected


def test_a_state_takes_its_first_status_reason(call: Caller) -> None:
    path = f"accounts({made(call.post('accounts', {'name': 'A'}))})"

    for body, expected in (({"statecode": 1}, (1, 2)), ({"statecode": 0, "statuscode": 1}, (0, 1))):
        assert call.patch(path, body).status_code == 204
        row = call.get(path).json()
        assert (row["statecode"], row["statuscode"]) == expected


def test_methods_that_do_not_fit_are_refused(call: Caller) -> None:
    key = made(call.post("accounts", {"name": "A"}))

    for method, path in (("DELETE", "accounts"), ("PUT", f"accounts({key})"), ("POST", "WhoAmI")):
        assert call.request(method, path).status_code == 405


# Who did it


def test_rows_are_stamped_by_who_wrote_them(sandbox: RunningSandbox, call: Caller) -> None:
    full = call.get("WhoAmI").json()["UserId"]
    other = sandbox.integration_dataverse.get("WhoAmI").json()["UserId"]
    path = f"accounts({made(call.post('accounts', {'name': 'A'}))})"

    sandbox.integration_dataverse.patch(path, {"name": "B"})

    row = call.get(path).json()
    assert (row["_createdby_value"], row["_modifiedby_value"]) == (full, other)
    assert (row["_ownerid_value"], row["_owninguser_value"]) == (full, full)
    assert call.get(f"accounts?$filter=_modifiedby_value ne {other}").json()["value"] == []


def test_an_administrator_may_act_on_behalf_of_another(
    sandbox: RunningSandbox, call: Caller
) -> None:
    other = sandbox.integration_dataverse.get("WhoAmI").json()["UserId"]
    header = {"MSCRMCallerID": other}

    key = made(call.post("accounts", {"name": "A"}, headers=header))
    back = sandbox.integration_dataverse.post(
        "accounts", {"name": "A"}, headers={"MSCRMCallerID": call.get("WhoAmI").json()["UserId"]}
    )

    assert call.get(f"accounts({key})").json()["_createdby_value"] == other
    assert refused(back) == (403, "0x80040220")
    unknown = call.post("accounts", {"name": "A"}, headers={"MSCRMCallerID": NOWHERE})
    assert unknown.status_code in (400, 403, 404)
