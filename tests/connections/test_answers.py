"""What is read from an answer: every digit of a number, and texts that a database can keep."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connections.errors import TransientError
from connections.odata.answers import Answer
from connections.systems import Side


def _answer(body: bytes) -> Answer:
    return Answer(Side.DATAVERSE, 200, {}, body)


def test_numbers_are_read_to_their_last_digit() -> None:
    content = _answer(b'{"a": 99999999999999999999.55, "b": 1.10, "c": %d}' % 10**30).json()

    assert content == {"a": Decimal("99999999999999999999.55"), "b": Decimal("1.1"), "c": 10**30}
    assert str(content["b"]) == "1.10"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'"\xef\xbb\xbf"', "\ufeff"),
        (b'\xef\xbb\xbf"whole"', "whole"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"half \\ud83d"', "half \ufffd"),
        (b'"no\\u0000thing"', "nothing"),
    ],
    ids=["mark inside", "byte order mark", "two halves", "one half", "NUL"],
)
def test_a_text_is_read_so_that_a_database_can_keep_it(body: bytes, text: str) -> None:
    assert _answer(body).json() == text


@pytest.mark.parametrize("body", [b"", b"{", b'{"a": NaN}', b'"\xff"', b'"half \\ud83d" x'])
def test_what_is_no_json_is_an_answer_that_cannot_be_read(body: bytes) -> None:
    with pytest.raises(TransientError):
        _answer(body).json()


def test_a_refusal_tells_code_and_message_whatever_its_form() -> None:
    told = _answer(b'{"error": {"code": "0x80040237", "message": "A record exists."}}')

    assert told.refused() == ("0x80040237", "A record exists.")
    assert _answer(b"Out of order").refused() == ("", "Out of order")
