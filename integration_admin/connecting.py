"""Connects a company with both systems from a description: set-ups, test, mappings, jobs."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from connections import company_row, consent, local_currency, sales_status, setup
from connections.checks import Check
from connections.errors import IntegrationError
from connections.health import Finding, Settings, State
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    SalesConnectionSetup,
)
from connections.systems import Side
from integration_admin import preconditions
from integration_admin.described_rows import DescribedRows, described
from integration_admin.descriptions import Description
from integration_admin.preconditions import in_the_way
from mappings import new_choices, reset
from mappings.reset import ResetSummary
from syncjobs import activation, clock

CHANGES = "Its settings are changed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What connecting led to; without mappings if a check failed."""

    company: Company
    checks: list[Check]
    saved: bool = True  # False: what is in use stays as it was
    created_row: bool = False
    mappings: ResetSummary | None = None
    jobs: int = 0

    @property
    def failed(self) -> list[Check]:
        return [check for check in self.checks if not check.passed]


def connect(
    description: Description,
    *,
    now: datetime,
    jobs: bool = True,
    start: bool = True,
    sales: bool = False,
    reset_mappings: bool = False,
) -> Outcome:
    """Bring a company to what is described; again it changes only what is described anew.

    What a page asks before it enables is asked here. If something is in the way, a connection that
    is in use stays as it was; else the settings are kept and it is not enabled. Mappings that are
    there follow the choices and stay as they are otherwise, unless they are to be reset.
    """
    wanted = described(description)
    company = wanted.company
    in_use = not company._state.adding and setup.is_enabled(company)
    had_sales = in_use and setup.has_sales(company)
    asked = sales or description.sales.get("enabled")
    with_sales = had_sales if asked is None else bool(asked)
    anew = with_sales and (not had_sales or wanted.touch_what_is_in_use())
    consents = bool(description.dataverse.get("consent"))
    found = (
        _checked(wanted, sales=anew) if in_use else _saved_and_checked(wanted, consents=consents)
    )
    if in_the_way(found):
        return Outcome(company, as_checks(found), saved=not in_use)
    _put_in_place(wanted, sales=with_sales and in_use, now=now)
    company = Company.objects.get(pk=company.pk)  # with the set-ups as they are now
    created_row = _facts_read(company, description, rests_without=not in_use)
    if with_sales and not in_use:
        found += _sales_enabled(company)
        if setup.is_direct(company) and not setup.has_sales(company):
            setup.disable(setup.dataverse_setup(company))
            return Outcome(company, as_checks(found), created_row=created_row)
    if setup.has_sales(company):
        with suppress(IntegrationError):  # the page of the set-up says what Sales did not tell
            sales_status.introduce(company, now=now)
    company = Company.objects.get(pk=company.pk)
    bring = reset.use_default_synchronization_setup if reset_mappings else new_choices.apply
    summary = bring(company)
    entries = activation.create_default_entries(company, now=now, start=start) if jobs else []
    if not in_use or (setup.has_sales(company) and not had_sales):
        activation.resume(company, now=now)
    return Outcome(
        company, as_checks(found), created_row=created_row, mappings=summary, jobs=len(entries)
    )


def as_checks(found: Iterable[Finding]) -> list[Check]:
    """Return findings as the checks of Test Connection: what is in the way has not passed."""
    return [
        Check(
            side=Side(one.side),
            name=one.name,
            passed=not in_the_way([one]),
            sentence=one.sentence,
            cure=one.cure,
            seconds=one.seconds,
            code=one.code,
            lacking=() if in_the_way([one]) or one.state == State.HEALTHY else one.names,
            detail=one.detail,
        )
        for one in found
    ]


def _checked(wanted: DescribedRows, *, sales: bool) -> list[Finding]:
    """Look whether all would be well, while the connection goes on as it is."""
    unsaved = Settings(
        wanted.of(BusinessCentralConnection),
        wanted.of(DataverseConnectionSetup),
        wanted.of(SalesConnectionSetup),
    )
    found = preconditions.of_dataverse(wanted.company, unsaved)
    if sales and not in_the_way(found):
        found += preconditions.of_sales(wanted.company, unsaved)
    return found


def _saved_and_checked(wanted: DescribedRows, *, consents: bool) -> list[Finding]:
    wanted.save()
    if consents:
        consent.give(wanted.company)
    return preconditions.of_dataverse(wanted.company)


def _facts_read(company: Company, description: Description, *, rests_without: bool) -> bool:
    """Note what the systems tell; a connection that was not in use is enabled only with it."""
    try:
        return read_facts(company, named=bool(description.company.get("name")))
    except IntegrationError as error:
        if rests_without:
            setup.disable(setup.dataverse_setup(company), reason=error.message)
        raise


def _sales_enabled(company: Company) -> list[Finding]:
    """Enable Sales, which asks for the team that Dataverse told; what is in the way leaves it."""
    found = preconditions.of_sales(company)
    if not in_the_way(found):
        setup.enable(SalesConnectionSetup.objects.get(company=company))
    return found


def _put_in_place(wanted: DescribedRows, *, sales: bool, now: datetime) -> None:
    """Save and enable; what is in use is disabled for it, with its jobs (E-9.7). All or nothing."""
    company = wanted.company
    rests = wanted.touch_what_is_in_use()
    row = SalesConnectionSetup.objects.get(company=company)
    leaves = row.is_enabled and not sales
    with transaction.atomic():
        if row.is_enabled and (rests or leaves):
            setup.disable(row, reason=CHANGES if sales else "")
        if rests:
            setup.disable(setup.dataverse_setup(company), reason=CHANGES)
        if rests or leaves:
            activation.hold(company, now=now)
        wanted.save()
        setup.enable(setup.dataverse_setup(company))
        if sales:
            setup.enable(SalesConnectionSetup.objects.get(company=company))
        if rests:
            activation.resume(company, now=now)
    if leaves:
        sales_status.take_leave(row)


def free_name(company: Company, name: str) -> str:
    """Return the name that Business Central gives; environments may hold companies of one name."""
    taken = Company.objects.exclude(pk=company.pk).filter(name=name[:30]).exists()
    return f"{name[:21]} {company.business_central_id.hex[:8]}" if taken else name[:30]


def read_facts(company: Company, *, named: bool) -> bool:
    """Note what the systems tell of the company; True if its row in Dataverse was created."""
    systems = setup.systems_of(company)
    names = ("name", "displayName")
    wanted = [company.business_central_id]
    told = systems.business_central.get("companies", wanted, names).values()
    for record in told:
        if not named:
            company.name = free_name(company, str(record.values["name"]))
        company.display_name = company.display_name or str(record.values["displayName"])
    company.local_currency_code = local_currency.local_code(systems.business_central)
    company.save()
    row = setup.dataverse_setup(company)
    row.integration_user_id = me = systems.dataverse.who_am_i()
    users = systems.dataverse.get("systemuser", [me], ("fullname",))
    row.integration_user_name = str(users[me].values["fullname"])[:200]
    row.save(update_fields=["integration_user_id", "integration_user_name"])
    if company.dataverse_company_id is None:  # E-9.14: only when the company's row is made
        local_currency.ensure(
            company, systems.business_central, systems.dataverse, today=clock.now().date()
        )
    return company_row.stamp(company, row, systems.dataverse)
