"""Filters: read, applied to a record, and said to people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.systems import Column, Condition, Kind, Lookup, Operator, Record, Table, Value
from mappings import filters

COMPANY = UUID(int=5)
ACCOUNT = Table(
    "account",
    "Account",
    {
        column.name: column
        for column in [
            Column("name", Kind.TEXT, "Account Name"),
            Column("statecode", Kind.OPTION, "Status", options={0: "Active", 1: "Inactive"}),
            Column("bcbi_companyid", Kind.LOOKUP, "Company", targets=("bcbi_company",)),
            Column("parentcustomerid", Kind.LOOKUP, "Company Name", targets=("account", "contact")),
            Column("creditlimit", Kind.DECIMAL, "Credit Limit"),
            Column("isdisabled", Kind.BOOLEAN, "Disabled"),
            Column("blocked", Kind.ENUM, "Blocked", members=(" ", "All")),
        ]
    },
)
OWN_COMPANY = ["bcbi_companyid", "in", "$currentCompanyId", ""]


def row(**values: Value) -> Record:
    return Record("account", UUID(int=1), datetime(2026, 1, 1, tzinfo=UTC), "1", values)


def read(*rows: Sequence[object], company_row: UUID | None = None) -> tuple[Condition, ...]:
    return filters.conditions([list(row) for row in rows], ACCOUNT, company_row=company_row)


def test_values_become_what_their_column_holds() -> None:
    found = read(
        ["statecode", "eq", "Active"],
        ["creditlimit", "gt", "10.5"],
        ["isdisabled", "eq", "No"],
        ["blocked", "eq", ""],
    )

    assert [condition.values for condition in found] == [(0,), (Decimal("10.5"),), (False,), (" ",)]


def test_the_company_stands_for_its_row_or_none() -> None:  # E-1.40
    [found] = read(OWN_COMPANY, company_row=COMPANY)

    assert found == Condition(
        "bcbi_companyid", Operator.IN, (Lookup("bcbi_company", COMPANY), None)
    )


def test_the_company_is_left_out_while_it_has_no_row() -> None:
    assert read(OWN_COMPANY, ["statecode", "eq", 0]) == (Condition("statecode", Operator.EQ, (0,)),)


@pytest.mark.parametrize(
    "stored",
    [
        "blocked = ' '",
        [["name"]],
        [["name", "like", "A*"]],
        [["name", "eq"]],
        [["name", "eq", "a", "b"]],
        [["name", "isNull", "a"]],
        [["nosuchfield", "eq", "a"]],
        [["statecode", "eq", "Sleeping"]],
        [["creditlimit", "eq", "much"]],
        [["bcbi_companyid", "eq", "CRONUS"]],
    ],
)
def test_a_filter_that_cannot_be_read_stops_the_run_with_one_sentence(stored: object) -> None:
    with pytest.raises(ConfigurationError) as failure:  # E-1.9
        filters.conditions(stored, ACCOUNT)

    assert failure.value.cause == Cause.BAD_FILTER
    assert "Account" in failure.value.message


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        (["statecode", "eq", 0], True),
        (["statecode", "ne", 0], False),
        (["name", "eq", "ADATUM"], True),
        (["name", "contains", "dat"], True),
        (["name", "startswith", "Dat"], False),
        (["name", "notNull"], True),
        (["creditlimit", "gt", 9], True),
        (["creditlimit", "ge", 10], True),
        (["creditlimit", "lt", 10], False),
        (["creditlimit", "le", 9], False),
        (["isdisabled", "eq", False], True),
        (["blocked", "eq", " "], True),
        (["blocked", "isNull"], True),
        (["blocked", "in", "All", ""], True),
        (["parentcustomeridtype", "eq", "account"], True),
        (["parentcustomeridtype", "eq", "contact"], False),
        (OWN_COMPANY, True),
    ],
)
def test_a_record_is_in_the_map_if_every_condition_holds(
    condition: list[object], fits: bool
) -> None:
    record = row(
        name="Adatum",
        statecode=0,
        creditlimit=Decimal(10),
        isdisabled=False,
        blocked="",
        parentcustomerid=Lookup("account", UUID(int=2)),
        bcbi_companyid=None,
    )

    assert filters.matches(record, read(condition, company_row=COMPANY)) is fits


def test_a_row_of_another_company_is_out_of_the_map() -> None:
    record = row(bcbi_companyid=Lookup("bcbi_company", UUID(int=6)))

    assert not filters.matches(record, read(OWN_COMPANY, company_row=COMPANY))


def test_a_filter_is_said_as_a_sentence() -> None:
    stored = [["statecode", "eq", 0], ["name", "ne", ""], OWN_COMPANY]

    said = filters.sentence(stored, "account", ACCOUNT.columns)

    assert said == (
        "Every account where Status is Active, Account Name is not blank "
        "and Company is this company or blank."
    )


def test_a_sentence_needs_no_system() -> None:
    assert filters.sentence([["blocked", "eq", " "]], "customer") == (
        "Every customer where Blocked is blank."
    )
    assert filters.sentence([], "customer") == "Every customer."
    assert filters.sentence([["companyNumber", "notNull"]], "contact") == (
        "Every contact where Company Number is not blank."
    )


def test_a_filter_is_stored_as_it_was_read() -> None:
    stored = [["statecode", "eq", 0], ["bcbi_companyid", "in", "$currentCompanyId", ""]]

    assert filters.stored(filters.parse(stored)) == stored
