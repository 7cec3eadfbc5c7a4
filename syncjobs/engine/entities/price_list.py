"""Customer price groups and price list headers, which are price lists in Sales (E-8.60)."""

from __future__ import annotations

from connections.causes import Cause
from connections.systems import Record, Side, Value, Values
from mappings.spec import DirectedMapping
from syncjobs.engine.entities.entity import COMPANY_COLUMN, Entity, company_stamp
from syncjobs.engine.facts import Facts
from syncjobs.engine.values import TransferError

ACTIVE, INACTIVE = 0, 1
STATUSES = {ACTIVE: 100001, INACTIVE: 100002}
CURRENCY_COLUMN = "transactioncurrencyid"


class PriceListEntity(Entity):
    """A price list has one currency, which all its prices share."""

    also_reads = {
        Side.BUSINESS_CENTRAL: ("code", "displayName", "currencyCode", "status"),
        Side.DATAVERSE: (COMPANY_COLUMN, CURRENCY_COLUMN, "name", "description", "statecode"),
    }
    derives = frozenset({CURRENCY_COLUMN})

    def __init__(self, *, names_currency: bool) -> None:
        self.names_currency = names_currency  # a header does; a price group has that of its prices

    def derive(
        self,
        mapping: DirectedMapping,
        source: Record,
        destination: Record | None,
        planned: Values,
        facts: Facts,
    ) -> dict[str, Value]:
        values = company_stamp(facts)
        currency = self._currency(mapping, source, facts)
        if destination is None:
            description = source.values.get("displayName")
            if description and not planned.get("description"):
                values["description"] = description
            return values | {CURRENCY_COLUMN: currency}
        if destination.values.get(CURRENCY_COLUMN) != currency:
            message = (
                f"The currency of price list {source.values.get('code')} was changed, which Sales "
                "does not allow. Change it back, or remove the coupling so that a new list is made."
            )
            raise TransferError(message, cause=Cause.PRICE_CURRENCY)
        return values

    def _currency(self, mapping: DirectedMapping, source: Record, facts: Facts) -> Value:
        code = str(source.values.get("code") or "")
        used = set(facts.price_currencies.get(code, ()))
        if self.names_currency:
            used.add(str(source.values.get("currencyCode") or ""))
        if len(used) > 1:
            named = ", ".join(sorted(name or "the local currency" for name in used))
            message = (
                f"The prices of {mapping.source_caption} {code} are in several currencies "
                f"({named}); a price list in Sales has one. Keep one, and put the others into "
                "groups of their own."
            )
            raise TransferError(message, cause=Cause.PRICE_CURRENCY)
        wanted = used.pop() if used else ""
        row = facts.currencies.get(wanted)
        if row is None:
            message = f"Currency Code {wanted} must be coupled to a Currency under CURRENCY."
            raise TransferError(message, cause=Cause.NOT_COUPLED, waits_for=("CURRENCY", wanted))
        return row


PRICE_GROUP = PriceListEntity(names_currency=False)
PRICE_LIST_HEADER = PriceListEntity(names_currency=True)
