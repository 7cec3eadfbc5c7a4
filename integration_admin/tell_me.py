"""Tell me: finds pages, tasks, mappings, entries and records by the names people know (C-0024)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from integration_admin import personal
from integration_admin.chrome import AREAS
from integration_admin.columns import Cell
from integration_admin.pages import list_at
from integration_admin.roles import Right, SignedInRequest, has_right, requires

LONGEST, A_LIST = 100, 8  # characters of a question; rows shown of each list
LISTS = ("mappings", "job_queue", "couplings")  # whose rows are found, besides pages

# What pages are called in Business Central, in its older versions, and by people.
OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "home": ("Role Center", "Dashboard", "Synchronization status"),
    "connections": ("Test Connection", "Service Connections"),
    "assisted_setup": (
        "Set up a connection to Dataverse",
        "Set up a connection to Dynamics 365 Sales",
        "CDS Connection Setup Wizard",
        "CRM Connection Setup Wizard",
    ),
    "business_central_setup": ("LCY Code", "Web Client URL"),
    "dataverse_setup": (
        "CDS Connection Setup",
        "Common Data Service Connection Setup",
        "Ownership Model",
    ),
    "sales_setup": (
        "CRM Connection Setup",
        "Microsoft Dynamics CRM Connection Setup",
        "Dynamics 365 Sales",
        "Unit Group Mapping",
        "SDK Version",
    ),
    "redeploy": ("Import the integration solution", "Solution package"),
    "security_roles": ("Permissions", "Privileges", "Repair roles"),
    "health": ("Health Check", "Monitoring"),
    "mappings": ("CRM Integration Table Mappings", "Run Full Synchronization", "Preview"),
    "default_setup": ("Reset Configuration", "Default mappings"),
    "couplings": ("CRM Coupling", "Coupled records"),
    "coupling_errors": ("Skipped Synch. Records", "CRM Skipped Records"),
    "option_errors": ("CDS Option Mapping", "CRM Option Mapping"),
    "couple_salespeople": ("Couple CDS Users", "Salespersons"),
    "errors": ("Integration Synch. Errors",),
    "synch_jobs": ("Integration Synch. Job List", "Synchronization Log"),
    "job_queue": ("CRM Job Queue", "Scheduled tasks"),
    "runs": ("Job Queue Log", "History of runs"),
    "audit_log": ("Change Log Entries", "Verify"),
    "api_tokens": ("Web Service Access Keys", "Personal access tokens"),
    "users": ("User roles", "Permission Sets"),
    "encryption": ("Data Encryption Management", "Rotate secrets"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A page or a task that can be gone to, with all its names."""

    caption: str
    area: str
    url_name: str
    right: Right
    other_names: tuple[str, ...] = ()
    query: str = ""

    @property
    def address(self) -> str:
        return reverse(self.url_name) + self.query

    def answers(self, words: list[str]) -> bool:
        names = " ".join((self.caption, self.area, *self.other_names)).casefold()
        return all(word in names for word in words)

    def known_as(self, words: list[str]) -> str:
        """Return the other name that was meant; empty where the caption itself was."""
        if all(word in self.caption.casefold() for word in words):
            return ""
        names = (n for n in self.other_names if all(word in n.casefold() for word in words))
        return next(names, "")


# What is to be found besides the pages of the navigation.
TASKS = (
    Place(
        "Item Availability Web Service", "Connections", "item_availability",
        Right.CHANGE_CONNECTION, ("OData URL", "Web Service Key"),
    ),
    Place(
        "Sales Order Integration", "Connections", "order_integration", Right.CHANGE_CONNECTION,
        ("Submitted orders", "Enable order processing"),
    ),
    Place(
        "Coupled Business Unit", "Connections", "business_unit", Right.CHANGE_CONNECTION,
        ("Owning team",),
    ),
    Place(
        "Deployment Identity", "Connections", "deployment_identity", Right.MANAGE_SECRETS,
        ("System Administrator",),
    ),
    Place("Sellers", "Connections", "sellers", Right.VIEW_ROLES, ("Product Availability User",)),
    Place(
        "Skipped couplings", "Couplings", "couplings", Right.VIEW_COUPLING,
        ("Skipped Synch. Records", "CRM Skipped Records"), "?view=skipped",
    ),
    Place("New user", "Administration", "new_user", Right.MANAGE_USERS),
    Place(
        "Who can do what", "Administration", "who_can", Right.MANAGE_USERS,
        ("Effective Permissions", "Permission Sets", "Roles"),
    ),
    Place("Change password", "Yourself", "password", Right.VIEW_CONSOLE),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of a list that answer a question, and where all of them are shown."""

    caption: str
    address: str
    rows: list[tuple[Cell, Cell]]  # of the first columns: what it is called, and what it belongs to
    is_more: bool


def places() -> Iterator[Place]:
    """Yield everything that can be gone to, in the order of the navigation."""
    for area in AREAS:
        for page in area.pages:
            others = OTHER_NAMES.get(page.url_name, ())
            yield Place(page.caption, area.caption, page.url_name, page.right, others)
    yield from TASKS


def places_of(user: User, question: str) -> list[tuple[Place, str]]:
    """Return where somebody may go, and the other name meant; captions that begin so come first."""
    words = question.casefold().split()
    found = [one for one in places() if has_right(user, one.right) and one.answers(words)]
    found.sort(key=lambda one: not one.caption.casefold().startswith(question.casefold()))
    return [(one, one.known_as(words)) for one in found]


def rows_of(request: SignedInRequest, question: str) -> Iterator[Found]:
    """Yield the lists with rows that answer, as somebody would find them there by its search."""
    for name in LISTS:
        address = reverse(name)
        kind = list_at(address)
        if kind is None or not has_right(request.user, kind.right):
            continue
        asked = urlencode({"q": question})
        page: Any = kind.of(request, QueryDict(asked))
        rows = personal.as_seen_by(request.user, page.get_queryset()[: A_LIST + 1])
        if rows:
            first, second, *_ = page.all_columns
            shown = [(page.cell(row, first), page.cell(row, second)) for row in rows[:A_LIST]]
            yield Found(kind.title, f"{address}?{asked}", shown, len(rows) > A_LIST)


@require_GET
@requires(Right.VIEW_CONSOLE)
def tell_me(request: SignedInRequest) -> HttpResponse:
    """Answer what was asked for; without a question, show everything there is to go to."""
    question = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST]
    context = {
        "title": "Tell me",
        "question": question,
        "places": places_of(request.user, question),
        "lists": list(rows_of(request, question)) if question else [],
    }
    return render(request, "pages/tell_me.html", context)
