"""What a page of writes brings with it: E-3.66, E-3.91 and E-3.92."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from connections.systems import Lookup, System, Update
from mappings import couplings
from mappings.models import Coupling, IntegrationTableMapping
from syncjobs.engine.change import Agree, Insert, Modify
from syncjobs.engine.entities.contact import PARENT_COLUMN
from syncjobs.engine.entities.entity import COMPANY_COLUMN, sends
from syncjobs.runs.apply import Outcome
from syncjobs.runs.context import Context
from syncjobs.runs.gather import Gatherer
from syncjobs.runs.lore import PARENT_TABLES

PRIMARY_BC = "primaryContactNumber"
PRIMARY_DATAVERSE = "primarycontactid"


def stamp_sources(gatherer: Gatherer, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Write the company on source rows that were just created in Business Central (E-3.66).

    The outcomes come back with the rows as they are after it, so that our own write is no echo.
    """
    mapping, company = gatherer.mapping, gatherer.context.world().company
    if sends(mapping) or company is None or COMPANY_COLUMN not in gatherer.source_columns:
        return list(outcomes)
    due = [
        (index, outcome.change.source)
        for index, outcome in enumerate(outcomes)
        if _is_new(outcome) and outcome.change.source.values.get(COMPANY_COLUMN) != company
    ]
    if not due:
        return list(outcomes)
    updates = [Update(source, {COMPANY_COLUMN: company}) for _, source in due]
    written = gatherer.source.write(mapping.source_table, updates, gatherer.source_columns)
    stamped = list(outcomes)
    for (index, _), result in zip(due, written, strict=True):
        if result.record is not None and result.ours:
            change = replace(stamped[index].change, source=result.record)
            stamped[index] = replace(stamped[index], change=change)
            mark = stamped[index].source_mark
            if mark is not None and mark.version == outcomes[index].change.source.version:
                stamped[index] = replace(stamped[index], source_mark=None)
    return stamped


def _is_new(outcome: Outcome) -> bool:
    """Whether an outcome couples two records that were strangers until now."""
    if outcome.record is None and not isinstance(outcome.change, Agree):
        return False
    change = outcome.change
    return isinstance(change, Insert) or (isinstance(change, Modify | Agree) and change.couples)


def after_page(gatherer: Gatherer, outcomes: Sequence[Outcome]) -> None:
    """Do what depends on the couplings of this page being there."""
    mapping = gatherer.mapping
    new = [outcome for outcome in outcomes if _is_new(outcome)]
    if not new:
        return
    match mapping.source_table, sends(mapping):
        case (("customers" | "vendors"), True):
            _rewind_contacts(gatherer.context, new)
        case "contacts", True:
            _set_primary_in_dataverse(gatherer.context, new)
        case "contact", False:
            _set_primary_in_business_central(gatherer.context, new)


def _rewind_contacts(context: Context, new: Sequence[Outcome]) -> None:
    """Look again at contacts that were made together with these customers (E-3.92)."""
    created = [outcome.change.source.values.get("systemCreatedAt") for outcome in new]
    moments = [moment for moment in created if isinstance(moment, datetime)]
    if moments:
        earliest = min(moments)
        IntegrationTableMapping.objects.filter(
            company=context.company, table="contacts", sent_up_to__gt=earliest
        ).update(sent_up_to=earliest)


def _set_primary_in_dataverse(context: Context, new: Sequence[Outcome]) -> None:
    """Set an account's empty primary contact where the customer names this one (E-3.91)."""
    contacts = {
        str(o.change.source.values.get("number")): o.record for o in new if o.record is not None
    }
    parents = {
        parent.id
        for o in new
        if o.record and isinstance(parent := o.record.values.get(PARENT_COLUMN), Lookup)
    }
    system = context.dataverse
    for name, table in PARENT_TABLES.items():
        partners = couplings.coupled(context.company, name, couplings.DATAVERSE, parents)
        if not partners:
            continue
        companies = context.business_central.get(table, list(partners.values()), (PRIMARY_BC,))
        accounts = system.get("account", list(partners), (PRIMARY_DATAVERSE,))
        updates = []
        for account_id, company_id in partners.items():
            company, account = companies.get(company_id), accounts.get(account_id)
            if company is None or account is None or account.values.get(PRIMARY_DATAVERSE):
                continue
            contact = contacts.get(str(company.values.get(PRIMARY_BC) or ""))
            if contact is not None:
                value = Lookup("contact", contact.id)
                updates.append(Update(account, {PRIMARY_DATAVERSE: value}))
        _write_quietly(context, name, couplings.DATAVERSE, system, updates)


def _set_primary_in_business_central(context: Context, new: Sequence[Outcome]) -> None:
    """Set a customer's blank Primary Contact No. where the account names this contact (E-3.91)."""
    numbers = {
        o.change.source.id: str(o.record.values.get("number")) for o in new if o.record is not None
    }
    parents = {
        parent.id
        for o in new
        if isinstance(parent := o.change.source.values.get(PARENT_COLUMN), Lookup)
    }
    system = context.business_central
    for name, table in PARENT_TABLES.items():
        partners = couplings.coupled(context.company, name, couplings.DATAVERSE, parents)
        if not partners:
            continue
        accounts = context.dataverse.get("account", list(partners), (PRIMARY_DATAVERSE,))
        companies = system.get(table, list(partners.values()), (PRIMARY_BC,))
        updates = []
        for account_id, company_id in partners.items():
            company, account = companies.get(company_id), accounts.get(account_id)
            if company is None or account is None or company.values.get(PRIMARY_BC):
                continue
            primary = account.values.get(PRIMARY_DATAVERSE)
            number = numbers.get(primary.id) if isinstance(primary, Lookup) else None
            if number:
                updates.append(Update(company, {PRIMARY_BC: number}))
        _write_quietly(context, name, couplings.BUSINESS_CENTRAL, system, updates)


def _write_quietly(
    context: Context,
    mapping_name: str,
    side: couplings.Columns,
    system: System,
    updates: Sequence[Update],
) -> None:
    """Write, and note the new version where nothing else had changed, so that no echo follows.

    A record that was changed meanwhile is left to the next run, which sees that change.
    """
    if not updates:
        return
    before = {update.record.id: update.record for update in updates}
    table = updates[0].record.table
    columns = tuple({name for update in updates for name in update.values})
    after = {
        written.record.id: written.record
        for written in system.write(table, updates, columns)
        if written.record is not None and written.ours
    }
    rows = Coupling.objects.filter(
        company=context.company, mapping_name=mapping_name, **{f"{side.id}__in": list(after)}
    )
    moved = []
    for row in rows.only("pk", side.id, side.version, side.at):
        row_id = getattr(row, side.id)
        if getattr(row, side.version) == before[row_id].version:
            setattr(row, side.version, after[row_id].version)
            setattr(row, side.at, after[row_id].modified_at)
            moved.append(row)
    if moved:
        Coupling.objects.bulk_update(moved, [side.version, side.at])
