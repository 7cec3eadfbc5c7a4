"""When the credentials of the connections end, so that somebody renews them before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time

from cryptography import x509

from connections.causes import Cause
from connections.checks import WARN_BEFORE
from connections.health import Finding, WrongError, timed
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    DeploymentIdentity,
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
    return found


def _look(row: SignIn, now: datetime) -> str:
    ends = list(_ends(row))
    if not ends:
        return "No day is entered on which they end."
    what, end = ends[0]
    if end < now:
        raise WrongError(Cause.EXPIRING, f"The {what} ended on {end:%Y-%m-%d}.", what)
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
        yield "client secret", datetime.combine(row.client_secret_expires_on, time.min, tzinfo=UTC)
