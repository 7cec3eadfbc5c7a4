"""Whether the web clients answer in which people open records, from the console and from Sales."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from connections import hosts
from connections.causes import Cause
from connections.checks import IMPATIENT
from connections.errors import IntegrationError
from connections.health import CONSOLE, Finding, State, WrongError, timed
from connections.hosts import AddressRefusedError
from connections.lone_request import answered
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    SalesConnectionSetup,
)
from connections.systems import Side

GONE, SERVER_ERROR = (404, 410), 500


def check_web_clients(company: Company) -> list[Finding]:
    """Open each address once, as a browser would that is not signed in (C-3301).

    People enter these addresses, so the console calls none that its list of hosts does not admit,
    and none without https; browsers open those too.
    """
    return [found for name, side, url in _addresses(company) for found in _look(name, side, url)]


def _addresses(company: Company) -> Iterator[tuple[str, Side, str]]:
    here = BusinessCentralConnection.objects.filter(company=company).first()
    there = DataverseConnectionSetup.objects.filter(company=company).first()
    sales = SalesConnectionSetup.objects.filter(company=company, is_enabled=True).first()
    wanted = (
        ("Web client of Business Central", Side.BUSINESS_CENTRAL, here),
        ("Web client of Sales", Side.DATAVERSE, there),
        ("Web client that Sales opens", Side.BUSINESS_CENTRAL, sales),
    )
    seen = {""}
    for name, side, row in wanted:
        url = row.web_client_url if row else ""
        is_ours = bool(settings.CONSOLE_URL) and url.startswith(settings.CONSOLE_URL)
        if url not in seen and urlsplit(url).scheme == "https" and not is_ours:
            seen.add(url)
            yield name, side, url


def _look(name: str, side: Side, url: str) -> list[Finding]:
    try:
        hosts.check(urlsplit(url)._replace(query="", fragment="").geturl())
    except AddressRefusedError as error:
        sentence = f"Not looked at: {error.message}"
        return [Finding(CONSOLE, name, State.ATTENTION, sentence, code=error.cause)]
    except IntegrationError:
        pass  # no server is known by that name: asking it says so
    return timed(CONSOLE, name, lambda: _asked(side, url))


def _asked(side: Side, url: str) -> str:
    where = urlsplit(url).netloc
    try:
        with answered(side, url, IMPATIENT, stream=True) as answer:
            status = answer.status_code
    except IntegrationError as error:  # of a page of people: the systems may be well
        raise WrongError(Cause.WEB_CLIENT, error.message, where) from error
    if status in GONE or status >= SERVER_ERROR:
        raise WrongError(Cause.WEB_CLIENT, f"{url} answers with HTTP {status}.", where)
    return f"{where} answers."
