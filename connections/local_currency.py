"""The local currency's row in Dataverse, which is made where its rate is known (E-9.14, E-3.58)."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from decimal import Decimal, InvalidOperation
from uuid import UUID, uuid5

from connections.errors import RecordExistsError
from connections.models import Company
from connections.systems import (
    Condition,
    Create,
    Lookup,
    Operator,
    Record,
    Selection,
    System,
    Value,
    Written,
    everything,
)

TABLE, ISO_CODE = "transactioncurrency", "isocurrencycode"
RATE_PLACES = Decimal("0.0000000001")


def local_code(business_central: System) -> str:
    """Return the LCY Code of the General Ledger Setup."""
    [ledger] = everything(business_central, Selection("generalLedgerSetup", ("localCurrencyCode",)))
    return str(ledger.values["localCurrencyCode"] or "")


def is_there(dataverse: System, code: str) -> bool:
    """Whether Dataverse has a currency."""
    return bool(dataverse.find(Selection(TABLE, (ISO_CODE,)), ISO_CODE, [code]))


def base_code(dataverse: System) -> str:
    """Return the code of Dataverse's base currency."""
    for row in everything(dataverse, Selection("organization", ("basecurrencyid",))):
        reference = row.values["basecurrencyid"]
        if isinstance(reference, Lookup):
            found = dataverse.get(TABLE, [reference.id], (ISO_CODE,))
            return next((str(r.values[ISO_CODE]) for r in found.values()), "")
    return ""


def ensure(company: Company, business_central: System, dataverse: System, *, today: date) -> None:
    """Make the local currency's row, if Dataverse lacks it and its rate is known."""
    code = local_code(business_central)
    if not code or is_there(dataverse, code):
        return
    base = base_code(dataverse)
    written = create(company, business_central, dataverse, code, base, today=today)
    error = written.error if written else None
    if error is not None and not isinstance(error, RecordExistsError):  # made by somebody just now
        raise error


def create(
    company: Company,
    business_central: System,
    dataverse: System,
    code: str,
    base: str,
    *,
    today: date,
) -> Written | None:
    """Make the row under an id of ours; None where no rate is known."""
    rate = exchange_rates(business_central, code, base, today).get(code)
    if not rate:
        return None
    same = Condition("code", Operator.EQ, (code,))
    known = everything(
        business_central, Selection("currencies", ("displayName", "symbol"), (same,))
    )
    facts = known[0].values if known else {}
    values: dict[str, Value] = {
        ISO_CODE: code,
        "currencyname": facts.get("displayName") or code,
        "currencysymbol": facts.get("symbol") or code,
        "currencyprecision": 2,
        "exchangerate": rate,
    }
    [written] = dataverse.write(TABLE, [Create(id_of(company, code), values)], [ISO_CODE])
    return written


def id_of(company: Company, code: str) -> UUID:
    """Return the id under which the row is made, whoever makes it."""
    return uuid5(company.business_central_id, f"LCY/{code}")


def exchange_rates(
    business_central: System, local_code: str, base_code: str, today: date
) -> dict[str, Decimal]:
    """Return, per currency, how many of it one unit of Dataverse's base currency is (E-3.95).

    A currency without a rate is absent; so is every currency if the base has none.
    """
    local_value: dict[str, tuple[date, Decimal]] = {local_code: (date.min, Decimal(1))}
    selection = Selection(
        "currencyExchangeRates",
        ("currencyCode", "startingDate", "exchangeRateAmount", "relationalExchangeRateAmount"),
        (Condition("startingDate", Operator.LE, (today,)),),
    )
    for page in business_central.read(selection):
        for row in page:
            _note_rate(local_value, row)
    if base_code not in local_value:
        return {}
    base_value = local_value[base_code][1]
    rates = {base_code: Decimal(1)}
    for code, (_, value) in local_value.items():
        with suppress(InvalidOperation):  # a rate of more digits than Dataverse could ever hold
            rates.setdefault(code, (base_value / value).quantize(RATE_PLACES))
    return rates


def _note_rate(local_value: dict[str, tuple[date, Decimal]], row: Record) -> None:
    """Keep the latest value of one unit of a currency in LCY."""
    values = row.values
    amount, relational = values["exchangeRateAmount"], values["relationalExchangeRateAmount"]
    code, started = str(values["currencyCode"]), values["startingDate"]
    if not (amount and relational and isinstance(started, date)):
        return
    if code not in local_value or started >= local_value[code][0]:
        local_value[code] = (started, Decimal(str(relational)) / Decimal(str(amount)))
