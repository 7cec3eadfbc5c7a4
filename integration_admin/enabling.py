"""Enabling the connections after all checks, in order, and disabling them with their jobs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from connections import checks, consent, health, order_integration, sales_status, setup
from connections.catalogue import CATALOGUE
from connections.causes import Cause, Remedy
from connections.errors import ConfigurationError, IntegrationError, TransientError
from connections.health import Finding, State
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    SalesConnectionSetup,
    SignIn,
)
from connections.order_integration import Switched
from connections.systems import Side
from connections.terms import SalesOrderModel
from integration_admin import preconditions
from integration_admin.connecting import read_facts
from integration_admin.preconditions import in_the_way
from mappings import customised, defaults, new_choices
from mappings.models import Coupling
from mappings.reset import ResetSummary
from syncjobs import activation
from syncjobs.terms import JobStatus

Setup = DataverseConnectionSetup | SalesConnectionSetup


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found, and what enabling led to; without mappings if something was in the way."""

    findings: list[Finding]
    mappings: ResetSummary | None = None
    jobs: int = 0

    @property
    def in_the_way(self) -> list[Finding]:
        return in_the_way(self.findings)


@dataclass(frozen=True, slots=True)
class Questions:
    """What a person is asked before a connection is enabled."""

    consent: bool  # nobody has accepted yet that data leaves Business Central
    customised: tuple[str, ...]  # mappings that stay as they are, or take the defaults


@dataclass(frozen=True, slots=True)
class Consequences:
    """What disabling a connection does."""

    jobs: int  # go on hold
    runs: tuple[str, ...]  # end
    couplings: int  # stay
    orders: str  # submitted in Sales and not taken over yet (C-0604)


def lacks_dataverse(company: Company | None) -> bool:
    """E-9.21: Sales is reached through an enabled Dataverse, unless it is connected directly."""
    if company is None:
        return True
    return not (setup.is_enabled(company) or setup.is_direct(company))


def questions(row: Setup) -> Questions | None:
    """Return what is open: the consent, and the fate of customised mappings (C-0506, C-0604)."""
    company = row.company
    names = customised.customised(company)
    if not setup.is_direct(company):
        is_sales = isinstance(row, SalesConnectionSetup)
        names = tuple(name for name in names if (name in defaults.of_sales()) == is_sales)
    needs_consent = not consent.is_given(company)
    return Questions(needs_consent, names) if needs_consent or names else None


def look(row: Setup) -> list[Finding]:
    """Look at what must hold before somebody is asked; nothing is changed."""
    company = row.company
    found = [one for one in preconditions.of_dataverse(company) if one.name != consent.NAME]
    # Connected directly, the team is known once the sign-in is enabled.
    is_sales = isinstance(row, SalesConnectionSetup) and setup.is_enabled(company)
    if is_sales and not in_the_way(found):
        found += preconditions.of_sales(company)
    return found


def enable_dataverse(
    company: Company,
    *,
    now: datetime,
    by: AbstractBaseUser | None = None,
    replaced: Collection[str] = (),
) -> Outcome:
    """E-9.10 to E-9.17: what must hold is looked at; then mappings and jobs.

    `replaced` names customised mappings that take the defaults; the others stay (C-0604).
    """
    found = preconditions.of_dataverse(company)
    return _enabled(setup.dataverse_setup(company), found, now=now, by=by, replaced=replaced)


def enable_sales(
    company: Company,
    *,
    now: datetime,
    by: AbstractBaseUser | None = None,
    replaced: Collection[str] = (),
) -> Outcome:
    """Enable Sales; connected directly, its sign-in is enabled first and rests with it (C-0603)."""
    sign_in = DataverseConnectionSetup.objects.filter(company=company).first()
    if not setup.is_direct(company) or (sign_in and sign_in.is_enabled):
        return _enable_sales(company, now=now, by=by, replaced=replaced)
    if sign_in is None:
        return Outcome(health.check_connection(company))
    outcome = enable_dataverse(company, now=now, by=by)
    if outcome.mappings is None:
        return outcome
    outcome = _enable_sales(company, now=now, by=by, replaced=replaced)
    if outcome.mappings is None:
        disable(setup.dataverse_setup(company), now=now, by=by)
    return outcome


def _enable_sales(
    company: Company, *, now: datetime, by: AbstractBaseUser | None, replaced: Collection[str]
) -> Outcome:
    """E-9.23: the connection, the user, the currency, then the solution with its roles."""
    row = SalesConnectionSetup.objects.get(company=company)
    found = preconditions.of_dataverse(company)
    if not in_the_way(found):
        found += preconditions.of_sales(company)
    outcome = _enabled(row, found, now=now, by=by, replaced=replaced)
    if outcome.mappings is None:
        return outcome
    try:
        sales_status.introduce(company, now=now)
    except IntegrationError as error:
        return replace(outcome, findings=[*found, health.refused("Dynamics 365 Sales", error)])
    return outcome


def _enabled(
    row: Setup,
    found: list[Finding],
    *,
    now: datetime,
    by: AbstractBaseUser | None,
    replaced: Collection[str],
) -> Outcome:
    outcome = Outcome(found)
    if outcome.in_the_way:
        return outcome
    company, restore = row.company, row.restore_connection
    try:
        setup.enable(row, by=by)
        fresh = Company.objects.get(pk=company.pk)
        read_facts(fresh, named=fresh.name != str(fresh.business_central_id)[:30])
    except IntegrationError as error:
        if row.is_enabled:
            setup.disable(row, reason=error.message, restore=restore, by=by)
        advice = CATALOGUE[error.cause].advice
        wrong = Finding(
            Side.DATAVERSE, "Company", State.WRONG, error.message, advice, str(error.cause)
        )
        return Outcome([*found, wrong])
    summary, jobs = apply_choices(company, now=now, by=by, replaced=replaced)
    activation.resume(company, now=now)
    return Outcome(found, summary, jobs)


@transaction.atomic
def apply_choices(
    company: Company,
    *,
    now: datetime,
    by: AbstractBaseUser | None = None,
    replaced: Collection[str] = (),
) -> tuple[ResetSummary, int]:
    """Bring mappings and jobs to what the set-ups ask for; what was changed by hand stays."""
    company = Company.objects.get(pk=company.pk)  # with the set-ups as they are now
    summary = new_choices.apply(company, by=by)
    if replaced:
        done = customised.use_defaults(company, replaced, by=by)
        kept = tuple(name for name in summary.kept if name not in done.reset)
        summary = replace(summary, reset=(*summary.reset, *done.reset), kept=kept)
    return summary, len(activation.create_default_entries(company, now=now))


def switch_orders(
    company: Company,
    *,
    on: bool,
    sign_in: SignIn,
    now: datetime,
    by: AbstractBaseUser | None = None,
) -> tuple[Switched, ResetSummary, int]:
    """Switch sales order integration in Sales and here, then its mappings and jobs (E-9.52)."""
    switched = order_integration.switch(company, on=on, sign_in=sign_in, by=by)
    summary, jobs = apply_choices(company, now=now, by=by)
    return switched, summary, jobs


def consequences_of_disabling(row: Setup) -> Consequences:
    """Return what disabling does, to be shown before it is done."""
    company = row.company
    rest = activation.that_rest(company, ends_all=_ends_all(row))
    runs = rest.filter(status=JobStatus.IN_PROCESS).order_by("pk")
    return Consequences(
        jobs=rest.count(),
        runs=tuple(runs.values_list("description", flat=True)),
        couplings=Coupling.objects.filter(company=company).count(),
        orders=_orders(row) if isinstance(row, SalesConnectionSetup) else "",
    )


def _ends_all(row: Setup) -> bool:
    """Whether nothing is reached any more without this connection."""
    return isinstance(row, DataverseConnectionSetup) or setup.is_direct(row.company)


def _orders(row: SalesConnectionSetup) -> str:
    """Name the orders that wait in Sales; where it does not answer nobody knows of them."""
    if row.sales_order_model != SalesOrderModel.ORDER_INTEGRATION:
        return ""
    try:
        return order_integration.waiting(row.company)
    except IntegrationError:
        return "Whether submitted orders wait in Sales could not be looked up."


def disable(
    row: Setup,
    *,
    now: datetime,
    by: AbstractBaseUser | None = None,
    reason: str = "",
    restore: bool = False,
) -> int:
    """Disable a connection and put its jobs on hold; return how many (E-9.20, E-9.25)."""
    company = row.company
    with transaction.atomic():
        setup.disable(row, reason=reason, restore=restore, by=by)
        if isinstance(row, SalesConnectionSetup) and setup.is_direct(company):
            setup.disable(setup.dataverse_setup(company), by=by)
        held = activation.hold(company, now=now)
    if isinstance(row, SalesConnectionSetup):
        sales_status.take_leave(row)
    return held


def refusal(found: list[Finding]) -> IntegrationError:
    """Return what is in the way as an error that names its code; what passes is tried again."""
    told = " ".join(f"{one.sentence} {one.cure}".strip() for one in found)
    try:
        cause = Cause(found[0].code)
    except ValueError:
        cause = Cause.NOT_CONFIGURED
        told = f"{told} ({found[0].code})" if found[0].code else told
    passes = CATALOGUE[cause].remedy == Remedy.RETRY
    return (TransientError if passes else ConfigurationError)(told, cause=cause)


def try_unsaved(company: Company, row: BusinessCentralConnection) -> list[Finding]:
    """Look whether Business Central would answer with settings that are not saved yet."""
    return health.findings(checks.try_business_central(company, row))
