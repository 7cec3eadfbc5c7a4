"""The steps of the guide that connects with Dynamics 365 Sales (P04)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from connections import health, item_availability
from connections.authentication import ON_PREMISES
from connections.causes import Cause
from connections.errors import IntegrationError
from connections.setup_fields import ApiAddress, secret
from connections.setup_forms import Problem
from connections.terms import SalesOrderModel, SdkVersion
from integration_admin.guides import asking, rows
from integration_admin.guides.forms import Sections, StepForm, Told
from integration_admin.guides.guide import Situation

SERVICE = "Item availability"
AT_THE_FIELD = {Cause.USER_UNKNOWN: "odata_user_name", Cause.NO_KEY: "odata_access_key"}
SELLERS = (
    "Sellers who look at it need the role Dynamics 365 Business Central Product Availability User."
)


class AddressForm(StepForm):
    """C-0401: Sales is the environment of the Dataverse connection."""

    key = "address"
    asks_systems = True
    sections = (("Dynamics 365 Sales", ("server_address",)),)
    server_address = forms.CharField(
        label="Dynamics 365 Sales URL",
        disabled=True,
        required=False,
        help_text="Taken over from the Dataverse Connection Setup.",
    )

    def __init__(self, data: Any = None, *, situation: Situation) -> None:
        super().__init__(data, situation=situation)
        if situation.dataverse is not None:
            self.initial["server_address"] = situation.dataverse.server_address

    def look(self) -> tuple[list[Problem], Told]:
        """Look which solution is there, and where the item availability service would be."""
        company = self.situation.company
        assert company is not None
        try:
            return [], asking.sales(company)
        except IntegrationError as error:
            found = health.refused("Dynamics 365 Sales", error)
            return [Problem("", "", found.sentence, found.cure, found.code)], {}


class UserForm(StepForm):
    """C-0402: the user is that of the Dataverse connection."""

    key = "integration_user"
    sections = (("Integration user", ("user_name",)),)
    user_name = forms.CharField(
        label="User Name",
        disabled=True,
        required=False,
        help_text="Taken over from the Dataverse Connection Setup: a user of its own for the "
        "integration, without the role System Administrator.",
    )

    def __init__(self, data: Any = None, *, situation: Situation) -> None:
        super().__init__(data, situation=situation)
        if situation.dataverse is not None:
            self.initial["user_name"] = situation.dataverse.user_name


class AdvancedForm(StepForm):
    """C-0403 to C-0411: the advanced settings of the guide."""

    key = "advanced"
    secret_names = frozenset({"odata_access_key"})
    asks_systems = True
    sections: Sections = (
        ("Connection", ("enable",)),
        ("Advanced", ("import_solution", "order_integration", "sdk_version")),
        (SERVICE, ("publish", "odata_url", "odata_user_name", "odata_access_key")),
    )
    advanced = frozenset({"Advanced", SERVICE})

    enable = forms.BooleanField(label="Enable the connection", required=False, initial=True)
    import_solution = forms.BooleanField(
        label="Import Dynamics 365 Sales Solution", required=False, initial=True
    )
    order_integration = forms.BooleanField(
        label="Enable Sales Order Integration",
        required=False,
        help_text="Takes a Sales administrator's sign-in at Finish.",
    )
    sdk_version = forms.ChoiceField(
        label="Dynamics 365 SDK Version", choices=SdkVersion.choices, initial=SdkVersion.V100
    )
    publish = forms.BooleanField(
        label="Publish Item Availability Web Service", required=False, help_text=SELLERS
    )
    odata_url = ApiAddress(label="Business Central OData Web Service URL", required=False)
    odata_user_name = forms.CharField(
        label="Business Central OData Web Service Username",
        required=False,
        max_length=250,
        help_text="A user of Business Central that has a web service access key.",
    )
    odata_access_key = secret("Business Central OData Web Service Accesskey")

    def __init__(self, data: Any = None, *, situation: Situation) -> None:
        super().__init__(data, situation=situation)
        present = rows.sales(situation)
        self.initial.setdefault("publish", present.item_availability_service_enabled)
        url = present.odata_url or situation.told.get("odata_url", "")
        self.initial["odata_url"] = self.initial.get("odata_url") or url
        self.initial.setdefault("odata_user_name", present.odata_user_name)
        self.fields[
            "odata_access_key"
        ].help_text = "From the user's card: Actions, Authentication, Change Web Service Key."
        if present.odata_access_key:
            self.stored = self.stored | {"odata_access_key"}
        self._settle(situation)

    def _settle(self, situation: Situation) -> None:
        """Close what is as it is: installed, enabled, or not of this kind of connection."""
        if is_installed(situation):
            self._close("import_solution", f"Installed, version {solution(situation)}.")
        if situation.sales is not None and situation.sales.is_enabled:
            self._close("enable", "Enabled already.")
        if rows.sales(situation).sales_order_model == SalesOrderModel.ORDER_INTEGRATION:
            self._close("order_integration", "On already.")
        dataverse = situation.dataverse
        if dataverse is None or dataverse.authentication_type not in ON_PREMISES:
            del self.fields["sdk_version"]
            self.sections = tuple(
                (caption, tuple(name for name in names if name in self.fields))
                for caption, names in type(self).sections
            )
        else:
            self.initial.setdefault("sdk_version", dataverse.sdk_version)

    def _close(self, name: str, why: str) -> None:
        """Show a switch as on, for what is so already."""
        field = self.fields[name]
        field.disabled, field.help_text, self.initial[name] = True, why, True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("import_solution") and not is_installed(self.situation):
            message = "The solution is missing or incomplete. Import it to enable the connection."
            self.add_error("import_solution", ValidationError(message, code="E-SOLUTION"))
        needs_connection = cleaned.get("order_integration") or cleaned.get("publish")
        if needs_connection and not cleaned.get("enable"):
            message = "Orders and item availability need the connection. Enable it too."
            self.add_error("enable", ValidationError(message, code="E-REQUIRED"))
        if cleaned.get("publish"):
            self._check_service(cleaned)
        model = rows.sales(self.situation).sales_order_model
        if cleaned.get("order_integration") and model == SalesOrderModel.BIDIRECTIONAL:
            message = "It cannot be on together with Bidirectional Synch. of Sales Orders."
            self.add_error("order_integration", ValidationError(message, code="E-EXCLUSIVE"))
        return cleaned

    def _check_service(self, cleaned: dict[str, Any]) -> None:
        wanted = (
            ("odata_url", "Fill in the URL of the web service.", "E-REQUIRED"),
            ("odata_user_name", "Choose a user of Business Central.", "E-BCUSER"),
        )
        for name, message, code in wanted:
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, ValidationError(message, code=code))
        if not cleaned.get("odata_access_key") and "odata_access_key" not in self.stored:
            message = "This user has no web service key yet. Enter the one on the user's card."
            self.add_error("odata_access_key", ValidationError(message, code="E-NOKEY"))

    def look(self) -> tuple[list[Problem], Told]:
        """Ask the service as Sales would, so that a wrong user or key is said here."""
        cleaned = self.cleaned_data
        if not cleaned.get("publish"):
            return [], {}
        key = cleaned["odata_access_key"] or access_key(self.situation)
        try:
            trial = item_availability.ask(cleaned["odata_url"], cleaned["odata_user_name"], key)
        except IntegrationError as error:
            found = health.refused("Item availability", error)
            name = AT_THE_FIELD.get(error.cause, "odata_url")
            caption = str(self.fields[name].label)
            return [Problem(name, caption, found.sentence, found.cure, found.code)], {}
        return [], {"service": trial.sentence}


def solution(situation: Situation) -> str:
    """Return the version of the solution that was seen in Sales."""
    return str(situation.told.get("solution", ""))


def is_installed(situation: Situation) -> bool:
    """Whether nothing of the solution is missing."""
    return bool(solution(situation)) and not situation.told.get("missing")


def access_key(situation: Situation) -> str:
    """Return the key that was entered, else the one that is stored."""
    entered = situation.secrets.get(AdvancedForm.key, {}).get("odata_access_key", "")
    return entered or rows.sales(situation).odata_access_key.reveal()
