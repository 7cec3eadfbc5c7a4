"""The page of the Microsoft Dynamics 365 Connection Setup (P06)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from audit import trail
from audit.facts import facts_of
from audit.terms import Act
from connections import health, item_availability, nav_connection, sales_status
from connections.authentication import ON_PREMISES
from connections.errors import IntegrationError
from connections.models import DataverseConnectionSetup, SalesConnectionSetup
from connections.sales_setup_form import SALES_SETTINGS, TO_BUSINESS_CENTRAL, TO_SALES, SalesForm
from connections.setup_forms import Problem, SetupForm
from connections.setup_views import Kind, Told, disable, save, show, switch_on
from connections.terms import UnitOfMeasureModel
from integration_admin import enabling
from integration_admin.choice_consequences import sales_consequences
from integration_admin.chrome import company_of
from integration_admin.pages import ask, is_confirmed
from integration_admin.refusing import told
from integration_admin.roles import Right, SignedInRequest, requires
from mappings import links, unit_groups
from syncjobs import activation, clock, jobs
from syncjobs.models import JobQueueEntry

# The switches that let documents be made; their jobs have the same names (C-0615, C-0616).
DOCUMENT_JOBS = ("auto_create_sales_orders", "auto_process_sales_quotes")


def _shown(row: SalesConnectionSetup) -> dict[str, Any]:
    """Return what the page shows besides its fields; nothing of it asks Sales."""
    entries = JobQueueEntry.objects.filter(company=row.company, job__in=DOCUMENT_JOBS)
    sign_in = DataverseConnectionSetup.objects.filter(company=row.company).first()
    by_job = {entry.job: entry for entry in entries}
    age = item_availability.age_of_key(row, clock.now())
    return {
        "status": sales_status.status_of(row),
        "sign_in": sign_in,
        "user_card": links.business_central(row.company, "users", row.odata_user_name),
        "has_own_server": sign_in is not None and sign_in.authentication_type in ON_PREMISES,
        "web_client_url": nav_connection.web_client_url(row),
        "key_days": age.days if age is not None else None,
        "key_is_old": age is not None and age > item_availability.OLD_AGE,
        "documents": {
            job: {"entry": by_job.get(job), "is_carried": jobs.is_known(job)}
            for job in DOCUMENT_JOBS
        },
        "count": activation.count(row.company),
        "units_word": _units_word(row),
    }


def _units_word(row: SalesConnectionSetup) -> str:
    """Return which way Unit Group Mapping can be switched; none where nothing rests on it."""
    if row.is_enabled or not unit_groups.coupled(row.company).any:
        return ""
    present = unit_groups.applied(row.company) or row.unit_of_measure_model
    return "off" if present == UnitOfMeasureModel.UNIT_GROUP else "on"


def _locked(row: SalesConnectionSetup) -> dict[str, str]:
    """Products keep their unit for good: with any coupled, a run of its own switches (C-0620)."""
    if not unit_groups.coupled(row.company).any or unit_groups.in_the_way(row.company):
        return {}
    why = "Products or units are coupled: the button beside it says what switching does to them."
    return {"unit_of_measure_model": why}


def _tell_web_client(form: SetupForm[Any]) -> list[Problem]:
    """Let Sales open another address before it is noted here (C-0607)."""
    row, name = form.instance, "web_client_url"
    if not row.is_enabled or name not in form.changed_data:
        return []
    stored = SalesConnectionSetup.objects.select_related("company").get(pk=row.pk)
    try:
        nav_connection.tell_web_client(stored, nav_connection.web_client_url(row))
    except IntegrationError as error:
        found = health.refused("Web Client URL", error)
        caption = str(form.fields[name].label)
        return [Problem(name, caption, found.sentence, found.cure, found.code)]
    return []


SALES = Kind(
    "sales",
    "Microsoft Dynamics 365 Connection Setup",
    "sales",
    SalesConnectionSetup,
    SalesForm,
    enabling.enable_sales,
    needs_dataverse=True,
    while_enabled=frozenset(
        {
            "web_client_url",
            "auto_create_sales_orders",
            "auto_process_sales_quotes",
            "bidirectional",
        }
    ),
    instead={
        TO_SALES: "parts/sales_connection.html",
        TO_BUSINESS_CENTRAL: "parts/sales_web_client.html",
        SALES_SETTINGS: "parts/sales_settings.html",
        "Advanced Settings": "parts/sales_advanced.html",
    },
    locks=_locked,
    shows=_shown,
    tries=_tell_web_client,
    adds=sales_consequences,
)


@require_GET
@requires(Right.VIEW_CONNECTION)
def sales_setup(request: SignedInRequest) -> HttpResponse:
    """Show the Microsoft Dynamics 365 Connection Setup."""
    return show(request, SALES)


@never_cache
@require_POST
@requires(Right.CHANGE_CONNECTION)
def save_sales_setup(request: SignedInRequest) -> HttpResponse:
    """Save the Microsoft Dynamics 365 Connection Setup, and enable it if that was asked for."""
    return save(request, SALES)


@never_cache
@require_POST
@requires(Right.CHANGE_CONNECTION)
def enable_sales_setup(request: SignedInRequest) -> HttpResponse:
    """Run all checks, then let Sales take part."""
    return switch_on(request, SALES)


@require_POST
@requires(Right.CHANGE_CONNECTION)
def disable_sales_setup(request: SignedInRequest) -> HttpResponse:
    """Let Sales take no part, after saying what that does to jobs."""
    return disable(request, SALES)


# What Sales tells, and what it opens


def enabled_row(request: SignedInRequest) -> SalesConnectionSetup | None:
    """Return the company's set-up of Sales if it is enabled; else say so."""
    company = company_of(request)
    row = SalesConnectionSetup.objects.select_related("company").filter(company=company).first()
    if row is not None and row.is_enabled:
        return row
    sentence = "Enable the Microsoft Dynamics 365 Connection Setup first."
    messages.error(request, f"{sentence} (E-NOT-CONFIGURED)")
    return None


@require_POST
@requires(Right.TEST_CONNECTION)
def check_sales(request: SignedInRequest) -> HttpResponse:
    """Ask Sales for its version, the solution and the switch of orders (E-9.24)."""
    row = enabled_row(request)
    if row is None:
        return redirect("sales_setup")
    try:
        status = sales_status.refresh(row.company, now=clock.now())
    except IntegrationError as error:
        messages.error(request, f"Sales could not be asked. {told(error)}")
        return redirect("sales_setup")
    after = facts_of(status.row, ("sales_version", "solution_version", "orders_in_sales"))
    trail.note(Act.TESTED, row, after=after, reason="Sales was asked", by=request.user)
    messages.success(request, f"Sales answers: version {status.row.sales_version}.")
    return redirect("sales_setup")


@require_POST
@requires(Right.CHANGE_CONNECTION)
def reset_web_client_url(request: SignedInRequest) -> HttpResponse:
    """Put the web client's address back to the company's own, here and in Sales (C-0644)."""
    row = enabled_row(request)
    if row is None:
        return redirect("sales_setup")
    old = nav_connection.web_client_url(row)
    new = nav_connection.default_web_client_url(row.company)
    if not new:
        message = "The connection with Business Central names no Web Client URL. Fill it in first."
        messages.error(request, f"{message} (E-REQUIRED)")
        return redirect("sales_setup")
    if not is_confirmed(request):
        return ask(
            request,
            title="Reset the Web Client URL?",
            text=f"Sales opens {old or 'nothing'} now, and {new} afterwards.",
            yes="Reset Web Client URL",
            no="Leave it as it is",
        )
    try:
        nav_connection.reset_web_client(row, by=request.user)
    except IntegrationError as error:
        messages.error(request, f"Nothing was reset. {told(error)}")
        return redirect("sales_setup")
    messages.success(request, f"Sales opens {new} from now on.")
    return redirect("sales_setup")


# The item availability service, as the card shows it


@never_cache
@require_POST
@requires(Right.TEST_CONNECTION)
def try_item_availability(request: SignedInRequest) -> HttpResponse:
    """Ask the service as Sales would, and show time and one row (C-0609)."""
    row = enabled_row(request)
    if row is None:
        return redirect("sales_setup")
    shown: dict[str, Any]
    try:
        trial = item_availability.try_as_sales(row.company)
    except IntegrationError as error:
        found = health.refused("Item availability", error)
        shown = {"refusal": found}
        after = {"result": str(error.cause)}
    else:
        shown = {"trial": trial}
        after = {"result": "answers"}
    trail.note(Act.TESTED, row, after=after, reason="Item availability", by=request.user)
    return show(request, SALES, told=Told(more=shown))
