"""What people do to couplings: couple, uncouple, retry, remove (E-4.9 to E-4.23, E-4.49)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Q

from audit import trail
from audit.facts import facts_of
from audit.terms import Act
from connections.models import Company
from connections.systems import Record, System, Table
from mappings.models import (
    Coupling,
    IntegrationTableMapping,
    Intent,
    OptionCoupling,
    PendingCoupling,
)
from mappings.terms import CouplingKind, SynchResult

KEY_LENGTH = 100
NAME_LENGTH = 160
PARTNERS = ("mapping_name", "business_central_id", "dataverse_id", "skipped")
OPTION = ("mapping_name", "business_central_key", "option_value", "option_caption")
HELD, FREE = {"skipped": True}, {"skipped": False}


class CouplingError(ValueError):
    """Two records cannot be coupled; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class RecordMatch:
    """Two records that are the same, as a run of match-based coupling found (E-4.34)."""

    business_central_id: UUID
    dataverse_id: UUID
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class OptionMatch:
    """A record and the value of the option set that bears its code (E-4.37)."""

    business_central_id: UUID
    value: int
    key: str
    label: str


Match = RecordMatch | OptionMatch


@dataclass(frozen=True, slots=True)
class Systems:
    """Both sides of a company, as the verbs need them."""

    business_central: System
    dataverse: System


def couple(
    mapping: IntegrationTableMapping,
    business_central_id: UUID,
    dataverse_id: UUID,
    systems: Systems,
    *,
    by: AbstractBaseUser | None = None,
) -> Coupling:
    """Couple two records; both count as changed until they are synchronized (E-4.8).

    A record that is coupled already is coupled with its new partner instead (E-4.11).
    """
    if mapping.kind == CouplingKind.OPTION:
        message = f"{mapping} maps values of an option set; map the option instead."
        raise CouplingError(message)
    local = systems.business_central.describe(mapping.table)
    record = _existing(systems.business_central, local, business_central_id)
    remote = systems.dataverse.describe(mapping.integration_table)
    _existing(systems.dataverse, remote, dataverse_id)
    _free(mapping, business_central_id, dataverse_id, systems)
    return couple_read(mapping, record, local, dataverse_id, by=by)


def couple_read(
    mapping: IntegrationTableMapping,
    record: Record,
    table: Table,
    dataverse_id: UUID,
    *,
    by: AbstractBaseUser | None = None,
) -> Coupling:
    """Couple a record and a row that were just read; nobody else may have the row (E-4.10)."""
    try:
        with transaction.atomic():
            before = _partner(mapping, record.id)
            coupling = _pair(mapping, record, table, dataverse_id)
            _settle(mapping, [record.id, dataverse_id])
            after = facts_of(coupling, PARTNERS)
            trail.note(Act.COUPLED, coupling, before=before, after=after, by=by)
    except IntegrityError as error:
        message = f"Somebody coupled the row of {mapping.name} just now; look again."
        raise CouplingError(message) from error
    return coupling


def _partner(mapping: IntegrationTableMapping, business_central_id: UUID) -> dict[str, Any]:
    """Return whom a record is coupled with so far."""
    coupling = Coupling.objects.filter(
        company=mapping.company, mapping_name=mapping.name, business_central_id=business_central_id
    ).first()
    return facts_of(coupling, PARTNERS) if coupling else {}


def _existing(system: System, table: Table, record_id: UUID) -> Record:
    columns = [*table.natural_key, *([table.name_column] if table.name_column else [])]
    found = system.get(table.name, [record_id], columns).get(record_id)
    if found is None:
        message = f"There is no {table.caption or table.name} {record_id} in {system.side}."
        raise CouplingError(message)
    return found


def _free(
    mapping: IntegrationTableMapping,
    business_central_id: UUID,
    dataverse_id: UUID,
    systems: Systems,
) -> None:
    """E-4.10: a row belongs to one record; the coupling of a record that is gone gives way."""
    rival = (
        Coupling.objects.filter(
            company=mapping.company, mapping_name=mapping.name, dataverse_id=dataverse_id
        )
        .exclude(business_central_id=business_central_id)
        .first()
    )
    if rival is None:
        return
    if systems.business_central.get(mapping.table, [rival.business_central_id], []):
        name = rival.business_central_key or rival.business_central_id
        message = f"The row is already coupled to {mapping.table} {name}; uncouple that one first."
        raise CouplingError(message)
    rival.delete()


def _pair(
    mapping: IntegrationTableMapping, record: Record, table: Table, dataverse_id: UUID
) -> Coupling:
    """Make or re-point the coupling; what was noted of another partner is forgotten (E-4.7)."""
    coupling = Coupling.objects.filter(
        company=mapping.company, mapping_name=mapping.name, business_central_id=record.id
    ).first()
    if coupling is not None and coupling.dataverse_id == dataverse_id:
        if coupling.skipped:
            coupling.skipped, coupling.skipped_at = False, None
            coupling.save(update_fields=["skipped", "skipped_at"])
        return coupling
    incarnation = coupling.incarnation + 1 if coupling else 0
    if coupling is not None:
        coupling.delete()
    key = ", ".join(str(record.values.get(name, "")) for name in table.natural_key)
    return Coupling.objects.create(
        company=mapping.company,
        mapping_name=mapping.name,
        business_central_id=record.id,
        dataverse_id=dataverse_id,
        business_central_key=key[:KEY_LENGTH],
        name=str(record.values.get(table.name_column) or "")[:NAME_LENGTH],
        incarnation=incarnation,
    )


def _settle(mapping: IntegrationTableMapping, ids: Collection[UUID]) -> None:
    """Forget what was parked or intended for records that a person now decided about."""
    mine = {"company": mapping.company, "mapping_name": mapping.name}
    PendingCoupling.objects.filter(record_id__in=ids, **mine).delete()
    Intent.objects.filter(source_id__in=ids, **mine).delete()


def couple_matched(mapping: IntegrationTableMapping, matches: Collection[Match]) -> None:
    """Couple what matched: one insert; whoever was coupled meanwhile stays as it is."""
    mine = {"company": mapping.company, "mapping_name": mapping.name}
    records = [match for match in matches if isinstance(match, RecordMatch)]
    options = [match for match in matches if isinstance(match, OptionMatch)]
    if records:
        rows = [
            Coupling(
                business_central_id=match.business_central_id,
                dataverse_id=match.dataverse_id,
                business_central_key=match.key[:KEY_LENGTH],
                name=match.name[:NAME_LENGTH],
                **mine,
            )
            for match in records
        ]
        Coupling.objects.bulk_create(rows, ignore_conflicts=True)
    if options:
        mapped = [
            OptionCoupling(
                business_central_id=match.business_central_id,
                business_central_key=match.key[:KEY_LENGTH],
                option_value=match.value,
                option_caption=match.label,
                **mine,
            )
            for match in options
        ]
        OptionCoupling.objects.bulk_create(mapped, ignore_conflicts=True)
    ids = [match.business_central_id for match in matches]
    _settle(mapping, [*ids, *(match.dataverse_id for match in records)])


# Retry


def retry(ids: Collection[int], *, by: AbstractBaseUser | None = None) -> int:
    """Let the next run pick these couplings up again; return how many were waiting (E-4.49)."""
    waiting = Coupling.objects.in_error().filter(pk__in=ids)
    with transaction.atomic():
        trail.note_rows(
            Act.RETRIED, waiting.select_related("company"), before=HELD, after=FREE, by=by
        )
        return waiting.update(skipped=False, skipped_at=None)


def retry_all(company: Company, *, by: AbstractBaseUser | None = None) -> int:
    """Retry every skipped record of the company: coupled, pending and option; return how many."""
    mine = {"company": company, "skipped": True}
    count = Coupling.objects.filter(**mine).update(skipped=False, skipped_at=None)
    count += PendingCoupling.objects.filter(**mine).update(skipped=False)
    count += OptionCoupling.objects.filter(**mine).update(skipped=False)
    _note_retried(company, f"all {count} skipped records", by)
    return count


def retry_mappings(
    company: Company,
    names: Collection[str] | None = None,
    *,
    ids: Collection[UUID] | None = None,
    by: AbstractBaseUser | None = None,
) -> int:
    """Retry the skipped records of these mappings, or those of them with an id of either side."""
    mine = Q(company=company, skipped=True)
    if names is not None:
        mine &= Q(mapping_name__in=names)
    either = (
        mine if ids is None else mine & (Q(business_central_id__in=ids) | Q(dataverse_id__in=ids))
    )
    parked = mine if ids is None else mine & Q(record_id__in=ids)
    mapped = mine if ids is None else mine & Q(business_central_id__in=ids)
    count = Coupling.objects.filter(either).update(skipped=False, skipped_at=None)
    count += PendingCoupling.objects.filter(parked).update(skipped=False)
    count += OptionCoupling.objects.filter(mapped).update(skipped=False)
    subject = ", ".join(names) if names is not None else "all mappings"
    _note_retried(company, f"{count} skipped records of {subject}", by)
    return count


def _note_retried(company: Company, name: str, by: AbstractBaseUser | None) -> None:
    trail.note(
        Act.RETRIED, kind="couplings", name=name, company=company, before=HELD, after=FREE, by=by
    )


def retry_pending(ids: Collection[int], *, by: AbstractBaseUser | None = None) -> int:
    """Let the next run try these records again that failed before they had a partner."""
    waiting = PendingCoupling.objects.filter(pk__in=ids, skipped=True)
    with transaction.atomic():
        trail.note_rows(
            Act.RETRIED, waiting.select_related("company"), before=HELD, after=FREE, by=by
        )
        return waiting.update(skipped=False)


def retry_options(ids: Collection[int], *, by: AbstractBaseUser | None = None) -> int:
    """Let the next run pick these option mappings up again."""
    waiting = OptionCoupling.objects.filter(pk__in=ids, skipped=True)
    with transaction.atomic():
        trail.note_rows(
            Act.RETRIED, waiting.select_related("company"), before=HELD, after=FREE, by=by
        )
        return waiting.update(skipped=False)


def remove(ids: Collection[int], *, by: AbstractBaseUser | None = None) -> int:
    """Delete couplings and leave both records as they are; return how many there were."""
    rows = Coupling.objects.filter(pk__in=ids)
    with transaction.atomic():
        found = rows.select_related("company")
        trail.note_rows(Act.COUPLING_DELETED, found, gone=PARTNERS, by=by)
        return rows.delete()[0]


# Options


def map_option(
    mapping: IntegrationTableMapping,
    record: Record,
    code: str,
    value: int,
    caption: str,
    *,
    by: AbstractBaseUser | None = None,
) -> OptionCoupling:
    """Map a Business Central record to a value of the option set, one to one (E-4.50)."""
    known = OptionCoupling.objects.filter(company=mapping.company, mapping_name=mapping.name)
    rival = known.filter(option_value=value).exclude(business_central_id=record.id)
    if (other := rival.first()) is not None:
        message = f"{caption or value} is already mapped to {other.business_central_key}."
        raise CouplingError(message)
    known_row = known.filter(business_central_id=record.id).first()
    before = facts_of(known_row, OPTION) if known_row else {}
    row, _ = known.update_or_create(
        company=mapping.company,
        mapping_name=mapping.name,
        business_central_id=record.id,
        defaults={
            "business_central_key": code,
            "option_value": value,
            "option_caption": caption,
            "last_synch_result": SynchResult.NONE,
            "last_synch_crm_result": SynchResult.NONE,
            "last_synch_modified_on": None,
            "last_error": "",
            "skipped": False,
        },
    )
    trail.note(Act.COUPLED, row, before=before, after=facts_of(row, OPTION), by=by)
    return row


def unmap_options(ids: Collection[int], *, by: AbstractBaseUser | None = None) -> int:
    """Forget these option mappings; the values stay in the option set."""
    rows = OptionCoupling.objects.filter(pk__in=ids)
    with transaction.atomic():
        found = rows.select_related("company")
        trail.note_rows(Act.COUPLING_DELETED, found, gone=OPTION, by=by)
        return rows.delete()[0]
