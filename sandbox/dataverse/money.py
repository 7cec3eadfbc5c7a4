"""Amounts in the base currency, beside those in the currency of a row."""

from __future__ import annotations

from functools import cache

from sandbox import schema
from sandbox.dataverse import refusals
from sandbox.dataverse.model import Model
from sandbox.schema import Table
from sandbox.store import DATAVERSE, Row, Store

CURRENCY = "transactioncurrencyid"
PLACES = 4


class Amounts:
    """Keeps the exchange rate and the base amounts of rows; rates are read once a request."""

    def __init__(self, store: Store, model: Model) -> None:
        self.store = store
        self.currencies = model.tables["transactioncurrency"]
        self._rates: dict[str, float] = {}

    def convert(self, table: Table, values: Row, before: Row) -> None:
        """Set the exchange rate and the base amounts that follow from what is written."""
        if not has_currency(table):
            return
        currency = values.get(CURRENCY, before.get(CURRENCY))
        if currency is None:
            return
        is_new_rate = not before or CURRENCY in values
        rate = self._rate(currency) if is_new_rate else before.get("exchangerate") or 1
        if is_new_rate:
            values["exchangerate"] = rate
        for name, base in amounts_of(table.name):
            if name in values or (is_new_rate and before.get(name) is not None):
                amount = values.get(name, before.get(name))
                values[base] = None if amount is None else round(amount / rate, PLACES)

    def _rate(self, currency: str) -> float:
        if currency not in self._rates:
            where = '"transactioncurrencyid" = ?'
            rows = self.store.select(
                DATAVERSE, self.currencies, ["exchangerate"], where, [currency]
            )
            self._rates[currency] = (rows[0]["exchangerate"] if rows else None) or 1
        return self._rates[currency]


def round_exact(table: Table, values: Row) -> None:
    """Round what has a fixed number of decimals, as the platform does without a word."""
    for name, places in exact_columns(table.name):
        if isinstance(values.get(name), float):
            values[name] = round(values[name], places)


@cache
def exact_columns(table: str) -> tuple[tuple[str, int], ...]:
    """Return the columns of a table whose decimals are fixed, with their number."""
    columns = schema.dataverse()[table].columns.values()
    return tuple((c.name, c.precision) for c in columns if c.precision is not None)


def check_currency(values: Row, before: Row, base_currency: str | None) -> None:
    """Refuse a rate that cannot be, and any other rate of the base currency."""
    if "exchangerate" not in values:
        return
    rate = values["exchangerate"]
    if rate is None or rate <= 0:
        text = "A validation error occurred. The exchange rate must be greater than 0."
        raise refusals.RefusalError(400, "0x80044330", text)
    if before and before.get(CURRENCY) == base_currency and rate != before["exchangerate"]:
        text = "The exchange rate of the base currency cannot be changed."
        raise refusals.RefusalError(400, "0x80048cf5", text)


def has_currency(table: Table) -> bool:
    return table.name != "transactioncurrency" and {CURRENCY, "exchangerate"} <= set(table.columns)


@cache
def amounts_of(table: str) -> tuple[tuple[str, str], ...]:
    """Return the money columns of a table with their columns in the base currency."""
    columns = schema.dataverse()[table].columns
    return tuple((name, f"{name}_base") for name in columns if f"{name}_base" in columns)
