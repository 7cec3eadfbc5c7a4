"""What the system in memory lets a test arrange."""

from __future__ import annotations

from uuid import UUID, uuid4

from connections.causes import Cause
from connections.errors import RecordError, RecordMissingError, UnknownOutcomeError
from connections.systems import Create, Side, Update, Write
from tests.contracts.stage import ME
from tests.memory import MemorySystem
from tests.tables import business_central_tables, dataverse_tables


def _dataverse() -> MemorySystem:
    return MemorySystem(Side.DATAVERSE, dataverse_tables(), me=ME)


def test_an_edit_between_our_write_and_its_reading_is_not_ours() -> None:
    dataverse = _dataverse()
    account = dataverse.add("account", name="Adatum")
    quiet = dataverse.add("account", name="Fabrikam")
    dataverse.after_write.append(
        lambda: dataverse.edit(dataverse.now(account), by=UUID(int=5), telephone1="123")
    )

    edited, untouched = dataverse.write(
        "account",
        [Update(account, {"address1_city": "Oslo"}), Update(quiet, {"address1_city": "Oslo"})],
        ["address1_city", "telephone1"],
    )

    assert not edited.ours
    assert edited.record is not None
    assert edited.record.values["telephone1"] == "123"
    assert edited.record.modified_by == UUID(int=5)
    assert untouched.ours


def test_a_record_deleted_right_after_our_write_is_missing() -> None:
    dataverse = _dataverse()
    account = dataverse.add("account", name="Adatum")
    dataverse.after_write.append(lambda: dataverse.drop(account))

    [result] = dataverse.write("account", [Update(account, {"address1_city": "Oslo"})], ["name"])

    assert isinstance(result.error, RecordMissingError)


def test_a_lost_answer_leaves_its_rows() -> None:
    dataverse = _dataverse()
    dataverse.lost_answers = 1

    [result] = dataverse.write("account", [Create(uuid4(), {"name": "Adatum"})], ["name"])

    assert isinstance(result.error, UnknownOutcomeError)
    assert len(dataverse.all("account")) == 1


def test_a_refusal_can_be_arranged() -> None:
    dataverse = _dataverse()

    def no_oslo(_: str, write: Write) -> RecordError | None:
        is_oslo = isinstance(write, Create) and write.values.get("address1_city") == "Oslo"
        return RecordError("Not in Oslo.", cause=Cause.REFUSED) if is_oslo else None

    dataverse.refusals.append(no_oslo)
    writes = [Create(uuid4(), {"name": n, "address1_city": n}) for n in ("Oslo", "Bergen")]

    refused, accepted = dataverse.write("account", writes, ["name"])

    assert isinstance(refused.error, RecordError)
    assert accepted.error is None


def test_business_central_times_hold_milliseconds_and_numbers_run() -> None:
    business_central = MemorySystem(Side.BUSINESS_CENTRAL, business_central_tables())
    business_central.clock.now = business_central.clock.now.replace(microsecond=557_000)

    first = business_central.add("customers", displayName="Adatum")
    second = business_central.add("customers", displayName="Fabrikam")

    assert first.modified_at.microsecond == 557_000
    assert first.modified_by is None
    assert first.values["number"] != second.values["number"]
