"""Where a set-up leads on: the pages, acts and records of its menu *Related* (P05, P06)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.urls import reverse

from connections.models import Company, DataverseConnectionSetup
from connections.terms import OwnershipModel
from integration_admin.roles import Right, SignedInRequest, has_right
from mappings import links

BUSINESS_CENTRAL, DATAVERSE, SALES = "business_central", "dataverse", "sales"
ONE = frozenset({DATAVERSE})
BOTH = frozenset({DATAVERSE, SALES})
EVERY = BOTH | {BUSINESS_CENTRAL}
SYNCHRONIZATION, THERE, SETTINGS = "Synchronization", "In Dynamics 365", "Set-up"
DISABLED = "Enable the connection first."


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides which links a set-up has."""

    kind: str
    row: Any
    dataverse: DataverseConnectionSetup | None

    @property
    def company(self) -> Company:
        company: Company = self.row.company
        return company

    @property
    def is_enabled(self) -> bool:
        return bool(getattr(self.row, "is_enabled", False))


def _user(now: Situation) -> str:
    user = now.dataverse.integration_user_id if now.dataverse else None
    return links.sales(now.company, "systemuser", user) if user else ""


def _team(now: Situation) -> str:
    team = now.dataverse.owning_team_id if now.dataverse else None
    return links.sales(now.company, "team", team) if team else ""


def _guide(now: Situation) -> str:
    return "" if now.kind == DATAVERSE and now.is_enabled else reverse("guide", args=[now.kind])


def _salespeople(now: Situation) -> str:
    """E-1.86: only with the model Person they are coupled with users."""
    has = now.dataverse is not None and now.dataverse.ownership_model == OwnershipModel.PERSON
    return reverse("couple_salespeople") if has else ""


@dataclass(frozen=True, slots=True)
class Related:
    """A link of the menu; an address that is empty leaves it out."""

    head: str
    caption: str
    icon: str
    address: str | Callable[[Situation], str]  # the name of a URL and a query, or what finds it
    right: Right
    kinds: frozenset[str] = BOTH
    is_act: bool = False
    is_elsewhere: bool = False  # opens in a tab of its own
    in_use: bool = False  # only while the connection is enabled

    def of(self, now: Situation) -> Link | None:
        if callable(self.address):
            address = self.address(now)
        else:
            name, _, query = self.address.partition("?")
            address = f"{reverse(name)}{f'?{query}' if query else ''}"
        reason = DISABLED if self.in_use and not now.is_enabled else ""
        return Link(self, address, reason) if address or reason else None


@dataclass(frozen=True, slots=True)
class Link:
    """A link as somebody sees it; with a reason it leads nowhere at the moment."""

    to: Related
    address: str
    reason: str


ALL = (
    Related(SYNCHRONIZATION, "Integration Table Mappings", "list", "mappings", Right.VIEW_MAPPING,
            EVERY),
    Related(SYNCHRONIZATION, "Synch. Job Queue Entries", "clock", "job_queue?view=synch",
            Right.VIEW_JOB),
    Related(SYNCHRONIZATION, "Skipped Synch. Records", "skip", "coupling_errors",
            Right.VIEW_COUPLING),
    Related(SYNCHRONIZATION, "Couple Salespeople", "couple", _salespeople, Right.VIEW_COUPLING,
            in_use=True),
    Related(SYNCHRONIZATION, "Synchronize Modified Records", "play", "synchronize_all",
            Right.RUN_SYNC, is_act=True, in_use=True),
    Related(SYNCHRONIZATION, "Run Full Synchronization", "refresh", "mappings",
            Right.RUN_FULL_SYNC, in_use=True),
    Related(THERE, "Redeploy Integration Solution", "refresh", "redeploy", Right.VIEW_ROLES),
    Related(THERE, "Integration Solutions", "download", "security_roles?tab=solutions",
            Right.VIEW_ROLES, ONE, in_use=True),
    Related(THERE, "Integration User Roles", "shield", "security_roles?tab=user",
            Right.VIEW_ROLES, ONE, in_use=True),
    Related(THERE, "Owning Team Roles", "shield", "security_roles?tab=team", Right.VIEW_ROLES, ONE,
            in_use=True),
    Related(THERE, "Dataverse Integration User", "external", _user, Right.VIEW_ROLES, ONE,
            is_elsewhere=True, in_use=True),
    Related(THERE, "Dataverse Owning Team", "external", _team, Right.VIEW_ROLES, ONE,
            is_elsewhere=True, in_use=True),
    Related(SETTINGS, "Assisted Setup", "list", _guide, Right.CHANGE_CONNECTION),
    Related(SETTINGS, "Encryption Management", "key", "encryption", Right.MANAGE_SECRETS, EVERY),
)  # fmt: skip


def menu(request: SignedInRequest, kind: str, row: Any) -> list[tuple[str, list[Link]]]:
    """Return the links that somebody may follow from a set-up, below their headings."""
    dataverse = row if kind == DATAVERSE else None
    dataverse = dataverse or DataverseConnectionSetup.objects.filter(company=row.company).first()
    now = Situation(kind, row, dataverse)
    allowed = [one for one in ALL if kind in one.kinds and has_right(request.user, one.right)]
    found = [link for one in allowed if (link := one.of(now))]
    return [(head, list(some)) for head, some in groupby(found, lambda link: link.to.head)]
