"""The item availability service: stored in Sales, tried as Sales asks it, its key exchanged."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import requests
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from audit import trail
from audit.facts import facts_of
from audit.terms import Act
from connections import hosts, nav_connection, setup
from connections.causes import Cause
from connections.checks import IMPATIENT
from connections.errors import ConfigurationError, IntegrationError, TransientError
from connections.lone_request import answered
from connections.models import BusinessCentralConnection, Company, SalesConnectionSetup
from connections.nav_connection import KEY, URL, USER
from connections.systems import Side

SERVICE = "ItemAvailability"  # as the extension publishes it
FIELDS = (
    "item_availability_service_enabled",
    "odata_url",
    "odata_user_name",
    "odata_access_key",
    "odata_key_changed_at",
    "odata_key_expires_on",
)
LONGEST = 250
OLD_AGE = timedelta(days=365)  # a key of this age is to be exchanged
OK, UNAUTHORIZED, FORBIDDEN, SERVER_ERROR = 200, 401, 403, 500


@dataclass(frozen=True, slots=True)
class Stock:
    """What the service says of one item."""

    item: str
    description: str
    unit: str
    inventory: Decimal

    @property
    def amount(self) -> str:
        return f"{self.inventory.normalize():f} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of asking the service as Sales does."""

    url: str
    user_name: str
    seconds: float
    found: Stock | None

    @property
    def milliseconds(self) -> int:
        return round(self.seconds * 1000)

    @property
    def sentence(self) -> str:
        answered = f"The service answers {self.user_name} in {self.milliseconds} ms"
        if self.found is None:
            return f"{answered}; it shows no item."
        stock = self.found
        return f"{answered}: {stock.item} {stock.description}, {stock.amount}."


# Acts


def publish(
    company: Company,
    *,
    user_name: str,
    access_key: str,
    now: datetime,
    url: str = "",
    expires_on: date | None = None,
    by: AbstractBaseUser | None = None,
) -> Trial:
    """Try the service with what is given, then let Sales have it; again it changes what differs."""
    row = setup.enabled_sales_setup(company)
    _check_given(user_name, access_key)
    _check_end(expires_on, now)
    address = _checked(url or default_url(company))
    trial = ask(address, user_name, access_key)
    nav_connection.tell(row, {URL: address, USER: user_name, KEY: access_key})
    before = facts_of(row, FIELDS)
    row.item_availability_service_enabled = True
    row.odata_url, row.odata_user_name = address, user_name
    if row.odata_access_key.reveal() != access_key:
        row.odata_access_key, row.odata_key_changed_at = access_key, now
    row.odata_key_expires_on = expires_on
    _save(row, before, Act.ENABLED, by)
    return trial


def rotate(
    company: Company,
    *,
    access_key: str,
    now: datetime,
    expires_on: date | None = None,
    by: AbstractBaseUser | None = None,
) -> Trial:
    """Take the key that the user's card shows now; the old one stays until the new one works."""
    row = published(company)
    _check_given(row.odata_user_name, access_key)
    _check_end(expires_on, now)
    if row.odata_access_key.reveal() == access_key:
        message = (
            "This is the key that is stored already. Choose Change Web Service Key on the user's "
            "card in Business Central first."
        )
        raise ConfigurationError(message, cause=Cause.NO_KEY)
    trial = ask(_checked(row.odata_url), row.odata_user_name, access_key)
    nav_connection.tell(row, {URL: row.odata_url, USER: row.odata_user_name, KEY: access_key})
    before = facts_of(row, FIELDS)
    row.odata_access_key, row.odata_key_changed_at = access_key, now
    row.odata_key_expires_on = expires_on
    _save(row, before, Act.CHANGED, by)
    return trial


def unpublish(company: Company, *, by: AbstractBaseUser | None = None) -> None:
    """Take the service away from Sales, and forget user and key (C-0608)."""
    row = setup.enabled_sales_setup(company)
    nav_connection.tell(row, {URL: None, USER: None, KEY: None}, create=False)
    before = facts_of(row, FIELDS)
    row.item_availability_service_enabled = False
    row.odata_url = row.odata_user_name = ""
    row.odata_access_key, row.odata_key_changed_at = "", None
    row.odata_key_expires_on = None
    _save(row, before, Act.DISABLED, by)


def try_as_sales(company: Company) -> Trial:
    """Ask the service with what stands in Sales, which may differ from what stands here."""
    row = published(company)
    found = nav_connection.find(row)
    stored = {name: str(found.values[name] or "") for name in (URL, USER, KEY)} if found else {}
    if not all(stored.values()) or not stored:
        message = "Sales does not hold the service's URL, user and key. Publish it again."
        raise ConfigurationError(message, cause=Cause.NOT_AVAILABLE)
    return ask(_checked(stored[URL]), stored[USER], stored[KEY])


def age_of_key(row: SalesConnectionSetup, now: datetime) -> timedelta | None:
    """Return how long the key has been in use; None where there is none."""
    return now - row.odata_key_changed_at if row.odata_key_changed_at else None


def published(company: Company) -> SalesConnectionSetup:
    """Return the set-up of Sales; the service must be switched on."""
    row = setup.enabled_sales_setup(company)
    if not row.item_availability_service_enabled:
        message = "The item availability service is not published. Publish it first."
        raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)
    return row


# The service


def default_url(company: Company) -> str:
    """Return where Business Central answers for this company."""
    row = setup.business_central_connection(company)
    setup.check_complete(row, "server_address")
    name = _name_in_business_central(row).replace("'", "''")
    root = setup.business_central_root(row.server_address)
    return f"{root}/ODataV4/Company('{quote(name)}')/{SERVICE}"


def _name_in_business_central(row: BusinessCentralConnection) -> str:
    company = row.company
    for told in setup.business_central_of(row, timing=IMPATIENT).companies():
        if str(told.get("id")).lower() == str(company.business_central_id).lower():
            return str(told["name"])
    return company.name


def ask(url: str, user_name: str, access_key: str) -> Trial:
    """Ask for one item with user and key, and nothing else, as Sales does."""
    began = time.monotonic()
    headers = {"Accept": "application/json", "Authorization": _authorization(user_name, access_key)}
    one = f"{url}?{urlencode({'$top': 1})}"
    with answered(Side.BUSINESS_CENTRAL, one, IMPATIENT, headers=headers) as answer:
        seconds = time.monotonic() - began
        return Trial(url, user_name, seconds, _found(answer, user_name))


def _authorization(user_name: str, access_key: str) -> str:
    """Names may hold any letter, which `requests` would not let through."""
    return f"Basic {b64encode(f'{user_name}:{access_key}'.encode()).decode()}"


def _found(answer: requests.Response, user_name: str) -> Stock | None:
    if answer.status_code != OK:
        raise _refusal(answer.status_code, user_name)
    try:
        rows = json.loads(answer.content, parse_float=Decimal)["value"]
        return _stock(rows[0]) if rows else None
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        message = "Something else than the service answers at this URL. Correct the URL."
        raise ConfigurationError(message, cause=Cause.NOT_AVAILABLE) from error


def _stock(row: dict[str, Any]) -> Stock:
    return Stock(row["ItemNo"], row["Description"], row["UOM"], Decimal(row["Inventory"]))


def _refusal(status: int, user_name: str) -> IntegrationError:
    if status == UNAUTHORIZED:
        message = (
            f"Business Central does not accept {user_name} with this key. Enter the key that the "
            "user's card shows; Business Central online takes no such keys since 2022."
        )
        return ConfigurationError(message, cause=Cause.USER_UNKNOWN)
    if status == FORBIDDEN:
        message = (
            f"{user_name} may not read items. Give the user the permission set SI Availability."
        )
        return ConfigurationError(message, cause=Cause.FORBIDDEN)
    if status >= SERVER_ERROR:
        message = f"The item availability service failed (status {status}). Try again later."
        return TransientError(message, cause=Cause.UNAVAILABLE)
    message = (
        f"There is no item availability service at this URL (status {status}). Publish the web "
        f"service {SERVICE} in Business Central, or correct the URL."
    )
    return ConfigurationError(message, cause=Cause.NOT_AVAILABLE)


def _checked(url: str) -> str:
    address = hosts.check(url)
    if len(address) > LONGEST:
        message = f"The URL has {len(address)} signs; Sales keeps {LONGEST}. Enter a shorter one."
        raise ConfigurationError(message, cause=Cause.VALUE_TOO_LONG)
    return address


def _check_given(user_name: str, access_key: str) -> None:
    if not user_name or ":" in user_name or len(user_name) > LONGEST:
        message = "Enter the name of a user of Business Central that has a web service access key."
        raise ConfigurationError(message, cause=Cause.USER_UNKNOWN)
    if not access_key or len(access_key) > LONGEST:
        message = f"{user_name} needs a web service access key. Enter the one on the user's card."
        raise ConfigurationError(message, cause=Cause.NO_KEY)


def _check_end(expires_on: date | None, now: datetime) -> None:
    if expires_on is not None and expires_on <= now.date():
        message = f"The key expired on {expires_on:%Y-%m-%d}. Enter the one that took its place."
        raise ConfigurationError(message, cause=Cause.KEY_EXPIRED)


def _save(
    row: SalesConnectionSetup, before: dict[str, Any], act: Act, by: AbstractBaseUser | None
) -> None:
    after = facts_of(row, FIELDS)
    with transaction.atomic():
        row.save(update_fields=FIELDS)
        if before != after:
            trail.note(act, row, before=before, after=after, reason="Item availability", by=by)
