"""Odd requests are refused with a code; none of them breaks the sandbox."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.running_sandbox import Caller, RunningSandbox
from tests.sandbox.rows import create

SCHEMA = Path(__file__).resolve().parents[2] / "sandbox" / "data" / "dataverse_schema.json"
SETS = [t["entitySetName"] for t in json.loads(SCHEMA.read_text(encoding="utf-8"))["tables"]]
KEYS = "EntityDefinitions(LogicalName='account')/Keys"
LABEL = {"LocalizedLabels": [{"Label": "x"}]}
PAYMENT = {"EntityLogicalName": "account", "AttributeLogicalName": "paymenttermscode"}


@pytest.fixture(scope="module")
def call(sandbox: RunningSandbox) -> Caller:
    sandbox.reset()
    return sandbox.dataverse


def bulk_delete(criteria: Any) -> dict[str, Any]:
    return {"QuerySet": [{"EntityName": "account", "Criteria": criteria}]}


def test_every_table_answers(call: Caller) -> None:
    statuses = {name: call.get(f"{name}?$top=1").status_code for name in SETS}

    assert statuses == dict.fromkeys(SETS, 200)
    assert len(SETS) > 40


@pytest.mark.parametrize(
    "query",
    [
        "$skiptoken=eyJhZnRlciI6W3t9XX0",
        "$skiptoken=eyJhZnRlciI6WyJ4Il0sImxlZnQiOiJ4In0",
        "$skiptoken=eyJhZnRlciI6WyJ4IiwieSJdfQ",
        "$filter=createdon gt 9999-12-31T23:59:59-14:00",
        "$filter=createdon gt 2020-13-01T00:00:00Z",
        "$deltatoken=5!99/99/2026 00:00:00",
    ],
)
def test_a_query_out_of_all_bounds_is_refused(call: Caller, query: str) -> None:
    answer = call.get(f"accounts?{query}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "0x80060888")


@pytest.mark.parametrize(
    "query",
    [
        "numberofemployees eq 99999999999999999999999",
        "creditlimit lt 1e400",
        "contains(name,'[z-a]')",
        "contains(name,'[')",
        "contains(name,'[^')",
        "contains(name,'é]')",
        "createdon gt 0001-01-01",
    ],
)
def test_a_query_that_finds_nothing_says_so(call: Caller, query: str) -> None:
    assert call.get(f"accounts?$filter={query}").json()["value"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (KEYS, None),
        (KEYS, {"KeyAttributes": 5}),
        (KEYS, {"KeyAttributes": ["name"], "SchemaName": "no name"}),
        ("BulkDelete", []),
        ("BulkDelete", {"QuerySet": [1]}),
        ("BulkDelete", bulk_delete(5)),
        ("BulkDelete", bulk_delete({"Filters": [{}]})),
        ("BulkDelete", bulk_delete({"Conditions": [{"AttributeName": "x", "Operator": "In"}]})),
        ("InsertOptionValue", {**PAYMENT, "Label": {"LocalizedLabels": [5]}}),
        ("InsertOptionValue", {**PAYMENT, "Value": True, "Label": LABEL}),
        ("accounts", {"name": "\ud800"}),
        ("accounts", {"name": "A", "contact_customer_accounts": {"lastname": "B"}}),
        ("accounts", {"name": "A", "contact_customer_accounts": ["B"]}),
        ("accounts", {"name": "A", "primarycontactid": ["B"]}),
        ("accounts", {"name": "A", "primarycontactid": {}}),
        ("teams", {"name": "A", "teamroles_association": [{"name": "B"}]}),
        ("invoices", {"name": "A", "datedelivered": "0001-01-01"}),
        ("invoices", {"name": "A", "datedelivered": "0001-01-01T00:00:00+14:00"}),
    ],
)  # fmt: skip
def test_a_body_of_another_shape_is_refused(call: Caller, path: str, body: Any) -> None:
    answer = call.post(path, body)

    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["error"]["code"].startswith("0x")
    assert call.get("accounts/$count").text == "0"


def test_a_time_before_the_platforms_calendar_is_refused(call: Caller) -> None:
    body = {"name": "A", "estimatedclosedate": "0001-01-01"}  # what Business Central calls empty

    answer = call.post("opportunities", body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "0x80040239")


@pytest.mark.parametrize(
    "key", ["numberofemployees=abc", "creditlimit=null", "name=", "name='", "=5"]
)
def test_a_key_that_is_none_is_refused(call: Caller, key: str) -> None:
    answer = call.patch(f"accounts({key})", {"fax": "1"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "0x80060888")


def test_one_column_needs_its_value(call: Caller) -> None:
    path = f"contacts({create(call, 'contact')})/fax"

    bodies: list[Any] = [5, [], {}]

    assert [call.put(path, body).status_code for body in bodies] == [400] * 3
    assert call.put(path, {"value": None}).status_code == 204
