"""The full synchronization review: counts on both sides, and what they recommend."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connections.systems import Column, Kind, Side, Table
from mappings import reset
from mappings.reset import MappingValues
from mappings.setup_choices import SetupChoices
from syncjobs import full_synch_review as review
from syncjobs.full_synch_review import Line, Recommendation, Treatment
from tests.memory import MemorySystem

FULL, COUPLE, NOTHING = Recommendation
CUSTOMER = Line(
    name="CUSTOMER",
    direction="Bidirectional",
    depends_on=["CURRENCY"],
    table="Customer",
    integration_table="Account",
    is_option=False,
    may_couple=True,
)
# Mapping, records in Business Central and in Dataverse, what is recommended, by which rule.
RULES = [
    ("SALESPEOPLE", 5, 9, FULL, "E-6.5"),
    ("CURRENCY", 3, 1, FULL, "E-6.5"),
    ("CURRENCY", 3, 2, COUPLE, "E-6.5"),
    ("CUSTOMER", 0, 0, NOTHING, "E-6.6"),
    ("CUSTOMER", 4, 7, COUPLE, "E-6.6"),
    ("CUSTOMER", 4, 0, FULL, "E-6.6"),
    ("CONTACT", 0, 7, FULL, "E-6.6"),
    ("UNIT OF MEASURE", 4, 1, FULL, "E-6.7"),
    ("UNIT OF MEASURE", 4, 2, COUPLE, "E-6.7"),
    ("UNIT GROUP", 0, 1, NOTHING, "E-6.7"),
    ("ITEM-PRODUCT", 4, 7, COUPLE, "E-6.9"),
    ("ITEM-PRODUCT", None, 7, COUPLE, "what is not known comes not twice"),
]


@pytest.mark.parametrize(("name", "here", "there", "wanted", "rule"), RULES)
def test_what_both_sides_hold_decides_what_is_recommended(
    name: str, here: int | None, there: int, wanted: Recommendation, rule: str
) -> None:
    line = replace(CUSTOMER, name=name, business_central=here, dataverse=there)

    assert line.recommendation == wanted, rule


@pytest.mark.parametrize(("here", "wanted"), [(0, NOTHING), (3, COUPLE)])
def test_options_are_coupled_where_there_are_any(
    here: int, wanted: Recommendation
) -> None:  # E-6.8
    terms = replace(CUSTOMER, name="PAYMENT TERMS", is_option=True, business_central=here)

    assert terms.recommendation == wanted


def test_without_a_field_to_match_by_nothing_is_coupled() -> None:  # E-4.30
    line = replace(CUSTOMER, may_couple=False, business_central=4, dataverse=7)

    assert line.recommendation == FULL
    assert Treatment.COUPLE not in line.treatments


def test_coupling_may_become_a_full_synchronization_of_one_side_or_both() -> None:  # E-6.10
    line = replace(CUSTOMER, business_central=4, dataverse=7)

    assert line.treatments == (
        Treatment.COUPLE,
        Treatment.FULL,
        Treatment.SEND,
        Treatment.RECEIVE,
        Treatment.NOTHING,
    )


def test_where_nothing_is_there_is_nothing_to_choose() -> None:
    line = replace(CUSTOMER, business_central=0, dataverse=0)

    assert line.treatments == (Treatment.NOTHING,)


def test_a_line_is_the_same_after_it_was_kept() -> None:
    line = replace(CUSTOMER, business_central=4, dataverse=5000)

    assert Line(**line.told()) == line
    assert line.counted_up_to


def side(which: Side, table: str, column: str) -> MemorySystem:
    """Return one side with one table of one column."""
    columns = {column: Column(column, Kind.TEXT)}
    return MemorySystem(which, {table: Table(table, table, columns)})


@pytest.fixture
def planned() -> dict[str, MappingValues]:
    """The default mapping of customers, as one to be made."""
    values = reset.plan([], SetupChoices(sales_connection_enabled=False)).values["CUSTOMER"]
    settings = {**values.settings, "integration_table_filter": []}
    return {"CUSTOMER": MappingValues(settings, values.fields)}


def test_each_side_is_counted_by_one_request_within_its_filter(
    planned: dict[str, MappingValues],
) -> None:
    business_central = side(Side.BUSINESS_CENTRAL, "customers", "blocked")
    dataverse = side(Side.DATAVERSE, "account", "name")
    for blocked in (" ", " ", "All"):
        business_central.add("customers", blocked=blocked)
    dataverse.add("account", name="Adatum")

    [line] = review.look(planned, business_central, dataverse)

    assert (line.business_central, line.dataverse) == (2, 1)
    assert (business_central.requests["count"], dataverse.requests["count"]) == (1, 1)
    assert line.recommendation == COUPLE


def test_a_table_that_is_not_there_is_named_and_counted_as_unknown(
    planned: dict[str, MappingValues],
) -> None:
    business_central = side(Side.BUSINESS_CENTRAL, "vendors", "blocked")
    dataverse = side(Side.DATAVERSE, "account", "name")

    [line] = review.look(planned, business_central, dataverse)

    assert line.business_central is None
    assert "customers" in line.trouble
