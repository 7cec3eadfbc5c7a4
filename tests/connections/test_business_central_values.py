"""How values travel to Business Central and back."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.business_central_values import (
    DECODERS,
    TEXTS,
    json_text,
    literal,
    named,
    wire_name,
)
from connections.systems import Column, Kind, Value

ID = UUID("3d8cae74-2e5d-4f90-9c63-8d4e7fa09b03")
NOON = datetime(2026, 2, 1, 12, 0, 0, 557_000, tzinfo=UTC)


def _column(kind: Kind) -> Column:
    return Column("field", kind)


@pytest.mark.parametrize(
    ("kind", "wire", "value"),
    [
        (Kind.TEXT, 'Søn & "Co"', 'Søn & "Co"'),
        (Kind.TEXT, "", ""),
        (Kind.CODE, "C00010", "C00010"),
        (Kind.ENUM, "_x0020_", " "),
        (Kind.ENUM, "Not_x0020_Started", "Not Started"),
        (Kind.DECIMAL, 12.5, Decimal("12.5")),
        (Kind.DECIMAL, 0, Decimal(0)),
        (Kind.INTEGER, 7, 7),
        (Kind.BOOLEAN, True, True),
        (Kind.DATE, "2026-02-01", date(2026, 2, 1)),
        (Kind.DATE, "0001-01-01", None),
        (Kind.DATETIME, "2026-02-01T12:00:00.557Z", NOON),
        (Kind.DATETIME, "0001-01-01T00:00:00Z", None),
        (Kind.GUID, str(ID), ID),
        (Kind.GUID, "00000000-0000-0000-0000-000000000000", None),
    ],
)
def test_a_value_comes_and_goes(kind: Kind, wire: Any, value: Value) -> None:
    assert read(kind, wire) == value
    assert read(kind, json.loads(json_text(_column(kind), value))) == value


def read(kind: Kind, wire: Any) -> Value:
    """Read a value as the adapter does; texts need no decoder."""
    return wire or "" if kind in TEXTS else DECODERS[kind](wire)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.TEXT, "''"),
        (Kind.CODE, "''"),
        (Kind.ENUM, "'_x0020_'"),
        (Kind.DECIMAL, "0"),
        (Kind.INTEGER, "0"),
        (Kind.BOOLEAN, "false"),
        (Kind.DATE, "0001-01-01"),
        (Kind.DATETIME, "0001-01-01T00:00:00Z"),
        (Kind.GUID, "00000000-0000-0000-0000-000000000000"),
    ],
)
def test_nothing_is_compared_as_the_empty_value(kind: Kind, expected: str) -> None:
    assert literal(_column(kind), None) == expected


def test_a_filter_takes_apostrophes_codes_times_and_long_numbers() -> None:
    assert literal(_column(Kind.TEXT), "O'Hara") == "'O''Hara'"
    assert literal(_column(Kind.CODE), " c00010 ") == "'C00010'"
    assert literal(_column(Kind.DATETIME), NOON) == "2026-02-01T12:00:00.557Z"
    assert literal(_column(Kind.DECIMAL), Decimal("1E+3")) == "1000"
    assert literal(_column(Kind.GUID), ID) == str(ID)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=5))
def test_a_decimal_keeps_every_digit(value: Decimal) -> None:
    text = json_text(_column(Kind.DECIMAL), value)

    assert json.loads(text, parse_float=Decimal, parse_int=Decimal) == value


@given(st.text())
def test_any_text_survives_a_body(text: str) -> None:
    assert json.loads(json_text(_column(Kind.TEXT), text)) == text


@given(st.text(st.characters(codec="ascii", exclude_characters="_"), min_size=1))
def test_any_member_survives_its_name(member: str) -> None:
    assert named(wire_name(member)) == member
