"""Reading Dataverse: filters mean what they say, metadata is asked for once, odd rows show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from connections.causes import Cause
from connections.dataverse import Dataverse
from connections.dataverse.metadata import Metadata
from connections.errors import ConfigurationError, TransientError
from connections.odata import Client
from connections.shelf import LIFETIME, shelf_of
from connections.systems import (
    Condition,
    Create,
    Kind,
    Lookup,
    Operator,
    Record,
    Selection,
    Update,
    Value,
)
from integration_admin.embedded_redis import EmbeddedRedis, address
from tests.connections.server import Answer as Told
from tests.connections.server import LocalServer, told
from tests.contracts.dataverse_over_https import dataverse_system
from tests.running_sandbox import RunningSandbox


@pytest.fixture
def dataverse(sandbox: RunningSandbox) -> Dataverse:
    sandbox.reset("empty")
    return dataverse_system(sandbox)


def _add(dataverse: Dataverse, table: str = "account", **values: Value) -> UUID:
    identity = uuid4()
    [result] = dataverse.write(table, [Create(identity, values)], [])
    assert result.error is None, result.error
    return identity


def _found(dataverse: Dataverse, *conditions: Condition, table: str = "account") -> list[UUID]:
    selection = Selection(table, (), conditions)
    rows = [record.id for page in dataverse.read(selection) for record in page]
    assert dataverse.count(selection) == len(rows)
    return rows


# Metadata


def test_columns_are_described_as_the_environment_has_them(dataverse: Dataverse) -> None:
    account, contact = dataverse.describe("account"), dataverse.describe("contact")

    assert account.columns["name"].max_length == 160
    assert account.columns["creditlimit"].kind == Kind.DECIMAL
    assert account.columns["creditlimit"].precision == 2
    assert account.columns["donotphone"].kind == Kind.BOOLEAN
    assert account.columns["customertypecode"].kind == Kind.OPTION
    assert account.columns["customertypecode"].options[3]
    assert account.columns["statecode"].options.keys() >= {0, 1}
    assert account.columns["parentaccountid"].targets == ("account",)
    assert account.columns["accountid"].kind == Kind.GUID
    assert not account.columns["modifiedon"].updatable
    assert account.name_column == "name"
    assert contact.columns["birthdate"].kind == Kind.DATE
    assert set(contact.columns["parentcustomerid"].targets) == {"account", "contact"}
    assert "parentcustomeridtype" not in contact.columns


def test_a_table_costs_one_request(dataverse: Dataverse) -> None:
    dataverse.describe("contact")

    assert dataverse.client.requests == 1
    dataverse.describe("account")
    assert dataverse.client.requests == 2


def test_metadata_is_asked_for_again_after_a_while(dataverse: Dataverse) -> None:
    now = 0.0
    metadata = Metadata(dataverse.reader.ask, clock=lambda: now)
    metadata.described("account")
    now = LIFETIME - 1
    metadata.described("account")
    before = dataverse.client.requests

    now = LIFETIME + 1
    metadata.described("account")

    assert before == 1
    assert dataverse.client.requests == 2


def test_another_process_need_not_ask_again(
    sandbox: RunningSandbox, redis_server: EmbeddedRedis
) -> None:
    shelf = shelf_of(str(uuid4()), address(redis_server.directory))
    first, second = (dataverse_system(sandbox, shelf=shelf) for _ in range(2))

    described = [system.reader.metadata.described("contact") for system in (first, second)]

    assert replace(described[0], known_at=0) == replace(described[1], known_at=0)
    assert first.me == second.me
    assert second.reader.metadata.entity_set("account") == "accounts"
    assert second.client.requests == 0


def test_a_shelf_that_is_away_is_no_failure(sandbox: RunningSandbox) -> None:
    dataverse = dataverse_system(sandbox, shelf=shelf_of("somebody", "unix:///nowhere.sock"))

    assert dataverse.describe("account").name == "account"
    dataverse.forget("account")
    assert dataverse.describe("account").name == "account"


def test_a_column_that_does_not_exist_is_a_matter_of_configuration(dataverse: Dataverse) -> None:
    with pytest.raises(ConfigurationError, match="nosuch"):
        list(dataverse.read(Selection("account", ("nosuch",))))
    with pytest.raises(ConfigurationError, match="nosuch"):
        dataverse.count(Selection("account", (), (Condition("nosuch", Operator.EQ, (1,)),)))


# Filters


def test_numbers_options_and_yes_or_no_can_be_compared(dataverse: Dataverse) -> None:
    rich = _add(
        dataverse, name="Rich", creditlimit=Decimal("1000.50"), customertypecode=3, donotphone=True
    )
    poor = _add(
        dataverse, name="Poor", creditlimit=Decimal(10), customertypecode=1, donotphone=False
    )

    def found(column: str, operator: Operator, *values: Value) -> list[UUID]:
        return _found(dataverse, Condition(column, operator, values))

    assert found("creditlimit", Operator.GT, Decimal("1000.49")) == [rich]
    assert found("creditlimit", Operator.EQ, Decimal("1000.50")) == [rich]
    assert found("creditlimit", Operator.LE, 10) == [poor]
    assert found("customertypecode", Operator.EQ, 3) == [rich]
    assert found("customertypecode", Operator.NE, 3) == [poor]
    assert set(found("customertypecode", Operator.IN, 1, 3)) == {rich, poor}
    assert found("donotphone", Operator.EQ, True) == [rich]
    assert found("donotphone", Operator.NE, True) == [poor]


def test_a_lookup_can_be_compared_with_an_id(dataverse: Dataverse) -> None:
    parent = _add(dataverse, name="Parent")
    child = _add(dataverse, name="Child", parentaccountid=Lookup("account", parent))
    stranger = uuid4()

    def found(operator: Operator, *values: Value) -> list[UUID]:
        return _found(dataverse, Condition("parentaccountid", operator, values))

    assert found(Operator.EQ, Lookup("account", parent)) == [child]
    assert found(Operator.EQ, parent) == [child]
    assert found(Operator.EQ, str(parent)) == [child]
    assert found(Operator.IN, parent, stranger) == [child]
    assert set(found(Operator.IN, parent, None)) == {parent, child}
    assert found(Operator.NE, parent) == [parent]
    assert found(Operator.IS_NULL) == [parent]


def test_what_table_a_lookup_points_to_can_be_compared(dataverse: Dataverse) -> None:
    account = _add(dataverse, name="Adatum")
    person = _add(dataverse, "contact", lastname="Alone")
    employed = _add(
        dataverse, "contact", lastname="Berg", parentcustomerid=Lookup("account", account)
    )
    child = _add(dataverse, "contact", lastname="Young", parentcustomerid=Lookup("contact", person))

    def found(operator: Operator, *values: Value) -> set[UUID]:
        condition = Condition("parentcustomeridtype", operator, values)
        return set(_found(dataverse, condition, table="contact"))

    assert found(Operator.EQ, "account") == {employed}
    assert found(Operator.IN, "account", "contact") == {employed, child}
    assert found(Operator.NE, "account") == {person, child}
    assert found(Operator.IS_NULL) == {person}
    with pytest.raises(ConfigurationError):
        found(Operator.EQ, "lead")


@pytest.mark.parametrize("operator", [Operator.CONTAINS, Operator.STARTS_WITH])
def test_wildcards_in_a_filter_stand_for_themselves(
    dataverse: Dataverse, operator: Operator
) -> None:
    meant = _add(dataverse, name="100% [new]_x")
    _add(dataverse, name="100 pieces n_x")

    assert _found(dataverse, Condition("name", operator, ("100% [new]_",))) == [meant]


def test_a_list_may_hold_any_character(dataverse: Dataverse) -> None:
    names = ['The "Best"', "A_B[C]", "O'Hara, & Søn", "back\\slash", "a+b=c; d/e?#", "日本"]
    wanted = {_add(dataverse, name=name) for name in names}
    _add(dataverse, name="Somebody else")

    assert set(_found(dataverse, Condition("name", Operator.IN, tuple(names)))) == wanted
    rows = dataverse.find(Selection("account", ("name",)), "name", names)
    assert {row.id for row in rows} == wanted


def test_a_value_that_a_column_cannot_hold_is_a_matter_of_configuration(
    dataverse: Dataverse,
) -> None:
    for column in ("customertypecode", "parentaccountid"):
        with pytest.raises(ConfigurationError) as refusal:
            _found(dataverse, Condition(column, Operator.EQ, ("Customer",)))
        assert refusal.value.cause == Cause.BAD_FILTER


def test_long_values_are_found_in_one_message(dataverse: Dataverse) -> None:
    wanted = _add(dataverse, name="é" * 150)
    names = [f"{'é' * 140}{number}" for number in range(200)]
    before = dataverse.client.requests

    rows = dataverse.find(Selection("account", ()), "name", [*names, "é" * 150])

    assert [row.id for row in rows] == [wanted]
    assert dataverse.client.requests - before == 1


def test_a_row_that_moves_while_it_is_read_comes_with_its_new_version(
    dataverse: Dataverse,
) -> None:
    identities = {_add(dataverse, name=f"Customer {number}") for number in range(6)}
    pages = dataverse.read(Selection("account", ("name",), page_size=2))
    first = next(pages)

    dataverse.write("account", [Update(first[0], {"name": "Moved"})], [])
    rest = [record for page in pages for record in page]

    assert {record.id for record in [*first, *rest]} == identities
    assert [record.values["name"] for record in rest if record.id == first[0].id] in (
        ["Moved"],
        [],
    )


# Option sets


def test_an_option_is_added_renamed_and_seen_by_everybody_once_it_is_published(
    sandbox: RunningSandbox,
) -> None:
    sandbox.reset("empty")
    dataverse = dataverse_system(sandbox, integration=False)
    before = dataverse.options("account", "paymenttermscode")

    value = dataverse.insert_option("account", "paymenttermscode", "14 days")
    other = dataverse.insert_option("account", "paymenttermscode", "Other", value=123_456)
    dataverse.rename_option("account", "paymenttermscode", value, "Within 14 days")
    dataverse.publish(["account"])

    after = dataverse.options("account", "paymenttermscode")
    assert other == 123_456
    assert after == {**before, value: "Within 14 days", other: "Other"}
    assert dataverse.describe("account").columns["paymenttermscode"].options == after


def test_a_column_without_options_is_a_matter_of_configuration(dataverse: Dataverse) -> None:
    with pytest.raises(ConfigurationError):
        dataverse.options("account", "name")


# Odd answers

ENTITY = {
    "LogicalName": "account",
    "EntitySetName": "accounts",
    "PrimaryIdAttribute": "accountid",
    "PrimaryNameAttribute": "name",
    "DisplayName": {"UserLocalizedLabel": None, "LocalizedLabels": [{"Label": "Account"}]},
    "Attributes": [
        {"LogicalName": "accountid", "AttributeType": "Uniqueidentifier"},
        {"LogicalName": "name", "AttributeType": "String", "MaxLength": 160},
        {"LogicalName": "modifiedon", "AttributeType": "DateTime"},
        {"LogicalName": "owneridname", "AttributeType": "Virtual"},
    ],
    "Keys": [
        {"KeyAttributes": ["name"], "EntityKeyIndexStatus": "Failed"},
        {"KeyAttributes": ["accountnumber"], "EntityKeyIndexStatus": "Active"},
    ],
    "ManyToOneRelationships": [],
}
SETS = {"value": [{**ENTITY, "LogicalName": "account"}]}


def _batched(*bodies: object) -> Told:
    pieces = [
        "--batchresponse_x\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n"
        f"Content-Type: application/json\r\n\r\n{told(body).body.decode()}\r\n"
        for body in bodies
    ]
    text = "".join(pieces) + "--batchresponse_x--\r\n"
    kind = {"Content-Type": "multipart/mixed; boundary=batchresponse_x"}
    return Told(200, text.encode(), kind)


def _odd(connect: Callable[..., Client], server: LocalServer, *answers: Told) -> Dataverse:
    empty: dict[str, list[object]] = {"value": []}
    server.says(_batched(ENTITY, empty, empty, empty, SETS), *answers)
    return Dataverse(connect())


def _row(**changes: Any) -> dict[str, Any]:
    row = {
        "@odata.etag": 'W/"1"',
        "accountid": str(uuid4()),
        "name": "Adatum",
        "modifiedon": "2025-01-01T00:00:00Z",
    }
    return {name: value for name, value in {**row, **changes}.items() if value is not ...}


def _read(dataverse: Dataverse) -> list[Record]:
    return [row for page in dataverse.read(Selection("account", ("name",))) for row in page]


def test_metadata_of_another_environment_is_understood(
    server: LocalServer, connect: Callable[..., Client]
) -> None:
    table = _odd(connect, server).describe("account")

    assert table.caption == "Account"
    assert table.natural_key == ("accountnumber",)
    assert "owneridname" not in table.columns
    assert table.columns["name"].creatable


@pytest.mark.parametrize(
    "row",
    [
        _row(accountid=...),
        _row(accountid="x"),
        _row(name=...),
        _row(modifiedon="yesterday"),
        {"@odata.etag": None},
        "text",
        None,
    ],
)
def test_a_row_that_cannot_be_read_is_said_so(
    server: LocalServer, connect: Callable[..., Client], row: object
) -> None:
    dataverse = _odd(connect, server, told({"value": [row]}))

    with pytest.raises(TransientError) as failure:
        _read(dataverse)

    assert failure.value.cause == Cause.MALFORMED_ANSWER


def test_a_row_of_a_table_without_authors_is_read(
    server: LocalServer, connect: Callable[..., Client]
) -> None:
    dataverse = _odd(connect, server, told({"value": [_row()]}))

    [record] = _read(dataverse)

    assert record.modified_by is None
    assert record.version == "1"


def test_who_we_are_must_be_told(server: LocalServer, connect: Callable[..., Client]) -> None:
    server.says(told({"UserId": None}))

    with pytest.raises(TransientError) as failure:
        _ = Dataverse(connect()).me

    assert failure.value.cause == Cause.MALFORMED_ANSWER


def test_a_count_that_is_no_number_is_noticed(
    server: LocalServer, connect: Callable[..., Client]
) -> None:
    counted = Told(200, "\ufeff12".encode(), {"Content-Type": "text/plain"})
    dataverse = _odd(connect, server, counted, replace(counted, body=b"many"))

    assert dataverse.count(Selection("account", ())) == 12
    with pytest.raises(TransientError):
        dataverse.count(Selection("account", ()))
