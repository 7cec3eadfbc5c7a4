"""Finishes what a page of writes began, before it is remembered: a crash between repeats it.

Everything here is looked up first or refused as done, so that it may happen twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec.structs import replace

from connections.errors import IntegrationError
from connections.systems import Lookup, Record, Update, Value
from syncjobs.engine.change import Agree, Batch, Insert, Modify
from syncjobs.engine.entities.entity import sends
from syncjobs.engine.entities.price_list import INACTIVE
from syncjobs.engine.entities.price_list import STATUSES as LIST_STATUSES
from syncjobs.engine.entities.product import ACTIVE, DRAFT, RETIRED
from syncjobs.engine.entities.product import STATUSES as PRODUCT_STATUSES
from syncjobs.engine.facts import Facts
from syncjobs.runs.apply import Outcome
from syncjobs.runs.automatic_prices import AutomaticPrices, Wanted, wanted_of
from syncjobs.runs.followups import stamp_sources
from syncjobs.runs.gather import Gatherer
from syncjobs.runs.unit_couplings import couple_units


def complete(gatherer: Gatherer, batch: Batch, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return the outcomes as they are once everything that belongs to them is written."""
    outcomes = stamp_sources(gatherer, outcomes)
    if not sends(gatherer.mapping):
        couple_units(gatherer, outcomes)
        return outcomes
    match gatherer.mapping.destination_table:
        case "uomschedule" if gatherer.mapping.source_table == "unitsOfMeasure":
            return _name_base_units(gatherer, batch, outcomes)
        case "product":
            return _finish_products(gatherer, batch, outcomes)
        case "pricelevel":
            return _set_list_states(gatherer, outcomes)
        case _:
            return outcomes


def _row(outcome: Outcome) -> Record | None:
    """Return the destination of an outcome that went well."""
    if outcome.error is not None:
        return None
    return outcome.change.destination if isinstance(outcome.change, Agree) else outcome.record


def _update(
    gatherer: Gatherer, outcomes: Sequence[Outcome], values: Mapping[int, dict[str, Value]]
) -> list[Outcome]:
    """Write these columns of the outcomes at these places; they are what is remembered then."""
    result = list(outcomes)
    rows = {index: row for index in values if (row := _row(result[index])) is not None}
    updates = [Update(row, values[index]) for index, row in rows.items()]
    if not updates:
        return result
    table, columns = gatherer.mapping.destination_table, gatherer.destination_columns
    written = gatherer.destination.write(table, updates, columns)
    for index, after in zip(rows, written, strict=True):
        outcome = result[index]
        if after.record is None:
            result[index] = replace(outcome, error=after.error)
        elif isinstance(outcome.change, Agree):
            change = replace(outcome.change, destination=after.record)
            result[index] = replace(outcome, change=change, ours=after.ours)
        else:
            ours = outcome.ours and after.ours
            result[index] = replace(outcome, record=after.record, ours=ours)
    return result


# Units


def _name_base_units(
    gatherer: Gatherer, batch: Batch, outcomes: Sequence[Outcome]
) -> list[Outcome]:
    """E-3.96: the one unit of the group bears the code of the unit of measure."""
    updates, places = [], []
    for index, outcome in enumerate(outcomes):
        row = _row(outcome)
        group = batch.facts.groups.get(row.id) if row else None
        code = outcome.change.source.values.get("code")
        for unit in group.units if group else ():
            if unit.values.get("name") != code:
                updates.append(Update(unit, {"name": code}))
                places.append(index)
    result = list(outcomes)
    if updates:
        written = gatherer.destination.write("uom", updates, ("name",))
        for index, after in zip(places, written, strict=True):
            if after.error is not None:
                result[index] = replace(result[index], error=after.error)
    return result


# Price lists


def _set_list_states(gatherer: Gatherer, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """E-8.60: a new list of a header that is not active is inactive."""
    state: dict[str, Value] = {"statecode": INACTIVE, "statuscode": LIST_STATUSES[INACTIVE]}
    wanted = {}
    for index, outcome in enumerate(outcomes):
        row = _row(outcome)
        is_active = outcome.change.source.values.get("status", "Active") == "Active"
        if not isinstance(outcome.change, Insert) or is_active or row is None:
            continue
        if row.values.get("statecode") != INACTIVE:
            wanted[index] = state
    return _update(gatherer, outcomes, wanted)


# Products


def _finish_products(
    gatherer: Gatherer, batch: Batch, outcomes: Sequence[Outcome]
) -> list[Outcome]:
    """E-8.57, E-8.59: the price in the automatic list, the list on the product, then Active."""
    prices = AutomaticPrices(gatherer.context)
    price_list = prices.default()
    result = list(outcomes)
    if price_list is not None:
        wanted, fresh = _wanted_prices(batch.facts, outcomes)
        errors = prices.keep(price_list, wanted, fresh)
        result = [_with(outcome, errors) for outcome in outcomes]
    values = {}
    for index, outcome in enumerate(result):
        row = _row(outcome)
        missing = _missing(row, price_list) if row is not None else {}
        if missing:
            values[index] = missing
    return _update(gatherer, result, values)


def _is_draft(row: Record | None) -> bool:
    return row is not None and row.values.get("statecode") == DRAFT


def _missing(row: Record, price_list: Lookup | None) -> dict[str, Value]:
    """Return what a product still lacks: its default price list, and being published."""
    values: dict[str, Value] = {}
    if row.values.get("statecode") == RETIRED:
        return values
    if price_list is not None and row.values.get("pricelevelid") is None:
        values["pricelevelid"] = price_list
    if _is_draft(row):
        values |= {"statecode": ACTIVE, "statuscode": PRODUCT_STATUSES[ACTIVE]}
    return values


def _with(outcome: Outcome, errors: Mapping[object, IntegrationError]) -> Outcome:
    row = _row(outcome)
    error = errors.get(row.id) if row is not None else None
    return replace(outcome, error=error) if error is not None else outcome


def _wanted_prices(
    facts: Facts, outcomes: Sequence[Outcome]
) -> tuple[list[Wanted], frozenset[object]]:
    """Return the prices of products that are written or agreed on, and which are new."""
    wanted: list[Wanted] = []
    fresh = set()
    for outcome in outcomes:
        row = _row(outcome)
        if row is None or not isinstance(outcome.change, Insert | Modify | Agree):
            continue
        if row.values.get("statecode") == RETIRED:
            continue
        price = outcome.change.source.values.get("unitPrice")
        amount = max(Decimal(price), Decimal(0)) if isinstance(price, Decimal | int) else Decimal(0)
        number = str(outcome.change.source.values.get("number") or "")
        wanted += wanted_of(row, number, amount, facts)
        if isinstance(outcome.change, Insert):
            fresh.add(row.id)
    return wanted, frozenset(fresh)
