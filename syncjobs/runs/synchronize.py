"""Synchronizes one mapping: the verb that pages, the command line and the job queue call."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from connections import setup
from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.models import Company
from connections.systems import System
from mappings.documents import reason_left_out
from mappings.models import IntegrationFieldMapping, IntegrationTableMapping
from mappings.reset import choices_of
from mappings.terms import CouplingKind, Direction
from syncjobs import activation, clock, leases
from syncjobs.engine.change import Change
from syncjobs.engine.options import OptionChange
from syncjobs.leases import Held
from syncjobs.runs.collecting import seldom_collecting
from syncjobs.runs.context import Context, Progress, Silent
from syncjobs.runs.options import OptionPhases
from syncjobs.runs.order import Order
from syncjobs.runs.phases import Phases, lease_name
from syncjobs.runs.report import JobResult, Report, requests_of
from syncjobs.terms import Mode, Trigger

# What is wrong with one mapping only; a run of all goes on with the others.
OF_ONE_MAPPING = frozenset(
    {
        Cause.UNKNOWN_TABLE,
        Cause.BAD_FILTER,
        Cause.NO_FIELDS,
        Cause.VALUE_INVALID,
        Cause.MASS_CHANGE,
        Cause.NOT_CARRIED,
    }
)


class Systems(Protocol):
    """Both sides of a company."""

    @property
    def business_central(self) -> System: ...

    @property
    def dataverse(self) -> System: ...


def synchronize_mapping(
    company: Company,
    name: str,
    *,
    mode: Mode = Mode.MODIFIED,
    directions: tuple[Direction, ...] | None = None,
    ids: tuple[UUID, ...] | None = None,
    also: Mapping[Direction, tuple[UUID, ...]] | None = None,
    create: bool = False,
    confirmed: bool = False,
    agreed: int = 0,
    restore: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
    trigger: Trigger = Trigger.SCHEDULE,
    systems: Systems | None = None,
    now: Callable[[], datetime] = clock.now,
) -> Report:
    """Synchronize a mapping and return what was counted.

    `dry_run` plans and writes nothing; `ids` names records of either side; `also` names source
    records to look at besides those that changed; `create` lets a modified run create the missing
    partner; `confirmed` says that a person agreed to a mass change, `agreed` to one of so many
    changes; `restore` creates deleted partners again. Raises BusyError while another run is at the
    mapping, and ConfigurationError for what an administrator has to settle.
    """
    order = Order(
        mode, directions, ids, create=create, confirmed=confirmed, agreed=agreed, trigger=trigger,
        restore=restore, also=also or {},
    )  # fmt: skip
    if dry_run:
        return preview_mapping(company, name, order, systems=systems, now=now).report
    row = find_mapping(company, name)
    _check(row, order)
    both = systems or systems_of(company, progress)
    with leases.hold(lease_name(row), leases.me()) as held, seldom_collecting():
        context = context_of(company, both, Watched(progress or Silent(), held), now)
        began, sent = time.monotonic(), requests_of(both.business_central, both.dataverse)
        row.refresh_from_db()
        results = _phases(context, row, order).run()
        report = Report(
            row.name,
            results,
            requests_of(both.business_central, both.dataverse) - sent,
            time.monotonic() - began,
        )
    if report.coupled_something:
        wake_waiting(company, row.name, now=now())
    return report


def preview_mapping(
    company: Company,
    name: str,
    order: Order,
    *,
    systems: Systems | None = None,
    progress: Progress | None = None,
    now: Callable[[], datetime] = clock.now,
) -> Preview:
    """Return what a run would do; nothing is written anywhere."""
    row = find_mapping(company, name)
    _check(row, order)
    both = systems or systems_of(company)
    context = replace(context_of(company, both, progress or Silent(), now), plans_only=True)
    began, sent = time.monotonic(), requests_of(both.business_central, both.dataverse)
    planned = _phases(context, row, order).preview()
    report = Report(
        row.name,
        tuple(result for result, _ in planned),
        requests_of(both.business_central, both.dataverse) - sent,
        time.monotonic() - began,
        dry_run=True,
    )
    return Preview(row, report, planned)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would count, and the changes of each of its phases."""

    mapping: IntegrationTableMapping
    report: Report
    phases: Sequence[tuple[JobResult, Sequence[Change | OptionChange]]]


def _phases(context: Context, row: IntegrationTableMapping, order: Order) -> Phases | OptionPhases:
    if row.kind == CouplingKind.OPTION:
        return OptionPhases(context, row, order)
    return Phases(context, row, order)


# Before a run


def find_mapping(company: Company, name: str) -> IntegrationTableMapping:
    """Return the mapping of a name, in whatever case; an unknown one is refused with near names."""
    rows = IntegrationTableMapping.objects.filter(company=company).select_related("company")
    found = rows.filter(name__iexact=name.strip()).first()
    if found is not None:
        return found
    names = list(rows.values_list("name", flat=True))
    near = difflib.get_close_matches(name.strip().upper(), names, n=3, cutoff=0.4)
    known = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(names)}."
    if not names:
        known = "There is none at all: use the default synchronization setup first."
    message = f"There is no mapping {name}. {known}"
    raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)


def run_order(company: Company) -> list[str]:
    """Return the company's mappings as a run of all of them takes them: dependencies first.

    Documents are left out, and so are their lines (E-1.57, E-3.19).
    """
    rows = IntegrationTableMapping.objects.filter(company=company).order_by("priority", "name")
    return [name for name in rows.values_list("name", flat=True) if not reason_left_out(name)]


def _check(row: IntegrationTableMapping, order: Order) -> None:
    reason = reason_left_out(row.name)
    if reason:
        message = f"{row.name} cannot run: {reason[0].lower()}{reason[1:]} Leave it out."
        raise ConfigurationError(message, cause=Cause.NOT_CARRIED)
    is_two_way = row.direction == Direction.BIDIRECTIONAL
    if order.mode == Mode.UNCONDITIONAL and is_two_way and len(order.directions or ()) != 1:
        message = (
            f"An unconditional run of {row.name} needs a direction, since it overwrites the other "
            "side: --direction to, or --direction from."
        )
        raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)


def systems_of(company: Company, progress: Progress | None = None) -> Systems:
    """Return the company's two systems as its connection set-ups say; a cancel is heard at once."""
    return setup.systems_of(company, check=progress.check if progress else None)


def context_of(
    company: Company, systems: Systems, progress: Progress, now: Callable[[], datetime]
) -> Context:
    """Return what a run of the company needs at hand."""
    choices = choices_of(company)
    return Context(
        company,
        systems.business_central,
        systems.dataverse,
        now,
        progress,
        owned_by_person=choices.owned_by_person,
        with_sales=choices.sales_connection_enabled,
        run_id=getattr(progress, "run_id", None),
    )


@dataclass(frozen=True, slots=True)
class Watched:
    """The progress of a run that holds a lease: it must stop when either is lost."""

    progress: Progress
    held: Held

    @property
    def run_id(self) -> int | None:
        return getattr(self.progress, "run_id", None)

    def start(self, step: str, total: int) -> None:
        self.progress.start(step, total)

    def advance(self, done: int) -> None:
        self.progress.advance(done)

    def log(self, text: str) -> None:
        self.progress.log(text)

    def check(self) -> None:
        self.progress.check()

    def confirm(self) -> None:
        self.progress.confirm()
        self.held.confirm()

    def at(self, point: str) -> None:
        self.progress.at(point)


def wake_waiting(company: Company, name: str, *, now: datetime) -> None:
    """Let the jobs run soon whose records may have waited for what was coupled now."""
    activation.wake_dependents(company, name, now=now)
    referring = IntegrationFieldMapping.objects.filter(mapping__company=company, refers_to=name)
    names = set(referring.values_list("mapping__name", flat=True)) - {name}
    activation.wake(company, names, now=now)
