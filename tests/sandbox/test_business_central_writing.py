"""Records of Business Central are written as its API writes them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from tests.running_sandbox import Caller, RunningSandbox

IDENTITY = "11111111-2222-4333-8444-555555555555"
ANY = {"If-Match": "*"}
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


@pytest.fixture(autouse=True)
def company(sandbox: RunningSandbox) -> None:
    sandbox.reset({"bc": "empty"})


def add(caller: Caller, table: str, **values: Any) -> dict[str, Any]:
    answer = caller.post(table, json=values)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_new_record_comes_back_as_a_whole(sandbox: RunningSandbox) -> None:
    answer = sandbox.bc.post("customers", json={"displayName": "Contoso", "city": "Oslo"})

    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith(f"/customers({made['id']})")
    assert made == sandbox.bc.get(f"customers({made['id']})").json()
    assert TIME.match(made["lastModifiedDateTime"])
    assert made["systemCreatedAt"] == made["lastModifiedDateTime"]


def test_our_pages_take_the_id_and_keep_it(sandbox: RunningSandbox) -> None:
    made = add(sandbox.bc, "customers", displayName="Contoso", id=IDENTITY.upper())

    again = sandbox.bc.post("customers", json={"displayName": "Twin", "id": IDENTITY})

    assert made["id"] == IDENTITY
    assert code(again) == (400, "Internal_EntityWithSameKeyExists")


def test_an_id_cannot_be_changed(sandbox: RunningSandbox) -> None:
    made = add(sandbox.bc, "customers", displayName="Contoso")

    answer = sandbox.bc.patch(f"customers({made['id']})", json={"id": IDENTITY}, headers=ANY)

    assert code(answer) == (400, "BadRequest_InvalidOperation")


def test_standard_pages_refuse_an_id(sandbox: RunningSandbox) -> None:
    answer = sandbox.bc_standard.post("customers", json={"displayName": "A", "id": IDENTITY})

    assert code(answer) == (400, "BadRequest_InvalidOperation")
    assert "Control 'id' is read-only." in answer.text


def test_a_change_answers_with_the_whole_record_and_a_new_version(sandbox: RunningSandbox) -> None:
    made = add(sandbox.bc, "customers", displayName="Contoso", city="Oslo")

    answer = sandbox.bc.patch(
        f"customers({made['id']})",
        json={"city": "Bergen"},
        headers={"If-Match": made["@odata.etag"]},
    )

    changed = answer.json()
    assert answer.status_code == 200
    assert (changed["city"], changed["displayName"]) == ("Bergen", "Contoso")
    assert changed["@odata.etag"] != made["@odata.etag"]
    assert changed["systemCreatedAt"] == made["systemCreatedAt"]


def test_times_of_change_follow_the_clock(sandbox: RunningSandbox) -> None:
    made = add(sandbox.bc, "customers", displayName="Contoso")

    sandbox.clock({"bc_offset_s": 3600})
    changed = sandbox.bc.patch(f"customers({made['id']})", json={"city": "Oslo"}, headers=ANY)

    before = datetime.fromisoformat(made["lastModifiedDateTime"])
    after = datetime.fromisoformat(changed.json()["lastModifiedDateTime"])
    assert after - before >= timedelta(hours=1)


def test_a_record_is_deleted_for_good(sandbox: RunningSandbox) -> None:
    made = add(sandbox.bc, "customers", displayName="Contoso")
    path = f"customers({made['id']})"

    answer = sandbox.bc.delete(path, headers={"If-Match": made["@odata.etag"]})

    assert (answer.status_code, answer.content) == (204, b"")
    assert code(sandbox.bc.get(path)) == (404, "Internal_RecordNotFound")
    assert code(sandbox.bc.delete(path, headers=ANY)) == (404, "Internal_RecordNotFound")
    assert code(sandbox.bc.patch(path, json={}, headers=ANY)) == (404, "Internal_RecordNotFound")


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800"])
def test_a_text_that_no_database_holds_is_refused(sandbox: RunningSandbox, text: str) -> None:
    answer = sandbox.bc.post("customers", json={"displayName": text})

    assert code(answer) == (400, "BadRequest")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff\xfe", b"null"])
def test_a_body_that_is_no_object_is_refused(sandbox: RunningSandbox, body: bytes) -> None:
    answer = sandbox.bc.request(
        "POST", "customers", data=body, headers={"Content-Type": "application/json"}
    )

    assert code(answer) == (400, "BadRequest")


def test_codes_are_kept_in_capitals_without_blanks(sandbox: RunningSandbox) -> None:
    made = add(sandbox.bc_standard, "paymentTerms", code=" 30 days ", displayName="Thirty days")

    assert made["code"] == "30 DAYS"
    assert made["displayName"] == "Thirty days"


def test_blank_members_are_taken_encoded_and_plain(sandbox: RunningSandbox) -> None:
    path = f"customers({add(sandbox.bc, 'customers', displayName='A', blocked='All')['id']})"

    for blank in ("_x0020_", " "):
        sandbox.bc.patch(path, json={"blocked": "All"}, headers=ANY)
        answer = sandbox.bc.patch(path, json={"blocked": blank}, headers=ANY)
        assert answer.json()["blocked"] == "_x0020_"


def test_null_empties_a_field(sandbox: RunningSandbox) -> None:
    made = add(sandbox.bc, "customers", displayName="Contoso", city="Oslo", blocked="All")

    answer = sandbox.bc.patch(
        f"customers({made['id']})", json={"city": None, "blocked": None}, headers=ANY
    )

    assert (answer.json()["city"], answer.json()["blocked"]) == ("", "_x0020_")


def test_numbers_and_days_come_back_as_they_were_sent(sandbox: RunningSandbox) -> None:
    customer = add(sandbox.bc_standard, "customers", displayName="Contoso", creditLimit=1234.56)
    body = {"customerNumber": customer["number"], "requestedDeliveryDate": "2025-02-28"}
    order = add(sandbox.bc, "salesOrders", **body)

    assert sandbox.bc.get(f"customers({customer['id']})").json()["creditLimit"] == 1234.56
    assert order["requestedDeliveryDate"] == "2025-02-28"


def test_the_same_key_is_refused(sandbox: RunningSandbox) -> None:
    add(sandbox.bc_standard, "currencies", code="NOK")

    answer = sandbox.bc_standard.post("currencies", json={"code": "nok"})

    assert code(answer) == (400, "Internal_EntityWithSameKeyExists")
    assert (
        "The Currency already exists. Identification fields and values: Code='NOK'" in answer.text
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currencyCode", "XYZ"),
        ("paymentTermsCode", "SOON"),
        ("shipmentMethodCode", "SWIM"),
        ("shippingAgentCode", "PIGEON"),
        ("primaryContactNumber", "CT999999"),
    ],
)
def test_a_value_that_another_table_lacks_is_refused(
    sandbox: RunningSandbox, field: str, value: str
) -> None:
    answer = sandbox.bc.post("customers", json={"displayName": "Contoso", field: value})

    assert code(answer) == (400, "Internal_InvalidTableRelation")
    assert sandbox.bc.get("customers").json()["value"] == []


def test_an_id_and_its_code_follow_each_other(sandbox: RunningSandbox) -> None:
    krone = add(sandbox.bc_standard, "currencies", code="NOK")
    terms = add(sandbox.bc_standard, "paymentTerms", code="30 DAYS")
    made = add(sandbox.bc_standard, "customers", displayName="A", currencyId=krone["id"])
    path = f"customers({made['id']})"

    sandbox.bc.patch(path, json={"paymentTermsCode": "30 DAYS"}, headers=ANY)

    own, standard = sandbox.bc.get(path).json(), sandbox.bc_standard.get(path).json()
    assert (own["currencyCode"], own["paymentTermsCode"]) == ("NOK", "30 DAYS")
    assert (standard["currencyId"], standard["paymentTermsId"]) == (krone["id"], terms["id"])


def test_an_id_that_fits_nothing_or_another_code_is_refused(sandbox: RunningSandbox) -> None:
    krone = add(sandbox.bc_standard, "currencies", code="NOK")
    add(sandbox.bc_standard, "currencies", code="EUR")

    unknown = sandbox.bc_standard.post(
        "customers", json={"displayName": "A", "currencyId": IDENTITY}
    )
    other = sandbox.bc_standard.post(
        "customers", json={"displayName": "A", "currencyId": krone["id"], "currencyCode": "EUR"}
    )

    assert code(unknown) == code(other) == (400, "Application_DialogException")
    assert 'The \\"currencyId\\" does not match to a Currency.' in unknown.text


def test_the_local_currency_written_on_a_standard_page_is_kept_blank(
    sandbox: RunningSandbox,
) -> None:
    made = add(sandbox.bc_standard, "customers", displayName="Contoso", currencyCode="usd")

    assert made["currencyCode"] == "USD"
    assert sandbox.bc.get(f"customers({made['id']})").json()["currencyCode"] == ""


def test_the_integration_user_may_read_the_setup_but_not_change_it(sandbox: RunningSandbox) -> None:
    [setup] = sandbox.integration_bc.get("salesReceivablesSetup").json()["value"]

    answer = sandbox.integration_bc.patch(
        f"salesReceivablesSetup({setup['id']})", json={"archiveOrders": True}, headers=ANY
    )

    assert answer.status_code == 403
    assert "permission" in answer.text
    assert sandbox.integration_bc.post("customers", json={"displayName": "A"}).status_code == 201


def test_a_renamed_code_is_followed_everywhere(sandbox: RunningSandbox) -> None:
    terms = add(sandbox.bc_standard, "paymentTerms", code="30 DAYS")
    customer = add(sandbox.bc, "customers", displayName="A", paymentTermsCode="30 DAYS")

    sandbox.bc_standard.patch(f"paymentTerms({terms['id']})", json={"code": "1M"}, headers=ANY)

    after = sandbox.bc.get(f"customers({customer['id']})").json()
    assert after["paymentTermsCode"] == "1M"
    assert after["@odata.etag"] != customer["@odata.etag"]


def test_a_code_cannot_be_renamed_to_one_that_is_taken(sandbox: RunningSandbox) -> None:
    terms = add(sandbox.bc_standard, "paymentTerms", code="30 DAYS")
    add(sandbox.bc_standard, "paymentTerms", code="1M")

    answer = sandbox.bc_standard.patch(
        f"paymentTerms({terms['id']})", json={"code": "1M"}, headers=ANY
    )

    assert code(answer) == (400, "Internal_EntityWithSameKeyExists")


def test_two_writers_meet_only_once(sandbox: RunningSandbox) -> None:
    made = add(sandbox.bc, "customers", displayName="Contoso")
    path, seen = f"customers({made['id']})", {"If-Match": made["@odata.etag"]}

    first = sandbox.bc.patch(path, json={"city": "Oslo"}, headers=seen)
    second = sandbox.bc.patch(path, json={"city": "Bergen"}, headers=seen)

    assert (first.status_code, code(second)) == (200, (409, "Request_EntityChanged"))
    assert sandbox.bc.get(path).json()["city"] == "Oslo"
