"""Files of rows: what a spreadsheet would run is text, and a row is a row in every format."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

from integration_admin.exports import FORMATS, Head, neutralised

HEADS = [Head("name", "Name"), Head("number", "No.")]
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def written(form: str, rows: Sequence[Sequence[Any]], heads: Sequence[Head] = HEADS) -> bytes:
    return b"".join(FORMATS[form].write(heads, rows))


def sheet_of(file: bytes) -> list[list[tuple[str, str]]]:
    """Return the cells of a workbook's sheet: type and text."""
    root = ElementTree.fromstring(ZipFile(BytesIO(file)).read("xl/worksheets/sheet1.xml"))  # noqa: S314
    return [
        [(cell.get("t", "n"), "".join(cell.itertext())) for cell in row]
        for row in root.iter(f"{SHEET}row")
    ]


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_what_a_spreadsheet_would_run_is_made_text(begins: str) -> None:
    planted = f"{begins}HYPERLINK(1)"

    assert neutralised(planted) == f"'{planted}"
    assert written("csv", [[planted, 1]]).decode("utf-8-sig").splitlines()[1].lstrip('"')[0] == "'"
    assert sheet_of(written("xlsx", [[planted, 1]]))[1][0][0] == "inlineStr"
    assert sheet_of(written("xlsx", [[planted, 1]]))[1][0][1].startswith("'")


def test_a_negative_number_stays_a_number() -> None:
    row = [Decimal("-12.50"), -3]

    assert written("csv", [row]).decode("utf-8-sig").splitlines()[1] == "-12.50,-3"
    assert sheet_of(written("xlsx", [row]))[1] == [("n", "-12.50"), ("n", "-3")]


def test_a_program_gets_what_is_there() -> None:
    rows = json.loads(written("json", [["=1+1", -3], ["Ærø", None]]))

    assert rows == [{"name": "=1+1", "number": -3}, {"name": "Ærø", "number": None}]


def test_no_rows_are_a_file_too() -> None:
    assert json.loads(written("json", [])) == []
    assert written("csv", []).decode("utf-8-sig") == "Name,No.\r\n"
    assert len(sheet_of(written("xlsx", []))) == 1


def test_commas_quotes_and_lines_come_back_as_they_were() -> None:
    text = 'a, "b"\nc;d'

    read = list(csv.reader(StringIO(written("csv", [[text, 1]]).decode("utf-8-sig"), newline="")))

    assert read == [["Name", "No."], [text, "1"]]


def test_times_are_in_utc_everywhere() -> None:
    at = datetime(2026, 11, 25, 20, 15, tzinfo=timezone(timedelta(hours=1)))

    assert b"2026-11-25T19:15:00Z" in written("csv", [[at, None]])
    assert json.loads(written("json", [[at, None]]))[0]["name"] == "2026-11-25T19:15:00Z"
    kind, days = sheet_of(written("xlsx", [[at, None]]))[1][0]
    read = datetime(1899, 12, 30, tzinfo=UTC) + timedelta(days=float(days))
    assert kind == "n"
    assert abs(read - at) < timedelta(milliseconds=1)


def test_a_control_character_or_a_very_long_text_breaks_no_workbook() -> None:
    rows = sheet_of(written("xlsx", [["a\x01b", 1], ["x" * 40_000, 2]]))

    assert len(rows) == 3
    assert len(rows[2][0][1]) == 32_767
