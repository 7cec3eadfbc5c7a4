"""Metadata tells what tables, columns, options, keys and relationships there are."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.running_sandbox import Caller, RunningSandbox
from tests.sandbox.rows import ENTITY_SETS, MAPPED

ACCOUNT = "EntityDefinitions(LogicalName='account')"
PAYMENT = {"EntityLogicalName": "account", "AttributeLogicalName": "paymenttermscode"}
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


@pytest.fixture
def call(sandbox: RunningSandbox) -> Caller:
    sandbox.reset()
    return sandbox.dataverse


def text(label: str) -> dict[str, Any]:
    return {"LocalizedLabels": [{"Label": label, "LanguageCode": 1033}]}


def options(call: Caller, column: str = "paymenttermscode") -> dict[int, str]:
    cast = "Microsoft.Dynamics.CRM.PicklistAttributeMetadata"
    path = f"{ACCOUNT}/Attributes(LogicalName='{column}')/{cast}"
    found = call.get(f"{path}?$select=LogicalName&$expand=OptionSet($select=Options)")
    assert found.status_code == 200, found.text
    return {
        option["Value"]: option["Label"]["UserLocalizedLabel"]["Label"]
        for option in found.json()["OptionSet"]["Options"]
    }


@pytest.mark.parametrize("table", MAPPED)
def test_a_table_is_described(call: Caller, table: str) -> None:
    chosen = "$select=LogicalName,EntitySetName,PrimaryIdAttribute,ChangeTrackingEnabled"
    listed = call.get(f"EntityDefinitions?{chosen}&$filter=LogicalName eq '{table}'").json()
    single = call.get(f"EntityDefinitions(LogicalName='{table}')?{chosen}").json()

    [found] = listed["value"]
    assert found["EntitySetName"] == ENTITY_SETS[table]
    assert found["PrimaryIdAttribute"] == f"{table}id"
    assert found["ChangeTrackingEnabled"] is True
    assert {k: v for k, v in single.items() if "@" not in k} == {
        k: v for k, v in found.items() if "@" not in k
    }


def test_an_unknown_table_is_an_empty_list_or_not_found(call: Caller) -> None:
    listed = call.get("EntityDefinitions?$select=LogicalName&$filter=LogicalName eq 'nonsense'")

    assert listed.json()["value"] == []
    assert call.get("EntityDefinitions(LogicalName='nonsense')").status_code == 404
    assert call.get(f"{ACCOUNT}/nonsense").status_code == 404
    assert call.get(f"{ACCOUNT}/Attributes(LogicalName='nonsense')").status_code == 404
    assert call.get("EntityDefinitions?$nonsense=1").status_code == 400


def test_columns_tell_type_length_targets_and_access(call: Caller) -> None:
    found = {
        item["LogicalName"]: item for item in call.get(f"{ACCOUNT}/Attributes").json()["value"]
    }

    assert found["name"]["@odata.type"] == "#Microsoft.Dynamics.CRM.StringAttributeMetadata"
    assert (found["name"]["AttributeType"], found["name"]["MaxLength"]) == ("String", 160)
    assert found["name"]["RequiredLevel"]["Value"] == "ApplicationRequired"
    assert found["primarycontactid"]["Targets"] == ["contact"]
    assert found["ownerid"]["AttributeType"] == "Owner"
    assert found["modifiedon"]["IsValidForUpdate"] is False
    assert found["telephone1"]["IsValidForUpdate"] is True
    assert found["accountid"]["IsPrimaryId"] is True
    assert "OptionSet" not in found["paymenttermscode"]


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("PicklistAttributeMetadata", "paymenttermscode"),
        ("StateAttributeMetadata", "statecode"),
        ("StatusAttributeMetadata", "statuscode"),
        ("StringAttributeMetadata", "name"),
        ("MemoAttributeMetadata", "description"),
        ("LookupAttributeMetadata", "primarycontactid"),
        ("MoneyAttributeMetadata", "creditlimit"),
        ("BooleanAttributeMetadata", "donotphone"),
        ("DateTimeAttributeMetadata", "createdon"),
    ],
)
def test_columns_are_found_by_kind(call: Caller, kind: str, column: str) -> None:
    found = call.get(
        f"{ACCOUNT}/Attributes/Microsoft.Dynamics.CRM.{kind}?$select=LogicalName"
    ).json()

    names = {item["LogicalName"] for item in found["value"]}
    assert column in names
    assert len(names) < 200


def test_states_name_their_reasons(call: Caller) -> None:
    path = f"{ACCOUNT}/Attributes/Microsoft.Dynamics.CRM.StateAttributeMetadata?$expand=OptionSet"
    [state] = call.get(path).json()["value"]

    found = {o["Value"]: o["DefaultStatus"] for o in state["OptionSet"]["Options"]}
    assert found == {0: 1, 1: 2}


def test_the_filters_of_metadata(call: Caller) -> None:
    path = f"{ACCOUNT}/Attributes?$select=LogicalName&$filter="
    query = f"{path}AttributeType eq Microsoft.Dynamics.CRM.AttributeTypeCode'Money'"
    by_type = call.get(query)
    by_name = call.get(f"{path}startswith(LogicalName,'telephone') and IsValidForUpdate eq true")

    assert by_type.status_code == 200, by_type.text
    assert "creditlimit" in {item["LogicalName"] for item in by_type.json()["value"]}
    assert "name" not in {item["LogicalName"] for item in by_type.json()["value"]}
    assert {"telephone1"} <= {item["LogicalName"] for item in by_name.json()["value"]}


def test_an_option_is_added_renamed_and_removed_when_published(call: Caller) -> None:
    before = options(call)

    added = call.post("InsertOptionValue", {**PAYMENT, "Label": text("45 days")})
    value = added.json()["NewOptionValue"]
    unpublished = options(call)
    call.post(
        "PublishXml",
        {
            "ParameterXml": "<importexportxml><entities><entity>account</entity></entities>"
            "</importexportxml>"
        },
    )
    published = options(call)
    renamed = call.post(
        "UpdateOptionValue", {**PAYMENT, "Value": value, "Label": text("45 d"), "MergeLabels": True}
    )
    call.post("PublishAllXml")
    after_renaming = options(call)
    removed = call.post("DeleteOptionValue", {**PAYMENT, "Value": value})
    call.post("PublishAllXml")

    assert added.status_code == 200
    assert value not in before
    assert unpublished == before
    assert published == before | {value: "45 days"}
    assert renamed.status_code == 204
    assert after_renaming[value] == "45 d"
    assert removed.status_code == 204
    assert options(call) == before


def test_a_new_option_can_be_used_and_shown(call: Caller) -> None:
    outside = call.post("accounts", {"name": "A", "paymenttermscode": 4711})
    call.post("InsertOptionValue", {**PAYMENT, "Value": 4711, "Label": text("45 days")})
    call.post("PublishAllXml")

    inside = call.post("accounts", {"name": "A", "paymenttermscode": 4711})

    assert outside.json()["error"]["code"] == "0x8004431A"
    assert inside.status_code == 204
    header = {"Prefer": 'odata.include-annotations="*"'}
    [row] = call.get("accounts?$select=paymenttermscode", headers=header).json()["value"]
    assert row["paymenttermscode@OData.Community.Display.V1.FormattedValue"] == "45 days"


@pytest.mark.parametrize(
    ("action", "changed"),
    [
        ("InsertOptionValue", {"AttributeLogicalName": "nonsense"}),
        ("InsertOptionValue", {"EntityLogicalName": "nonsense"}),
        ("InsertOptionValue", {"AttributeLogicalName": "name"}),
        ("InsertOptionValue", {"Value": 1}),
        ("InsertOptionValue", {"Label": "plain text"}),
        ("UpdateOptionValue", {"Value": 4712}),
        ("UpdateOptionValue", {"Value": None}),
        ("DeleteOptionValue", {"Value": 4712}),
    ],
)
def test_an_option_that_cannot_be_changed_is_refused(
    call: Caller, action: str, changed: dict[str, Any]
) -> None:
    answer = call.post(action, {**PAYMENT, "Label": text("x"), **changed})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "0x80040265")


def test_options_go_back_with_a_reset(sandbox: RunningSandbox, call: Caller) -> None:
    before = options(call)
    call.post("InsertOptionValue", {**PAYMENT, "Label": text("45 days")})
    call.post("PublishAllXml")

    sandbox.reset()

    assert options(call) == before


def test_relationships_name_their_navigation_properties(call: Caller) -> None:
    many = call.get("EntityDefinitions(LogicalName='contact')/ManyToOneRelationships").json()[
        "value"
    ]
    one = call.get(f"{ACCOUNT}/OneToManyRelationships").json()["value"]
    both = call.get("EntityDefinitions(LogicalName='team')/ManyToManyRelationships").json()["value"]

    customer = {
        r["ReferencedEntity"]: r["ReferencingEntityNavigationPropertyName"]
        for r in many
        if r["ReferencingAttribute"] == "parentcustomerid"
    }
    assert customer == {
        "account": "parentcustomerid_account",
        "contact": "parentcustomerid_contact",
    }
    assert "contact_customer_accounts" in {r["ReferencedEntityNavigationPropertyName"] for r in one}
    assert {"teamroles", "teammembership"} <= {r["IntersectEntityName"] for r in both}


def test_the_csdl_is_whole(call: Caller) -> None:
    answer = call.get("$metadata", headers={"Accept": "application/xml"})

    assert answer.headers["Content-Type"].startswith("application/xml")
    schema = ET.fromstring(answer.content)  # noqa: S314 - our own
    types = {item.get("Name"): item for item in schema.iter(f"{EDM}EntityType")}
    sets = {item.get("Name") for item in schema.iter(f"{EDM}EntitySet")}
    assert set(ENTITY_SETS.values()) <= sets
    account = types["account"]
    properties = {p.get("Name"): p.get("Type") for p in account.iter(f"{EDM}Property")}
    assert properties["_primarycontactid_value"] == "Edm.Guid"
    assert properties["versionnumber"] == "Edm.Int64"
    known = {f"mscrm.{name}" for name in types}
    for item in types.values():
        for navigation in item.iter(f"{EDM}NavigationProperty"):
            kind = str(navigation.get("Type")).removeprefix("Collection(").removesuffix(")")
            assert kind in known, (item.get("Name"), navigation.get("Name"))


def test_who_and_where(sandbox: RunningSandbox, call: Caller) -> None:
    who = call.get("WhoAmI()").json()
    where = call.get(
        "RetrieveCurrentOrganization(AccessType=@p)?@p=Microsoft.Dynamics.CRM.EndpointAccessType'Default'"
    ).json()
    inline = call.get(
        "RetrieveCurrentOrganization(AccessType=Microsoft.Dynamics.CRM.EndpointAccessType'Default')"
    )
    lacking = call.get("RetrieveCurrentOrganization()")

    detail = where["Detail"]
    assert detail["OrganizationId"] == who["OrganizationId"]
    web = dict(zip(detail["Endpoints"]["Keys"], detail["Endpoints"]["Values"], strict=True))
    assert web["WebApplication"] == f"{sandbox.env['SANDBOX_DATAVERSE_URL']}/"
    assert inline.json()["Detail"] == detail
    assert lacking.status_code == 400
    assert call.get("RetrieveVersion()").json()["Version"].startswith("9.2.")
    [row] = call.get("organizations").json()["value"]
    assert row["organizationid"] == who["OrganizationId"]
    assert row["languagecode"] == 1033
    assert row["_basecurrencyid_value"]
