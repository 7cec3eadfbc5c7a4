"""Every mapped table of Dataverse refuses what does not fit, with the platform's own codes."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from connections.systems import Column, Kind
from tests.running_sandbox import RunningSandbox
from tests.sandbox.rows import ENTITY_SETS, MAPPED, create, least
from tests.tables import dataverse_tables

pytestmark = pytest.mark.parametrize("table", MAPPED)
WRONG: dict[Kind, Any] = {
    Kind.TEXT: 5,
    Kind.INTEGER: "five",
    Kind.DECIMAL: "five",
    Kind.BOOLEAN: "yes",
    Kind.OPTION: "five",
    Kind.DATETIME: "yesterday",
    Kind.DATE: "yesterday",
    Kind.GUID: "five",
}
FIRST_TEXT = ["name", "lastname", "currencyname", "firstname", "productdescription"]
REQUIRED = {
    "account": "name",
    "contact": "lastname",
    "invoice": "name",
    "invoicedetail": "invoiceid@odata.bind",
    "opportunity": "name",
    "pricelevel": "name",
    "product": "productnumber",
    "productpricelevel": "uomid@odata.bind",
    "salesorder": "customerid_account@odata.bind",
    "salesorderdetail": "salesorderid@odata.bind",
    "systemuser": "businessunitid@odata.bind",
    "transactioncurrency": "exchangerate",
    "uom": "uomscheduleid@odata.bind",
    "uomschedule": "name",
}


@pytest.fixture(scope="module", autouse=True)
def _clean(sandbox: RunningSandbox) -> None:
    sandbox.reset()


def outcome(answer: requests.Response) -> tuple[int, str]:
    assert answer.status_code >= 400, answer.text
    error = answer.json()["error"]
    assert error["message"]
    return answer.status_code, error["code"]


def writable(table: str) -> list[Column]:
    """Return the columns that may be set and are no reference."""
    columns = dataverse_tables()[table].columns.values()
    return [
        column
        for column in columns
        if column.creatable and column.updatable and column.kind in WRONG
    ]


def some_text(table: str) -> Column:
    columns = {column.name: column for column in writable(table)}
    named = [columns[name] for name in FIRST_TEXT if name in columns]
    texts = [c for c in columns.values() if c.kind == Kind.TEXT and c.max_length]
    return next(column for column in [*named, *texts] if column.max_length)


def test_an_unknown_property_is_refused(sandbox: RunningSandbox, table: str) -> None:
    call, entity_set = sandbox.dataverse, ENTITY_SETS[table]
    key = create(call, table)

    created = call.post(entity_set, {**least(call, table), "nonsense": 1})
    updated = call.patch(f"{entity_set}({key})", {"nonsense": 1})
    bound = call.patch(f"{entity_set}({key})", {"nonsense@odata.bind": f"/accounts({key})"})
    asked = call.get(f"{entity_set}?$select=nonsense")

    assert outcome(created) == (400, "0x80048d19")
    assert outcome(updated) == (400, "0x80048d19")
    assert outcome(bound) == (400, "0x80048d19")
    assert outcome(asked) == (400, "0x80060888")


def test_a_value_of_the_wrong_type_is_refused(sandbox: RunningSandbox, table: str) -> None:
    call, entity_set = sandbox.dataverse, ENTITY_SETS[table]
    key = create(call, table)
    one_of_each = {column.kind: column for column in writable(table)}

    found = {
        column.name: outcome(call.patch(f"{entity_set}({key})", {column.name: WRONG[kind]}))
        for kind, column in one_of_each.items()
    }

    assert found == dict.fromkeys(found, (400, "0x80048d19"))
    assert len(found) > 1


def test_a_text_longer_than_its_column_is_refused(sandbox: RunningSandbox, table: str) -> None:
    call, entity_set = sandbox.dataverse, ENTITY_SETS[table]
    key, column = create(call, table), some_text(table)
    assert column.max_length is not None

    fits = call.patch(f"{entity_set}({key})", {column.name: "x" * column.max_length})
    created = call.post(
        entity_set, {**least(call, table), column.name: "x" * (column.max_length + 1)}
    )
    updated = call.patch(f"{entity_set}({key})", {column.name: "x" * (column.max_length + 1)})

    assert fits.status_code == 204, fits.text
    assert outcome(created) == (400, "0x80044331")
    assert outcome(updated) == (400, "0x80044331")


def test_a_missing_required_column_is_refused(sandbox: RunningSandbox, table: str) -> None:
    call, entity_set = sandbox.dataverse, ENTITY_SETS[table]
    body = least(call, table)

    complete = call.post(entity_set, body)
    lacking = call.post(
        entity_set, {k: v for k, v in least(call, table).items() if k != REQUIRED[table]}
    )

    assert complete.status_code == 204, complete.text
    assert outcome(lacking) == (400, "0x80040200")


@pytest.mark.parametrize("column", ["modifiedon", "createdon", "versionnumber"])
def test_a_read_only_column_cannot_be_written(
    sandbox: RunningSandbox, table: str, column: str
) -> None:
    call, entity_set = sandbox.dataverse, ENTITY_SETS[table]
    key = create(call, table)
    value: Any = 1 if column == "versionnumber" else "2020-01-01T00:00:00Z"

    created = call.post(entity_set, {**least(call, table), column: value})
    updated = call.patch(f"{entity_set}({key})", {column: value})

    assert outcome(created) == (400, "0x80048d19")
    assert outcome(updated) == (400, "0x80048d19")


def test_an_option_outside_its_set_is_refused(sandbox: RunningSandbox, table: str) -> None:
    call, entity_set = sandbox.dataverse, ENTITY_SETS[table]
    key = create(call, table)
    columns = [
        c for c in writable(table) if c.options and "code" in c.name and "state" not in c.name
    ]
    columns = [c for c in columns if c.name not in ("statecode", "statuscode")]

    found = [
        outcome(call.patch(f"{entity_set}({key})", {column.name: 987654})) for column in columns[:2]
    ]

    assert found == [(400, "0x8004431A")] * len(found)


def test_a_stale_version_is_refused(sandbox: RunningSandbox, table: str) -> None:
    call, entity_set = sandbox.dataverse, ENTITY_SETS[table]
    key, column = create(call, table), some_text(table)
    path = f"{entity_set}({key})"
    before = call.get(path).json()["@odata.etag"]
    moved = call.patch(path, {column.name: "moved"}, headers={"If-Match": before})

    updated = call.patch(path, {column.name: "again"}, headers={"If-Match": before})
    deleted = call.delete(path, headers={"If-Match": before})

    assert moved.status_code == 204, moved.text
    assert outcome(updated) == (412, "0x80060882")
    assert outcome(deleted) == (412, "0x80060882")
    assert call.get(path).json()[column.name] == "moved"


def test_a_missing_row_is_not_made_by_an_update(sandbox: RunningSandbox, table: str) -> None:
    call, entity_set = sandbox.dataverse, ENTITY_SETS[table]
    path = f"{entity_set}(00000000-0000-4000-8000-000000000001)"
    body = {some_text(table).name: "x"}

    answers = [
        call.get(path),
        call.patch(path, body, headers={"If-Match": "*"}),
        call.patch(path, body, headers={"If-Match": 'W/"1"'}),
        call.delete(path),
    ]

    assert [outcome(answer) for answer in answers] == [(404, "0x80040217")] * 4


def test_a_taken_id_is_refused(sandbox: RunningSandbox, table: str) -> None:
    call, entity_set = sandbox.dataverse, ENTITY_SETS[table]
    key, column = create(call, table), some_text(table)
    primary = f"{table}id"

    created = call.post(entity_set, {**least(call, table), primary: key})
    only = call.patch(f"{entity_set}({key})", {column.name: "x"}, headers={"If-None-Match": "*"})

    assert outcome(created) == (412, "0x80040237")
    assert outcome(only) == (412, "0x80040237")


def test_a_user_without_roles_may_do_nothing(sandbox: RunningSandbox, table: str) -> None:
    full, bare = sandbox.dataverse, sandbox.integration_dataverse
    entity_set, body, key = ENTITY_SETS[table], least(full, table), create(full, table)
    user = bare.get("WhoAmI").json()["UserId"]
    roles = full.get(f"systemusers({user})/systemuserroles_association?$select=roleid").json()
    links = [
        f"systemusers({user})/systemuserroles_association({r['roleid']})/$ref"
        for r in roles["value"]
    ]
    for link in links:
        assert full.delete(link).status_code == 204

    answers = [
        bare.get(entity_set),
        bare.get(f"{entity_set}({key})"),
        bare.post(entity_set, body),
        bare.patch(f"{entity_set}({key})", {some_text(table).name: "x"}),
        bare.delete(f"{entity_set}({key})"),
        bare.post(
            f"{entity_set}/Microsoft.Dynamics.CRM.CreateMultiple",
            {"Targets": [{"@odata.type": f"Microsoft.Dynamics.CRM.{table}", **body}]},
        ),
    ]

    for role in roles["value"]:
        reference = {"@odata.id": f"{full.root}/roles({role['roleid']})"}
        made = full.post(f"systemusers({user})/systemuserroles_association/$ref", reference)
        assert made.status_code == 204, made.text
    assert [outcome(answer) for answer in answers] == [(403, "0x80040220")] * 6
    verbs = ["Read", "Read", "Create", "Write", "Delete", "Create"]
    for verb, answer in zip(verbs, answers, strict=True):
        assert f"prv{verb}{table.capitalize()}" in answer.json()["error"]["message"]
    assert bare.get(entity_set).status_code == 200
