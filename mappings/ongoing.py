"""What goes on in Sales with a coupled customer, as its page shows it (E-8.96)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from connections import setup
from connections.catalogue import CATALOGUE
from connections.causes import Cause
from connections.checks import IMPATIENT
from connections.dataverse.ongoing import Ongoing, ongoing
from connections.errors import IntegrationError
from connections.health import PRIVILEGE
from connections.models import Company
from mappings import links


class Link(NamedTuple):
    """What is called by a name, and where Sales shows it ("" where nobody knows)."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One kind of work with the customer."""

    told: Ongoing
    url: str  # of all of its kind in Sales
    latest: Sequence[Link]

    @property
    def reason(self) -> str:
        """Why it cannot be told: without the ids in Dataverse's own words, and what would help."""
        trouble = self.told.trouble
        if trouble is None:
            return ""
        lacking = ", ".join(dict.fromkeys(PRIVILEGE.findall(trouble.message)))
        if trouble.cause == Cause.FORBIDDEN and lacking:
            return f"Not shown: give a security role of the integration user {lacking} to see them."
        return f"Not shown: {CATALOGUE[trouble.cause].title}. {CATALOGUE[trouble.cause].advice}"


@dataclass(frozen=True, slots=True)
class InSales:
    """Everything that was asked for, or why nothing could be."""

    kinds: Sequence[Shown] = ()
    trouble: IntegrationError | None = None

    @property
    def advice(self) -> str:
        return CATALOGUE[self.trouble.cause].advice if self.trouble else ""


def in_sales(company: Company, account: UUID) -> InSales:
    """Ask Sales, briefly; that it cannot be reached is something to show, never a failure."""
    try:
        row = setup.dataverse_setup(company)
        setup.check_enabled(row)
        told = ongoing(setup.dataverse_of(row, timing=IMPATIENT), account)
    except IntegrationError as error:
        return InSales(trouble=error)
    return InSales([_shown(company, one) for one in told])


def _shown(company: Company, one: Ongoing) -> Shown:
    table = one.kind.table
    latest = [Link(name or str(key), links.sales(company, table, key)) for key, name in one.latest]
    return Shown(one, links.sales_list(company, table), latest)
