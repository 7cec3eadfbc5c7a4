"""Transformation rules, one by one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mappings.transformations import Transformation, TransformationError, TransformationKind

K = TransformationKind


@pytest.mark.parametrize(
    ("kind", "parameters", "text", "expected"),
    [
        (K.UPPERCASE, {}, "Adatum", "ADATUM"),
        (K.LOWERCASE, {}, "Adatum", "adatum"),
        (K.TITLE_CASE, {}, "school of FINE art", "School Of Fine Art"),
        (K.TRIM, {}, "  a b ", "a b"),
        (K.SUBSTRING, {"start_position": 2, "length": 3}, "abcdef", "bcd"),
        (K.SUBSTRING, {"starting_text": "<", "ending_text": ">"}, "a <b> c", "b"),
        (K.SUBSTRING, {"starting_text": "<"}, "abc", ""),
        (K.REPLACE, {"find_value": "&", "replace_value": "and"}, "a & b", "a and b"),
        (K.REGULAR_EXPRESSION_REPLACE, {"find_value": r"\D+"}, "+44 (0)20", "44020"),
        (
            K.REGULAR_EXPRESSION_REPLACE,
            {"find_value": r"(\w+), (\w+)", "replace_value": "$2 $1"},
            "Doe, Jo",
            "Jo Doe",
        ),
        (K.REGULAR_EXPRESSION_MATCH, {"find_value": r"\d+"}, "No. 42, 43", "42"),
        (K.REGULAR_EXPRESSION_MATCH, {"find_value": r"\d+"}, "none", ""),
        (K.REMOVE_NON_ALPHANUMERIC, {}, "DE-123 456", "DE123456"),
        (K.DATE_FORMATTING, {"data_format": "dd.MM.yyyy"}, "04.05.2026", "2026-05-04"),
        (K.DATE_FORMATTING, {}, "", ""),
        (
            K.DATE_AND_TIME_FORMATTING,
            {"data_format": "yyyy/MM/dd HH:mm:ss"},
            "2026/05/04 12:30:15",
            "2026-05-04T12:30:15+00:00",
        ),
        (K.DECIMAL_FORMATTING, {"decimal_separator": ","}, "1.234,50", "1234.50"),
        (K.DECIMAL_FORMATTING, {}, "1,234.50", "1234.50"),
        (K.ROUND, {"precision": Decimal("0.05")}, "1.03", "1.05"),
        (K.ROUND, {"precision": Decimal(1), "rounding": ">"}, "1.01", "2"),
        (K.ROUND, {"precision": Decimal(1), "rounding": "<"}, "1.99", "1"),
        (K.EXTRACT_FROM_DATE, {"date_part": "Quarter"}, "2026-05-04", "2"),
        (K.UNIX_TIMESTAMP, {}, "0", "1970-01-01T00:00:00+00:00"),
    ],
)
def test_a_rule_does_what_its_caption_says(
    kind: TransformationKind, parameters: dict[str, Any], text: str, expected: str
) -> None:
    assert Transformation("RULE", kind, **parameters).apply(text) == expected


@pytest.mark.parametrize(
    ("kind", "parameters", "text"),
    [
        (K.DATE_FORMATTING, {"data_format": "dd.MM.yyyy"}, "2026-05-04"),
        (K.DECIMAL_FORMATTING, {}, "a lot"),
        (K.DECIMAL_FORMATTING, {}, "NaN"),
        (K.ROUND, {"precision": Decimal(0)}, "1"),
        (K.REGULAR_EXPRESSION_MATCH, {"find_value": "("}, "x"),
        (K.REGULAR_EXPRESSION_REPLACE, {"find_value": "x", "replace_value": "$3"}, "x"),
        (K.EXTRACT_FROM_DATE, {"date_part": "Moon"}, "2026-05-04"),
        (K.UNIX_TIMESTAMP, {}, "yesterday"),
    ],
)
def test_what_a_rule_cannot_do_names_the_rule(
    kind: TransformationKind, parameters: dict[str, Any], text: str
) -> None:
    with pytest.raises(TransformationError, match="RULE"):
        Transformation("RULE", kind, **parameters).apply(text)


def test_the_next_rule_works_on_the_result() -> None:
    rule = Transformation("A", K.TRIM, next=Transformation("B", K.UPPERCASE))

    assert rule.apply(" a ") == "A"


def test_a_rule_can_be_put_after_a_chain() -> None:
    chain = Transformation("A", K.TRIM, next=Transformation("B", K.UPPERCASE))

    longer = chain.followed_by(Transformation("C", K.REPLACE, find_value="A", replace_value="b"))

    assert longer.apply(" a ") == "b"


def test_every_kind_has_a_rule() -> None:
    for kind in TransformationKind:
        assert Transformation("RULE", kind, find_value="x").apply("") == ""
