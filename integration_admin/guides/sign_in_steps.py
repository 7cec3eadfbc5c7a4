"""The steps of the guides in which somebody signs in: the integration, and who imports."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from connections import health, setup_fields, sign_in_forms
from connections.authentication import NEEDED, ON_PREMISES, USABLE
from connections.causes import Cause
from connections.errors import IntegrationError
from connections.models import BusinessCentralConnection, DataverseConnectionSetup
from connections.setup_fields import ApiAddress, WebAddress, secret
from connections.setup_forms import DeploymentForm, Problem
from connections.terms import AuthenticationType, SdkVersion
from integration_admin.guides import asking, rows
from integration_admin.guides.forms import RowForm, Sections, Told
from integration_admin.guides.guide import Situation

AT_THE_ADDRESS = frozenset(
    {
        Cause.UNREACHABLE,
        Cause.NO_ADDRESS,
        Cause.NOT_SECURE,
        Cause.HOST_NOT_ALLOWED,
        Cause.CERTIFICATE,
        Cause.NOT_AN_API,
    }
)


def located(form: Any, error: IntegrationError) -> list[Problem]:
    """Say at its field what a system refused: at the address, or at the sign-in."""
    where = "Address" if error.cause in AT_THE_ADDRESS else "Sign-in"
    found: list[Problem] = form.located([health.refused(where, error)])
    return found


class RegistrationForm(RowForm):
    """C-0303: how the console signs in to Dataverse, and with which application."""

    key = rows.REGISTRATION
    kinds = USABLE
    authority = ApiAddress(label="Authority")
    client_secret = secret("Client Secret")
    private_key = secret("Private Key", lines=True)
    sections = (
        ("Sign-in to Dataverse", ("authentication_type", "tenant", "client_id", "client_secret",
                                  "certificate", "private_key")),
        ("Advanced", ("authority",)),
    )  # fmt: skip
    advanced = frozenset({"Advanced"})

    class Meta:
        model = DataverseConnectionSetup
        fields = ("authority", "tenant", "authentication_type", "client_id", "certificate")

    def row(self, situation: Situation) -> DataverseConnectionSetup:
        return rows.dataverse(situation)

    def wanted(self) -> tuple[str, ...]:
        kind = AuthenticationType(self.instance.authentication_type)
        return tuple(name for name in NEEDED[kind] if name in self.fields)


class IntegrationUserForm(RowForm):
    """C-0305, E-9.18: only where a user signs in, not the application itself."""

    key = rows.USER
    password = secret("Password")
    sections = (("Integration user", ("user_name", "password")),)

    class Meta:
        model = DataverseConnectionSetup
        fields = ("user_name",)

    def row(self, situation: Situation) -> DataverseConnectionSetup:
        return rows.dataverse(situation)

    def clean_user_name(self) -> str:
        name = str(self.cleaned_data["user_name"]).strip()
        kind = AuthenticationType(self.instance.authentication_type)
        for fault in sign_in_forms.faults(kind, {"user_name": name}):
            if fault.field == "user_name":
                raise ValidationError(fault.sentence, code=fault.code)
        return name

    def wanted(self) -> tuple[str, ...]:
        return ("user_name", "password")


class BusinessCentralStepForm(RowForm):
    """Where Business Central is; it is asked which companies it has."""

    key = rows.BUSINESS_CENTRAL
    asks_systems = True
    server_address = ApiAddress(
        label="Server Address",
        required=False,
        help_text="The address before /api, as …/v2.0/<tenant>/<environment>.",
    )
    resource = WebAddress(label="Resource", required=False)
    web_client_url = WebAddress(
        label="Web Client URL", required=False, help_text="Where people open Business Central."
    )
    sections: ClassVar[Sections] = (
        ("Business Central", ("server_address", "web_client_url")),
        ("Advanced", ("resource",)),
    )
    advanced = frozenset({"Advanced"})

    class Meta:
        model = BusinessCentralConnection
        fields: tuple[str, ...] = ("server_address", "web_client_url", "resource")

    def row(self, situation: Situation) -> BusinessCentralConnection:
        return rows.business_central(situation)

    def wanted(self) -> tuple[str, ...]:
        return ("server_address", "resource")

    def look(self) -> tuple[list[Problem], Told]:
        try:
            found = asking.companies(self.instance)
        except IntegrationError as error:
            return located(self, error), {}
        if not found:
            sentence = "Business Central shows this sign-in no company."
            cure = "Give the application the right to a company in Business Central."
            return [Problem("server_address", "", sentence, cure, "E-NOTFOUND")], {}
        return [], {"companies": found}


class BusinessCentralSignInForm(BusinessCentralStepForm):
    """Beside a Dataverse on a server of one's own, Business Central has a sign-in of its own."""

    authority = ApiAddress(label="Authority")
    client_secret = secret("Client Secret")
    private_key = secret("Private Key", lines=True)
    password = secret("Password")
    sections = (
        ("Business Central", ("server_address", "web_client_url")),
        ("Sign-in to Business Central", ("authentication_type", "tenant", "client_id",
                                         "client_secret", "certificate", "private_key",
                                         "user_name", "password")),
        ("Advanced", ("authority", "resource")),
    )  # fmt: skip

    class Meta(BusinessCentralStepForm.Meta):
        fields = (
            *BusinessCentralStepForm.Meta.fields, "authority", "tenant", "authentication_type",
            "client_id", "certificate", "user_name",
        )  # fmt: skip

    def wanted(self) -> tuple[str, ...]:
        kind = AuthenticationType(self.instance.authentication_type)
        return (*super().wanted(), *NEEDED[kind])


def business_central(data: Any = None, *, situation: Situation) -> BusinessCentralStepForm:
    """Return the step for what was chosen for Dataverse (E-9.18)."""
    is_apart = rows.has_own_sign_in(situation)
    return (BusinessCentralSignInForm if is_apart else BusinessCentralStepForm)(
        data, situation=situation
    )


class AdministratorForm(RowForm, DeploymentForm):
    """Who imports the solution; the integration user must be no administrator (E-9.16)."""

    key = "administrator"
    kinds = USABLE
    asks_systems = True
    keep = forms.BooleanField(
        label="Keep it as deployment identity",
        required=False,
        help_text="Then later redeploys need no sign-in. Without it the secret is forgotten.",
    )
    sections: ClassVar[Any] = (
        ("Administrator, for the import only", ("authentication_type", "client_id",
                                                "client_secret", "certificate", "private_key",
                                                "user_name", "password", "keep")),
        ("Advanced", ("tenant", "authority")),
    )  # fmt: skip
    advanced = frozenset({"Advanced"})

    def row(self, situation: Situation) -> Any:
        return rows.administrator(situation, self.key)

    def wanted(self) -> tuple[str, ...]:
        kind = AuthenticationType(self.instance.authentication_type)
        return NEEDED[kind]

    def place(self) -> DataverseConnectionSetup:
        """Return the environment to sign in at."""
        return rows.dataverse(self.situation)

    def look(self) -> tuple[list[Problem], Told]:
        try:
            return [], asking.environment(self.instance, self.place())
        except IntegrationError as error:
            return located(self, error), {}


class EnvironmentForm(AdministratorForm):
    """C-0304: which environment, and who may import the solution there."""

    key = "environment"
    server_address = ApiAddress(label="Environment URL", required=False)
    web_client_url = WebAddress(
        label="Web Client URL",
        required=False,
        help_text="Where people open Dynamics 365; empty: the Environment URL.",
    )
    sections = (
        ("Environment", ("server_address", "web_client_url")),
        *AdministratorForm.sections,
    )

    def __init__(self, data: Any = None, *, situation: Situation) -> None:
        super().__init__(data, situation=situation)
        present = rows.dataverse(situation)
        self.initial.setdefault("server_address", present.server_address)
        self.initial.setdefault("web_client_url", present.web_client_url)

    def clean_server_address(self) -> str:
        """Keep what an environment is; a type for one's own server reaches none of Microsoft's."""
        text = str(self.cleaned_data["server_address"] or "")
        kind = AuthenticationType(rows.dataverse(self.situation).authentication_type)
        for fault in sign_in_forms.faults(kind, {"server_address": text}):
            if fault.code == "E-AUTHTYPE":
                raise ValidationError(fault.sentence, code=fault.code)
        return setup_fields.environment(text, kind, self.initial.get("server_address"))

    def missing(self) -> list[Problem]:
        found = super().missing()
        if not self.cleaned_data.get("server_address"):
            caption = "Environment URL"
            sentence = f"Fill in {caption}."
            found.insert(0, Problem("server_address", caption, sentence, "", "E-REQUIRED"))
        return found

    def place(self) -> DataverseConnectionSetup:
        row = super().place()
        row.server_address = self.cleaned_data["server_address"]
        return row


class OwnServerForm(EnvironmentForm):
    """An environment on a server of one's own, which has a version."""

    sdk_version = forms.ChoiceField(
        label="SDK Version", choices=SdkVersion.choices, help_text="Not older than the server."
    )
    sections = (
        ("Environment", ("server_address", "web_client_url", "sdk_version")),
        *AdministratorForm.sections,
    )

    def __init__(self, data: Any = None, *, situation: Situation) -> None:
        super().__init__(data, situation=situation)
        self.initial.setdefault("sdk_version", rows.dataverse(situation).sdk_version)

    def place(self) -> DataverseConnectionSetup:
        row = super().place()
        row.sdk_version = self.cleaned_data["sdk_version"]
        return row


def environment(data: Any = None, *, situation: Situation) -> EnvironmentForm:
    """Return the step for what was chosen for Dataverse (E-9.18)."""
    is_own = rows.dataverse(situation).authentication_type in ON_PREMISES
    return (OwnServerForm if is_own else EnvironmentForm)(data, situation=situation)
