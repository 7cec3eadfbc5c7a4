"""Every mapped table of Business Central refuses what it must not take, in its own codes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mappings import defaults
from sandbox import schema
from sandbox.schema import Column, Page, Type
from tests.running_sandbox import Caller, RunningSandbox

PAGES = schema.business_central()[1]
CORRELATION = re.compile(r"  CorrelationId:  [0-9a-f-]{36}\.$")
WRONG: dict[Type, Any] = {
    Type.STRING: 5,
    Type.INTEGER: "many",
    Type.DECIMAL: "much",
    Type.BOOLEAN: "yes",
    Type.DATE: "tomorrow",
    Type.ENUM: "No such value",
}
# A body that each table accepts, and the property without which it does not.
BODIES: dict[str, tuple[dict[str, Any], str]] = {
    "contacts": ({"type": "Person", "firstName": "Ada"}, "firstName"),
    "currencies": ({"code": "NOK"}, "code"),
    "customers": ({"displayName": "Contoso"}, "displayName"),
    "itemUnitsOfMeasure": ({"itemNumber": "1000", "code": "BOX"}, "code"),
    "items": ({"displayName": "Bicycle"}, ""),
    "opportunities": ({"description": "Ten bicycles"}, ""),
    "paymentTerms": ({"code": "30 DAYS"}, "code"),
    "resourceUnitsOfMeasure": ({"resourceNumber": "R0010", "code": "BOX"}, "code"),
    "resources": ({"displayName": "Fitter"}, ""),
    "salesOrderLines": ({"documentNumber": "S-ORD101001"}, "documentNumber"),
    "salesOrders": ({"customerNumber": "C00010"}, "customerNumber"),
    "salespeoplePurchasers": ({"code": "AB"}, "code"),
    "shipmentMethods": ({"code": "EXW"}, "code"),
    "shippingAgents": ({"code": "DHL"}, "code"),
    "unitsOfMeasure": ({"code": "SET"}, "code"),
    "vendors": ({"displayName": "Fabrikam"}, "displayName"),
}
NEEDED = ("displayName", "customerNumber", "firstName")  # a rule of the table asks for these


def page_of(table: str) -> Page:
    return PAGES.get((schema.CUSTOM, table)) or PAGES[schema.STANDARD, table]


MAPPED = sorted({mapping.table for mapping in defaults.mappings()})
WRITABLE = [name for name in MAPPED if any(c.updatable for c in page_of(name).fields.values())]
SHOWN_ONLY = [name for name in MAPPED if name not in WRITABLE]


@pytest.fixture(scope="module", autouse=True)
def company(sandbox: RunningSandbox) -> None:
    """A company with what the bodies point to."""
    sandbox.reset()
    sandbox.bc_standard.post("unitsOfMeasure", json={"code": "BOX"})
    sandbox.bc.post("items", json={"displayName": "Bicycle"})
    sandbox.bc.post("resources", json={"displayName": "Fitter"})
    sandbox.bc.post("customers", json={"displayName": "Contoso"})


def caller(sandbox: RunningSandbox, table: str) -> Caller:
    return sandbox.bc if page_of(table).route == schema.CUSTOM else sandbox.bc_standard


def refused(answer: Any) -> tuple[int, str]:
    error = answer.json()["error"]
    assert CORRELATION.search(error["message"]), error["message"]
    return answer.status_code, error["code"]


def count(sandbox: RunningSandbox, table: str) -> int:
    return int(caller(sandbox, table).get(f"{table}/$count").text)


def editable(table: str, *, text: bool = False) -> Column:
    columns = [column for column in page_of(table).fields.values() if column.creatable]
    return next(c for c in columns if not text or (c.type == Type.STRING and c.max_length))


def existing(sandbox: RunningSandbox, table: str) -> dict[str, Any]:
    """Return a record of the table; it is made if there is none."""
    records: list[dict[str, Any]] = caller(sandbox, table).get(f"{table}?$top=1").json()["value"]
    if records:
        return records[0]
    answer = caller(sandbox, table).post(table, json=BODIES[table][0])
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_every_mapped_table_is_tried() -> None:
    assert set(BODIES) == set(WRITABLE)
    assert SHOWN_ONLY


@pytest.mark.parametrize("table", WRITABLE)
def test_an_unknown_property_is_refused(sandbox: RunningSandbox, table: str) -> None:
    before = count(sandbox, table)

    answer = caller(sandbox, table).post(table, json={**BODIES[table][0], "shoeSize": 43})

    assert refused(answer) == (400, "BadRequest")
    assert "'shoeSize'" in answer.text
    assert count(sandbox, table) == before


@pytest.mark.parametrize("table", WRITABLE)
def test_a_value_of_the_wrong_type_is_refused(sandbox: RunningSandbox, table: str) -> None:
    column = editable(table)
    before = count(sandbox, table)

    answer = caller(sandbox, table).post(
        table, json={**BODIES[table][0], column.name: WRONG[column.type]}
    )

    assert refused(answer) == (400, "BadRequest")
    assert count(sandbox, table) == before


@pytest.mark.parametrize("table", WRITABLE)
def test_a_text_that_is_too_long_is_refused(sandbox: RunningSandbox, table: str) -> None:
    column = editable(table, text=True)
    record = existing(sandbox, table)
    long = "X" * (int(column.max_length or 0) + 1)

    answer = caller(sandbox, table).patch(
        f"{table}({record['id']})", json={column.name: long}, headers={"If-Match": "*"}
    )

    assert refused(answer) == (400, "Application_StringExceededLength")
    after = caller(sandbox, table).get(f"{table}({record['id']})").json()
    assert after["@odata.etag"] == record["@odata.etag"]


@pytest.mark.parametrize("table", [name for name in WRITABLE if BODIES[name][1]])
def test_a_missing_required_field_is_refused(sandbox: RunningSandbox, table: str) -> None:
    body, required = BODIES[table]
    rest = {name: value for name, value in body.items() if name != required}
    before = count(sandbox, table)

    answer = caller(sandbox, table).post(table, json=rest)

    code = "Application_DialogException"
    if required not in NEEDED:
        code = "BadRequest_RequiredParamNotProvided"
    assert refused(answer) == (400, code)
    assert count(sandbox, table) == before


@pytest.mark.parametrize("table", WRITABLE)
def test_a_read_only_field_is_refused(sandbox: RunningSandbox, table: str) -> None:
    record = existing(sandbox, table)
    body = {"lastModifiedDateTime": "2025-02-01T10:20:30Z"}

    answer = caller(sandbox, table).patch(
        f"{table}({record['id']})", json=body, headers={"If-Match": "*"}
    )

    assert refused(answer) == (400, "BadRequest_InvalidOperation")
    assert "Control 'lastModifiedDateTime' is read-only." in answer.text


@pytest.mark.parametrize("table", WRITABLE)
def test_a_stale_version_is_refused(sandbox: RunningSandbox, table: str) -> None:
    record = existing(sandbox, table)
    path = f"{table}({record['id']})"
    own = caller(sandbox, table)
    moved = own.patch(path, json={}, headers={"If-Match": record["@odata.etag"]})
    assert moved.status_code == 200, moved.text

    stale = {"If-Match": record["@odata.etag"]}
    answers = [own.patch(path, json={}, headers=stale), own.delete(path, headers=stale)]

    assert [refused(answer) for answer in answers] == [(409, "Request_EntityChanged")] * 2
    assert own.get(path).json()["@odata.etag"] == moved.json()["@odata.etag"]


@pytest.mark.parametrize("table", WRITABLE)
@pytest.mark.parametrize("token", [None, 'W/"12"', "nonsense", 'W/"not a token"'])
def test_a_change_without_a_version_is_refused(
    sandbox: RunningSandbox, table: str, token: str | None
) -> None:
    path = f"{table}({existing(sandbox, table)['id']})"
    headers = {} if token is None else {"If-Match": token}
    own = caller(sandbox, table)

    answers = [own.patch(path, json={}, headers=headers), own.delete(path, headers=headers)]

    assert [refused(answer) for answer in answers] == [(400, "BadRequest_InvalidToken")] * 2


@pytest.mark.parametrize("table", SHOWN_ONLY)
def test_a_page_that_only_shows_takes_no_change(sandbox: RunningSandbox, table: str) -> None:
    path = f"{table}(11111111-2222-4333-8444-555555555555)"
    own = caller(sandbox, table)

    answers = [
        own.post(table, json={}),
        own.patch(path, json={}, headers={"If-Match": "*"}),
        own.delete(path, headers={"If-Match": "*"}),
    ]

    assert [refused(answer) for answer in answers] == [(405, "BadRequest_MethodNotAllowed")] * 3


@pytest.mark.parametrize("table", MAPPED)
def test_every_mapped_table_answers_in_full_and_one_record_that_is_not_there(
    sandbox: RunningSandbox, table: str
) -> None:
    own = caller(sandbox, table)

    listed = own.get(table)
    missing = own.get(f"{table}(11111111-2222-4333-8444-555555555555)")

    assert listed.status_code == 200
    assert refused(missing) == (404, "Internal_RecordNotFound")
