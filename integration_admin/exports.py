"""Rows of a list as a file: CSV, XLSX or JSON, written in pieces, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from tempfile import TemporaryFile
from typing import Any, NamedTuple

import xlsxwriter

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
PIECE = 64 * 1024
LONGEST = 32_767  # characters of a cell of a spreadsheet
MOMENT = "yyyy-mm-dd hh:mm:ss"
Rows = Iterable[Sequence[Any]]


class Head(NamedTuple):
    """A column of the file: its name for programs and its caption for people."""

    name: str
    caption: str


def neutralised(value: Any) -> Any:
    """Return a value that no spreadsheet takes for a formula (C-0012); numbers are none."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def plain(value: Any) -> Any:
    """Return a value as text files write it: times in UTC, amounts without an exponent."""
    match value:
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal():
            return format(value, "f")
        case None | bool() | int() | float():
            return value
        case _:
            return str(value)


class _Pieces:
    """What a CSV writer writes into; taken out piece by piece."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, text: str) -> None:
        self.written.append(text)

    def take(self) -> bytes:
        text = "".join(self.written)
        self.written.clear()
        return text.encode()


def as_csv(heads: Sequence[Head], rows: Rows) -> Iterator[bytes]:
    """Write CSV as spreadsheets read it: UTF-8 with its mark, commas, a line for the captions."""
    pieces = _Pieces()
    writer = csv.writer(pieces)
    pieces.write("\ufeff")
    writer.writerow([neutralised(head.caption) for head in heads])
    for row in rows:
        writer.writerow([_in_csv(value) for value in row])
        if len(pieces.written) > 500:
            yield pieces.take()
    yield pieces.take()


def _in_csv(value: Any) -> Any:
    match value:
        case None:
            return ""
        case bool():
            return "Yes" if value else "No"
        case _:
            return neutralised(value) if isinstance(value, str) else plain(value)


def as_json(heads: Sequence[Head], rows: Rows) -> Iterator[bytes]:
    """Write a JSON array with an object for each row; a program needs nothing neutralised."""
    names = [head.name for head in heads]
    before = "["
    for row in rows:
        values = dict(zip(names, map(plain, row), strict=True))
        yield f"{before}\n{json.dumps(values, ensure_ascii=False)}".encode()
        before = ","
    yield b"[]\n" if before == "[" else b"\n]\n"


def as_xlsx(heads: Sequence[Head], rows: Rows) -> Iterator[bytes]:
    """Write a workbook row by row into a file that goes when it has been sent."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with TemporaryFile() as file:
        with xlsxwriter.Workbook(file, options) as workbook:
            bold = workbook.add_format({"bold": True})
            moment = workbook.add_format({"num_format": MOMENT})
            sheet = workbook.add_worksheet()
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(heads) - 1, 22)
            for place, head in enumerate(heads):
                sheet.write_string(0, place, neutralised(head.caption), bold)
            for number, row in enumerate(rows, 1):
                for place, value in enumerate(row):
                    _in_sheet(sheet, number, place, value, moment)
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


def _in_sheet(sheet: Any, row: int, column: int, value: Any, moment: Any) -> None:
    match value:
        case None | "":
            return
        case bool():
            sheet.write_boolean(row, column, value)
        case int() | float() | Decimal():
            sheet.write_number(row, column, value)
        case datetime():
            sheet.write_datetime(row, column, value.astimezone(UTC).replace(tzinfo=None), moment)
        case _:
            sheet.write_string(row, column, str(neutralised(plain(value)))[:LONGEST])


class Format(NamedTuple):
    caption: str
    content_type: str
    write: Callable[[Sequence[Head], Rows], Iterator[bytes]]


FORMATS = {
    "csv": Format("CSV", "text/csv; charset=utf-8", as_csv),
    "xlsx": Format(
        "Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx
    ),
    "json": Format("JSON", "application/json", as_json),
}
