"""What a page of writes brings with it: E-3.33, E-3.66, E-3.91 and E-3.92."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from connections.causes import Cause
from connections.errors import RecordError, UnknownOutcomeError
from connections.systems import Lookup, Record, System, Update
from mappings import couplings, pairing, uncoupling
from mappings.models import Coupling, IntegrationFieldMapping, IntegrationTableMapping
from mappings.spec import Mark
from mappings.terms import Direction, FieldStatus
from syncjobs.engine.change import Agree, Insert, Modify, Uncouple
from syncjobs.engine.entities.contact import PARENT_COLUMN
from syncjobs.engine.entities.entity import COMPANY_COLUMN, sends
from syncjobs.models import Reading, SynchJob
from syncjobs.runs.apply import Outcome
from syncjobs.runs.context import Context
from syncjobs.runs.gather import Gatherer
from syncjobs.runs.lore import PARENT_TABLES

PRIMARY_BC = "primaryContactNumber"
PRIMARY_DATAVERSE = "primarycontactid"


def stamp_sources(gatherer: Gatherer, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Write on other rows what belongs to these, before they are remembered: a crash repeats it.

    The outcomes come back with the rows as they are after it, so that our own write is no echo.
    """
    stamped = _stamped(gatherer, _released(gatherer, outcomes))
    new = [outcome for outcome in stamped if _is_new(outcome)]
    if new:
        match gatherer.mapping.source_table, sends(gatherer.mapping):
            case (("customers" | "vendors"), True):
                _rewind_contacts(gatherer.context, new)
            case "contacts", True:
                _set_primary_in_dataverse(gatherer.context, new)
            case "contact", False:
                _set_primary_in_business_central(gatherer.context, new)
    return stamped


def _released(gatherer: Gatherer, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """Give rows of Dataverse back whose coupling is removed since their partner is gone (E-3.33).

    One that does not let itself be given back fails, and stays coupled.
    """
    context, name = gatherer.context, gatherer.mapping.name
    ids = [o.change.source.id for o in outcomes if isinstance(o.change, Uncouple)]
    if not ids or sends(gatherer.mapping):
        return outcomes
    context.progress.confirm()
    row = IntegrationTableMapping.objects.get(company=context.company, name=name)
    partners = couplings.coupled(context.company, name, couplings.DATAVERSE, ids)
    systems = pairing.Systems(context.business_central, context.dataverse)
    refused = dict(uncoupling.uncouple(row, list(partners.values()), systems).failures)
    return [_refused(outcome, refused) for outcome in outcomes]


def _refused(outcome: Outcome, refused: Mapping[UUID, str]) -> Outcome:
    message = refused.get(outcome.change.source.id)
    if message is None or not isinstance(outcome.change, Uncouple):
        return outcome
    return replace(outcome, error=RecordError(message, cause=Cause.REFUSED))


def _stamped(gatherer: Gatherer, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Write the company on source rows that were just created in Business Central (E-3.66)."""
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
        if isinstance(result.error, UnknownOutcomeError):
            # If it arrived, E-3.8 hides the row: what is noted of it sends the next run there.
            stamped[index] = replace(stamped[index], source_mark=Mark())
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


def _partner(outcome: Outcome) -> Record | None:
    """Return the destination record, also of a pair that was in step already."""
    change = outcome.change
    return change.destination if isinstance(change, Agree) else outcome.record


def after_page(gatherer: Gatherer, outcomes: Sequence[Outcome]) -> None:
    """Do what depends on the couplings of this page being there.

    The contacts of customers were to be looked at again before; a run that was at them since did
    not know these customers yet.
    """
    mapping = gatherer.mapping
    new = [outcome for outcome in outcomes if _is_new(outcome)]
    if new and mapping.source_table in ("customers", "vendors"):
        _rewind_contacts(gatherer.context, new)


def _rewind_contacts(context: Context, new: Sequence[Outcome]) -> None:
    """Look again at contacts that were made together with these customers (E-3.92)."""
    created = [outcome.change.source.values.get("systemCreatedAt") for outcome in new]
    moments = [moment for moment in created if isinstance(moment, datetime)]
    if not moments:
        return
    mappings = IntegrationTableMapping.objects.filter(company=context.company, table="contacts")
    earliest = min(moments)
    mappings.filter(sent_up_to__gt=earliest).update(sent_up_to=earliest)
    Reading.objects.filter(mapping__in=mappings).delete()  # those of the overlap too
    # A run that died must not go on behind them.
    SynchJob.objects.filter(
        company=context.company,
        mapping_name__in=mappings.values("name"),
        direction=Direction.TO_INTEGRATION_TABLE,
        cursor__gt=earliest,
    ).update(cursor=None)


def _enabled(context: Context, way: Direction) -> list[tuple[str, str]]:
    """Return the mappings, with their tables, that carry the primary contact this way (E-3.91)."""
    fields = IntegrationFieldMapping.objects.filter(
        mapping__company=context.company,
        mapping__name__in=PARENT_TABLES,
        field=PRIMARY_BC,
        integration_field=PRIMARY_DATAVERSE,
        status=FieldStatus.ENABLED,
        direction__in=(way, Direction.BIDIRECTIONAL),
    )
    names = set(fields.values_list("mapping__name", flat=True))
    return [(name, table) for name, table in PARENT_TABLES.items() if name in names]


def _set_primary_in_dataverse(context: Context, new: Sequence[Outcome]) -> None:
    """Set an account's empty primary contact where the customer names this one (E-3.91)."""
    rows = {str(o.change.source.values.get("number")): _partner(o) for o in new}
    contacts = {number: row for number, row in rows.items() if row is not None}
    parents = {
        parent.id
        for row in contacts.values()
        if isinstance(parent := row.values.get(PARENT_COLUMN), Lookup)
    }
    system = context.dataverse
    for name, table in _enabled(context, Direction.TO_INTEGRATION_TABLE):
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
        write_quietly(context, name, couplings.DATAVERSE, system, updates)


def _set_primary_in_business_central(context: Context, new: Sequence[Outcome]) -> None:
    """Set a customer's blank Primary Contact No. where the account names this contact (E-3.91)."""
    numbers = {
        o.change.source.id: str(row.values.get("number"))
        for o in new
        if (row := _partner(o)) is not None
    }
    parents = {
        parent.id
        for o in new
        if isinstance(parent := o.change.source.values.get(PARENT_COLUMN), Lookup)
    }
    system = context.business_central
    for name, table in _enabled(context, Direction.FROM_INTEGRATION_TABLE):
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
        write_quietly(context, name, couplings.BUSINESS_CENTRAL, system, updates)


def write_quietly(
    context: Context,
    mapping_name: str,
    side: couplings.Columns,
    system: System,
    updates: Sequence[Update],
) -> None:
    """Write, and note the new version where nothing else had changed, so that no echo follows.

    A record that was changed meanwhile is owed to the other direction: by our own write it would
    look like ours, and E-3.8 would hide that change for ever. So is one of which we learn nothing.
    """
    if not updates:
        return
    before = {update.record.id: update.record for update in updates}
    owed = couplings.other(side).owed
    rows = Coupling.objects.filter(
        company=context.company, mapping_name=mapping_name, **{f"{side.id}__in": list(before)}
    ).only("pk", side.id, side.version, side.at, owed)
    in_step = {getattr(row, side.id): row for row in rows if not getattr(row, owed)}
    mine = Coupling.objects.filter(pk__in=[row.pk for row in in_step.values()])
    mine.update(**{owed: True})
    columns = tuple({name for update in updates for name in update.values})
    results = system.write(updates[0].record.table, updates, columns)
    moved = []
    for update, written in zip(updates, results, strict=True):
        row = in_step.get(update.record.id)
        if row is None or getattr(row, side.version) != update.record.version:
            continue
        if written.record is not None and written.ours:
            setattr(row, side.version, written.record.version)
            setattr(row, side.at, written.record.modified_at)
            moved.append(row)  # its column `owed` is read as False, and written back so
    if moved:
        Coupling.objects.bulk_update(moved, [side.version, side.at, owed])
