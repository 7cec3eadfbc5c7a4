"""The frame of every page: areas, pages of an area, company, person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from connections.models import Company
from integration_admin.personal import sees_people
from integration_admin.roles import Right, has_right, role_of

VERSION = "0.1"
COMPANY = "company"  # key in the session: which company the pages are about


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the navigation, and the URL names that belong to it."""

    caption: str
    url_name: str
    right: Right
    cards: tuple[str, ...] = ()

    def covers(self, url_name: str) -> bool:
        return url_name == self.url_name or url_name in self.cards


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the console with its pages; the first is where the area opens."""

    caption: str
    pages: tuple[Entry, ...]

    def covers(self, url_name: str) -> bool:
        return any(page.covers(url_name) for page in self.pages)


AREAS = (
    Area("Home", (Entry("Home", "home", Right.VIEW_CONSOLE),)),
    Area(
        "Connections",
        (
            Entry("Connections", "connections", Right.VIEW_CONNECTION, ("test_connection",)),
            Entry(
                "Assisted Setup",
                "assisted_setup",
                Right.CHANGE_CONNECTION,
                ("guide", "guide_step", "save_guide_step", "guide_run", "finish_guide"),
            ),
            Entry(
                "Business Central Connection",
                "business_central_setup",
                Right.VIEW_CONNECTION,
                ("save_business_central_setup",),
            ),
            Entry(
                "Dataverse Connection Setup",
                "dataverse_setup",
                Right.VIEW_CONNECTION,
                (
                    "save_dataverse_setup",
                    "enable_dataverse_setup",
                    "disable_dataverse_setup",
                    "business_unit",
                ),
            ),
            Entry(
                "Microsoft Dynamics 365 Connection Setup",
                "sales_setup",
                Right.VIEW_CONNECTION,
                (
                    "save_sales_setup",
                    "enable_sales_setup",
                    "disable_sales_setup",
                    "sales_sign_in_setup",
                    "save_sales_sign_in_setup",
                    "item_availability",
                    "order_integration",
                ),
            ),
            Entry(
                "Redeploy Integration Solution",
                "redeploy",
                Right.VIEW_ROLES,
                ("start_redeploy", "redeploys", "deployment_identity", "save_deployment_identity"),
            ),
            Entry(
                "Security Roles",
                "security_roles",
                Right.VIEW_ROLES,
                ("check_roles", "sellers", "check_sellers"),
            ),
            Entry("Health", "health", Right.VIEW_CONSOLE, ("check_health",)),
        ),
    ),
    Area(
        "Mappings",
        (
            Entry("Integration Table Mappings", "mappings", Right.VIEW_MAPPING, ("mapping",)),
            Entry(
                "Use Default Synchronization Setup",
                "default_setup",
                Right.RESET_CONFIGURATION,
                ("use_default_setup",),
            ),
        ),
    ),
    Area(
        "Couplings",
        (
            Entry("Couplings", "couplings", Right.VIEW_COUPLING, ("coupling", "open_from_sales")),
            Entry("Coupled Data Synchronization Errors", "coupling_errors", Right.VIEW_COUPLING),
            Entry("Option Mapping Errors", "option_errors", Right.VIEW_COUPLING),
            Entry("Pending Couplings", "pending_couplings", Right.VIEW_COUPLING),
            Entry(
                "Couple Salespeople",
                "couple_salespeople",
                Right.VIEW_COUPLING,
                ("save_salespeople", "uncouple_salespeople"),
            ),
        ),
    ),
    Area(
        "Monitoring",
        (
            Entry("Errors by Cause", "errors", Right.VIEW_LOG, ("all_errors",)),
            Entry("Integration Synch. Jobs", "synch_jobs", Right.VIEW_LOG, ("synch_job",)),
            Entry("Job Queue Entries", "job_queue", Right.VIEW_JOB, ("job_queue_entry",)),
            Entry("Job Queue Log Entries", "runs", Right.VIEW_LOG, ("run", "planned_changes")),
        ),
    ),
    Area(
        "Administration",
        (
            Entry("Audit Log", "audit_log", Right.VIEW_AUDIT, ("audit_entry",)),
            Entry("API Tokens", "api_tokens", Right.USE_API, ("create_api_token",)),
            Entry(
                "Users",
                "users",
                Right.MANAGE_USERS,
                ("user", "new_user", "create_user", "new_password_link", "who_can"),
            ),
            Entry("Encryption Management", "encryption", Right.MANAGE_SECRETS, ("rotate_secrets",)),
        ),
    ),
)


def page_above(url_name: str) -> str:
    """Return the page of the navigation that a card belongs to; home where there is none."""
    pages = (page for area in AREAS for page in area.pages)
    return next((page.url_name for page in pages if page.covers(url_name)), "home")


def company_of(request: HttpRequest) -> Company | None:
    """Return the company the person is looking at; the first one until they choose."""
    return _companies(request)[1]


def _companies(request: HttpRequest) -> tuple[list[Company], Company | None]:
    known: tuple[list[Company], Company | None] | None = getattr(request, "_companies", None)
    if known is None:
        every = list(Company.objects.order_by("name"))
        chosen = request.session.get(COMPANY)
        first = every[0] if every else None
        known = every, next((one for one in every if one.pk == chosen), first)
        request._companies = known  # type: ignore[attr-defined]  # once for each request
    return known


def _allowed(area: Area, user: User) -> Area:
    """Return the area with the pages that the person may see; it opens with the first."""
    return replace(area, pages=tuple(page for page in area.pages if has_right(user, page.right)))


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Give every template the frame; without a signed-in person there is none."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"version": VERSION}
    match = request.resolver_match
    here = (match.url_name or "") if match else ""
    areas = [area for area in (_allowed(area, user) for area in AREAS) if area.pages]
    current = next((area for area in areas if area.covers(here)), None)
    companies, company = _companies(request)
    return {
        "version": VERSION,
        "zone": settings.TIME_ZONE,
        "now": timezone.now(),
        "areas": [(area, area is current) for area in areas],
        "pages": [
            (page, page.covers(here))
            for page in (current.pages if current and len(current.pages) > 1 else ())
        ],
        "companies": companies,
        "company": company,
        "role": role_of(user),
        "sees_people": sees_people(user),
    }
