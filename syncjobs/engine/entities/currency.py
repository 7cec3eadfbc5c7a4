"""Currencies: symbol, precision and exchange rate are derived (E-3.95)."""

# ruff: noqa: ARG002 - every hook is handed what some of them need
from __future__ import annotations

from connections.causes import Cause
from connections.systems import Record, Side, Value, Values
from mappings.spec import DirectedMapping
from syncjobs.engine.entities.entity import Entity, sends
from syncjobs.engine.facts import Facts
from syncjobs.engine.values import TransferError


class Currency(Entity):
    """A currency in Dataverse counts in units of the environment's base currency."""

    also_reads = {
        Side.BUSINESS_CENTRAL: ("code", "displayName"),
        Side.DATAVERSE: ("isocurrencycode", "currencysymbol", "exchangerate"),
    }

    couples_by_key = True

    def derive(
        self,
        mapping: DirectedMapping,
        source: Record,
        destination: Record | None,
        planned: Values,
        facts: Facts,
    ) -> dict[str, Value]:
        if not sends(mapping):
            return {}
        code = str(source.values.get("code", ""))
        rate = facts.exchange_rates.get(code)
        if not rate:
            message = (
                f"There is no exchange rate for currency {code}; enter one in Business Central."
            )
            raise TransferError(message, cause=Cause.NO_EXCHANGE_RATE)
        values: dict[str, Value] = {"exchangerate": rate}
        if destination is None:
            values["currencyprecision"] = facts.currency_precision
        if not source.values.get("symbol"):
            values["currencysymbol"] = code
        return values


CURRENCY = Currency()
