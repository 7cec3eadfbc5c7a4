"""From a company's connection set-ups to its two systems; enabling and disabling them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from audit import trail
from audit.facts import facts_of
from audit.terms import Act
from connections import hosts, limits, trust
from connections.authentication import NEEDED, RETIRED, tenant_at, web_api
from connections.budget import budget_of
from connections.business_central import BusinessCentral
from connections.causes import Cause
from connections.dataverse import Dataverse
from connections.errors import ConfigurationError
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    SalesConnectionSetup,
    SignIn,
)
from connections.odata import Client, Timing
from connections.odata.windows import WindowsUser
from connections.shelf import shelf_of
from connections.systems import Side
from connections.terms import AuthenticationType, ConnectionMode, SdkVersion
from connections.tokens import Credentials, Tokens, tokens_for

BUSINESS_CENTRAL_AT_ONCE = 5  # Business Central runs five requests of a user, others queue
DATAVERSE_AT_ONCE = 16
Check = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Systems:
    """The two sides of a company."""

    business_central: BusinessCentral
    dataverse: Dataverse


def systems_of(
    company: Company, *, check: Check | None = None, timing: Timing | None = None
) -> Systems:
    """Return both systems of a company; `check` is called while anything waits, and may raise."""
    setup = dataverse_setup(company)
    check_enabled(setup)
    row = business_central_connection(company)
    business_central = business_central_of(row, check=check, timing=timing)
    return Systems(business_central, dataverse_of(setup, check=check, timing=timing))


def check_enabled(row: DataverseConnectionSetup) -> None:
    """Refuse to use a connection that is disabled."""
    if not row.is_enabled:
        reason = f" ({row.disable_reason})" if row.disable_reason else ""
        message = (
            f"The connection of {row.company} to Dataverse is disabled{reason}. Test the "
            "connection and enable it in Dataverse Connection Setup."
        )
        raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)


def business_central_connection(company: Company) -> BusinessCentralConnection:
    """Return the row that connects the company with Business Central."""
    row = BusinessCentralConnection.objects.filter(company=company).first()
    if row is None:
        raise _not_set_up(company, "Business Central")
    return row


def dataverse_setup(company: Company) -> DataverseConnectionSetup:
    """Return the row that connects the company with Dataverse."""
    row = DataverseConnectionSetup.objects.filter(company=company).first()
    if row is None:
        raise _not_set_up(company, "Dataverse")
    return row


def enabled_sales_setup(company: Company) -> SalesConnectionSetup:
    """Return the set-up of Sales; it must be enabled."""
    row = SalesConnectionSetup.objects.filter(company=company).first()
    if row is None or not row.is_enabled:
        message = (
            "Dynamics 365 Sales is not enabled. Enable the Microsoft Dynamics 365 Connection Setup "
            "first."
        )
        raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)
    return row


def is_enabled(company: Company | None) -> bool:
    """Whether the company's connection with Dataverse may be used."""
    return DataverseConnectionSetup.objects.filter(company=company, is_enabled=True).exists()


def has_sales(company: Company) -> bool:
    """Whether Dynamics 365 Sales takes part."""
    return SalesConnectionSetup.objects.filter(company=company, is_enabled=True).exists()


def is_direct(company: Company) -> bool:
    """Whether Sales is connected without a Dataverse Connection Setup of its own (C-0603)."""
    rows = SalesConnectionSetup.objects.filter(company=company)
    return rows.filter(connection_mode=ConnectionMode.DIRECT).exists()


def business_central_of(
    row: BusinessCentralConnection, *, check: Check | None = None, timing: Timing | None = None
) -> BusinessCentral:
    """Return Business Central as the row says."""
    check_complete(row, "server_address", "resource")
    root = hosts.check(business_central_root(row.server_address))
    principal = principal_of(row, root)
    client = _client(
        Side.BUSINESS_CENTRAL,
        root,
        sign_in_of(row, row.resource),
        budget=budget_of(principal, limits.BUSINESS_CENTRAL, settings.REDIS_URL),
        pool=BUSINESS_CENTRAL_AT_ONCE,
        check=check,
        timing=timing,
    )
    shelf = shelf_of(principal, settings.REDIS_URL)
    return BusinessCentral(client, row.company.business_central_id, shelf)


def dataverse_of(
    row: DataverseConnectionSetup, *, check: Check | None = None, timing: Timing | None = None
) -> Dataverse:
    """Return Dataverse as the row says."""
    check_complete(row, "server_address")
    origin = dataverse_origin(row.server_address)
    sign_in = sign_in_of(row, origin)  # what is missing is named before any server is looked up
    principal = principal_of(row, origin)
    client = _client(
        Side.DATAVERSE,
        dataverse_root(row),
        sign_in,
        budget=budget_of(principal, limits.DATAVERSE, settings.REDIS_URL),
        pool=DATAVERSE_AT_ONCE,
        check=check,
        timing=timing,
    )
    return Dataverse(client, shelf_of(principal, settings.REDIS_URL))


def forget_tables(row: DataverseConnectionSetup) -> None:
    """Let what tables look like be asked anew: an import has changed them."""
    principal = principal_of(row, dataverse_origin(row.server_address))
    shelf_of(principal, settings.REDIS_URL).clear()


def dataverse_as(
    who: SignIn,
    row: DataverseConnectionSetup,
    *,
    check: Check | None = None,
    timing: Timing | None = None,
) -> Client:
    """Return a client of the row's environment that signs in as somebody else.

    Of somebody who is not stored nothing is kept in this process either.
    """
    origin = dataverse_origin(row.server_address)
    principal = principal_of(who, origin)
    return _client(
        Side.DATAVERSE,
        dataverse_root(row),
        sign_in_of(who, origin, keep=who.pk is not None),
        budget=budget_of(principal, limits.DATAVERSE, settings.REDIS_URL),
        pool=DATAVERSE_AT_ONCE,
        check=check,
        timing=timing,
    )


def business_central_root(address: str) -> str:
    """Return the address before `/api/…`, which people paste along."""
    return hosts.plain(hosts.check_form(address)).partition("/api/")[0]


def dataverse_origin(address: str) -> str:
    """Return scheme and host of an environment; the rest of an address people paste is dropped."""
    return hosts.plain(hosts.check_form(address)._replace(path=""))


def environment_of(row: DataverseConnectionSetup) -> str:
    """Return the address of an environment; with AD the organization stands in its path."""
    return place_of(AuthenticationType(row.authentication_type), row.server_address)


def place_of(kind: AuthenticationType, address: str) -> str:
    """Return what of an address that people paste is the environment."""
    is_ad = kind == AuthenticationType.AD
    return (organization_address if is_ad else dataverse_origin)(address)


def organization_address(address: str) -> str:
    """Return server and organization; what follows in an address that people paste is dropped."""
    parts = hosts.check_form(address)
    _, organization, *_ = [*parts.path.split("/"), "", ""]
    is_page = "." in organization or organization.lower() == "api"
    return hosts.plain(parts._replace(path="" if is_page else f"/{organization}"))


def dataverse_root(row: DataverseConnectionSetup) -> str:
    """Return where the Web API begins, at a host that may be called."""
    kind = AuthenticationType(row.authentication_type)
    api = web_api(kind, row.server_address, SdkVersion(row.sdk_version))
    return f"{hosts.check(environment_of(row))}{api}"


def sign_in_of(row: SignIn, resource: str, *, keep: bool = True) -> Tokens | WindowsUser:
    """Return how requests of the row prove who sends them."""
    if row.authentication_type == AuthenticationType.AD:
        check_complete(row, *NEEDED[AuthenticationType.AD])
        return WindowsUser(row.user_name, row.password.reveal())
    return tokens_of(row, resource, keep=keep)


def tokens_of(row: SignIn, resource: str, *, keep: bool = True) -> Tokens:
    """Return where the row's access tokens come from."""
    kind = AuthenticationType(row.authentication_type)
    if kind == AuthenticationType.OFFICE_365:
        raise ConfigurationError(RETIRED, cause=Cause.RETIRED)
    check_complete(row, *NEEDED[kind])
    credentials = Credentials(
        authority=hosts.check(row.authority),
        tenant=tenant_at(kind, row.authority, row.tenant),
        client_id=row.client_id,
        kind=kind,
        client_secret=row.client_secret.reveal(),
        certificate=row.certificate,
        private_key=row.private_key.reveal(),
        user_name=row.user_name,
        password=row.password.reveal(),
    )
    make = tokens_for if keep else tokens_for.__wrapped__
    return make(credentials, resource, trust.bundle())


def check_complete(row: SignIn, *fields: str) -> None:
    """Refuse a set-up that lacks something, and name it."""
    missing = [
        str(field.verbose_name)
        for field in row._meta.concrete_fields
        if field.name in fields and not getattr(row, field.name)
    ]
    if missing:
        *others, last = missing
        listed = f"{', '.join(others)} and {last}" if others else last
        message = f"The {row._meta.verbose_name} lacks {listed}. Fill in what is missing."
        raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)


def _client(side: Side, root: str, tokens: Tokens | WindowsUser, **options: Any) -> Client:
    return Client(side, root, tokens, ca_bundle=trust.bundle(), **options)


def principal_of(row: SignIn, address: str) -> str:
    """Return whom a system counts requests for: a user or application, at one server."""
    who = row.user_name or row.client_id
    return f"{urlsplit(address).netloc}/{row.tenant}/{who}".lower()


def _not_set_up(company: Company, side: str) -> ConfigurationError:
    message = (
        f"{company} is not connected with {side} yet. Set the connection up on its page, or with "
        "manage.py configure."
    )
    return ConfigurationError(message, cause=Cause.NOT_CONFIGURED)


# Enabling and disabling


STATE = ("is_enabled", "disable_reason", "restore_connection")


def enable(
    row: DataverseConnectionSetup | SalesConnectionSetup, *, by: AbstractBaseUser | None = None
) -> None:
    """Let the connection be used; Sales needs Dataverse (E-9.21)."""
    if isinstance(row, SalesConnectionSetup) and not dataverse_setup(row.company).is_enabled:
        message = (
            "Dynamics 365 Sales is reached through Dataverse. Enable the Dataverse Connection "
            "Setup first."
        )
        raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)
    _switch(row, Act.ENABLED, by)


def disable(
    row: DataverseConnectionSetup | SalesConnectionSetup,
    *,
    reason: str = "",
    restore: bool = False,
    by: AbstractBaseUser | None = None,
) -> None:
    """Let the connection rest, for good or to be restored; couplings and mappings stay (E-9.20)."""
    if isinstance(row, DataverseConnectionSetup) and has_sales(row.company):
        message = (
            "Dynamics 365 Sales still uses this connection. Disable the Microsoft Dynamics 365 "
            "Connection Setup first."
        )
        raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)
    _switch(row, Act.DISABLED, by, reason, restore=restore)


def _switch(
    row: DataverseConnectionSetup | SalesConnectionSetup,
    act: Act,
    by: AbstractBaseUser | None,
    reason: str = "",
    *,
    restore: bool = False,
) -> None:
    before = facts_of(row, STATE)
    row.is_enabled, row.disable_reason = act == Act.ENABLED, reason[:250]
    row.restore_connection = restore
    after = facts_of(row, STATE)
    with transaction.atomic():
        row.save(update_fields=STATE)
        if before != after:
            trail.note(act, row, before=before, after=after, reason=reason, by=by)
