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
from connections.shelf import shelf_of
from connections.systems import Side
from connections.terms import AuthenticationType
from connections.tokens import Credentials, Tokens, tokens_for

WEB_API = "/api/data/v9.2"
BUSINESS_CENTRAL_AT_ONCE = 5  # Business Central runs five requests of a user, others queue
DATAVERSE_AT_ONCE = 16
NEEDED = {
    AuthenticationType.CLIENT_SECRET: ("client_id", "client_secret"),
    AuthenticationType.CERTIFICATE: ("client_id", "certificate", "private_key"),
    AuthenticationType.PASSWORD: ("client_id", "user_name", "password"),
}
Check = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Systems:
    """The two sides of a company."""

    business_central: BusinessCentral
    dataverse: Dataverse


def systems_of(company: Company, *, check: Check | None = None) -> Systems:
    """Return both systems of a company; `check` is called while anything waits, and may raise."""
    setup = dataverse_setup(company)
    if not setup.is_enabled:
        reason = f" ({setup.disable_reason})" if setup.disable_reason else ""
        message = (
            f"The connection of {company} to Dataverse is disabled{reason}. Test the connection "
            "and enable it in Dataverse Connection Setup."
        )
        raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)
    business_central = business_central_of(business_central_connection(company), check=check)
    return Systems(business_central, dataverse_of(setup, check=check))


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
        tokens_of(row, row.resource),
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
    origin = hosts.check(dataverse_origin(row.server_address))
    principal = principal_of(row, origin)
    client = _client(
        Side.DATAVERSE,
        f"{origin}{WEB_API}",
        tokens_of(row, origin),
        budget=budget_of(principal, limits.DATAVERSE, settings.REDIS_URL),
        pool=DATAVERSE_AT_ONCE,
        check=check,
        timing=timing,
    )
    return Dataverse(client, shelf_of(principal, settings.REDIS_URL))


def dataverse_as(
    who: SignIn,
    row: DataverseConnectionSetup,
    *,
    check: Check | None = None,
    timing: Timing | None = None,
) -> Client:
    """Return a client of the row's environment that signs in as somebody else."""
    origin = hosts.check(dataverse_origin(row.server_address))
    principal = principal_of(who, origin)
    return _client(
        Side.DATAVERSE,
        f"{origin}{WEB_API}",
        tokens_of(who, origin),
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


def tokens_of(row: SignIn, resource: str) -> Tokens:
    """Return where the row's access tokens come from."""
    check_complete(row, "authority", "tenant", *NEEDED[AuthenticationType(row.authentication_type)])
    credentials = Credentials(
        authority=hosts.check(row.authority),
        tenant=row.tenant,
        client_id=row.client_id,
        kind=AuthenticationType(row.authentication_type),
        client_secret=row.client_secret.reveal(),
        certificate=row.certificate,
        private_key=row.private_key.reveal(),
        user_name=row.user_name,
        password=row.password.reveal(),
    )
    return tokens_for(credentials, resource, trust.bundle())


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


def _client(side: Side, root: str, tokens: Tokens, **options: Any) -> Client:
    return Client(side, root, tokens, ca_bundle=trust.bundle(), **options)


def principal_of(row: SignIn, address: str) -> str:
    """Return whom a system counts requests for: a user or application, at one server."""
    who = row.user_name or row.client_id
    return f"{urlsplit(address).netloc}/{row.tenant}/{who}".lower()


def _not_set_up(company: Company, side: str) -> ConfigurationError:
    message = (
        f"{company} is not connected with {side} yet. Set the connection up with "
        "manage.py configure."
    )
    return ConfigurationError(message, cause=Cause.NOT_CONFIGURED)


# Enabling and disabling


STATE = ("is_enabled", "disable_reason")


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
    by: AbstractBaseUser | None = None,
) -> None:
    """Let the connection rest; couplings and mappings stay (E-9.20)."""
    if isinstance(row, DataverseConnectionSetup):
        sales = SalesConnectionSetup.objects.filter(company=row.company, is_enabled=True)
        if sales.exists():
            message = (
                "Dynamics 365 Sales still uses this connection. Disable the Microsoft Dynamics "
                "365 Connection Setup first."
            )
            raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)
    _switch(row, Act.DISABLED, by, reason)


def _switch(
    row: DataverseConnectionSetup | SalesConnectionSetup,
    act: Act,
    by: AbstractBaseUser | None,
    reason: str = "",
) -> None:
    before = facts_of(row, STATE)
    row.is_enabled, row.disable_reason = act == Act.ENABLED, reason[:250]
    after = facts_of(row, STATE)
    with transaction.atomic():
        row.save(update_fields=STATE)
        if before != after:
            trail.note(act, row, before=before, after=after, reason=reason, by=by)
