"""The row in Sales that says where the company's Business Central is: its pages, and its stock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote, urlsplit
from uuid import uuid5

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from audit import trail
from audit.facts import facts_of
from audit.terms import Act
from connections import setup
from connections.causes import Cause
from connections.checks import IMPATIENT
from connections.errors import ConfigurationError
from connections.models import BusinessCentralConnection, Company, SalesConnectionSetup
from connections.systems import Create, Record, Selection, System, Update, Value, everything

TABLE = "nav_connection"
WEB_CLIENT = "nav_dynamicsnavurl"
OPEN_PATH = "/open/"  # of the console: opens the record that is coupled to a row of Sales
URL, USER, KEY = (
    "nav_dynamicsnavodataurl",
    "nav_dynamicsnavodatausername",
    "nav_dynamicsnavodataaccesskey",
)
COLUMNS = ("nav_name", WEB_CLIENT, URL, USER, KEY)


def default_web_client_url(company: Company) -> str:
    """Return where the company opens from Sales; empty where nobody said (E-9.50).

    Where the console knows its own address that is the console: Business Central does not know what
    is coupled, and could open no record (docs/adr/0070).
    """
    row = BusinessCentralConnection.objects.filter(company=company).first()
    address = row.web_client_url if row else ""
    if not address or not urlsplit(address).scheme:
        return ""
    if settings.CONSOLE_URL:
        return f"{settings.CONSOLE_URL}{OPEN_PATH}?company={quote(company.name)}"
    return f"{address.rstrip('/')}?company={quote(company.name)}"


def web_client_url(row: SalesConnectionSetup) -> str:
    """Return what Sales is to open: what the set-up says, else the default (C-0607)."""
    return row.web_client_url or default_web_client_url(row.company)


def tell_web_client(row: SalesConnectionSetup, url: str) -> None:
    """Let Sales open this address; empty takes it away and leaves the rest (E-9.25)."""
    tell(row, {WEB_CLIENT: url or None}, create=bool(url))


def reset_web_client(row: SalesConnectionSetup, *, by: AbstractBaseUser | None = None) -> None:
    """Let Sales open the company's own address again (E-9.51)."""
    before = facts_of(row, ("web_client_url",))
    tell_web_client(row, default_web_client_url(row.company))
    row.web_client_url = ""
    with transaction.atomic():
        row.save(update_fields=["web_client_url"])
        after = {"web_client_url": default_web_client_url(row.company)}
        trail.note(Act.RESET, row, before=before, after=after, reason="Web Client URL", by=by)


def tell(row: SalesConnectionSetup, values: Mapping[str, Value], *, create: bool = True) -> None:
    """Write the row that Sales reads; it is made where there is none (E-9.50)."""
    company, dataverse = row.company, _dataverse(row.company)
    found = _find(dataverse, row)
    if found is not None:
        write: Create | Update = Update(found, values)
    elif create:
        named = {"nav_name": company.name, WEB_CLIENT: web_client_url(row) or None}
        write = Create(uuid5(company.business_central_id, TABLE), {**named, **values})
    else:
        return
    [written] = dataverse.write(TABLE, [write], COLUMNS)
    if written.error is not None:
        raise written.error


def find(row: SalesConnectionSetup) -> Record | None:
    """Return the company's row: by our id, by the web client's address, or by the service's."""
    return _find(_dataverse(row.company), row)


def _dataverse(company: Company) -> System:
    return setup.dataverse_of(setup.dataverse_setup(company), timing=IMPATIENT)


def _find(dataverse: System, row: SalesConnectionSetup) -> Record | None:
    try:
        rows = everything(dataverse, Selection(TABLE, COLUMNS))
    except ConfigurationError as error:
        if error.cause != Cause.UNKNOWN_TABLE:
            raise
        message = (
            f"Sales has no table {TABLE}, which the integration solution brings. Redeploy the "
            "integration solution first."
        )
        raise ConfigurationError(message, cause=Cause.SOLUTION) from error
    ours = uuid5(row.company.business_central_id, TABLE)
    clients = {web_client_url(row), default_web_client_url(row.company)} - {""}
    ways: tuple[Callable[[Record], bool], ...] = (
        lambda found: found.id == ours,
        lambda found: found.values[WEB_CLIENT] in clients,
        lambda found: bool(row.odata_url) and found.values[URL] == row.odata_url,
    )
    for fits in ways:
        if match := next((one for one in rows if fits(one)), None):
            return match
    return None
