"""What Sales told of itself when somebody last looked: version, solution, the switch of orders."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from connections import deployment, nav_connection, order_integration, setup
from connections.checks import IMPATIENT
from connections.errors import IntegrationError
from connections.models import Company, SalesConnectionSetup
from connections.solution.manifest import UNIQUE_NAME, is_older, shown, version_of
from connections.solution_host import SolutionHost
from connections.terms import SalesOrderModel

FIELDS = ("sales_version", "solution_version", "orders_in_sales", "checked_at")
OLDEST = (9, 1)  # the Web API 9.2, which the console speaks, came with it


@dataclass(frozen=True, slots=True)
class Status:
    """The stored answers, judged."""

    row: SalesConnectionSetup
    shipped: str

    @property
    def is_known(self) -> bool:
        return self.row.checked_at is not None

    @property
    def is_supported(self) -> bool:
        told = self.row.sales_version
        return bool(told) and not is_older(version_of(told), OLDEST)

    @property
    def is_installed(self) -> bool:
        return bool(self.row.solution_version)

    @property
    def is_outdated(self) -> bool:
        installed = self.row.solution_version
        return bool(installed) and is_older(version_of(installed), version_of(self.shipped))

    @property
    def orders_differ(self) -> bool:
        """Whether somebody set the switch in Sales otherwise than here (E-9.24)."""
        here = self.row.sales_order_model == SalesOrderModel.ORDER_INTEGRATION
        told = self.row.orders_in_sales
        return told is not None and told != here


def status_of(row: SalesConnectionSetup) -> Status:
    """Return what is known, without asking Sales."""
    return Status(row, deployment.version_of_package(row.company))


def refresh(company: Company, *, now: datetime) -> Status:
    """Ask Sales and note what it tells."""
    row = setup.enabled_sales_setup(company)
    client = setup.dataverse_of(setup.dataverse_setup(company), timing=IMPATIENT).client
    host = SolutionHost(client)
    version = host.version()
    installed = host.installed(UNIQUE_NAME)
    row.sales_version = version[:50]
    row.solution_version = shown(installed) if installed else ""
    row.orders_in_sales = order_integration.is_on_in_sales(client)
    row.checked_at = now
    row.save(update_fields=FIELDS)
    return status_of(row)


def introduce(company: Company, *, now: datetime) -> Status:
    """Tell Sales where Business Central opens, and note what Sales tells (E-9.41, E-9.24)."""
    row = setup.enabled_sales_setup(company)
    if url := nav_connection.web_client_url(row):
        nav_connection.tell_web_client(row, url)
    return refresh(company, now=now)


def take_leave(row: SalesConnectionSetup) -> None:
    """Take the web client's address away from Sales, and forget what Sales told (E-9.25).

    Where Sales is away the address stays there, which keeps nobody from disabling.
    """
    if row.checked_at is not None:
        with suppress(IntegrationError):
            nav_connection.tell_web_client(row, "")
    row.sales_version = row.solution_version = ""
    row.orders_in_sales = row.checked_at = None
    row.save(update_fields=FIELDS)
