"""Test Connection: what must hold for each side, one finding each; nothing is changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from urllib.parse import urlsplit

from connections import hosts, needed_pages, setup, trust
from connections.administration_mode import check_open, refusal
from connections.authentication import newest_served, proof_of, takes_tokens
from connections.business_central import BusinessCentral
from connections.business_central_batch import Batch, Part
from connections.business_central_pages import CUSTOM_ROUTE
from connections.catalogue import CATALOGUE
from connections.causes import Cause
from connections.company_row import TABLE
from connections.dataverse import Dataverse
from connections.errors import ConfigurationError, IntegrationError
from connections.integration_user import NON_INTERACTIVE
from connections.lone_request import answered
from connections.models import BusinessCentralConnection, Company, DataverseConnectionSetup, SignIn
from connections.odata import Timing
from connections.solution.manifest import BASE_NAME, version_of
from connections.solution_host import ADMINISTRATOR_TEMPLATE
from connections.systems import Selection, Side
from connections.terms import AuthenticationType, SdkVersion

IMPATIENT = Timing(connect=5.0, read=20.0, patience=15.0, attempts=2)
WARN_BEFORE = timedelta(days=30)  # C-3301
# What every company's synchronization reads first; the other tables are named when they are met.
BUSINESS_CENTRAL_TABLES = (
    "customers",
    "vendors",
    "contacts",
    "currencies",
    "salespeoplePurchasers",
    "generalLedgerSetup",
)
USER_COLUMNS = (
    "fullname", "isdisabled", "applicationid", "islicensed", "isintegrationuser", "accessmode",
)  # fmt: skip
OLDEST_SERVED, NEVER_SERVED = (6,), (7, 1)  # E-9.5
DATAVERSE_TABLES = ("account", "contact", "transactioncurrency", "systemuser", TABLE)


@dataclass(frozen=True, slots=True)
class Check:
    """One finding of Test Connection."""

    side: Side
    name: str
    passed: bool
    sentence: str
    cure: str = ""
    seconds: float = 0.0
    code: str = ""
    # What is missing though the connection works: it does not stop what can work from working.
    lacking: tuple[str, ...] = ()
    detail: str = ""  # what the system said, for telling which setting is meant

    @property
    def milliseconds(self) -> int:
        return round(self.seconds * 1000)


Finding = tuple[str, Callable[[], str]]


class _LackingError(Exception):
    """Not everything is as it should be; the connection works nevertheless."""

    def __init__(self, sentence: str, cause: Cause, *names: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.cause = cause
        self.names = names


def test_connection(company: Company) -> list[Check]:
    """Look at both sides; after a failed check those that build on it are left out."""
    return [*test_business_central(company), *test_dataverse(company)]


def test_business_central(company: Company) -> list[Check]:
    """Look at the connection with Business Central."""
    return list(_taken(Side.BUSINESS_CENTRAL, _BusinessCentralChecks(company).all()))


def try_business_central(company: Company, row: BusinessCentralConnection) -> list[Check]:
    """Look at the connection as it would be with a row that is not saved yet."""
    return list(_taken(Side.BUSINESS_CENTRAL, _BusinessCentralChecks(company, row).all()))


def test_dataverse(company: Company) -> list[Check]:
    """Look at the connection with Dataverse, also while it is disabled."""
    return list(_taken(Side.DATAVERSE, _DataverseChecks(company).all()))


def try_dataverse(company: Company, row: DataverseConnectionSetup) -> list[Check]:
    """Look at the connection as it would be with a row that is not saved yet."""
    return list(_taken(Side.DATAVERSE, _DataverseChecks(company, row).all()))


def _taken(side: Side, findings: Iterator[Finding]) -> Iterator[Check]:
    for name, find in findings:
        began = time.monotonic()
        try:
            sentence = find()
        except IntegrationError as error:
            yield failed(side, name, error, time.monotonic() - began)
            return
        except _LackingError as found:
            yield Check(
                side,
                name,
                passed=True,
                sentence=found.sentence,
                cure=CATALOGUE[found.cause].advice,
                seconds=time.monotonic() - began,
                code=found.cause,
                lacking=found.names,
            )
            continue
        yield Check(side, name, passed=True, sentence=sentence, seconds=time.monotonic() - began)


def failed(side: Side, name: str, error: IntegrationError, seconds: float) -> Check:
    """Return a check that was refused."""
    sentence, cure = error.told()
    return Check(
        side,
        name,
        passed=False,
        sentence=sentence,
        cure=cure,
        seconds=seconds,
        code=error.cause,
        detail=error.detail,
    )


# What both sides have in common


def _check_address(row: SignIn, address: str) -> str:
    if takes_tokens(AuthenticationType(row.authentication_type)):
        hosts.check(row.authority)
    return f"{urlsplit(hosts.check(address)).netloc} may be called."


def _check_certificate(side: Side, address: str) -> str:
    """Any answer will do, whatever it says: then the certificate was believed."""
    with answered(side, address, IMPATIENT, stream=True) as answer:
        ends = trust.end_of_certificate(answer)
    host = urlsplit(address).netloc
    if ends is None:
        return f"{host} answers with a certificate that is trusted."
    if ends - datetime.now(UTC) < WARN_BEFORE:
        sentence = f"The certificate of {host} expires on {ends:%Y-%m-%d}."
        raise _LackingError(sentence, Cause.EXPIRING, host)
    return f"{host} answers with a certificate that is trusted, until {ends:%Y-%m-%d}."


def _check_sign_in(row: SignIn, resource: str) -> str:
    kind = AuthenticationType(row.authentication_type)
    tokens = setup.tokens_of(row, resource)
    tokens.forget()
    tokens.token()
    who = "AD FS" if tokens.credentials.is_federated else "Entra ID"
    return f"{who} accepted {proof_of(kind)}."


@contextmanager
def _naming(table: str) -> Iterator[None]:
    """Let a refusal name the table that it is about."""
    try:
        yield
    except IntegrationError as error:
        if table == TABLE and error.cause == Cause.UNKNOWN_TABLE:
            message = f"The solution {BASE_NAME}, which brings the table {table}, is not installed."
            raise refusal(message, Cause.SOLUTION) from error
        reason = error.message if error.message.endswith(".") else f"{error.message}."
        error.message = f"The table {table} does not answer: {reason}"
        raise


def _named(mappings: set[str], order: Iterable[str]) -> str:
    return needed_pages.listed([name for name in order if name in mappings])


class _BusinessCentralChecks:
    def __init__(self, company: Company, row: BusinessCentralConnection | None = None) -> None:
        self.company = company
        self.given = row

    def all(self) -> Iterator[Finding]:
        yield "Settings", self.settings
        root = setup.business_central_root(self.row.server_address)
        yield "Address", lambda: _check_address(self.row, root)
        yield "Certificate", lambda: _check_certificate(Side.BUSINESS_CENTRAL, root)
        yield "Sign-in", lambda: _check_sign_in(self.row, self.row.resource)
        yield "Company", self.found
        yield "Integration pages", self.pages
        yield "Tables", self.tables

    @cached_property
    def row(self) -> BusinessCentralConnection:
        return self.given or setup.business_central_connection(self.company)

    @cached_property
    def system(self) -> BusinessCentral:
        """Return Business Central; the checks share its connections."""
        return setup.business_central_of(self.row, timing=IMPATIENT)

    def settings(self) -> str:
        setup.check_complete(self.row, "server_address", "resource")
        setup.business_central_root(self.row.server_address)
        return "All settings are filled in."

    def found(self) -> str:
        try:
            told = self.system.companies()
        except IntegrationError as error:
            if error.cause in (Cause.UNKNOWN_TABLE, Cause.DELETED):
                message = (
                    "No Business Central environment answers at this address. Let the server "
                    "address end in /v2.0/<tenant>/<environment>."
                )
                raise ConfigurationError(message, cause=Cause.NOT_AN_API) from error
            raise
        names = {str(entry.get("id")).lower(): str(entry.get("name")) for entry in told}
        wanted = str(self.company.business_central_id).lower()
        if wanted not in names:
            listed = "; ".join(f"{name} is {identity}" for identity, name in names.items())
            message = (
                f"The environment has no company with the id {wanted}. Correct the Business "
                f"Central Company ID: {listed or 'the user sees no company at all'}."
            )
            raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)
        return f"The company {names[wanted]} is there."

    def pages(self) -> str:
        """Name what is missing and what does not work for it; the standard pages carry the rest."""
        wanted = needed_pages.needed_by(self.company)
        there = self.system.pages_anew()
        found = list(needed_pages.lacks(wanted, there))
        if not found:
            return f"All pages that {len(wanted)} mappings need are there."
        stopped = {mapping for lack in found for mapping in lack.mappings}
        told = " ".join(lack.sentence for lack in found)
        if not any(page.route == CUSTOM_ROUTE for page in there.values()):
            told = (
                "The integration's extension is not installed in Business Central: "
                f"{_named(stopped, wanted)} cannot run."
            )
        if running := set(wanted) - stopped:
            told += f" {_named(running, wanted)} can."
        raise _LackingError(told, Cause.PAGES_MISSING, *(lack.page for lack in found))

    def tables(self) -> str:
        for table in BUSINESS_CENTRAL_TABLES:
            page = self.system.page(table)
            part = Part("GET", self.system.place(page) + ("" if page.is_singleton else "?$top=1"))
            with _naming(table):
                Batch(self.system.client, page.route).read([part])
        return f"{len(BUSINESS_CENTRAL_TABLES)} of {len(BUSINESS_CENTRAL_TABLES)} tables answer."


class _DataverseChecks:
    def __init__(self, company: Company, row: DataverseConnectionSetup | None = None) -> None:
        self.company = company
        self.given = row

    def all(self) -> Iterator[Finding]:
        yield "Settings", self.settings
        origin = setup.environment_of(self.row)
        yield "Address", lambda: _check_address(self.row, origin)
        yield "Certificate", lambda: _check_certificate(Side.DATAVERSE, origin)
        yield "Sign-in", self.sign_in
        yield "Organization", lambda: check_open(self.system.client)
        yield "Integration user", self.user
        yield "Version", self.version
        yield "Tables", self.tables
        yield "Security roles", self.roles

    @cached_property
    def row(self) -> DataverseConnectionSetup:
        return self.given or setup.dataverse_setup(self.company)

    @cached_property
    def system(self) -> Dataverse:
        """Return Dataverse; the checks share its connections and whom it knows us as."""
        return setup.dataverse_of(self.row, timing=IMPATIENT)

    def settings(self) -> str:
        setup.check_complete(self.row, "server_address")
        setup.dataverse_origin(self.row.server_address)
        return "All settings are filled in."

    def sign_in(self) -> str:
        if self.row.authentication_type != AuthenticationType.AD:
            return _check_sign_in(self.row, setup.dataverse_origin(self.row.server_address))
        self.system.client.get("WhoAmI")  # a domain is asked by the server: any request tells
        return f"The server accepted {proof_of(AuthenticationType.AD)} of {self.row.domain}."

    def version(self) -> str:
        """E-9.5 and E-SDK: a version that is served, and an SDK version that reaches it."""
        told = str(self.system.client.get("RetrieveVersion()").object().get("Version") or "")
        numbers = version_of(told)
        if numbers[:1] <= OLDEST_SERVED or numbers[:2] == NEVER_SERVED:
            message = f"Version {told} of Dynamics 365 is not supported."
            raise ConfigurationError(message, cause=Cause.VERSION)
        sdk = SdkVersion(self.row.sdk_version)
        if numbers[:2] > newest_served(sdk):
            message = (
                f"SDK version {sdk} is older than the server's {told}. Choose the same or a newer "
                "one."
            )
            raise ConfigurationError(message, cause=Cause.SDK)
        return f"The server has version {told}."

    def user(self) -> str:
        me = self.system.who_am_i()  # not what is remembered: it may have been made anew
        found = self.system.get("systemuser", [me], USER_COLUMNS).get(me)
        if found is None:
            message = (
                "Dataverse knows the application but does not show its user. Give the "
                "application user the integration role."
            )
            raise ConfigurationError(message, cause=Cause.USER_NONE)
        facts, name = found.values, found.values["fullname"]
        if facts["isdisabled"]:
            message = f"The user {name} is disabled in Dataverse."
            raise refusal(message, Cause.USER_DISABLED)
        if facts["applicationid"] is None:  # a person's account; applications need no licence
            if not facts["islicensed"]:
                message = f"The user {name} has no licence."
                raise refusal(message, Cause.USER_LICENCE)
            if not facts["isintegrationuser"] or facts["accessmode"] != NON_INTERACTIVE:
                message = f"The user {name} is not set apart for the integration."
                raise _LackingError(message, Cause.USER_ACCESS, "integration user")
        return f"Signed in as {name}."

    def tables(self) -> str:
        for table in DATAVERSE_TABLES:
            with _naming(table):
                self.system.count(Selection(table, ()))
        return f"{len(DATAVERSE_TABLES)} of {len(DATAVERSE_TABLES)} tables answer."

    def roles(self) -> str:
        """E-9.16: the user has roles, and is no System Administrator."""
        path = (
            f"systemusers({self.system.me})/systemuserroles_association"
            "?$select=name,_roletemplateid_value"
        )
        rows = self.system.client.get(path).rows()
        names = sorted(str(role.get("name")) for role in rows)
        if not names:
            message = "The integration user has no security role."
            raise refusal(message, Cause.USER_NO_ROLES)
        if any(role.get("_roletemplateid_value") == ADMINISTRATOR_TEMPLATE for role in rows):
            message = (
                "The integration user is a System Administrator, which no integration should be."
            )
            raise refusal(message, Cause.USER_ADMINISTRATOR)
        return f"The integration user has {', '.join(names)}."
