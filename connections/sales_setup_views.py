"""The page of the Microsoft Dynamics 365 Connection Setup (P06)."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from connections.models import SalesConnectionSetup
from connections.sales_setup_form import SalesForm
from connections.setup_views import Kind, disable, save, show, switch_on
from integration_admin import enabling
from integration_admin.roles import Right, SignedInRequest, requires

SALES = Kind(
    "sales",
    "Microsoft Dynamics 365 Connection Setup",
    "sales",
    SalesConnectionSetup,
    SalesForm,
    enabling.enable_sales,
    needs_dataverse=True,
    while_enabled=frozenset(
        {"sales_order_model", "auto_create_sales_orders", "auto_process_sales_quotes"}
    ),
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
