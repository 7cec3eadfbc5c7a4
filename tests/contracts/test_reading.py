"""What every system promises about reading."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.systems import Condition, Kind, Operator, Record
from tests.contracts.stage import Stage


def _all(stage: Stage, **changes: object) -> list[Record]:
    return [row for page in stage.system.read(stage.selection(**changes)) for row in page]


def _names(stage: Stage, rows: list[Record]) -> set[object]:
    return {row.values[stage.name] for row in rows}


def test_a_table_tells_its_columns(stage: Stage) -> None:
    table = stage.system.describe(stage.table)

    assert table.name == stage.table
    assert table.caption
    assert table.columns[stage.name].kind == Kind.TEXT
    assert table.columns[stage.name].max_length in (100, 160)
    assert table.columns[stage.name].creatable
    assert table.columns[stage.name].updatable
    assert table.takes_id
    assert table.name_column in table.columns


def test_a_table_is_described_once(stage: Stage) -> None:
    stage.system.describe(stage.table)
    before = stage.requests()

    stage.system.describe(stage.table)

    assert stage.requests() == before


def test_an_unknown_table_is_a_matter_of_configuration(stage: Stage) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        stage.system.describe("nosuchtables")

    assert refusal.value.cause == Cause.UNKNOWN_TABLE


def test_an_empty_table_reads_as_nothing(stage: Stage) -> None:
    assert _all(stage) == []
    assert stage.system.count(stage.selection()) == 0


def test_the_record_changed_longest_ago_comes_first(stage: Stage) -> None:
    first = stage.add("Adatum")
    stage.people.wait()
    second = stage.add("Fabrikam")
    stage.people.wait()
    stage.edit(first, city="Oslo")

    rows = _all(stage)

    assert [row.id for row in rows] == [second, first]
    assert rows[0].modified_at < rows[1].modified_at


def test_a_record_brings_the_columns_that_were_asked_for(stage: Stage) -> None:
    identity = stage.add("Adatum", city="Oslo")

    [row] = _all(stage, columns=(stage.name, stage.city))

    assert row.id == identity
    assert row.table == stage.table
    assert row.version
    assert row.modified_at.tzinfo is not None
    assert dict(row.values) == {stage.name: "Adatum", stage.city: "Oslo"}


def test_pages_hold_no_more_than_was_asked_for_and_miss_nothing(stage: Stage) -> None:
    expected = {stage.add(f"Customer {number}") for number in range(7)}

    pages = list(stage.system.read(stage.selection(page_size=3)))

    assert all(0 < len(page) <= 3 for page in pages)
    found = [row.id for page in pages for row in page]
    assert len(found) == 7
    assert set(found) == expected


def test_pages_of_records_changed_at_the_same_moment_repeat_nothing(stage: Stage) -> None:
    for number in range(9):
        stage.add(f"Customer {number}")

    pages = list(stage.system.read(stage.selection(page_size=2)))

    rows = [row for page in pages for row in page]
    assert len({row.id for row in rows}) == len(rows) == 9
    assert rows == sorted(rows, key=lambda row: row.modified_at)


def test_changed_after_is_strict(stage: Stage) -> None:
    stage.add("Adatum")
    [known] = _all(stage)
    stage.people.wait()
    later = stage.add("Fabrikam")

    rows = _all(stage, changed_after=known.modified_at)

    assert [row.id for row in rows] == [later]


def test_an_empty_text_reads_as_the_system_has_it(stage: Stage) -> None:
    stage.add("Adatum")

    [row] = _all(stage)

    assert row.values[stage.city] == stage.empty


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        (Operator.EQ, ("Oslo",), {"Adatum"}),
        (Operator.NE, ("Oslo",), {"Fabrikam", "Contoso"}),
        (Operator.IN, ("Oslo", "Bergen"), {"Adatum", "Fabrikam"}),
        (Operator.IN, ("Oslo", None), {"Adatum", "Contoso"}),
        (Operator.CONTAINS, ("erg",), {"Fabrikam"}),
        (Operator.STARTS_WITH, ("Os",), {"Adatum"}),
        (Operator.IS_NULL, (), {"Contoso"}),
        (Operator.NOT_NULL, (), {"Adatum", "Fabrikam"}),
    ],
)
def test_a_condition_on_a_text(
    stage: Stage, operator: Operator, values: tuple[str | None, ...], expected: set[str]
) -> None:
    stage.add("Adatum", city="Oslo")
    stage.add("Fabrikam", city="Bergen")
    stage.add("Contoso")
    condition = Condition(stage.city, operator, values)

    rows = _all(stage, conditions=(condition,))

    assert _names(stage, rows) == expected
    assert stage.system.count(stage.selection(conditions=(condition,))) == len(expected)


def test_conditions_are_joined_with_and(stage: Stage) -> None:
    stage.add("Adatum", city="Oslo")
    stage.add("Adatum North", city="Tromsø")
    conditions = (
        Condition(stage.name, Operator.STARTS_WITH, ("Adatum",)),
        Condition(stage.city, Operator.IN, ("Tromsø", "Bodø")),
    )

    rows = _all(stage, conditions=conditions)

    assert _names(stage, rows) == {"Adatum North"}


@pytest.mark.parametrize(
    "name", ["O'Hara & Søn", "100% (#1)", "a+b=c; d/e?", 'The "Best"', "日本 €", "A_B[C]"]
)
def test_a_condition_takes_any_character(stage: Stage, name: str) -> None:
    stage.add(name)
    stage.add("Somebody else")

    rows = _all(stage, conditions=(Condition(stage.name, Operator.EQ, (name,)),))

    assert _names(stage, rows) == {name}


def test_get_returns_those_that_exist(stage: Stage) -> None:
    kept, dropped = stage.add("Adatum"), stage.add("Fabrikam")
    stage.drop(dropped)

    found = stage.system.get(stage.table, [kept, dropped, uuid4()], stage.columns)

    assert list(found) == [kept]
    assert found[kept].values[stage.name] == "Adatum"


def test_get_of_nothing_asks_nothing(stage: Stage) -> None:
    stage.system.describe(stage.table)
    before = stage.requests()

    assert stage.system.get(stage.table, [], stage.columns) == {}
    assert stage.requests() == before


def test_get_takes_a_thousand_ids_in_few_requests(stage: Stage) -> None:
    wanted = {stage.add(f"Customer {number}") for number in range(5)}
    stage.system.get(stage.table, list(wanted), stage.columns)  # signed in, table described
    before = stage.requests()

    found = stage.system.get(stage.table, [*wanted, *(uuid4() for _ in range(995))], stage.columns)

    assert set(found) == wanted
    assert stage.requests() - before <= 3


def test_find_ignores_case(stage: Stage) -> None:
    stage.add("Adatum", email="Post@Adatum.example")
    stage.add("Fabrikam", email="post@fabrikam.example")

    rows = stage.system.find(stage.selection(), stage.email, ["POST@adatum.EXAMPLE"])

    assert _names(stage, rows) == {"Adatum"}


def test_find_returns_every_record_that_holds_the_value(stage: Stage) -> None:
    stage.add("Adatum", email="post@adatum.example")
    stage.add("Adatum again", email="post@adatum.example")

    rows = stage.system.find(stage.selection(), stage.email, ["post@adatum.example"])

    assert _names(stage, rows) == {"Adatum", "Adatum again"}


def test_find_obeys_the_selection(stage: Stage) -> None:
    stage.add("Adatum", email="post@adatum.example", city="Oslo")
    stage.add("Adatum again", email="post@adatum.example", city="Bergen")
    selection = stage.selection(conditions=(Condition(stage.city, Operator.EQ, ("Oslo",)),))

    rows = stage.system.find(selection, stage.email, ["post@adatum.example"])

    assert _names(stage, rows) == {"Adatum"}


def test_find_takes_many_values_with_apostrophes_in_few_requests(stage: Stage) -> None:
    stage.add("O'Hara & Søn", email="o'hara+1@adatum.example")
    values = [f"nobody-{number}@adatum.example" for number in range(600)]
    stage.system.find(stage.selection(), stage.email, ["a@b.example"])
    before = stage.requests()

    rows = stage.system.find(stage.selection(), stage.email, [*values, "o'hara+1@adatum.example"])

    assert _names(stage, rows) == {"O'Hara & Søn"}
    assert stage.requests() - before <= 3


def test_find_of_nothing_is_nothing(stage: Stage) -> None:
    stage.add("Adatum")

    assert stage.system.find(stage.selection(), stage.email, []) == []


def test_dataverse_leaves_out_what_an_author_changed(sales: Stage) -> None:
    sales.add("Adatum")
    [row] = _all(sales)
    assert row.modified_by is not None
    assert row.modified_by != sales.system.me

    assert _all(sales, not_modified_by=row.modified_by) == []
    assert len(_all(sales, not_modified_by=sales.system.me)) == 1


def test_dataverse_keeps_whole_seconds(sales: Stage) -> None:
    sales.add("Adatum")

    [row] = _all(sales)

    assert row.modified_at.microsecond == 0


def test_business_central_tells_no_author(business_central: Stage) -> None:
    business_central.add("Adatum")

    [row] = _all(business_central)

    assert row.modified_by is None
    assert business_central.system.me is None


def test_business_central_gives_a_number_and_the_blank_option(business_central: Stage) -> None:
    business_central.add("Adatum")

    [row] = _all(business_central, columns=("number", "blocked", "creditLimit"))

    assert row.values["number"]
    assert row.values["blocked"] == " "
    assert row.values["creditLimit"] == 0


def test_a_blank_option_can_be_filtered_on(business_central: Stage) -> None:
    business_central.add("Adatum")
    condition = Condition("blocked", Operator.EQ, (" ",))
    blocked = replace(condition, values=("All",))

    assert len(_all(business_central, conditions=(condition,))) == 1
    assert _all(business_central, conditions=(blocked,)) == []
