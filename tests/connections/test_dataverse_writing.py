"""Writing to Dataverse: few requests, an outcome for each record, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec import structs

from connections.causes import Cause
from connections.dataverse import Dataverse
from connections.errors import (
    RecordChangedError,
    RecordError,
    RecordExistsError,
    RecordMissingError,
    TransientError,
    UnknownOutcomeError,
)
from connections.odata import Answer, Client, Request, Timing
from connections.systems import (
    Create,
    Delete,
    Lookup,
    Record,
    Selection,
    Side,
    Update,
    Value,
    Written,
)
from tests.contracts.dataverse_over_https import SandboxTokens, dataverse_system
from tests.running_sandbox import RunningSandbox

COLUMNS = ("name", "accountnumber", "address1_city", "creditlimit")
QUICK = Timing(patience=60, first_pause=0.01, longest_pause=0.05, attempts=3)


@pytest.fixture
def dataverse(sandbox: RunningSandbox) -> Dataverse:
    sandbox.reset("empty")
    system = dataverse_system(sandbox, timing=QUICK)
    system.describe("account")
    assert isinstance(system.me, UUID)
    sandbox.forget_stats()
    return system


def _creates(number: int, **values: Value) -> list[Create]:
    return [Create(uuid4(), {"name": f"Customer {n}", **values}) for n in range(number)]


def _write(dataverse: Dataverse, *writes: Any) -> list[Written]:
    return dataverse.write("account", writes, COLUMNS)


def _records(results: list[Written]) -> list[Record]:
    assert [result.error for result in results if result.error] == []
    return [result.record for result in results if result.record]


def _count(dataverse: Dataverse) -> int:
    return dataverse.count(Selection("account", ()))


def _sent(sandbox: RunningSandbox) -> int:
    return int(sandbox.stats()["systems"]["dataverse"]["requests"])


def _fault(sandbox: RunningSandbox, action: str, path: str, **more: Any) -> None:
    fault = {"system": "dataverse", "method": "POST", "path": path, "action": action, "nth": 1}
    sandbox.faults([{**fault, **more}])


# Few requests


def test_clean_creations_cost_two_requests_a_thousand(
    dataverse: Dataverse, sandbox: RunningSandbox
) -> None:
    results = _write(dataverse, *_creates(2500))

    assert len(_records(results)) == 2500
    assert _sent(sandbox) <= 6


def test_ten_bad_rows_are_found_in_few_requests(
    dataverse: Dataverse, sandbox: RunningSandbox
) -> None:
    creates = _creates(3000)
    bad = [n * 300 + 7 for n in range(10)]
    for place in bad:
        creates[place] = Create(uuid4(), {"name": "x" * 400})

    results = _write(dataverse, *creates)

    assert [n for n, result in enumerate(results) if result.error] == bad
    assert {str(results[n].error.cause) for n in bad} == {Cause.VALUE_TOO_LONG}  # type: ignore[union-attr]
    assert _sent(sandbox) <= 120
    assert _count(dataverse) == 2990


def test_a_mistake_in_every_row_costs_no_request_a_row(
    dataverse: Dataverse, sandbox: RunningSandbox
) -> None:
    results = _write(dataverse, *_creates(1000, accountnumber="x" * 400))

    assert all(isinstance(result.error, RecordError) for result in results)
    assert _sent(sandbox) <= 10


def test_guarded_updates_share_batches(dataverse: Dataverse, sandbox: RunningSandbox) -> None:
    records = _records(_write(dataverse, *_creates(1000)))
    sandbox.forget_stats()

    results = _write(dataverse, *(Update(r, {"address1_city": "Oslo"}) for r in records))

    assert {r.values["address1_city"] for r in _records(results)} == {"Oslo"}
    assert all(result.ours for result in results)
    assert _sent(sandbox) <= 10


def test_overwriting_uses_bulk_messages(dataverse: Dataverse, sandbox: RunningSandbox) -> None:
    records = _records(_write(dataverse, *_creates(1000)))
    updates = [Update(r, {"address1_city": "Oslo"}, guarded=False) for r in records]
    updates[500] = structs.replace(updates[500], values={"name": None})
    sandbox.forget_stats()

    results = _write(dataverse, *updates)

    assert [n for n, result in enumerate(results) if result.error] == [500]
    assert _sent(sandbox) <= 20


# Lost answers


@pytest.mark.parametrize("action", ["reset_before", "reset_after_commit", "truncate"])
def test_creations_whose_answer_was_lost_are_there_once(
    dataverse: Dataverse, sandbox: RunningSandbox, action: str
) -> None:
    _fault(sandbox, action, "CreateMultiple")
    creates = _creates(100)

    results = _write(dataverse, *creates)

    assert [record.id for record in _records(results)] == [create.id for create in creates]
    assert all(result.ours for result in results)
    assert _count(dataverse) == 100


def test_a_thousand_lost_twice_are_there_once(
    dataverse: Dataverse, sandbox: RunningSandbox
) -> None:
    _fault(sandbox, "reset_before", "CreateMultiple", nth=0, times=2)

    results = _write(dataverse, *_creates(1000))

    assert len(_records(results)) == 1000
    assert _count(dataverse) == 1000


@pytest.mark.parametrize("action", ["reset_before", "reset_after_commit", "truncate"])
def test_guarded_updates_whose_answer_was_lost_are_told_by_their_rows(
    dataverse: Dataverse, sandbox: RunningSandbox, action: str
) -> None:
    records = _records(_write(dataverse, *_creates(300)))
    _fault(sandbox, action, "batch", nth=2)

    results = _write(dataverse, *(Update(r, {"address1_city": "Oslo"}) for r in records))

    assert {record.values["address1_city"] for record in _records(results)} == {"Oslo"}


def test_a_batch_that_broke_in_the_middle_is_finished(
    dataverse: Dataverse, sandbox: RunningSandbox
) -> None:
    records = _records(_write(dataverse, *_creates(100)))
    _fault(sandbox, "partial_batch", "batch", after=40)

    results = _write(dataverse, *(Update(r, {"address1_city": "Oslo"}) for r in records))

    assert {record.values["address1_city"] for record in _records(results)} == {"Oslo"}
    assert all(result.ours for result in results)


def test_deletions_whose_answer_was_lost_are_done(
    dataverse: Dataverse, sandbox: RunningSandbox
) -> None:
    records = _records(_write(dataverse, *_creates(60)))
    _fault(sandbox, "partial_batch", "batch", after=20)

    results = _write(dataverse, *map(Delete, records))

    assert results == [Written()] * 60
    assert _count(dataverse) == 0


def test_overwrites_whose_answer_was_lost_are_sent_again(
    dataverse: Dataverse, sandbox: RunningSandbox
) -> None:
    records = _records(_write(dataverse, *_creates(20)))
    _fault(sandbox, "reset_after_commit", "UpdateMultiple")

    results = _write(
        dataverse, *(Update(r, {"address1_city": "Oslo"}, guarded=False) for r in records)
    )

    assert {record.values["address1_city"] for record in _records(results)} == {"Oslo"}


def test_what_cannot_be_looked_up_is_unknown(dataverse: Dataverse, sandbox: RunningSandbox) -> None:
    lost = {"system": "dataverse", "path": "CreateMultiple", "action": "reset_after_commit"}
    away = {"system": "dataverse", "method": "GET", "path": "accounts", "action": "status"}
    sandbox.faults([lost, {**away, "status": 503}])

    results = _write(dataverse, *_creates(5))

    assert all(isinstance(result.error, UnknownOutcomeError) for result in results)
    sandbox.faults([])
    assert _count(dataverse) == 5


def test_what_is_lost_again_and_again_is_unknown(
    dataverse: Dataverse, sandbox: RunningSandbox
) -> None:
    _fault(sandbox, "reset_before", "CreateMultiple", nth=0)

    results = _write(dataverse, *_creates(5))

    assert all(isinstance(result.error, UnknownOutcomeError) for result in results)


def test_a_system_that_is_away_ends_the_call(dataverse: Dataverse, sandbox: RunningSandbox) -> None:
    _fault(sandbox, "status", "CreateMultiple", nth=0, status=503)

    with pytest.raises(TransientError) as failure:
        _write(dataverse, *_creates(5))

    assert failure.value.cause == Cause.UNAVAILABLE


def test_a_request_to_slow_down_is_obeyed_on_the_way(
    dataverse: Dataverse, sandbox: RunningSandbox
) -> None:
    _fault(sandbox, "status", "CreateMultiple", status=429, headers={"Retry-After": "1"})

    assert len(_records(_write(dataverse, *_creates(5)))) == 5


def test_published_limits_that_are_enforced_are_obeyed(
    dataverse: Dataverse, sandbox: RunningSandbox
) -> None:
    sandbox.limits({"enforce": True, "requests": 1, "window_s": 1})

    counts = {_count(dataverse) for _ in range(3)}
    results = _write(dataverse, *_creates(10))

    assert counts == {0}
    assert len(_records(results)) == 10
    assert sandbox.stats()["systems"]["dataverse"]["requests"] > 5  # some were turned away


# Outcomes


def test_ids_that_are_there_already_are_told_and_the_others_written(
    dataverse: Dataverse, sandbox: RunningSandbox
) -> None:
    creates = _creates(1000)
    _write(dataverse, *creates[:700])
    sandbox.forget_stats()

    results = _write(dataverse, *creates)

    assert all(isinstance(result.error, RecordExistsError) for result in results[:700])
    assert len(_records(results[700:])) == 300
    assert _sent(sandbox) <= 6


def test_a_key_that_is_taken_is_a_duplicate(dataverse: Dataverse, sandbox: RunningSandbox) -> None:
    key = {"SchemaName": "number", "KeyAttributes": ["accountnumber"], "DisplayName": None}
    path = "EntityDefinitions(LogicalName='account')/Keys"
    assert sandbox.dataverse.post(path, json=key).ok
    _write(dataverse, *_creates(1, accountnumber="C1"))

    [result] = _write(dataverse, *_creates(1, accountnumber="C1"))

    assert isinstance(result.error, RecordError)
    assert not isinstance(result.error, RecordExistsError)
    assert result.error.cause == Cause.DUPLICATE


def test_a_lookup_that_leads_nowhere_is_not_the_record_that_is_gone(dataverse: Dataverse) -> None:
    [known] = _records(_write(dataverse, *_creates(1)))
    nowhere: dict[str, Value] = {"parentaccountid": Lookup("account", uuid4())}

    created, updated = _write(
        dataverse, Create(uuid4(), {"name": "Child", **nowhere}), Update(known, nowhere)
    )

    for result in (created, updated):
        assert isinstance(result.error, RecordError)
        assert not isinstance(result.error, RecordMissingError)
        assert result.error.cause == Cause.DELETED


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("name", 3),
        ("creditlimit", "much"),
        ("creditlimit", Decimal("NaN")),
        ("customertypecode", "Customer"),
        ("customertypecode", True),
        ("donotphone", 1),
        ("parentaccountid", Lookup("contact", UUID(int=1))),
        ("parentaccountid", "somewhere"),
        ("name", Lookup("account", UUID(int=1))),
        ("nosuchcolumn", "x"),
    ],
)
def test_a_value_that_does_not_fit_is_not_sent(
    dataverse: Dataverse, sandbox: RunningSandbox, column: str, value: Value
) -> None:
    good = _creates(1)

    bad, fine = _write(dataverse, Create(uuid4(), {"name": "A", column: value}), *good)

    assert isinstance(bad.error, RecordError)
    assert bad.error.cause == Cause.VALUE_INVALID
    assert fine.record is not None
    assert _sent(sandbox) == 2


def test_money_keeps_every_decimal(dataverse: Dataverse) -> None:
    amounts = [Decimal("0.01"), Decimal("123456789.87"), Decimal("1E+3"), Decimal(-5), Decimal(0)]

    results = _write(
        dataverse, *(Create(uuid4(), {"name": "A", "creditlimit": amount}) for amount in amounts)
    )

    assert [record.values["creditlimit"] for record in _records(results)] == amounts
    assert all(result.ours for result in results)


def test_a_date_comes_back_as_it_went(dataverse: Dataverse) -> None:
    values: dict[str, Value] = {"lastname": "Berg", "birthdate": date(1980, 2, 29)}

    [result] = dataverse.write("contact", [Create(uuid4(), values)], tuple(values))

    assert dict(_records([result])[0].values) == values
    assert result.ours


def test_owners_and_customers_of_either_kind_come_back_as_they_went(
    dataverse: Dataverse, sandbox: RunningSandbox
) -> None:
    [account] = _records(_write(dataverse, *_creates(1)))
    person, team = uuid4(), uuid4()
    unit = sandbox.dataverse.get("businessunits?$select=name").json()["value"][0]
    bind = {"businessunitid@odata.bind": f"/businessunits({unit['businessunitid']})"}
    assert sandbox.dataverse.post("teams", json={"teamid": str(team), "name": "T", **bind}).ok
    dataverse.write("contact", [Create(person, {"lastname": "Berg"})], [])
    columns = ("ownerid", "parentcustomerid")
    wanted: list[dict[str, Value]] = [
        {"ownerid": Lookup("systemuser", dataverse.me), "parentcustomerid": None},
        {"ownerid": Lookup("team", team), "parentcustomerid": Lookup("contact", person)},
        {"ownerid": Lookup("team", team), "parentcustomerid": Lookup("account", account.id)},
    ]

    creates = [Create(uuid4(), {"lastname": "Young", **values}) for values in wanted]
    records = _records(dataverse.write("contact", creates, columns))

    assert [dict(record.values) for record in records] == wanted
    emptied = [Update(record, {"parentcustomerid": None}) for record in records]
    results = _records(dataverse.write("contact", emptied, columns))
    assert {record.values["parentcustomerid"] for record in results} == {None}


def test_columns_that_were_not_asked_for_do_not_come_back(dataverse: Dataverse) -> None:
    [result] = dataverse.write("account", _creates(1, address1_city="Oslo"), ["name"])

    assert result.record is not None
    assert dict(result.record.values) == {"name": "Customer 0"}


class Interrupted(Client):
    """A client before whose reading somebody else acts."""

    before_reading: Callable[[], object] | None = None

    def send(self, request: Request) -> Answer:
        if request.method == "GET" and "$filter" in request.path and self.before_reading:
            act, self.before_reading = self.before_reading, None
            act()
        return super().send(request)


@pytest.fixture
def interrupted(sandbox: RunningSandbox) -> Dataverse:
    sandbox.reset("empty")
    root = f"{sandbox.env['SANDBOX_DATAVERSE_URL']}/api/data/v9.2"
    bundle = sandbox.env["SANDBOX_CA_BUNDLE"]
    return Dataverse(
        Interrupted(Side.DATAVERSE, root, SandboxTokens(sandbox), ca_bundle=bundle, timing=QUICK)
    )


def _act(dataverse: Dataverse, what: Callable[[], object]) -> None:
    client = dataverse.client
    assert isinstance(client, Interrupted)
    client.before_reading = what


def test_a_users_edit_right_after_our_bulk_message_is_not_ours(
    interrupted: Dataverse, sandbox: RunningSandbox
) -> None:
    edited, quiet = _creates(2)
    path = f"accounts({edited.id})"
    _act(interrupted, lambda: sandbox.dataverse.patch(path, json={"telephone1": "1"}))

    first, second = _write(interrupted, edited, quiet)

    assert not first.ours
    assert first.record is not None
    assert first.record.modified_by != interrupted.me
    assert second.ours


def test_a_record_deleted_right_after_our_bulk_message_is_missing(
    interrupted: Dataverse, sandbox: RunningSandbox
) -> None:
    create = _creates(1)[0]
    _act(interrupted, lambda: sandbox.dataverse.delete(f"accounts({create.id})"))

    [result] = _write(interrupted, create)

    assert isinstance(result.error, RecordMissingError)


def test_an_update_that_was_lost_and_overtaken_counts_as_changed(
    interrupted: Dataverse, sandbox: RunningSandbox
) -> None:
    [record] = _records(_write(interrupted, *_creates(1)))
    path = f"accounts({record.id})"
    _fault(sandbox, "reset_after_commit", "batch")
    _act(interrupted, lambda: sandbox.dataverse.patch(path, json={"address1_city": "Bergen"}))

    [result] = _write(interrupted, Update(record, {"address1_city": "Oslo"}))

    assert isinstance(result.error, RecordChangedError)
    assert sandbox.dataverse.get(path).json()["address1_city"] == "Bergen"


def test_a_missing_privilege_is_named(dataverse: Dataverse) -> None:
    [result] = dataverse.write("role", [Create(uuid4(), {"name": "Mine"})], ["name"])

    assert isinstance(result.error, RecordError)
    assert result.error.cause == Cause.FORBIDDEN
    assert "prv" in result.error.message
