"""How Sales is signed in to where it is connected directly (C-0603): a page below its set-up."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from connections import sign_in_forms
from connections.dataverse_setup_form import DataverseForm
from connections.models import DataverseConnectionSetup
from connections.setup_fields import ApiAddress
from connections.setup_views import Kind, save, show
from integration_admin.roles import Right, SignedInRequest, requires


class DirectForm(DataverseForm):
    """The same environment and sign-in as Dataverse's (E-9.21), without its other settings."""

    server_address = ApiAddress(label="Dynamics 365 Sales URL", required=False)
    sections = (
        ("Connection from Business Central to Dynamics 365 Sales", ("server_address",)),
        ("Authentication Type Details", (
            *sign_in_forms.SIGN_IN, "domain", "redirect_url", "sdk_version", "connection_string",
        )),
    )  # fmt: skip

    class Meta:
        model = DataverseConnectionSetup
        fields = (
            "server_address", "authority", "tenant", "authentication_type", "client_id",
            "client_secret_expires_on", "certificate", "user_name", "redirect_url",
            "sdk_version",
        )  # fmt: skip

    web_client_url = None  # type: ignore[assignment]  # it is Dataverse's own


DIRECT = Kind(
    "sales_sign_in",
    "Sign-in of Dynamics 365 Sales",
    "sales",
    DataverseConnectionSetup,
    DirectForm,
)


@require_GET
@requires(Right.VIEW_CONNECTION)
def sales_sign_in_setup(request: SignedInRequest) -> HttpResponse:
    """Show how Sales is signed in to."""
    return show(request, DIRECT)


@never_cache
@require_POST
@requires(Right.CHANGE_CONNECTION)
def save_sales_sign_in_setup(request: SignedInRequest) -> HttpResponse:
    """Save how Sales is signed in to."""
    return save(request, DIRECT)
