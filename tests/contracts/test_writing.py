"""What every system promises about writing."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

from connections.errors import (
    RecordChangedError,
    RecordError,
    RecordExistsError,
    RecordMissingError,
)
from connections.systems import Create, Delete, Lookup, Record, Update, Value, Write, Written
from tests.contracts.stage import Stage


def _write(stage: Stage, *writes: Write) -> list[Written]:
    return stage.system.write(stage.table, writes, stage.columns)


def _written(result: Written) -> Record:
    assert result.error is None
    assert result.record is not None
    return result.record


def _create(stage: Stage, name: str, **values: Value) -> Create:
    return Create(uuid4(), stage.values(name, **values))


def test_nothing_to_write_asks_nothing(stage: Stage) -> None:
    before = stage.requests()

    assert _write(stage) == []
    assert stage.requests() == before


def test_a_new_record_has_the_id_it_was_given(stage: Stage) -> None:
    create = _create(stage, "Adatum", city="Oslo")

    [result] = _write(stage, create)

    record = _written(result)
    assert record.id == create.id
    assert record.values[stage.name] == "Adatum"
    assert record.values[stage.city] == "Oslo"
    assert set(record.values) == set(stage.columns)
    assert result.ours
    assert stage.get(create.id) == record


def test_what_was_written_bears_our_name(sales: Stage) -> None:
    [result] = _write(sales, _create(sales, "Adatum"))

    assert _written(result).modified_by == sales.system.me


def test_outcomes_come_in_the_order_of_the_writes(stage: Stage) -> None:
    creates = [_create(stage, f"Customer {number}") for number in range(30)]

    results = _write(stage, *creates)

    assert [_written(result).id for result in results] == [create.id for create in creates]


def test_a_refused_record_does_not_stop_the_others(stage: Stage) -> None:
    creates = [_create(stage, f"Customer {number}") for number in range(40)]
    creates[7] = _create(stage, "x" * 400)
    creates[23] = _create(stage, "y" * 400)

    results = _write(stage, *creates)

    refused = [index for index, result in enumerate(results) if result.error is not None]
    assert refused == [7, 23]
    assert all(isinstance(results[index].error, RecordError) for index in refused)
    assert stage.system.count(stage.selection()) == 38


def test_a_refusal_is_a_sentence_with_details(stage: Stage) -> None:
    [result] = _write(stage, _create(stage, "x" * 400))

    assert result.record is None
    assert result.error is not None
    assert result.error.message
    assert result.error.cause


def test_the_same_id_again_is_told_apart(stage: Stage) -> None:
    create = _create(stage, "Adatum")
    _write(stage, create)

    fresh = _create(stage, "Fabrikam")
    results = _write(stage, create, fresh)

    assert isinstance(results[0].error, RecordExistsError)
    assert _written(results[1]).id == fresh.id
    assert stage.system.count(stage.selection()) == 2


def test_an_update_changes_what_it_names_and_nothing_else(stage: Stage) -> None:
    record = stage.get(stage.add("Adatum", city="Oslo", email="post@adatum.example"))

    [result] = _write(stage, Update(record, {stage.city: "Bergen"}))

    after = _written(result)
    assert after.values[stage.city] == "Bergen"
    assert after.values[stage.email] == "post@adatum.example"
    assert after.version != record.version
    assert stage.get(record.id) == after


def test_a_text_can_be_emptied(stage: Stage) -> None:
    record = stage.get(stage.add("Adatum", city="Oslo"))

    [result] = _write(stage, Update(record, {stage.city: stage.empty}))

    assert _written(result).values[stage.city] == stage.empty


def test_any_character_survives(stage: Stage) -> None:
    name = 'O\'Hara & Søn <"100% #1"> 日本 €\\/'

    [result] = _write(stage, _create(stage, name))

    assert _written(result).values[stage.name] == name


def test_a_guarded_update_of_a_record_that_moved_is_refused(stage: Stage) -> None:
    stale = stage.get(stage.add("Adatum"))
    fresh = stage.get(stage.add("Fabrikam"))
    stage.people.wait()
    stage.edit(stale.id, city="Oslo")

    results = _write(
        stage, Update(stale, {stage.city: "Bergen"}), Update(fresh, {stage.city: "Bergen"})
    )

    assert isinstance(results[0].error, RecordChangedError)
    assert _written(results[1]).values[stage.city] == "Bergen"
    assert stage.get(stale.id).values[stage.city] == "Oslo"


def test_an_unguarded_update_overwrites(stage: Stage) -> None:
    stale = stage.get(stage.add("Adatum"))
    stage.people.wait()
    stage.edit(stale.id, city="Oslo")

    [result] = _write(stage, Update(stale, {stage.city: "Bergen"}, guarded=False))

    assert _written(result).values[stage.city] == "Bergen"


def test_an_update_never_creates(stage: Stage) -> None:
    gone = stage.get(stage.add("Adatum"))
    stage.drop(gone.id)

    for guarded in (True, False):
        [result] = _write(stage, Update(gone, {stage.city: "Oslo"}, guarded=guarded))
        assert isinstance(result.error, RecordMissingError)

    assert stage.system.count(stage.selection()) == 0


def test_one_refused_update_does_not_stop_the_others(stage: Stage) -> None:
    records = [stage.get(stage.add(f"Customer {number}")) for number in range(12)]
    updates = [Update(record, {stage.city: "Oslo"}) for record in records]
    updates[5] = Update(records[5], {stage.name: "x" * 400})

    results = _write(stage, *updates)

    assert [index for index, result in enumerate(results) if result.error] == [5]
    assert _written(results[11]).values[stage.city] == "Oslo"


def test_a_record_is_deleted_unless_it_moved(stage: Stage) -> None:
    unmoved, moved = stage.get(stage.add("Adatum")), stage.get(stage.add("Fabrikam"))
    stage.people.wait()
    stage.edit(moved.id, city="Oslo")

    results = _write(stage, Delete(unmoved), Delete(moved))

    assert results[0] == Written()
    assert isinstance(results[1].error, RecordChangedError)
    assert set(stage.system.get(stage.table, [unmoved.id, moved.id], ())) == {moved.id}


def test_creations_updates_and_deletions_can_be_mixed(stage: Stage) -> None:
    changed, dropped = stage.get(stage.add("Adatum")), stage.get(stage.add("Fabrikam"))
    create = _create(stage, "Contoso")

    results = _write(stage, Delete(dropped), create, Update(changed, {stage.city: "Oslo"}))

    assert results[0] == Written()
    assert _written(results[1]).id == create.id
    assert _written(results[2]).values[stage.city] == "Oslo"


def test_a_thousand_creations_take_few_requests(stage: Stage) -> None:
    _write(stage, _create(stage, "Adatum"))  # signed in, table described
    before = stage.requests()

    results = _write(stage, *(_create(stage, f"Customer {n}") for n in range(1000)))

    assert all(result.error is None for result in results)
    assert stage.requests() - before <= (10 if stage.system.me is None else 2)


def test_lookups_money_and_options_come_back_as_they_went(sales: Stage) -> None:
    parent = _written(_write(sales, _create(sales, "Parent"))[0])
    values: dict[str, Value] = {
        "name": "Child",
        "parentaccountid": Lookup("account", parent.id),
        "creditlimit": Decimal("1234.56"),
        "customertypecode": 3,
        "donotphone": True,
    }

    [result] = sales.system.write("account", [Create(uuid4(), values)], tuple(values))

    assert dict(_written(result).values) == values


def test_a_lookup_of_several_tables_says_which(sales: Stage) -> None:
    parent = _written(_write(sales, _create(sales, "Parent"))[0])
    values: dict[str, Value] = {
        "lastname": "Berg",
        "parentcustomerid": Lookup("account", parent.id),
    }
    identity = uuid4()

    [result] = sales.system.write("contact", [Create(identity, values)], tuple(values))

    assert dict(_written(result).values) == values
    again = sales.system.get("contact", [identity], ["parentcustomerid"])[identity]
    assert again.values["parentcustomerid"] == Lookup("account", parent.id)


def test_a_lookup_can_be_emptied(sales: Stage) -> None:
    parent = _written(_write(sales, _create(sales, "Parent"))[0])
    values: dict[str, Value] = {"name": "Child", "parentaccountid": Lookup("account", parent.id)}
    [created] = sales.system.write("account", [Create(uuid4(), values)], tuple(values))

    [result] = sales.system.write(
        "account", [Update(_written(created), {"parentaccountid": None})], tuple(values)
    )

    assert _written(result).values["parentaccountid"] is None


def test_a_number_that_is_taken_is_refused(business_central: Stage) -> None:
    business_central.add("Adatum", code="C00777")

    [result] = _write(business_central, _create(business_central, "Fabrikam", code="C00777"))

    assert isinstance(result.error, RecordError)
    assert not isinstance(result.error, RecordExistsError)


def test_where_a_table_gives_its_own_ids_the_record_says_which(business_central: Stage) -> None:
    table = "paymentTerms"
    assert not business_central.system.describe(table).takes_id
    ours = UUID(int=7)

    [result] = business_central.system.write(
        table, [Create(ours, {"code": "X14", "displayName": "14 days"})], ("code",)
    )

    record = _written(result)
    assert record.id != ours
    assert record.values["code"] == "X14"
