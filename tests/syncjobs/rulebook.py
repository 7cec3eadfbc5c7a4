"""Reads the tables of `docs/synchronization-rules.md`."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "synchronization-rules.md"
Row = dict[str, str]


def _rows_with(column: str) -> list[Row]:
    """Return the rows of every table that has this column."""
    found: list[Row] = []
    header: list[str] = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            header = []
            continue
        cells = [
            cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")
        ]
        if not header:
            header = cells
        elif column in header and not set(line) <= set("|- "):
            found.append(dict(zip(header, cells, strict=True)))
    return found


def decisions() -> list[Row]:
    """Return the rows that say what the planner decides."""
    return _rows_with("outcome")


def not_applicable() -> dict[str, str]:
    """Return the rules that do not apply, with the reason."""
    column = "not applicable because"
    return {row["rule"]: row[column] for row in _rows_with(column)}
