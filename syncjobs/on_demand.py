"""Runs that a person asks for: put into the job queue, to be looked at on their own page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from connections.models import Company
from mappings.captions import towards
from mappings.models import IntegrationTableMapping
from mappings.terms import Direction
from syncjobs import queue
from syncjobs.models import JobQueueEntry, MassChange, Run
from syncjobs.terms import Mode

MODES = {
    Mode.MODIFIED: "modified records",
    Mode.FULL: "full synchronization",
    Mode.UNCONDITIONAL: "unconditional full synchronization",
}


class Wanted(NamedTuple):
    """A record to be synchronized, and which way."""

    mapping_name: str
    direction: Direction
    source_id: UUID


def synchronize(
    mapping: IntegrationTableMapping,
    *,
    now: datetime,
    user: AbstractBaseUser | None,
    mode: Mode = Mode.MODIFIED,
    direction: Direction | None = None,
    agreed: int = 0,
) -> Run:
    """Synchronize a mapping as soon as a worker is free.

    `agreed` lets it pass the mass-change guard with so many changes of coupled records.
    """
    parameters = _parameters(mode, direction)
    if agreed:
        parameters["agreed"] = agreed
    return queue.enqueue(
        mapping.company,
        "synchronize",
        description=f"{mapping.name}: {_said(mode, direction)}",
        now=now,
        mapping_name=mapping.name,
        parameters=parameters,
        user=user,
        category=_category(mapping.company, mapping.name),
    )


def _parameters(mode: Mode, direction: Direction | None) -> dict[str, object]:
    return {"mode": mode, "directions": [direction]} if direction else {"mode": mode}


def _said(mode: Mode, direction: Direction | None) -> str:
    return f"{MODES[mode]}, {towards(direction)}" if direction else MODES[mode]


def preview(
    mapping: IntegrationTableMapping,
    *,
    now: datetime,
    user: AbstractBaseUser | None,
    mode: Mode = Mode.MODIFIED,
    direction: Direction | None = None,
) -> Run:
    """Plan what a run of a mapping would do; it waits for no other run, since it writes nothing."""
    return queue.enqueue(
        mapping.company,
        "preview",
        description=f"{mapping.name}: preview of {_said(mode, direction)}",
        now=now,
        mapping_name=mapping.name,
        parameters=_parameters(mode, direction),
        user=user,
    )


def run_anyway(stopped: MassChange, *, now: datetime, user: AbstractBaseUser | None) -> Run | None:
    """Run what the mass-change guard stopped; None if somebody has said yes to it before.

    The run plans anew, and is stopped again should it then change much more than was agreed to.
    """
    company, order, name = stopped.run.company, stopped.order, stopped.mapping_name
    with transaction.atomic():
        rows = MassChange.objects.filter(pk=stopped.pk, confirmed_at=None)
        if not rows.update(confirmed_at=now, confirmed_by_id=user.pk if user else None):
            return None
        run = queue.enqueue(
            company,
            "synchronize",
            description=f"{name}: {MODES[Mode(order['mode'])]}, {stopped.records} changes agreed",
            now=now,
            mapping_name=name,
            parameters={**order, "agreed": stopped.records},
            user=user,
            category=_category(company, name),
        )
        queue.drop_once(stopped.run)
    return run


def synchronize_all(company: Company, *, now: datetime, user: AbstractBaseUser | None) -> Run:
    """Synchronize what was modified in every mapping, in the order of their dependencies."""
    return queue.enqueue(
        company,
        "synchronize_all",
        description="All mappings: modified records",
        now=now,
        parameters={"mode": Mode.MODIFIED},
        user=user,
    )


def match(mapping: IntegrationTableMapping, *, now: datetime, user: AbstractBaseUser | None) -> Run:
    """Couple the records of a mapping that match."""
    return queue.enqueue(
        mapping.company,
        "match",
        description=f"{mapping.name}: match-based coupling",
        now=now,
        mapping_name=mapping.name,
        user=user,
        category=_category(mapping.company, mapping.name),
    )


def find_deleted(company: Company, *, now: datetime, user: AbstractBaseUser | None) -> Run:
    """Look in every mapping for couplings that lost one of their records."""
    return queue.enqueue(
        company,
        "find_deleted",
        description="All mappings: find for deleted",
        now=now,
        user=user,
    )


def synchronize_records(
    company: Company,
    records: Iterable[Wanted],
    *,
    now: datetime,
    user: AbstractBaseUser | None,
    restore: bool = False,
) -> list[Run]:
    """Synchronize single records: one run for each mapping and direction.

    `restore` creates partners again that were deleted.
    """
    ids: dict[tuple[str, Direction], set[UUID]] = defaultdict(set)
    for record in records:
        ids[record.mapping_name, record.direction].add(record.source_id)
    categories = _categories(company, {name for name, _ in ids})
    return [
        queue.enqueue(
            company,
            "synchronize",
            description=f"{name}: {_counted(len(chosen))} {towards(way)}"
            + (", restored" if restore else ""),
            now=now,
            mapping_name=name,
            parameters={
                "mode": Mode.FULL,
                "directions": [way],
                "ids": sorted(str(one) for one in chosen),
                **({"restore": True} if restore else {}),
            },
            user=user,
            category=categories.get(name, ""),
        )
        for (name, way), chosen in ids.items()
    ]


def _counted(number: int) -> str:
    return "1 record" if number == 1 else f"{number} records"


def _category(company: Company, mapping_name: str) -> str:
    return _categories(company, {mapping_name}).get(mapping_name, "")


def _categories(company: Company, names: Collection[str]) -> dict[str, str]:
    """Runs of a mapping take turns with its recurring entry: they are of the same category."""
    entries = JobQueueEntry.objects.filter(company=company, mapping_name__in=names, recurring=True)
    return dict(entries.values_list("mapping_name", "category"))
