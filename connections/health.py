"""Health checks: what is wrong with a company's connections, each by its exact name."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from connections import (
    checks,
    deployment,
    encryption,
    item_availability,
    local_currency,
    redeploy,
    secrets,
    setup,
    solution_reading,
)
from connections.business_central import COMPANIES, BusinessCentral
from connections.catalogue import CATALOGUE
from connections.causes import Cause
from connections.checks import IMPATIENT, Check
from connections.errors import IntegrationError
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    SalesConnectionSetup,
)
from connections.odata import Client
from connections.redeploy import HolderKind, Shortfall, SolutionState
from connections.solution.manifest import Version, shown
from connections.systems import Condition, Operator, Selection, Side, System, everything

SOLUTION, ROLES, TEAM_ROLES = "Integration solution", "Roles and privileges", "Team roles"
PRIVILEGE = re.compile(r"\bprv[A-Z]\w+")
CLOCKS_MAY_DIFFER = timedelta(minutes=5)  # C-3301
# After these nothing more can be looked at; whether all is well is not known.
BLIND = frozenset(
    {
        Cause.UNREACHABLE,
        Cause.UNAVAILABLE,
        Cause.THROTTLED,
        Cause.LOST_ANSWER,
        Cause.MALFORMED_ANSWER,
        Cause.NOT_AN_API,
        Cause.SIGN_IN,
        Cause.NO_ADDRESS,
        Cause.NOT_SECURE,
        Cause.HOST_NOT_ALLOWED,
        Cause.CERTIFICATE,
        Cause.NOT_CONFIGURED,
        Cause.TIME_OUT,
    }
)
# What is wrong, while the connection works.
WORKS_NEVERTHELESS = frozenset({Cause.PAGES_MISSING, Cause.EXPIRING, Cause.USER_ACCESS})


class State(StrEnum):
    """What a check found."""

    HEALTHY = "healthy"
    ATTENTION = "attention"  # works; somebody should know
    WRONG = "wrong"
    UNKNOWN = "unknown"  # it could not look


@dataclass(frozen=True, slots=True)
class Settings:
    """Set-ups as they are to be, which are not saved yet."""

    business_central: BusinessCentralConnection
    dataverse: DataverseConnectionSetup
    sales: SalesConnectionSetup


CONSOLE = "Console"  # beside the two systems, what the console itself needs


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `names` are what a person looks for: a role, a privilege, a table."""

    side: str
    name: str
    state: State
    sentence: str
    cure: str = ""
    code: str = ""
    names: tuple[str, ...] = ()
    seconds: float = 0.0
    detail: str = ""

    @property
    def milliseconds(self) -> int:
        return round(self.seconds * 1000)


def check_encryption() -> list[Finding]:
    """Look whether secrets can be saved and read."""
    return timed(CONSOLE, "Encryption", _encryption)


def check_enabled(company: Company) -> list[Finding]:
    """Look whether the connection may be used."""
    return timed(Side.DATAVERSE, "Enabled", lambda: _enabled(company))


def check_clock(company: Company, side: Side) -> list[Finding]:
    """Compare a system's clock with ours."""

    def find() -> str:
        is_ours = side == Side.DATAVERSE
        client = _client(company) if is_ours else _business_central(company).client
        return _clock(side, client)

    return timed(side, "Clock", find)


def is_usable(side: Side, found: Iterable[Finding]) -> bool:
    """Whether more can be looked at on a side, after its connection was."""
    mine = [finding for finding in found if finding.side == side]
    if side == Side.DATAVERSE:
        return all(finding.state != State.UNKNOWN for finding in mine)
    return not any(_stops(finding) for finding in mine)


def check_connection(company: Company) -> list[Finding]:
    """Look at what Test Connection looks at."""
    return findings(checks.test_connection(company))


def findings(found: Iterable[Check]) -> list[Finding]:
    """Return what Test Connection found as findings."""
    return [_of_check(check) for check in found]


def check_currencies(company: Company, unsaved: Settings | None = None) -> list[Finding]:
    """Look whether each side has the other's own currency."""
    return timed(Side.DATAVERSE, "Base currency", lambda: _currencies(company, unsaved))


def _stops(finding: Finding) -> bool:
    """Whether more cannot be looked at; missing pages leave the others."""
    return finding.state != State.HEALTHY and finding.code not in WORKS_NEVERTHELESS


def refused(name: str, error: IntegrationError, side: Side = Side.DATAVERSE) -> Finding:
    """Return a refusal as a finding: what is wrong, and the message's own advice or the cause's."""
    return _of_check(checks.failed(side, name, error, 0.0))


def _of_check(check: Check) -> Finding:
    state = State.HEALTHY
    if not check.passed:
        state = State.UNKNOWN if check.code in BLIND else State.WRONG
    elif check.lacking:
        state = State.WRONG
    code, names = check.code, check.lacking
    if not check.passed:
        names = _names(check.sentence, check.name)
    return Finding(
        check.side, check.name, state, check.sentence, check.cure, code, names, check.seconds,
        check.detail,
    )  # fmt: skip


def _names(sentence: str, check: str) -> tuple[str, ...]:
    """Return the privileges that a refusal names; else what the check is called."""
    return tuple(dict.fromkeys(PRIVILEGE.findall(sentence))) or (check,)


class WrongError(Exception):
    """Something is not as it should be."""

    def __init__(self, cause: Cause, sentence: str, *names: str, cure: str = "") -> None:
        super().__init__(sentence)
        self.cause = cause
        self.sentence = sentence
        self.names = names
        self.cure = cure or CATALOGUE[cause].advice


def timed(side: str, name: str, find: Callable[[], str]) -> list[Finding]:
    """Look at one thing: `find` returns a sentence, or raises WrongError or what a system said."""
    began, names = time.monotonic(), tuple[str, ...]()
    try:
        sentence, state, cure, code = find(), State.HEALTHY, "", ""
    except WrongError as error:
        sentence, state, code = error.sentence, State.WRONG, str(error.cause)
        cure, names = error.cure, error.names
    except IntegrationError as error:
        sentence, code = error.message, str(error.cause)
        state = State.UNKNOWN if error.cause in BLIND else State.WRONG
        cure, names = CATALOGUE[error.cause].advice, _names(sentence, name)
    seconds = time.monotonic() - began
    return [Finding(side, name, state, sentence, cure, code, names, seconds)]


def _client(company: Company) -> Client:
    return setup.dataverse_of(setup.dataverse_setup(company), timing=IMPATIENT).client


def _business_central(company: Company) -> BusinessCentral:
    row = setup.business_central_connection(company)
    return setup.business_central_of(row, timing=IMPATIENT)


def _enabled(company: Company) -> str:
    row = setup.dataverse_setup(company)
    if row.is_enabled:
        return "The connection is enabled."
    reason = f": {row.disable_reason}" if row.disable_reason else ""
    sentence = f"The Dataverse Connection Setup is disabled{reason}."
    raise WrongError(Cause.NOT_CONFIGURED, sentence, "Dataverse Connection Setup")


def _encryption() -> str:
    """C-3301: secrets can be saved, and those that are stored can be read."""
    secrets.check_key()
    found = encryption.survey()
    if found.unreadable:
        sentence = f"None of the keys opens: {'; '.join(found.unreadable)}."
        raise WrongError(Cause.ENCRYPTION, sentence, *found.unreadable)
    return f"Secrets are encrypted with key {found.keys[0].id}."


# The solution, its roles and privileges


def check_solution(company: Company, unsaved: Settings | None = None) -> list[Finding]:
    """Look at the integration solution, its tables, its roles and who has them."""
    began = time.monotonic()
    try:
        target = deployment.package_of(company).manifest
        state = solution_reading.state(company, target, unsaved.dataverse if unsaved else None)
    except IntegrationError as error:
        return [solution_unread(error)]
    return of_solution(company, state, time.monotonic() - began)


def solution_unread(error: IntegrationError) -> Finding:
    """Return why nothing is known of the solution."""
    known = State.UNKNOWN if error.cause in BLIND else State.WRONG
    cure = CATALOGUE[error.cause].advice
    return Finding(Side.DATAVERSE, SOLUTION, known, error.message, cure, error.cause, (SOLUTION,))


def of_solution(company: Company, state: SolutionState, seconds: float) -> list[Finding]:
    """Return what is wrong with a solution that was read."""
    manifest = deployment.package_of(company).manifest
    missing = list(redeploy.shortfalls(state, manifest))
    return list(_found(missing, state.installed, seconds))


def _found(
    missing: list[Shortfall], installed: Version | None, seconds: float
) -> Iterator[Finding]:
    version = shown(installed) if installed else "?"
    well = {
        SOLUTION: f"Version {version} of the solution and its tables are there.",
        ROLES: "All roles and privileges are there.",
        TEAM_ROLES: "The owning team has its roles.",
    }
    for name, sentence in well.items():
        group = [shortfall for shortfall in missing if _check_of(shortfall) == name]
        if not group:
            yield Finding(Side.DATAVERSE, name, State.HEALTHY, sentence, seconds=seconds)
            continue
        told = " ".join(shortfall.sentence for shortfall in group)
        names = tuple(dict.fromkeys(shortfall.name for shortfall in group))
        cause = group[0].cause
        cure = CATALOGUE[cause].advice
        yield Finding(Side.DATAVERSE, name, State.WRONG, told, cure, cause, names, seconds)


def _check_of(shortfall: Shortfall) -> str:
    if shortfall.cause == Cause.SOLUTION:
        return SOLUTION
    return TEAM_ROLES if shortfall.holder == HolderKind.TEAM else ROLES


# Clocks and currencies


def _clock(side: Side, client: Client) -> str:
    """Compare the time an answer carries with ours; half the way there belongs to neither."""
    path = "WhoAmI" if side == Side.DATAVERSE else COMPANIES
    before = datetime.now(UTC)
    answer = client.get(path)
    after = datetime.now(UTC)
    told = answer.headers.get("Date", "")
    try:
        theirs = parsedate_to_datetime(told)
    except ValueError:
        return f"{side} does not tell its time."
    offset = theirs - (before + (after - before) / 2)
    seconds = round(offset.total_seconds())
    if abs(offset) > CLOCKS_MAY_DIFFER:
        sentence = f"The clock of {side} is {abs(seconds)} s {_way(seconds)} ours."
        raise WrongError(Cause.CLOCK, sentence, f"clock offset {seconds} s")
    return f"The clocks differ by {abs(seconds)} s."


def _way(seconds: int) -> str:
    return "ahead of" if seconds > 0 else "behind"


def _currencies(company: Company, unsaved: Settings | None = None) -> str:
    """E-9.14, E-9.23: the local currency is in Dataverse, its base currency in Business Central."""
    if unsaved is None:
        business_central = _business_central(company)
        row = setup.dataverse_setup(company)
    else:
        business_central = setup.business_central_of(unsaved.business_central, timing=IMPATIENT)
        row = unsaved.dataverse
    dataverse = setup.dataverse_of(row, timing=IMPATIENT)
    is_first = company.dataverse_company_id is None
    return judge_currencies(
        business_central, dataverse, is_first=is_first, today=datetime.now(UTC).date()
    )


def judge_currencies(
    business_central: System, dataverse: System, *, is_first: bool, today: date
) -> str:
    """Say how the currencies stand; connecting for the first time makes the local one (E-9.14)."""
    local = local_currency.local_code(business_central)
    if not local:
        sentence = "The General Ledger Setup of Business Central has no LCY Code."
        raise WrongError(Cause.BASE_CURRENCY, sentence, "LCY Code")
    base = local_currency.base_code(dataverse)
    if not local_currency.is_there(dataverse, local):
        rates = local_currency.exchange_rates(business_central, local, base, today)
        if is_first and local in rates:
            return f"Dataverse lacks the local currency {local}; enabling makes it, at its rate."
        sentence = f"The local currency {local} of Business Central does not exist in Dataverse."
        raise WrongError(Cause.BASE_CURRENCY, sentence, local)
    if base and base != local:
        _check_rate(business_central, base)
    return f"The local currency is {local}, the base currency of Dataverse {base or 'unknown'}."


def check_availability(company: Company) -> list[Finding]:
    """The item availability service answers what stands in Sales, where it is published."""
    row = SalesConnectionSetup.objects.filter(company=company, is_enabled=True).first()
    if row is None or not row.item_availability_service_enabled:
        return []
    [found] = timed(
        Side.DATAVERSE,
        "Item availability",
        lambda: item_availability.try_as_sales(company).sentence,
    )
    age = item_availability.age_of_key(row, datetime.now(UTC))
    if found.state != State.HEALTHY or age is None or age < item_availability.OLD_AGE:
        return [found]
    sentence = f"The access key of {row.odata_user_name} is {age.days} days old."
    cure = "Change it on the user's card, then enter it with manage.py item_availability rotate."
    names = ("access key",)
    return [replace(found, state=State.WRONG, sentence=sentence, cure=cure, names=names)]


def _check_rate(business_central: System, base: str) -> None:
    same = Condition("currencyCode", Operator.EQ, (base,))
    rates = everything(
        business_central, Selection("currencyExchangeRates", ("exchangeRateAmount",), (same,))
    )
    if not rates:
        sentence = (
            f"The base currency {base} of Dataverse has no exchange rate in Business Central."
        )
        raise WrongError(Cause.BASE_CURRENCY, sentence, base)
