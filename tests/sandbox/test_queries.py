"""Dataverse answers queries as its Web API does: filters, order, pages, expansions."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.running_sandbox import Caller, RunningSandbox

ROWS: list[dict[str, Any]] = [
    {"name": "Adatum", "accountnumber": "10", "creditlimit": 100.5, "customertypecode": 3},
    {"name": "Bølling & Søn", "accountnumber": "20", "creditlimit": 2000, "donotphone": True},
    {"name": "100% Cotton", "accountnumber": "30", "customertypecode": 11},
    {"name": "O'Neill", "accountnumber": "A_1", "telephone1": "+45 1", "numberofemployees": 7},
    {"name": "adatum two", "accountnumber": "AB1", "fax": None, "websiteurl": "x.example"},
]


@pytest.fixture(scope="module")
def call(sandbox: RunningSandbox) -> Caller:
    sandbox.reset()
    call = sandbox.dataverse
    ids = [call.post("accounts", row).headers["OData-EntityId"][-37:-1] for row in ROWS]
    parent = {"parentaccountid@odata.bind": f"/accounts({ids[0]})"}
    assert call.patch(f"accounts({ids[4]})", parent).status_code == 204
    for last, account in (("Berg", ids[0]), ("Dahl", ids[0]), ("Ek", ids[1])):
        body = {"lastname": last, "parentcustomerid_account@odata.bind": f"/accounts({account})"}
        assert call.post("contacts", body).status_code == 204
    person = call.get("contacts?$filter=lastname eq 'Berg'").json()["value"][0]["contactid"]
    link = {"primarycontactid@odata.bind": f"/contacts({person})"}
    assert call.patch(f"accounts({ids[0]})", link).status_code == 204
    return call


def names(call: Caller, query: str) -> list[str]:
    answer = call.get(f"accounts?$select=name&$orderby=accountnumber&$filter={query}")
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in answer.json()["value"]]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("name eq 'ADATUM'", "0"),
        ("name eq 'bølling %26 søn'", "1"),
        ("name eq 'BØLLING %26 SØN'", "1"),
        ("name ne 'adatum'", "1234"),
        ("name ge 'b' and name lt 'c'", "1"),
        ("contains(name,'DATUM')", "04"),
        ("contains(name,'SØN')", "1"),
        ("startswith(name,'adatum')", "04"),
        ("endswith(name,'two')", "4"),
        ("not contains(name,'adatum')", "123"),
        ("not (name eq 'Adatum' or name eq 'O''Neill')", "124"),
        ("name eq 'O''Neill'", "3"),
        ("contains(name,'0%25 c')", "2"),
        ("contains(name,'0[%25] c')", "2"),
        ("startswith(accountnumber,'A_1')", "34"),
        ("startswith(accountnumber,'A[_]1')", "3"),
        ("startswith(accountnumber,'[0-2]')", "01"),
        ("startswith(accountnumber,'[^0-9]')", "34"),
        ("contains(accountnumber,'a')", "34"),
        ("creditlimit eq 100.5", "0"),
        ("creditlimit gt 100.5", "1"),
        ("creditlimit eq null", "234"),
        ("creditlimit ne null", "01"),
        ("null eq creditlimit", "234"),
        ("2000 le creditlimit", "1"),
        ("customertypecode eq 3", "0"),
        ("customertypecode ne 3", "1234"),
        ("customertypecode in (3,11)", "02"),
        ("donotphone eq true", "1"),
        ("numberofemployees ge 7", "3"),
        ("statecode eq 0", "01234"),
        ("createdon gt 2020-01-01", "01234"),
        ("createdon lt 2020-01-01T10:00:00Z", ""),
        ("parentaccountid/name eq 'ADATUM'", "4"),
        ("contains(parentaccountid/name,'dat')", "4"),
        ("primarycontactid/lastname eq 'berg'", "0"),
        ("_parentaccountid_value ne null", "4"),
        (
            "Microsoft.Dynamics.CRM.In(PropertyName='name',"
            "PropertyValues=[\"O'Neill\",\"ADATUM\"])",
            "03",
        ),
        ("Microsoft.Dynamics.CRM.NotIn(PropertyName='name',PropertyValues=[\"Adatum\"])", "1234"),
        (
            "Microsoft.Dynamics.CRM.In(PropertyName='customertypecode',"
            "PropertyValues=[\"3\",\"11\"])",
            "02",
        ),
        (
            "Microsoft.Dynamics.CRM.Between(PropertyName='creditlimit',"
            "PropertyValues=[\"100\",\"200\"])",
            "0",
        ),
        (
            "Microsoft.Dynamics.CRM.OnOrAfter(PropertyName='createdon',"
            "PropertyValue='2020-01-01')",
            "01234",
        ),
        (
            "Microsoft.Dynamics.CRM.OnOrBefore(PropertyName='createdon',"
            "PropertyValue='2020-01-01')",
            "",
        ),
        ("contact_customer_accounts/any(c:c/lastname eq 'BERG')", "0"),
        ("contact_customer_accounts/any()", "01"),
        ("not contact_customer_accounts/any(c:c/lastname eq 'Berg' or c/lastname eq 'Ek')", "234"),
        ("contact_customer_accounts/all(c:c/lastname eq 'Ek')", "1234"),
        ("name eq @p%26x&@p%26x='Adatum'".replace("%26x", ""), "0"),
        ("creditlimit gt 1 and (customertypecode eq 3 or donotphone eq true)", "01"),
        ("telephone1 eq '%2B45 1'", "3"),
        ("telephone1%20eq%20%27%2B45+1%27", "3"),
    ],
)  # fmt: skip
def test_a_filter_finds_its_rows(call: Caller, query: str, numbers: str) -> None:
    assert names(call, query) == [ROWS[int(number)]["name"] for number in numbers]


@pytest.mark.parametrize(
    "query",
    [
        "$filter=nonsense eq 1",
        "$filter=name eq 5",
        "$filter=name eq",
        "$filter=creditlimit eq 'much'",
        "$filter=customertypecode eq 'Customer'",
        "$filter=createdon gt 'yesterday'",
        "$filter=name = 'x'",
        "$filter=(name eq 'x'",
        "$filter=name eq 'x",
        "$filter=length(name) eq 5",
        "$filter=_parentaccountid_value eq 5",
        "$filter=nonsense/name eq 'x'",
        "$filter=name eq @missing",
        "$select=nonsense",
        "$orderby=nonsense",
        "$orderby=name sideways",
        "$top=-1",
        "$top=many",
        "$skip=5",
        "$search=x",
        "$format=json",
        "$Filter=name eq 'x'",
        "nonsense=1",
        "$expand=nonsense",
        "$expand=primarycontactid($nonsense=1)",
        "$filter=name eq 'a'&$filter=name eq 'b'",
        "$skiptoken=nonsense",
        "$deltatoken=nonsense",
        "$count=maybe",
    ],
)
def test_a_query_that_makes_no_sense_is_refused(call: Caller, query: str) -> None:
    answer = call.get(f"accounts?{query}")

    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "0x80060888"


@pytest.mark.parametrize(
    "query",
    [
        "$apply=aggregate($count as n)",
        "savedQuery=00000000-0000-0000-0000-000000000001",
        "sql=SELECT name FROM account",
        "$filter=Microsoft.Dynamics.CRM.LastXDays(PropertyName='createdon',PropertyValue=3)",
    ],
)
def test_what_the_sandbox_cannot_do_it_says(call: Caller, query: str) -> None:
    assert call.get(f"accounts?{query}").status_code == 501


def test_an_unknown_entity_set_or_segment_is_not_found(call: Caller) -> None:
    for path in ("nonsense", "account", "Accounts", "accounts/nonsense", "nonsense()"):
        answer = call.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "0x8006088A"), path


def test_select_returns_the_columns_asked_for_and_the_key(call: Caller) -> None:
    [row] = call.get(
        "accounts?$select=name,_parentaccountid_value&$filter=name eq 'adatum'"
    ).json()["value"]

    assert set(row) == {"@odata.etag", "name", "_parentaccountid_value", "accountid"}


def test_a_lookup_to_several_tables_is_named_by_its_value_only(call: Caller) -> None:
    by_name = call.get("contacts?$select=parentcustomerid")
    by_value = call.get("contacts?$select=_parentcustomerid_value")

    assert (by_name.status_code, by_value.status_code) == (400, 200)


def test_without_select_every_column_comes_and_empty_ones_are_null(call: Caller) -> None:
    [row] = call.get("accounts?$filter=name eq 'adatum'").json()["value"]

    assert row["fax"] is None
    assert row["_parentaccountid_value"] is None
    assert "parentaccountid" not in row
    assert row["donotphone"] in (None, False)
    assert [name for name in row if "@" in name] == ["@odata.etag"]


def test_rows_come_in_the_order_asked_for_and_empty_values_are_lowest(call: Caller) -> None:
    up = call.get("accounts?$select=name&$orderby=creditlimit,name desc").json()["value"]
    down = call.get("accounts?$select=name&$orderby=creditlimit desc").json()["value"]

    assert [row["name"] for row in up] == [
        "O'Neill",
        "adatum two",
        "100% Cotton",
        "Adatum",
        "Bølling & Søn",
    ]
    assert [row["name"] for row in down][:2] == ["Bølling & Søn", "Adatum"]


def test_top_and_count(call: Caller) -> None:
    body = call.get("accounts?$select=name&$top=2&$count=true&$filter=contains(name,'a')").json()

    assert len(body["value"]) == 2
    assert body["@odata.count"] == 2
    assert "@odata.nextLink" not in body
    assert call.get("accounts/$count").text == "5"
    assert call.get("accounts/$count").headers["Content-Type"].startswith("text/plain")
    assert call.get("accounts/$count?$filter=contains(name,'adatum')").text == "2"
    assert call.get("accounts?$top=0").json()["value"] == []


def test_a_lookup_is_expanded_with_options(call: Caller) -> None:
    query = (
        "accounts?$select=name&$filter=name eq 'adatum'&$expand=primarycontactid($select=lastname)"
    )
    [row] = call.get(query).json()["value"]
    [other] = call.get(query.replace("'adatum'", "'adatum two'")).json()["value"]

    assert row["primarycontactid"]["lastname"] == "Berg"
    assert other["primarycontactid"] is None


def test_a_collection_is_expanded_with_options(call: Caller) -> None:
    inner = "$select=lastname;$filter=lastname ne 'x';$orderby=lastname desc;$top=1"
    query = (
        f"accounts?$select=name&$filter=name eq 'adatum'&$expand=contact_customer_accounts({inner})"
    )
    [row] = call.get(query).json()["value"]

    assert [contact["lastname"] for contact in row["contact_customer_accounts"]] == ["Dahl"]


def test_expansions_are_nested_and_several(call: Caller) -> None:
    query = (
        "contacts?$select=lastname&$orderby=lastname&$expand="
        "parentcustomerid_account($select=name;$expand=primarycontactid($select=lastname)),"
        "parentcustomerid_contact($select=lastname),ownerid"
    )
    rows = call.get(query).json()["value"]

    assert rows[0]["parentcustomerid_account"]["primarycontactid"]["lastname"] == "Berg"
    assert rows[2]["parentcustomerid_account"]["primarycontactid"] is None
    assert rows[0]["parentcustomerid_contact"] is None
    assert rows[0]["ownerid"]["ownerid"] == call.get("WhoAmI").json()["UserId"]


def test_a_navigation_property_leads_to_rows(call: Caller) -> None:
    [row] = call.get("accounts?$select=name&$filter=name eq 'adatum'").json()["value"]
    path = f"accounts({row['accountid']})"

    many = call.get(f"{path}/contact_customer_accounts?$select=lastname&$orderby=lastname").json()
    one = call.get(f"{path}/primarycontactid?$select=lastname").json()
    none = call.get(f"{path}/parentaccountid")
    value = call.get(f"{path}/name").json()
    empty = call.get(f"{path}/fax")

    assert [contact["lastname"] for contact in many["value"]] == ["Berg", "Dahl"]
    assert one["lastname"] == "Berg"
    assert one["@odata.context"].endswith("#contacts(lastname)/$entity")
    assert value["value"] == "Adatum"
    assert none.status_code == 204
    assert empty.status_code == 204


def test_annotations_come_when_asked_for(call: Caller) -> None:
    query = "contacts?$select=lastname,_parentcustomerid_value,statecode&$filter=lastname eq 'Ek'"
    all_of_them = call.get(query, headers={"Prefer": 'odata.include-annotations="*"'})
    some = call.get(
        query,
        headers={
            "Prefer": "odata.maxpagesize=9,"
            'odata.include-annotations="Microsoft.Dynamics.CRM.lookup*"'
        },
    )

    [full], [partial] = all_of_them.json()["value"], some.json()["value"]
    lookup = "_parentcustomerid_value"
    assert full[f"{lookup}@OData.Community.Display.V1.FormattedValue"] == "Bølling & Søn"
    assert (
        full[f"{lookup}@Microsoft.Dynamics.CRM.associatednavigationproperty"]
        == "parentcustomerid_account"
    )
    assert full["statecode@OData.Community.Display.V1.FormattedValue"] == "Active"
    assert [n for n in partial if "@" in n] == [
        "@odata.etag",
        f"{lookup}@Microsoft.Dynamics.CRM.lookuplogicalname",
    ]
    assert partial[f"{lookup}@Microsoft.Dynamics.CRM.lookuplogicalname"] == "account"
    assert 'include-annotations="*"' in all_of_them.headers["Preference-Applied"]
    assert "odata.maxpagesize=9" in some.headers["Preference-Applied"]


def test_option_names_may_be_percent_encoded(call: Caller) -> None:
    query = f"%24select=name&%24filter={quote('name eq ' + repr('Adatum'))}"

    assert [row["name"] for row in call.get(f"accounts?{query}").json()["value"]] == ["Adatum"]


def test_times_are_whole_seconds_in_utc(call: Caller) -> None:
    [row] = call.get("accounts?$select=createdon,modifiedon&$top=1").json()["value"]

    for name in ("createdon", "modifiedon"):
        assert len(row[name]) == len("2025-02-01T10:20:30Z")
        assert row[name].endswith("Z")


def test_a_fraction_of_a_second_is_compared_with_whole_seconds(call: Caller) -> None:
    [row] = call.get("accounts?$select=modifiedon&$top=1&$filter=name eq 'adatum'").json()["value"]
    at = row["modifiedon"].removesuffix("Z")

    def found(condition: str) -> bool:
        return "Adatum" in names(call, f"modifiedon {condition}")

    assert found(f"ge {at}Z")
    assert not found(f"gt {at}Z")
    assert not found(f"gt {at}.001Z")
    assert found(f"lt {at}.001Z")
    assert found(f"le {at}%2B00:00")


def test_the_service_document_lists_the_entity_sets(call: Caller) -> None:
    found = {item["name"] for item in call.get("").json()["value"]}

    assert {"accounts", "contacts", "transactioncurrencies", "bcbi_companies"} & found
