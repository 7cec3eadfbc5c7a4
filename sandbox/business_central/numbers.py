"""Number series: the next number where a record brings none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.schema import Table
from sandbox.store import BUSINESS_CENTRAL, Store, sql_name

TRAILING = re.compile(r"^(?P<prefix>.*?)(?P<digits>\d+)$")


@dataclass(frozen=True, slots=True)
class Series:
    """A series counts on from its first number in steps; its width grows when it must."""

    first: str
    step: int = 1

    @property
    def prefix(self) -> str:
        return self.first.rstrip("0123456789")

    def number(self, count: int) -> str:
        width = len(self.first) - len(self.prefix)
        return f"{self.prefix}{count:0{width}}"


# Numbers as the CRONUS companies have them.
SERIES: Mapping[str, Series] = {
    "customers": Series("C00010", 10),
    "vendors": Series("V00010", 10),
    "contacts": Series("CT000001"),
    "items": Series("1000"),
    "resources": Series("R0010", 10),
    "opportunities": Series("OP000001"),
    "salesOrders": Series("S-ORD101001"),
    "salesQuotes": Series("S-QUO1001"),
    "priceLists": Series("S00001"),
}
FIELDS = {"priceLists": "code"}


class Numbers:
    """The series of a company; the last number used is kept, so that none comes twice."""

    def __init__(self, store: Store, tables: Mapping[str, Table]) -> None:
        self.store = store
        self.tables = tables
        self._last: dict[str, int] = {}

    def forget(self) -> None:
        self._last.clear()

    def next(self, table_name: str) -> str:
        """Return the next free number of a table's series."""
        series = SERIES[table_name]
        last = self._last.get(table_name)
        if last is None:
            last = self._used(table_name, series)
        count = last + series.step
        while self._is_taken(table_name, series.number(count)):
            count += series.step
        self._last[table_name] = count
        self.store.set_meta(f"{BUSINESS_CENTRAL}:series:{table_name}", str(count))
        return series.number(count)

    def _is_taken(self, table_name: str, number: str) -> bool:
        field = FIELDS.get(table_name, "number")
        return bool(
            self.store.count(BUSINESS_CENTRAL, self.tables[table_name], f'"{field}" = ?', [number])
        )

    def _used(self, table_name: str, series: Series) -> int:
        """Return the last number that was given out or planted; deleted ones do not come again."""
        field, table = FIELDS.get(table_name, "number"), self.tables[table_name]
        start = len(series.prefix) + 1
        query = (
            f'SELECT MAX(CAST(SUBSTR("{field}", {start}) AS INTEGER)) '  # noqa: S608
            f'FROM {sql_name(BUSINESS_CENTRAL, table)} WHERE "{field}" GLOB ? '
            f"AND SUBSTR(\"{field}\", {start}) NOT GLOB '*[^0-9]*'"
        )
        pattern = f"{series.prefix}[0-9]*"
        highest = self.store.connection.execute(query, (pattern,)).fetchone()[0] or 0
        kept = int(self.store.get_meta(f"{BUSINESS_CENTRAL}:series:{table_name}") or 0)
        first = int(series.first.removeprefix(series.prefix)) - series.step
        in_step = highest - (highest - first) % series.step
        return max(first, in_step, kept)
