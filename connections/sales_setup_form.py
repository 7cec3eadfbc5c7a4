"""The form of the Microsoft Dynamics 365 Connection Setup: what is special to Sales."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from connections.models import DataverseConnectionSetup, SalesConnectionSetup
from connections.setup import dataverse_origin
from connections.setup_fields import ApiAddress
from connections.setup_forms import SetupForm
from connections.terms import SalesOrderModel


class SalesForm(SetupForm[SalesConnectionSetup]):
    """Microsoft Dynamics 365 Connection Setup (C-0601 to C-0620)."""

    server_address = ApiAddress(
        label="Dynamics 365 Sales URL",
        required=False,
        help_text="Empty: the Environment URL of the Dataverse Connection Setup.",
    )
    sections = (
        ("Connection from Business Central to Dynamics 365 Sales", ("server_address",)),
        ("Dynamics 365 Sales Settings", ("sales_order_model", "auto_create_sales_orders",
                                         "auto_process_sales_quotes")),
        ("Advanced Settings", ("unit_of_measure_model", "price_model")),
    )  # fmt: skip

    class Meta:
        model = SalesConnectionSetup
        fields = (
            "server_address", "sales_order_model", "auto_create_sales_orders",
            "auto_process_sales_quotes", "unit_of_measure_model", "price_model",
        )  # fmt: skip

    def always_needed(self) -> tuple[str, ...]:
        return ()

    def clean_server_address(self) -> str:
        """It signs in as Dataverse does, so it is the same environment (E-9.10, E-9.21)."""
        text = str(self.cleaned_data["server_address"])
        row = DataverseConnectionSetup.objects.filter(company=self.instance.company).first()
        if text and row and row.server_address:
            there = dataverse_origin(row.server_address)
            if dataverse_origin(text) != there:
                message = (
                    "Address differs from the Dataverse Connection Setup. Use "
                    f"{there}, or leave it empty."
                )
                raise ValidationError(message, code="E-MISMATCH")
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        on = cleaned.get("auto_create_sales_orders")
        if on and cleaned.get("sales_order_model") == SalesOrderModel.OFF:
            message = "Sales orders take no part. Choose Sales Order Integration first."
            self.add_error("auto_create_sales_orders", ValidationError(message, code="E-EXCLUSIVE"))
        return cleaned
