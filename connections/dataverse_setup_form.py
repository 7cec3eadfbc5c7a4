"""The form of the Dataverse Connection Setup: place, sign-in and connection string in step."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from connections import sign_in_forms, string_edits
from connections.connection_string import LONGEST, ConnectionStringError, mask
from connections.connection_string_verdicts import Verdict
from connections.models import DataverseConnectionSetup
from connections.setup_fields import ApiAddress, OfferError, WebAddress, environment, secret
from connections.setup_forms import Sections, SetupForm
from connections.string_edits import StringInStep
from connections.terms import AuthenticationType


class DataverseForm(SetupForm[DataverseConnectionSetup]):
    """Dataverse Connection Setup (C-0501 to C-0512)."""

    server_address = ApiAddress(label="Environment URL", required=False)
    web_client_url = WebAddress(label="Web Client URL", required=False)
    authority = ApiAddress(label="Authority")
    client_secret = secret("Client Secret")
    private_key = secret("Private Key", lines=True)
    password = secret("Password")
    domain = forms.CharField(label="Domain", required=False, disabled=True)
    redirect_url = WebAddress(label="Redirect URL", required=False, is_secure=True)
    connection_string = forms.CharField(
        label="Connection String",
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="Tokens in braces stand for secrets. Edit the text or the table; the other one "
        "and the fields follow. Another type builds it anew.",
    )
    sections: ClassVar[Sections] = (
        ("Connection", ("server_address", "web_client_url")),
        ("Authentication Type Details", (
            *sign_in_forms.SIGN_IN, "domain", "redirect_url", "sdk_version", "connection_string",
        )),
        ("Advanced Settings", ("ownership_model",)),
    )  # fmt: skip
    follows = (
        "owning_team_id", "owning_team_name", "integration_user_id", "integration_user_name",
        "business_unit_id", "business_unit_name",
    )  # fmt: skip

    class Meta:
        model = DataverseConnectionSetup
        fields = (
            "server_address", "web_client_url", "authority", "tenant", "authentication_type",
            "client_id", "client_secret_expires_on", "certificate", "user_name", "redirect_url",
            "sdk_version", "ownership_model",
        )  # fmt: skip

    def __init__(self, *args: Any, instance: DataverseConnectionSetup, **options: Any) -> None:
        self.in_step = StringInStep(instance)
        initial = {
            "domain": instance.domain,
            "connection_string": self.in_step.stored,
        }
        super().__init__(*args, instance=instance, initial=initial, **options)

    def notes(self) -> list[str]:
        """C-0509: another type builds the string anew; another address suggests a type."""
        row, now = self.instance, self.instance.connection_string
        if self.in_step.before.kind == row.authentication_type:
            is_moved = "server_address" in self.changed_data
            kind = AuthenticationType(row.authentication_type)
            told = sign_in_forms.unusual(kind, row.server_address) if is_moved else ""
            return [told] if told else []
        return [f"The connection string was built anew. Before: {self.in_step.stored}. Now: {now}."]

    def verdicts(self) -> list[Verdict]:
        """Return the connection string name by name, as it stands on the page."""
        return string_edits.judged(self.instance, str(self["connection_string"].value() or ""))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self._place(cleaned)
        self._read_string(cleaned)
        return cleaned

    def _place(self, cleaned: dict[str, Any]) -> None:
        """Keep what an environment is; another makes business unit, team and user unknown."""
        address, kind = cleaned.get("server_address"), cleaned.get("authentication_type")
        if not (address and kind):
            return
        stored = self.initial["server_address"]
        try:
            cleaned["server_address"] = environment(address, AuthenticationType(kind), stored)
        except OfferError as error:
            self.add_error("server_address", error)

    def _read_string(self, cleaned: dict[str, Any]) -> None:
        text = str(cleaned.pop("connection_string", ""))
        table = string_edits.table_text(self.data)
        try:
            self.string_given = string_edits.one_of(self.in_step.stored, text, table)
        except ConnectionStringError as error:
            self.string_given = text
            self.add_error("connection_string", ValidationError(str(error), code="E-MISMATCH"))

    def _post_clean(self) -> None:
        """Fields first, then the string: both are to say the same in the end."""
        super()._post_clean()  # type: ignore[misc]
        given = getattr(self, "string_given", self.in_step.stored)
        if not self.errors:
            for fault in self.in_step.settle(given):
                error = ValidationError(fault.sentence, code=fault.code)
                self.add_error("connection_string", error)
        if self.initial.get("server_address") not in (None, "", self.instance.server_address):
            for name in self.follows:  # C-0501
                setattr(self.instance, name, None if name.endswith("_id") else "")
        self._show(mask(given) if self.errors else self.instance.connection_string)

    def _show(self, text: str) -> None:
        """What is shown again holds no secret, whoever put one into the string."""
        kept = {n: self.data.get(n) for n in self.data if not n.startswith("string_")}
        self.data = {**kept, "connection_string": text}
