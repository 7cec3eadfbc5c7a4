"""The price list that the console keeps in Sales by itself, with the price of every product.

E-8.58: it is created once for a currency, remembered, and created again where it was deleted.
E-8.59: it holds a price for each product; with unit groups one for each unit of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid5

from connections.causes import Cause
from connections.errors import (
    ConfigurationError,
    IntegrationError,
    RecordChangedError,
    RecordExistsError,
    TransientError,
    UnknownOutcomeError,
)
from connections.systems import Create, Lookup, Record, Selection, Update, Value
from mappings.models import AutomaticPriceList
from syncjobs.engine.entities.price_list import ACTIVE, STATUSES
from syncjobs.engine.facts import Facts, Unit
from syncjobs.engine.values import alike
from syncjobs.runs.context import Context

TABLE, LINES = "pricelevel", "productpricelevel"
COLUMNS = ("name", "statecode", "transactioncurrencyid")
LINE_COLUMNS = ("pricelevelid", "productid", "uomid", "amount", "pricingmethodcode")
DEFAULT_NAME = "Business Central Default Price List"
NAME_IN_CURRENCY = "Business Central {} Default Price List"
AMOUNT = 1  # the pricing method Currency Amount


@dataclass(frozen=True, slots=True)
class Wanted:
    """A price that the list is to hold."""

    product: UUID
    unit: Lookup
    amount: Decimal


def wanted_of(row: Record, number: str, amount: Decimal, facts: Facts) -> list[Wanted]:
    """Return the prices of a product: in its unit, or in each of its units (E-8.59)."""
    if not facts.by_unit_group:
        unit = row.values.get("defaultuomid")
        return [Wanted(row.id, unit, amount)] if isinstance(unit, Lookup) else []
    units: Iterable[Unit] = (unit for (no, _), unit in facts.units.items() if no == number)
    return [Wanted(row.id, unit.row, amount * unit.quantity) for unit in units]


class AutomaticPrices:
    """Keeps the lists and their prices."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.system = context.dataverse

    def default(self) -> Lookup | None:
        """Return the list in local currency, which is there then; none in a preview."""
        world = self.context.world()
        if world.local_currency is None:
            return None
        return self.in_currency(world.local_currency_code, world.local_currency)

    def in_currency(self, code: str, currency: Lookup) -> Lookup | None:
        """Return the list of a currency; it is asked for once a run."""
        lists: dict[str, Lookup] = self.context.memo.setdefault("automatic price lists", {})
        if code not in lists and not self.context.plans_only:
            lists[code] = Lookup(TABLE, self._ensured(code, currency))
        return lists.get(code)

    @property
    def was_recreated(self) -> bool:
        """Whether a list was deleted by hand, so that all its prices are missing."""
        return bool(self._recreated)

    def remember_recreated(self) -> None:
        """Remember lists that were made again, now that their prices are there.

        A run that dies before finds them missing again, and their rows there already.
        """
        for code, (row, name, incarnation) in self._recreated.items():
            self._remember(code, row, name, incarnation)
        self._recreated.clear()

    @property
    def _recreated(self) -> dict[str, tuple[UUID, str, int]]:
        found: dict[str, tuple[UUID, str, int]] = self.context.memo.setdefault(
            "recreated lists", {}
        )
        return found

    def _ensured(self, code: str, currency: Lookup) -> UUID:
        known = AutomaticPriceList.objects.filter(
            company=self.context.company, currency_code=code
        ).first()
        if known is not None:
            found = self.system.get(TABLE, [known.dataverse_id], COLUMNS)
            if known.dataverse_id in found:
                self._activate(found[known.dataverse_id])
                return known.dataverse_id
        incarnation = known.incarnation + 1 if known else 0
        row, name = self._found_or_created(code, currency, incarnation)
        if known is not None:
            self._recreated[code] = (row, name, incarnation)
        else:
            self._remember(code, row, name, incarnation)
        return row

    def _remember(self, code: str, row: UUID, name: str, incarnation: int) -> None:
        AutomaticPriceList.objects.update_or_create(
            company=self.context.company,
            currency_code=code,
            defaults={"dataverse_id": row, "name": name, "incarnation": incarnation},
        )

    def _activate(self, row: Record) -> None:
        """A list that somebody deactivated takes no prices."""
        if row.values.get("statecode") in (None, ACTIVE):
            return
        values: dict[str, Value] = {"statecode": ACTIVE, "statuscode": STATUSES[ACTIVE]}
        [written] = self.system.write(TABLE, [Update(row, values)], COLUMNS)
        if written.error is not None:
            raise _not_there(str(row.values.get("name")), written.error)
        self.context.progress.log(f"{row.values.get('name')} was inactive; it was activated again.")

    def _found_or_created(self, code: str, currency: Lookup, incarnation: int) -> tuple[UUID, str]:
        """E-8.58: the name is told apart where it belongs to a list in another currency."""
        names = (DEFAULT_NAME, NAME_IN_CURRENCY.format(code))
        rows = self.system.find(Selection(TABLE, COLUMNS), "name", names)
        for name in names:
            named = [row for row in rows if row.values.get("name") == name]
            same = [row for row in named if row.values.get("transactioncurrencyid") == currency]
            if same:
                self._activate(same[0])
                return same[0].id, name
            if not named:
                break
        identity = uuid5(self.context.namespace, f"price list/{code}/{incarnation}")
        values: dict[str, Value] = {"name": name, "transactioncurrencyid": currency}
        [written] = self.system.write(TABLE, [Create(identity, values)], COLUMNS)
        if written.record is None and identity not in self.system.get(TABLE, [identity], COLUMNS):
            raise _not_there(name, written.error)
        return identity, name

    # Prices

    def keep(
        self, price_list: Lookup, wanted: Sequence[Wanted], fresh: Collection[object] = ()
    ) -> dict[object, IntegrationError]:
        """Let the list hold these prices; return what went wrong, by product.

        The prices of `fresh` products are not looked up first: they can hardly be there.
        """
        known = self.lines(price_list, {w.product for w in wanted if w.product not in fresh})
        writes: list[tuple[Wanted, Create | Update]] = []
        for want in wanted:
            line = known.get((want.product, want.unit.id))
            if line is None:
                writes.append((want, self._created(price_list, want)))
            elif not holds(line, want):
                writes.append((want, Update(line, amount_of(want))))
        return self._write(price_list, writes)

    def _created(self, price_list: Lookup, want: Wanted) -> Create:
        key = uuid5(price_list.id, f"{want.product}/{want.unit.id}")
        values: dict[str, Value] = {
            "pricelevelid": price_list,
            "productid": Lookup("product", want.product),
            "uomid": want.unit,
            **amount_of(want),
        }
        return Create(key, values)

    def _write(
        self, price_list: Lookup, writes: Sequence[tuple[Wanted, Create | Update]]
    ) -> dict[object, IntegrationError]:
        if not writes:
            return {}
        written = self.system.write(LINES, [write for _, write in writes], LINE_COLUMNS)
        errors: dict[object, IntegrationError] = {}
        there: list[Wanted] = []
        for (want, write), after in zip(writes, written, strict=True):
            if after.error is None:
                continue
            if isinstance(write, Create) and _is_there(after.error):
                there.append(want)  # a run that died made it
            else:
                errors[want.product] = after.error
        if there:
            errors |= self._correct(price_list, there)
        return errors

    def _correct(
        self, price_list: Lookup, there: Sequence[Wanted]
    ) -> dict[object, IntegrationError]:
        known = self.lines(price_list, {want.product for want in there})
        found = [(want, known.get((want.product, want.unit.id))) for want in there]
        due = [(w, Update(row, amount_of(w))) for w, row in found if row and not holds(row, w)]
        written = self.system.write(LINES, [u for _, u in due], LINE_COLUMNS) if due else []
        return {
            want.product: after.error
            for (want, _), after in zip(due, written, strict=True)
            if after.error is not None
        }

    def lines(
        self, price_list: Lookup, products: Collection[UUID]
    ) -> dict[tuple[UUID, UUID], Record]:
        """Return the prices of products in the list, by product and unit."""
        if not products:
            return {}
        selection = Selection(LINES, LINE_COLUMNS)
        rows = self.system.find(selection, "productid", [Lookup("product", p) for p in products])
        found = {}
        for row in rows:
            product, unit = row.values.get("productid"), row.values.get("uomid")
            if (
                row.values.get("pricelevelid") == price_list
                and isinstance(product, Lookup)
                and isinstance(unit, Lookup)
            ):
                found[product.id, unit.id] = row
        return found


def _not_there(name: str, error: IntegrationError | None) -> IntegrationError:
    """Return why no product can be priced: for now, or until an administrator acts."""
    reason = error.message if error else ""
    message = f"The price list {name} could not be written in Sales. {reason}".strip()
    if isinstance(error, UnknownOutcomeError | TransientError | RecordChangedError):
        return TransientError(message, cause=error.cause)
    return ConfigurationError(message, cause=error.cause if error else Cause.REFUSED)


def holds(line: Record, want: Wanted) -> bool:
    """Whether a price is as it is to be."""
    present = line.values.get("amount")
    same = isinstance(present, Decimal | int) and abs(present - want.amount) < Decimal("0.00005")
    return same and alike(line.values.get("pricingmethodcode"), AMOUNT)


def amount_of(want: Wanted) -> dict[str, Value]:
    """Return what a price holds."""
    return {"amount": want.amount, "pricingmethodcode": AMOUNT}


def _is_there(error: IntegrationError) -> bool:
    return isinstance(error, RecordExistsError) or error.cause == Cause.DUPLICATE
