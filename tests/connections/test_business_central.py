"""What the adapter of Business Central does beyond the contract: pages, lost answers, bad days."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from connections.business_central import METADATA, BusinessCentral
from connections.causes import Cause
from connections.errors import (
    ConfigurationError,
    RecordChangedError,
    RecordError,
    RecordMissingError,
    TransientError,
)
from connections.odata import Client, Timing
from connections.shelf import OwnShelf
from connections.systems import (
    Condition,
    Create,
    Delete,
    Kind,
    Operator,
    Record,
    Selection,
    Side,
    Update,
    Written,
)
from mappings import defaults
from mappings.defaults import DefaultMapping
from tests.connections.server import Answer, LocalServer, html, refused, running, told
from tests.contracts.business_central_over_https import business_central_system
from tests.contracts.people import in_business_central
from tests.running_sandbox import RunningSandbox

COLUMNS = ("displayName", "city")
CUSTOMERS = Selection("customers", COLUMNS)
CUSTOMERS_BY_NAME = Selection("customers", ("displayName",))
AT_ONCE = Timing(connect=30, read=30, patience=60, attempts=2, first_pause=0.01)


@pytest.fixture
def system(sandbox: RunningSandbox) -> Iterator[BusinessCentral]:
    sandbox.reset("empty")
    METADATA.forget()
    yield business_central_system(sandbox)
    sandbox.faults([])


def _creates(count: int) -> list[Create]:
    return [Create(uuid4(), {"displayName": f"Customer {n}", "city": "Oslo"}) for n in range(count)]


def _customers(system: BusinessCentral, *creates: Create) -> list[Record]:
    return [_record(written) for written in system.write("customers", creates, COLUMNS)]


def _record(written: Written) -> Record:
    assert written.error is None
    assert written.record is not None
    return written.record


def _count(system: BusinessCentral) -> int:
    return system.count(CUSTOMERS)


# What metadata tells


def test_an_own_page_is_preferred_to_the_standard_one(system: BusinessCentral) -> None:
    assert system.page("customers").route == "api/integration/sales/v1.0"
    assert system.page("paymentTerms").route == "api/v2.0"


def test_a_page_tells_kinds_lengths_members_and_captions(system: BusinessCentral) -> None:
    table = system.describe("customers")

    columns = table.columns
    assert table.caption == "Customer"
    assert table.natural_key == ("number",)
    assert columns["number"].kind == Kind.CODE
    assert columns["number"].caption == "No."
    assert not columns["number"].updatable
    assert columns["displayName"].max_length == 100
    assert columns["creditLimit"].kind == Kind.DECIMAL
    assert columns["blocked"].members == (" ", "Ship", "Invoice", "All")
    assert columns["id"].creatable
    assert not columns["id"].updatable


def test_a_standard_page_takes_no_id(system: BusinessCentral) -> None:
    assert not system.describe("paymentTerms").columns["id"].creatable


def test_metadata_is_read_once_for_all_runs_of_a_process(
    sandbox: RunningSandbox, system: BusinessCentral
) -> None:
    system.describe("paymentTerms")
    another = business_central_system(sandbox)

    another.describe("paymentTerms")

    assert another.requests == 0


def test_a_field_that_a_page_lacks_is_named(system: BusinessCentral) -> None:
    with pytest.raises(ConfigurationError, match="has no field shoeSize"):
        list(system.read(Selection("customers", ("shoeSize",))))


def test_a_page_with_one_record_reads_as_one(system: BusinessCentral) -> None:
    [[setup]] = system.read(Selection("generalLedgerSetup", ("localCurrencyCode",)))

    assert setup.values["localCurrencyCode"]
    assert system.count(Selection("generalLedgerSetup", ())) == 1


def test_companies_are_read_beside_the_company(system: BusinessCentral) -> None:
    [[company]] = system.read(Selection("companies", ("name",)))

    assert f"companies({company.id})" == system.company


# Values


def test_codes_are_compared_in_capitals(sandbox: RunningSandbox, system: BusinessCentral) -> None:
    in_business_central(sandbox).add("paymentTerms", {"code": "x14", "displayName": "14 days"})
    condition = Condition("code", Operator.EQ, (" x14 ",))

    [[terms]] = system.read(Selection("paymentTerms", ("code",), (condition,)))

    assert terms.values["code"] == "X14"
    assert system.find(Selection("paymentTerms", ("code",)), "code", ["X14", "nowhere"]) == [terms]


# Budgets


def test_ten_thousand_creations_take_a_hundred_requests(system: BusinessCentral) -> None:
    system.describe("customers")
    before = system.requests

    results = system.write("customers", _creates(1000), COLUMNS)

    assert all(result.error is None for result in results)
    assert system.requests - before == 10


def test_writing_and_reading_again_stay_within_three_requests_for_a_hundred(
    system: BusinessCentral,
) -> None:
    records = _customers(system, *_creates(400))
    before = system.requests

    updates = [Update(record, {"city": "Bergen"}) for record in records]
    system.write("customers", updates, COLUMNS)
    system.get("customers", [record.id for record in records], COLUMNS)

    assert system.requests - before <= 0.03 * len(records)


# Lost answers


@pytest.mark.parametrize("action", ["reset_after_commit", "truncate", "reset_before"])
def test_a_lost_answer_to_creations_neither_loses_nor_doubles(
    sandbox: RunningSandbox, system: BusinessCentral, action: str
) -> None:
    system.describe("customers")
    creates = _creates(30)
    sandbox.faults(
        [{"system": "bc", "path": r"\$batch", "method": "POST", "nth": 1, "action": action}]
    )

    records = _customers(system, *creates)

    assert [record.id for record in records] == [create.id for create in creates]
    assert records[0].values == {"displayName": "Customer 0", "city": "Oslo"}
    assert _count(system) == 30


def test_a_batch_that_broke_off_is_finished(
    sandbox: RunningSandbox, system: BusinessCentral
) -> None:
    system.describe("customers")
    fault = {"system": "bc", "path": r"\$batch", "nth": 1, "action": "partial_batch", "after": 7}
    sandbox.faults([fault])

    records = _customers(system, *_creates(20))

    assert len(records) == 20
    assert _count(system) == 20


def test_a_lost_answer_to_updates_is_looked_up(
    sandbox: RunningSandbox, system: BusinessCentral
) -> None:
    records = _customers(system, *_creates(5))
    fault = {"system": "bc", "path": r"\$batch", "nth": 1, "action": "partial_batch", "after": 2}
    sandbox.faults([fault])

    updates = [Update(record, {"city": "Bergen"}) for record in records]
    results = system.write("customers", updates, COLUMNS)

    assert [_record(result).values["city"] for result in results] == ["Bergen"] * 5
    found = system.get("customers", [record.id for record in records], COLUMNS)
    assert {row.values["city"] for row in found.values()} == {"Bergen"}


def test_a_lost_answer_to_an_update_of_a_record_that_moved_says_so(
    sandbox: RunningSandbox, system: BusinessCentral
) -> None:
    [record] = _customers(system, *_creates(1))
    in_business_central(sandbox).edit("customers", record.id, {"city": "Tromsø"})
    fault = {"system": "bc", "path": r"\$batch", "nth": 1, "action": "reset_after_commit"}
    sandbox.faults([fault])

    [result] = system.write("customers", [Update(record, {"city": "Bergen"})], COLUMNS)

    assert isinstance(result.error, RecordChangedError)


def test_a_lost_answer_to_a_deletion_is_looked_up(
    sandbox: RunningSandbox, system: BusinessCentral
) -> None:
    records = _customers(system, *_creates(4))
    fault = {"system": "bc", "path": r"\$batch", "nth": 1, "action": "partial_batch", "after": 2}
    sandbox.faults([fault])

    results = system.write("customers", [Delete(record) for record in records], COLUMNS)

    assert results == [Written()] * 4
    assert _count(system) == 0


@pytest.mark.parametrize("action", ["reset_after_commit", "reset_before"])
def test_where_the_page_gives_ids_a_lost_creation_is_found_by_its_code(
    sandbox: RunningSandbox, system: BusinessCentral, action: str
) -> None:
    system.describe("paymentTerms")
    sandbox.faults([{"system": "bc", "path": r"\$batch", "nth": 1, "action": action}])
    create = Create(uuid4(), {"code": "x14", "displayName": "14 days"})

    [result] = system.write("paymentTerms", [create], ("code", "displayName"))

    assert _record(result).values == {"code": "X14", "displayName": "14 days"}
    assert (
        system.count(Selection("paymentTerms", (), (Condition("code", Operator.EQ, ("X14",)),)))
        == 1
    )


def test_a_lost_creation_is_not_taken_for_somebody_elses(
    sandbox: RunningSandbox, system: BusinessCentral
) -> None:
    in_business_central(sandbox).add("paymentTerms", {"code": "X14", "displayName": "Fortnight"})
    fault = {"system": "bc", "path": r"\$batch", "nth": 1, "action": "reset_after_commit"}
    sandbox.faults([fault])
    create = Create(uuid4(), {"code": "X14", "displayName": "14 days"})

    [result] = system.write("paymentTerms", [create], ("code", "displayName"))

    assert isinstance(result.error, RecordError)
    assert result.error.cause == Cause.DUPLICATE


def test_a_system_that_is_away_is_no_fault_of_the_records(
    sandbox: RunningSandbox, system: BusinessCentral
) -> None:
    system.describe("customers")
    system.client.timing = AT_ONCE
    sandbox.faults([{"system": "bc", "path": r"\$batch", "action": "status", "status": 503}])

    with pytest.raises(TransientError):
        system.write("customers", _creates(3), COLUMNS)


# Odd answers


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalServer]:
    METADATA.forget()
    with running(tmp_path) as server:
        yield server


class OneToken:
    """A token that never changes."""

    def token(self) -> str:
        return "t"

    def renew(self) -> str:
        return "t"


METADATA_DOCUMENT = """<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="Microsoft.NAV" xmlns="http://docs.oasis-open.org/odata/ns/edm">
<EntityType Name="customer"><Key><PropertyRef Name="id"/></Key>
<Property Name="id" Type="Edm.Guid" Nullable="false"/>
<Property Name="displayName" Type="Edm.String" MaxLength="100"/>
<Property Name="blocked" Type="Microsoft.NAV.customerBlocked"/>
<Property Name="lastModifiedDateTime" Type="Edm.DateTimeOffset"/>
</EntityType>
<EnumType Name="customerBlocked">
<Member Name="_x0020_" Value="0"/><Member Name="All" Value="1"/></EnumType>
<EntityContainer Name="NAV"><EntitySet Name="customers" EntityType="Microsoft.NAV.customer"/>
</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"""


def _metadata(text: str = METADATA_DOCUMENT) -> Answer:
    return Answer(200, text.encode(), {"Content-Type": "application/xml"})


def _at(local: LocalServer) -> BusinessCentral:
    client = Client(
        Side.BUSINESS_CENTRAL, local.origin, OneToken(), ca_bundle=local.ca_bundle, timing=AT_ONCE
    )
    return BusinessCentral(client, UUID(int=1))


def _row(**values: object) -> dict[str, object]:
    return {
        "@odata.etag": 'W/"1"',
        "id": str(UUID(int=2)),
        "lastModifiedDateTime": "2026-02-01T10:20:30.557Z",
        "displayName": "Adatum",
        "blocked": "_x0020_",
        **values,
    }


def test_a_web_page_instead_of_metadata_is_no_api(local: LocalServer) -> None:
    local.says(html())

    with pytest.raises(ConfigurationError) as refusal:
        _at(local).describe("customers")

    assert refusal.value.cause == Cause.NOT_AN_API


@pytest.mark.parametrize(
    "text", ["<a>", '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "{}"]
)
def test_metadata_that_cannot_be_read_is_said_so(local: LocalServer, text: str) -> None:
    local.says(_metadata(text))

    with pytest.raises(TransientError) as refusal:
        _at(local).describe("customers")

    assert refusal.value.cause == Cause.MALFORMED_ANSWER


def test_without_the_extension_the_standard_pages_serve(local: LocalServer) -> None:
    local.says(refused(404, "BadRequest_ResourceNotFound"), _metadata())

    page = _at(local).page("customers")

    assert page.route == "api/v2.0"
    assert not page.table.takes_id


@pytest.mark.parametrize("blank", ["_x0020_", " ", ""])
def test_the_blank_option_reads_as_a_blank_in_every_form(local: LocalServer, blank: str) -> None:
    local.says(_metadata(), told({"value": [_row(blocked=blank)]}))

    [[row]] = _at(local).read(Selection("customers", ("blocked",)))

    assert row.values["blocked"] == " "


def test_a_link_to_another_host_is_not_followed(local: LocalServer) -> None:
    answer = {"value": [_row()], "@odata.nextLink": "https://evil.example/next"}
    local.says(_metadata(), told(answer))
    pages = _at(local).read(CUSTOMERS_BY_NAME)

    next(pages)
    with pytest.raises(ConfigurationError):
        next(pages)


def test_a_batch_without_readable_answers_is_unknown_until_it_is_looked_up(
    local: LocalServer,
) -> None:
    create = Create(UUID(int=2), {"displayName": "Adatum"})
    local.says(_metadata(), told({"nothing": 1}), told({"value": [_row()]}))

    [result] = _at(local).write("customers", [create], ("displayName",))

    assert _record(result).id == create.id
    assert local.methods == ["GET", "POST", "GET"]


def test_a_record_that_is_gone_is_missing(system: BusinessCentral) -> None:
    [record] = _customers(system, *_creates(1))
    system.write("customers", [Delete(record)], COLUMNS)

    [result] = system.write("customers", [Delete(record)], COLUMNS)

    assert isinstance(result.error, RecordMissingError)


def test_metadata_that_another_process_has_read_is_not_asked_for(
    sandbox: RunningSandbox, system: BusinessCentral
) -> None:
    shelf = OwnShelf()
    business_central_system(sandbox, shelf).describe("paymentTerms")
    METADATA.forget()
    another = business_central_system(sandbox, shelf)

    another.describe("paymentTerms")

    assert another.requests == 0


@pytest.mark.parametrize(
    "row",
    [
        {"id": "no id"},
        {"id": None},
        {"displayName": 7, "lastModifiedDateTime": "yesterday"},
        {"lastModifiedDateTime": 5},
    ],
)
def test_a_record_that_cannot_be_read_is_said_so(
    local: LocalServer, row: dict[str, object]
) -> None:
    local.says(_metadata(), told({"value": [_row(**row)]}))

    with pytest.raises(TransientError) as refusal:
        list(_at(local).read(CUSTOMERS_BY_NAME))

    assert refusal.value.cause == Cause.MALFORMED_ANSWER


def test_a_number_of_records_that_is_none_is_said_so(local: LocalServer) -> None:
    local.says(_metadata(), Answer(200, b"many", {"Content-Type": "text/plain"}))

    with pytest.raises(TransientError) as refusal:
        _at(local).count(CUSTOMERS_BY_NAME)

    assert refusal.value.cause == Cause.MALFORMED_ANSWER


def test_a_written_record_that_comes_back_unreadable_is_looked_up(local: LocalServer) -> None:
    create = Create(UUID(int=2), {"displayName": "Adatum"})
    answered = {"responses": [{"id": "0", "status": 201, "body": {"id": "no id"}}]}
    local.says(_metadata(), told(answered), told({"value": [_row()]}))

    [result] = _at(local).write("customers", [create], ("displayName",))

    assert _record(result).id == create.id


# Every table that is mapped


@pytest.fixture(scope="module")
def filled(sandbox: RunningSandbox) -> RunningSandbox:
    sandbox.reset("cronus")
    return sandbox


@pytest.mark.parametrize("mapping", defaults.mappings(), ids=lambda mapping: mapping.file)
def test_every_mapped_table_reads_with_its_mapped_fields(
    filled: RunningSandbox, mapping: DefaultMapping
) -> None:
    system = business_central_system(filled)
    columns = tuple(dict.fromkeys(row.field for row in mapping.fields if row.field))
    selection = Selection(mapping.table, columns)

    count = system.count(selection)
    rows = [row for page in system.read(selection) for row in page]

    assert len(rows) == count
    assert all(set(row.values) == set(columns) and row.version for row in rows)
    some = {row.id: row for row in rows[:150]}
    assert system.get(mapping.table, list(some), columns) == some
