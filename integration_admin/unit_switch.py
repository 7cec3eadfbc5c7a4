"""Switching Unit Group Mapping: products are set aside in Sales, to be made anew (C-0620, E-9.23).

Killed at any point it is started again: what is done is seen, and the model is switched last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from audit import trail
from audit.terms import Act
from connections import setup
from connections.causes import Cause
from connections.errors import (
    ConfigurationError,
    IntegrationError,
    RecordChangedError,
    RecordMissingError,
)
from connections.models import Company, SalesConnectionSetup
from connections.systems import Record, System, Update, Value, Write
from connections.terms import UnitOfMeasureModel
from integration_admin import enabling
from mappings import open_documents, uncoupling, unit_groups
from mappings.models import Coupling, IntegrationTableMapping, Intent
from mappings.pairing import Systems
from mappings.terms import Direction
from syncjobs import clock, leases, queue
from syncjobs.jobs import Done, JobReport, JobRequest
from syncjobs.models import Run
from syncjobs.progress import RunProgress
from syncjobs.runs.phases import lease_name

JOB = "switch_unit_groups"
PAGE = 200
NAMED = 3  # of the products that Sales refused to set aside
RETIRED, DRAFT = 1, 2
COLUMNS = ("productnumber", "statecode")
LONGEST_NUMBER = 100
TO_SALES = Direction.TO_INTEGRATION_TABLE


def start(
    company: Company, model: UnitOfMeasureModel, *, now: datetime, user: AbstractBaseUser | None
) -> Run:
    """Switch as soon as a worker is free."""
    return queue.enqueue(
        company,
        JOB,
        description=f"Unit Group Mapping: {model.label}",
        now=now,
        parameters={"model": model},
        user=user,
        category="UNITS",
    )


def switch(request: JobRequest, progress: RunProgress) -> JobReport:
    """Switch to the model that a person chose; parameter: model."""
    model = UnitOfMeasureModel(request.parameters["model"])
    user = Run.objects.select_related("user").get(pk=progress.run_id).user
    switch_to(request.company, model, progress=progress, by=user)
    return Done()


def switch_to(
    company: Company,
    model: UnitOfMeasureModel,
    *,
    progress: RunProgress,
    by: AbstractBaseUser | None = None,
    systems: Systems | None = None,
) -> None:
    """Set products aside, delete the couplings of units and prices, then take the other model."""
    row = SalesConnectionSetup.objects.get(company=company)
    if row.is_enabled:
        message = "Disable the Microsoft Dynamics 365 Connection Setup first, then switch."
        raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)
    names = (*unit_groups.ALL_UNITS, *unit_groups.PRODUCTS, *unit_groups.PRICES)
    mappings = list(IntegrationTableMapping.objects.filter(company=company, name__in=names))
    both = systems or _systems_of(company, progress)
    with ExitStack() as held:
        for mapping in mappings:
            held.enter_context(leases.hold(lease_name(mapping), leases.me()))
        refused: list[str] = []
        for mapping in mappings:
            if mapping.name in unit_groups.PRODUCTS:
                refused += _Aside(mapping, both, progress, by).all()
        if refused:
            raise _not_all(refused)
        progress.check()
        _take_model(row, model, progress, by)
    _tell_of_documents(both.dataverse, progress)


def _systems_of(company: Company, progress: RunProgress) -> Systems:
    both = setup.systems_of(company, check=progress.check)
    return Systems(both.business_central, both.dataverse)


def _not_all(refused: Sequence[str]) -> ConfigurationError:
    more = f" and {len(refused) - NAMED} more" if len(refused) > NAMED else ""
    message = (
        f"Sales did not let {len(refused)} products be set aside: {'; '.join(refused[:NAMED])}"
        f"{more}. The model is as it was. Mend them in Sales and switch again: what is set aside "
        "already stays so."
    )
    return ConfigurationError(message, cause=Cause.UNIT_GROUP)


def _take_model(
    row: SalesConnectionSetup,
    model: UnitOfMeasureModel,
    progress: RunProgress,
    by: AbstractBaseUser | None,
) -> None:
    """All or nothing: a worker that lost the run writes nothing any more."""
    with transaction.atomic():
        progress.confirm()
        deleted = unit_groups.forget(row.company)
        before = {"unit_of_measure_model": row.unit_of_measure_model}
        row.unit_of_measure_model = model
        row.save(update_fields=["unit_of_measure_model"])
        after = {"unit_of_measure_model": str(model), "couplings deleted": deleted}
        trail.note(Act.CHANGED, row, company=row.company, before=before, after=after, by=by)
        summary, _ = enabling.apply_choices(row.company, now=clock.now(), by=by)
    progress.log(f"{deleted} couplings of units and prices deleted. {summary}.")
    progress.log(
        "Enable the connection, then run a full synchronization of units, items, resources and "
        "prices: it makes the products anew."
    )


def _tell_of_documents(dataverse: System, progress: RunProgress) -> None:
    """Say how many open documents name what is set aside; the switch itself is done."""
    try:
        told = open_documents.naming_retired(dataverse)
    except IntegrationError as error:
        told = f"Open quotes and orders could not be looked through: {error.message}"
    if told:
        progress.log(f"{told} Exchange those once the products are made anew.")


class _Aside:
    """Products of one mapping that go aside: retired, with another number, and uncoupled."""

    def __init__(
        self,
        mapping: IntegrationTableMapping,
        systems: Systems,
        progress: RunProgress,
        by: AbstractBaseUser | None,
    ) -> None:
        self.mapping = mapping
        self.systems = systems
        self.dataverse = systems.dataverse
        self.progress = progress
        self.by = by

    def all(self) -> list[str]:
        """Set them aside; return what Sales refused."""
        mine = {"company": self.mapping.company, "mapping_name": self.mapping.name}
        total = Coupling.objects.filter(**mine).count()
        self.progress.start(f"{self.mapping.name}: products set aside", total)
        refused: list[str] = []
        done = 0
        for page in self._pages(mine):
            self.progress.check()
            failed = self._set_aside([row.dataverse_id for row in page])
            self.progress.at("products set aside")
            free = [row.business_central_id for row in page if row.dataverse_id not in failed]
            result = uncoupling.uncouple(self.mapping, free, self.systems, by=self.by)
            refused += [*failed.values(), *(message for _, message in result.failures)]
            done += len(page)
            self.progress.advance(done)
        # What a lost creation left is no partner either; its note would couple it again.
        lost = Intent.objects.filter(**mine, direction=TO_SALES, creates=True)
        left = self._set_aside(list(lost.values_list("destination_id", flat=True)))
        lost.exclude(destination_id__in=left).delete()
        return [*refused, *left.values()]

    def _pages(self, mine: dict[str, Any]) -> Iterator[list[Coupling]]:
        last = 0
        rows = Coupling.objects.filter(**mine).order_by("pk")
        while page := list(rows.filter(pk__gt=last)[:PAGE]):
            last = page[-1].pk
            yield page

    def _set_aside(self, ids: Sequence[UUID]) -> dict[UUID, str]:
        """Free the numbers of these products and retire them; return which ones refused, and why.

        A product that changed meanwhile is read and written once more.
        """
        written = self._write(ids)
        moved = [key for key, error in written.items() if isinstance(error, RecordChangedError)]
        written |= self._write(moved)
        return {
            key: f"product {key}: {error.message}"
            for key, error in written.items()
            if error is not None and not isinstance(error, RecordMissingError)
        }

    def _write(self, ids: Sequence[UUID]) -> dict[UUID, IntegrationError | None]:
        rows = self.dataverse.get("product", ids, COLUMNS) if ids else {}
        open_rows = [row for row in rows.values() if _values(row)]
        writes: list[Write] = [Update(row, _values(row)) for row in open_rows]
        written = self.dataverse.write("product", writes, COLUMNS) if writes else []
        return {row.id: one.error for row, one in zip(open_rows, written, strict=True)}


def _values(row: Record) -> dict[str, Value]:
    """Return what is still to be written to set a product aside; its id makes the number unique."""
    number, mark = str(row.values.get("productnumber") or ""), f" ~{row.id.hex[:8]}"
    values: dict[str, Value] = {}
    if not number.endswith(mark):
        values["productnumber"] = number[: LONGEST_NUMBER - len(mark)] + mark
    if row.values.get("statecode") not in (RETIRED, DRAFT):  # a draft cannot be retired
        values |= {"statecode": RETIRED, "statuscode": 2}
    return values
