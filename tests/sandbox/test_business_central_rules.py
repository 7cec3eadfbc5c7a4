"""What Business Central's tables do and refuse by themselves."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.running_sandbox import Caller, RunningSandbox

ANY = {"If-Match": "*"}


@pytest.fixture(autouse=True)
def company(sandbox: RunningSandbox) -> None:
    sandbox.reset({"bc": "empty"})


def add(caller: Caller, table: str, **values: Any) -> dict[str, Any]:
    answer = caller.post(table, json=values)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def change(caller: Caller, table: str, record: dict[str, Any], **values: Any) -> dict[str, Any]:
    answer = caller.patch(f"{table}({record['id']})", json=values, headers=ANY)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def read(caller: Caller, table: str, **wanted: str) -> dict[str, Any]:
    """Return the only record that holds these values."""
    condition = " and ".join(f"{name} eq '{value}'" for name, value in wanted.items())
    [record] = caller.get(f"{table}?$filter={condition}").json()["value"]
    return dict(record)


def refused(answer: requests.Response, text: str) -> str:
    error = answer.json()["error"]
    assert answer.status_code == 400, answer.text
    assert text in error["message"]
    return str(error["code"])


@pytest.mark.parametrize(
    ("table", "values", "numbers"),
    [
        ("customers", {"displayName": "A"}, ["C00010", "C00020"]),
        ("vendors", {"displayName": "A"}, ["V00010", "V00020"]),
        ("contacts", {"type": "Person", "surname": "A"}, ["CT000001", "CT000002"]),
        ("items", {"displayName": "A"}, ["1000", "1001"]),
        ("resources", {"displayName": "A"}, ["R0010", "R0020"]),
        ("opportunities", {"description": "A"}, ["OP000001", "OP000002"]),
    ],
)
def test_a_record_without_a_number_gets_the_next_of_its_series(
    sandbox: RunningSandbox, table: str, values: dict[str, Any], numbers: list[str]
) -> None:
    made = [add(sandbox.bc, table, **values)["number"] for _ in numbers]

    assert made == numbers


def test_a_number_is_not_given_twice(sandbox: RunningSandbox) -> None:
    first = add(sandbox.bc, "customers", displayName="A")
    add(sandbox.bc_standard, "customers", displayName="B", number="c00020")

    sandbox.bc.delete(f"customers({first['id']})", headers=ANY)

    assert add(sandbox.bc, "customers", displayName="C")["number"] == "C00030"


@pytest.mark.parametrize(("table", "kind"), [("customers", "Customer"), ("vendors", "Vendor")])
def test_a_customer_or_vendor_brings_its_company_contact(
    sandbox: RunningSandbox, table: str, kind: str
) -> None:
    partner = add(sandbox.bc, table, displayName="Contoso", city="Oslo", email="a@contoso.example")

    relation = read(sandbox.bc, "contactBusinessRelations", number=partner["number"])
    contact = read(sandbox.bc, "contacts", number=relation["contactNumber"])
    assert relation["linkToTable"] == kind
    assert (contact["type"], contact["displayName"]) == ("Company", "Contoso")
    assert (contact["companyNumber"], contact["companyName"]) == (contact["number"], "Contoso")
    assert (contact["city"], contact["email"]) == ("Oslo", "a@contoso.example")
    shown = read(sandbox.bc_standard, "contacts", number=contact["number"])
    assert shown["contactBusinessRelation"] == kind


def test_a_company_contact_follows_its_customer_and_leads_it(sandbox: RunningSandbox) -> None:
    customer = add(sandbox.bc, "customers", displayName="Contoso", city="Oslo")
    company = read(sandbox.bc, "contacts", displayName="Contoso")

    change(sandbox.bc, "customers", customer, city="Bergen")
    assert read(sandbox.bc, "contacts", number=company["number"])["city"] == "Bergen"

    change(sandbox.bc_standard, "contacts", company, displayName="Contoso AS")
    assert read(sandbox.bc, "customers", number="C00010")["displayName"] == "Contoso AS"


def test_a_company_contact_stays_as_it_is_when_nothing_shared_changes(
    sandbox: RunningSandbox,
) -> None:
    customer = add(sandbox.bc, "customers", displayName="Contoso")
    before = read(sandbox.bc, "contacts", displayName="Contoso")

    change(sandbox.bc, "customers", customer, blocked="All")

    assert read(sandbox.bc, "contacts", displayName="Contoso") == before


def test_a_person_belongs_to_a_company_and_shows_its_name(sandbox: RunningSandbox) -> None:
    customer = add(sandbox.bc, "customers", displayName="Contoso")
    company = read(sandbox.bc, "contacts", displayName="Contoso")

    person = add(
        sandbox.bc, "contacts", surname="Berg", companyNumber=company["number"], type="Person"
    )

    assert person["companyName"] == "Contoso"
    change(sandbox.bc, "customers", customer, displayName="Contoso AS")
    assert read(sandbox.bc, "contacts", number=person["number"])["companyName"] == "Contoso AS"


def test_a_company_is_found_by_its_name(sandbox: RunningSandbox) -> None:
    add(sandbox.bc, "customers", displayName="Contoso")

    person = add(sandbox.bc, "contacts", type="Person", surname="Berg", companyName="Contoso")
    freed = change(sandbox.bc, "contacts", person, companyNumber="")

    assert person["companyNumber"] == "CT000001"
    assert (freed["companyNumber"], freed["companyName"]) == ("", "")


def test_a_person_is_no_company(sandbox: RunningSandbox) -> None:
    person = add(sandbox.bc, "contacts", type="Person", surname="Berg")

    answer = sandbox.bc.post(
        "contacts", json={"type": "Person", "surname": "Dahl", "companyNumber": person["number"]}
    )

    assert refused(answer, "Company No.") == "Internal_InvalidTableRelation"


def test_the_name_of_a_person_is_made_of_its_parts_and_broken_down_again(
    sandbox: RunningSandbox,
) -> None:
    person = add(
        sandbox.bc, "contacts", firstName="Ada", middleName="M.", surname="Berg", type="Person"
    )
    assert person["displayName"] == "Ada M. Berg"

    change(sandbox.bc_standard, "contacts", person, displayName="Eva Lie Dahl Moe")

    after = read(sandbox.bc, "contacts", number=person["number"])
    assert [after[name] for name in ("firstName", "middleName", "surname")] == [
        "Eva",
        "Lie Dahl",
        "Moe",
    ]


def test_a_primary_contact_is_one_of_the_customers_company(sandbox: RunningSandbox) -> None:
    customer = add(sandbox.bc, "customers", displayName="Contoso")
    stranger = add(sandbox.bc, "contacts", type="Person", surname="Dahl")
    own = add(sandbox.bc, "contacts", type="Person", surname="Berg", companyName="Contoso")

    answer = sandbox.bc.patch(
        f"customers({customer['id']})",
        json={"primaryContactNumber": stranger["number"]},
        headers=ANY,
    )
    after = change(sandbox.bc, "customers", customer, primaryContactNumber=own["number"])

    text = f"Contact {stranger['number']} Dahl is not related to customer C00010 Contoso."
    assert refused(answer, text) == "Application_DialogException"
    assert (after["primaryContactNumber"], after["contactName"]) == (own["number"], "Berg")


def test_a_deleted_contact_is_no_longer_anybodys_primary_contact(sandbox: RunningSandbox) -> None:
    customer = add(sandbox.bc, "customers", displayName="Contoso")
    own = add(sandbox.bc, "contacts", type="Person", surname="Berg", companyName="Contoso")
    change(sandbox.bc, "customers", customer, primaryContactNumber=own["number"])

    sandbox.bc.delete(f"contacts({own['id']})", headers=ANY)

    assert read(sandbox.bc, "customers", number="C00010")["primaryContactNumber"] == ""


def test_a_company_contact_takes_its_people_along(sandbox: RunningSandbox) -> None:
    add(sandbox.bc, "customers", displayName="Contoso")
    add(sandbox.bc, "contacts", type="Person", surname="Berg", companyName="Contoso")
    company = read(sandbox.bc, "contacts", displayName="Contoso")

    sandbox.bc.delete(f"contacts({company['id']})", headers=ANY)

    assert sandbox.bc.get("contacts").json()["value"] == []
    assert sandbox.bc.get("contactBusinessRelations").json()["value"] == []


def test_a_deleted_customer_leaves_its_contact_without_relation(sandbox: RunningSandbox) -> None:
    customer = add(sandbox.bc, "customers", displayName="Contoso")

    sandbox.bc.delete(f"customers({customer['id']})", headers=ANY)

    assert sandbox.bc.get("contactBusinessRelations").json()["value"] == []
    assert (
        read(sandbox.bc_standard, "contacts", displayName="Contoso")["contactBusinessRelation"]
        == "None"
    )


def test_a_customer_with_an_order_cannot_be_deleted(sandbox: RunningSandbox) -> None:
    customer = add(sandbox.bc, "customers", displayName="Contoso")
    order = add(sandbox.bc, "salesOrders", customerNumber="C00010")
    path = f"customers({customer['id']})"

    answer = sandbox.bc.delete(path, headers=ANY)
    sandbox.bc.delete(f"salesOrders({order['id']})", headers=ANY)

    text = "at least one outstanding Sales Order for this customer"
    assert refused(answer, text) == "Application_DialogException"
    assert sandbox.bc.delete(path, headers=ANY).status_code == 204


@pytest.mark.parametrize("table", ["customers", "vendors", "contacts"])
def test_a_name_cannot_be_blanked(sandbox: RunningSandbox, table: str) -> None:
    record = add(sandbox.bc_standard, table, displayName="Contoso")

    answer = sandbox.bc_standard.patch(
        f"{table}({record['id']})", json={"displayName": ""}, headers=ANY
    )

    assert (
        refused(answer, 'The blank "displayName" is not allowed.') == "Application_DialogException"
    )


@pytest.mark.parametrize("table", ["customers", "vendors", "contacts"])
def test_what_is_no_email_address_or_telephone_number_is_refused(
    sandbox: RunningSandbox, table: str
) -> None:
    email = sandbox.bc_standard.post(table, json={"displayName": "A", "email": "not an address"})
    phone = sandbox.bc_standard.post(table, json={"displayName": "A", "phoneNumber": "55 ext. 3"})

    assert refused(email, 'The email address "not an address" is not valid.')
    assert refused(phone, "Phone No. must not contain letters")
    assert sandbox.bc.get(table).json()["value"] == []


def test_an_item_brings_its_unit_group_and_its_base_unit(sandbox: RunningSandbox) -> None:
    add(sandbox.bc_standard, "unitsOfMeasure", code="PCS")

    item = add(sandbox.bc, "items", displayName="Bicycle", baseUnitOfMeasureCode="PCS")

    unit = read(sandbox.bc, "itemUnitsOfMeasure", itemNumber=item["number"])
    group = read(sandbox.bc, "unitGroups", sourceNumber=item["number"])
    assert (unit["code"], unit["quantityPerUnitOfMeasure"]) == ("PCS", 1)
    assert (group["sourceId"], group["code"]) == (item["id"], f"ITEM {item['number']} UOM GR")
    answer = sandbox.bc.delete(f"itemUnitsOfMeasure({unit['id']})", headers=ANY)
    assert refused(answer, "base unit of measure")


def test_a_renamed_customer_keeps_its_relation(sandbox: RunningSandbox) -> None:
    customer = add(sandbox.bc, "customers", displayName="Contoso")

    change(sandbox.bc_standard, "customers", customer, number="CONTOSO")

    assert (
        read(sandbox.bc, "contactBusinessRelations", linkToTable="Customer")["number"] == "CONTOSO"
    )
