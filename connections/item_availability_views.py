"""The page that publishes the item availability service to Sales, and takes it away (C-0608)."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from connections import business_central_users, item_availability
from connections.errors import IntegrationError
from connections.sales_setup_form import ItemAvailabilityForm
from connections.sales_setup_views import enabled_row
from connections.setup_forms import Problem
from connections.setup_lines import asking_for
from integration_admin.pages import ask, is_confirmed
from integration_admin.refusing import told
from integration_admin.roles import Right, SignedInRequest, requires
from syncjobs import clock

UNPROCESSABLE = 422


@require_GET
@requires(Right.CHANGE_CONNECTION)
def item_availability_page(request: SignedInRequest) -> HttpResponse:
    """Ask for address, user and key; nothing is tried yet."""
    row = enabled_row(request)
    if row is None:
        return redirect("sales_setup")
    return _page(request, ItemAvailabilityForm(instance=row))


def _page(
    request: SignedInRequest, form: ItemAvailabilityForm, problems: Sequence[Problem] = ()
) -> HttpResponse:
    context = {
        "is_published": form.instance.item_availability_service_enabled,
        **asking_for(form, problems),
    }
    status = UNPROCESSABLE if problems else 200
    return render(request, "pages/item_availability.html", context, status=status)


@never_cache
@require_POST
@requires(Right.CHANGE_CONNECTION)
def publish_item_availability(request: SignedInRequest) -> HttpResponse:
    """Try the service with what was entered, then let Sales have it; an empty key is kept."""
    row = enabled_row(request)
    if row is None:
        return redirect("sales_setup")
    stored = row.odata_access_key.reveal()
    form = ItemAvailabilityForm(request.POST, instance=row)
    if "reset" in request.POST:
        return _with_default(request, form)
    if "look" in request.POST:
        return _with_users(request, form)
    if not form.is_valid():
        return _page(request, form, form.problems())
    given = form.cleaned_data
    try:
        trial = item_availability.publish(
            row.company,
            user_name=given["odata_user_name"],
            access_key=given["odata_access_key"].strip() or stored,
            url=given["odata_url"],
            expires_on=given["odata_key_expires_on"],
            now=clock.now(),
            by=request.user,
        )
    except IntegrationError as error:
        return _page(request, form, [form.refused(error)])
    messages.success(request, f"Sales has the item availability service. {trial.sentence}")
    return redirect("sales_setup")


def _with_default(request: SignedInRequest, form: ItemAvailabilityForm) -> HttpResponse:
    """Fill in the company's own address and save nothing yet."""
    try:
        address = item_availability.default_url(form.instance.company)
    except IntegrationError as error:
        return _page(request, form, [form.refused(error)])
    entered = request.POST.copy()
    entered["odata_url"] = address
    return _page(request, ItemAvailabilityForm(entered, instance=form.instance))


def _with_users(request: SignedInRequest, form: ItemAvailabilityForm) -> HttpResponse:
    """Show which users of Business Central there are; a name can be typed as well (C-0610)."""
    try:
        users = business_central_users.enabled_users(form.instance.company)
    except IntegrationError as error:
        messages.warning(
            request,
            f"Business Central does not list its users to this application: {told(error)} Type the "
            "name, or give the application the permission set D365 AUTOMATION.",
        )
        return _page(request, form)
    return _page(request, form, form.offer(users))


@require_POST
@requires(Right.CHANGE_CONNECTION)
def unpublish_item_availability(request: SignedInRequest) -> HttpResponse:
    """Take the service away from Sales, after asking."""
    row = enabled_row(request)
    if row is None:
        return redirect("sales_setup")
    if not is_confirmed(request):
        return ask(
            request,
            title="Take the item availability service away from Sales?",
            text="URL, user name and access key are cleared in Sales and forgotten here. Sellers "
            "see no stock any more.",
            yes="Switch it off",
            no="Leave it on",
        )
    try:
        item_availability.unpublish(row.company, by=request.user)
    except IntegrationError as error:
        messages.error(request, f"Nothing was changed. {told(error)}")
        return redirect("sales_setup")
    messages.success(request, "Sales has the item availability service no more.")
    return redirect("sales_setup")
