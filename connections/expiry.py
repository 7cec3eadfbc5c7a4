"""When the credentials of the connections end, so that somebody renews them before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

from cryptography import x509

from connections.causes import Cause
from connections.checks import WARN_BEFORE
from connections.health import Finding, WrongError, timed
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    DeploymentIdentity,
    SalesConnectionSetup,
    SignIn,
)
from connections.systems import Side
from connections.terms import AuthenticationType

WHO = (
    (BusinessCentralConnection, Side.BUSINESS_CENTRAL, "Credentials"),
    (DataverseConnectionSetup, Side.DATAVERSE, "Credentials"),
    (DeploymentIdentity, Side.DATAVERSE, "Credentials of the deployment identity"),
)


def check_credentials(company: Company, *, now: datetime) -> list[Finding]:
    """Look at the end of each certificate, and of each client secret whose end was entered."""
    found = []
    for model, side, name in WHO:
        row = model._default_manager.filter(company=company).first()
        if row is not None:
            found += timed(side, name, lambda row=row: _look(row, now))  # type: ignore[misc]
    sales = SalesConnectionSetup.objects.filter(company=company).first()
    if sales is not None and (last := sales.odata_key_expires_on):
        what, end = "access key of item availability", _begin_of(last)
        over = Cause.KEY_EXPIRED
        found += timed(Side.DATAVERSE, "Access key", lambda: _until(what, end, now, over=over))
    return found


def _look(row: SignIn, now: datetime) -> str:
    ends = list(_ends(row))
    if not ends:
        return "No day is entered on which they end."
    what, end = ends[0]
    return _until(what, end, now)


def _until(what: str, end: datetime, now: datetime, *, over: Cause = Cause.EXPIRING) -> str:
    if end < now:
        raise WrongError(over, f"The {what} ended on {end:%Y-%m-%d}.", what)
    if end - now < WARN_BEFORE:
        raise WrongError(Cause.EXPIRING, f"The {what} ends on {end:%Y-%m-%d}.", what)
    return f"The {what} is good until {end:%Y-%m-%d}."


def _ends(row: SignIn) -> Iterator[tuple[str, datetime]]:
    if row.authentication_type == AuthenticationType.CERTIFICATE:
        try:
            yield (
                "certificate",
                x509.load_pem_x509_certificate(row.certificate.encode()).not_valid_after_utc,
            )
        except ValueError:
            return  # the sign-in says so
    if row.authentication_type == AuthenticationType.CLIENT_SECRET and row.client_secret_expires_on:
        yield "client secret", _begin_of(row.client_secret_expires_on)


def _begin_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
