"""The forms of the Microsoft Dynamics 365 Connection Setup: what is special to Sales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from connections import sales_rules
from connections.business_central_users import User
from connections.causes import Cause
from connections.errors import IntegrationError
from connections.models import DataverseConnectionSetup, SalesConnectionSetup
from connections.setup_fields import ApiAddress, WebAddress, environment, secret
from connections.setup_forms import Problem, SetupForm
from connections.terms import AuthenticationType, SalesOrderModel

TO_SALES = "Connection from Business Central to Dynamics 365 Sales"
TO_BUSINESS_CENTRAL = "Connection from Dynamics 365 Sales to Business Central"
SALES_SETTINGS = "Dynamics 365 Sales Settings"
SERVICE = "Item Availability Web Service"
FIELD_OF = {
    Cause.USER_UNKNOWN: "odata_user_name",
    Cause.NO_KEY: "odata_access_key",
    Cause.KEY_EXPIRED: "odata_key_expires_on",
}


class SalesForm(SetupForm[SalesConnectionSetup]):
    """Microsoft Dynamics 365 Connection Setup (C-0601 to C-0620)."""

    server_address = ApiAddress(
        label="Dynamics 365 Sales URL",
        required=False,
        help_text="Empty: the Environment URL of the Dataverse Connection Setup.",
    )
    web_client_url = WebAddress(
        label="Dynamics 365 Business Central Web Client URL",
        required=False,
        help_text="What Sales opens of Business Central. Empty: as the connection with Business "
        "Central says.",
    )
    bidirectional = forms.BooleanField(
        label="Bidirectional Synch. of Sales Orders",
        required=False,
        help_text="The other way for orders, only while Sales Order Integration is off. Orders are "
        "not carried by this version.",
    )
    sections = (
        (TO_SALES, ("server_address", "connection_mode")),
        (TO_BUSINESS_CENTRAL, ("web_client_url",)),
        (SALES_SETTINGS, ("auto_create_sales_orders", "auto_process_sales_quotes")),
        ("Advanced Settings", ("unit_of_measure_model", "price_model", "bidirectional")),
    )
    follows = ("sales_order_model",)

    class Meta:
        model = SalesConnectionSetup
        fields = (
            "server_address", "connection_mode", "web_client_url", "auto_create_sales_orders",
            "auto_process_sales_quotes", "unit_of_measure_model", "price_model",
        )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        is_on = self.instance.sales_order_model == SalesOrderModel.BIDIRECTIONAL
        self.fields["bidirectional"].initial = is_on
        self.fields["connection_mode"].help_text = (
            "Direct: Sales is signed in to without a Dataverse Connection Setup, as Business "
            "Central did before version 16."
        )

    def always_needed(self) -> tuple[str, ...]:
        return ()

    def clean_server_address(self) -> str:
        """It is the environment of Dataverse (E-9.10, E-9.21)."""
        row = DataverseConnectionSetup.objects.filter(company=self.instance.company).first()
        kind = AuthenticationType((row or DataverseConnectionSetup()).authentication_type)
        text = environment(
            self.cleaned_data["server_address"], kind, self.initial["server_address"]
        )
        if fault := sales_rules.other_environment(text, row.server_address if row else ""):
            raise ValidationError(fault.sentence, code=fault.code)
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self.instance.sales_order_model = self._orders(both_ways=bool(cleaned.get("bidirectional")))
        self.instance.auto_create_sales_orders = bool(cleaned.get("auto_create_sales_orders"))
        if fault := sales_rules.orders_that_never_come(self.instance):
            self.add_error(fault.field, ValidationError(fault.sentence, code=fault.code))
        return cleaned

    def _orders(self, *, both_ways: bool) -> SalesOrderModel:
        """Only the bidirectional way is chosen here; the other one is set in Sales (C-0614)."""
        now = SalesOrderModel(self.instance.sales_order_model)
        if both_ways and now == SalesOrderModel.ORDER_INTEGRATION:
            message = (
                "Sales Order Integration and Bidirectional Synch. of Sales Orders cannot both be "
                "on. Switch Sales Order Integration off first."
            )
            self.add_error("bidirectional", ValidationError(message, code="E-EXCLUSIVE"))
            return now
        if both_ways:
            return SalesOrderModel.BIDIRECTIONAL
        return SalesOrderModel.OFF if now == SalesOrderModel.BIDIRECTIONAL else now


class ItemAvailabilityForm(SetupForm[SalesConnectionSetup]):
    """Where Sales asks for stock, and as whom (C-0609 to C-0611)."""

    odata_url = ApiAddress(
        label="Dynamics 365 Business Central OData Web Service URL",
        required=False,
        help_text="Empty: the company's own address, as Business Central names it.",
    )
    odata_user_name = forms.CharField(
        label="Dynamics 365 Business Central OData Web Service Username",
        required=False,
        help_text="An enabled user of Business Central, for this alone.",
    )
    odata_access_key = secret("Dynamics 365 Business Central OData Web Service Accesskey")
    sections = (
        (SERVICE, ("odata_url", "odata_user_name", "odata_access_key", "odata_key_expires_on")),
    )

    class Meta:
        model = SalesConnectionSetup
        fields = ("odata_url", "odata_user_name", "odata_key_expires_on")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields.pop("remove_odata_access_key", None)  # switching off forgets the key
        self.fields[
            "odata_access_key"
        ].help_text = "From the user's card in Business Central: Change Web Service Key."

    def offer(self, users: Sequence[User]) -> list[Problem]:
        """Let one of Business Central's users be chosen; what was typed may be none of them."""
        name = "odata_user_name"
        field, entered = self.fields[name], str(self[name].value() or "")
        known = {user.name.casefold(): user for user in users}
        same = known.get(entered.casefold())
        spelled = [(entered if user is same else user.name, str(user)) for user in users]
        choices = [("", ""), *spelled]
        field.widget = forms.Select(attrs={"class": "input"}, choices=choices)
        if not entered or same:
            return []
        sentence = f"No enabled BC user {entered}."
        return [Problem(name, str(field.label), sentence, "Choose another one.", "E-BCUSER")]

    def refused(self, error: IntegrationError) -> Problem:
        """Return what the service or Sales said, at the field that it is about."""
        name = FIELD_OF.get(error.cause, "odata_url")
        caption = str(self.fields[name].label)
        return Problem(name, caption, error.message, "", str(error.cause))
