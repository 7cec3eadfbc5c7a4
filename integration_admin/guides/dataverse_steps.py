"""The steps of the guide that connects with Dataverse (P03)."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError

from connections import health
from connections.authentication import NEEDED
from connections.causes import Cause
from connections.errors import IntegrationError
from connections.models import BusinessCentralConnection, DataverseConnectionSetup
from connections.setup_fields import ApiAddress, WebAddress, secret
from connections.setup_forms import DeploymentForm, Problem
from connections.terms import AuthenticationType, OwnershipModel
from integration_admin.guides import asking, pairs, rows
from integration_admin.guides.forms import RowForm, Sections, StepForm, Told
from integration_admin.guides.guide import Situation

CONSENT_VERSION = "2026-11"
CONSENT = (
    "Synchronizing sends records of Business Central, among them names, addresses and other data "
    "of persons, to Dataverse, which may lie in another region and under other terms. From then on "
    "the terms of Dataverse and Dynamics 365 hold for that data."
)
PERMISSIONS = (
    ("Dynamics 365 Business Central", "Financials.ReadWrite.All"),
    ("Dynamics CRM (Dataverse)", "user_impersonation"),
)
AT_THE_ADDRESS = frozenset(
    {Cause.UNREACHABLE, Cause.HOST_NOT_ALLOWED, Cause.CERTIFICATE, Cause.NOT_AN_API}
)


def located(form: Any, error: IntegrationError) -> list[Problem]:
    """Say at its field what a system refused: at the address, or at the sign-in."""
    where = "Address" if error.cause in AT_THE_ADDRESS else "Sign-in"
    found: list[Problem] = form.located([health.refused(where, error)])
    return found


class EnableForm(StepForm):
    """C-0301: what to enable."""

    key = "enable"
    sections = (("What to enable", ("data_synchronization",)),)
    data_synchronization = forms.BooleanField(
        label="Enable data synchronization",
        required=False,
        initial=True,
        help_text="Virtual tables and events of Business Central are not part of this console.",
    )

    def clean_data_synchronization(self) -> bool:
        if not self.cleaned_data["data_synchronization"]:
            message = "Switch it on to go on; there is nothing else to enable."
            raise ValidationError(message, code="E-REQUIRED")
        return True


class ConsentForm(StepForm):
    """C-0302: nothing leaves Business Central before somebody has agreed."""

    key = "consent"
    sections = (("Consent", ("accepted",)),)
    accepted = forms.BooleanField(label="I accept", required=False)

    def clean_accepted(self) -> bool:
        if not self.cleaned_data["accepted"]:
            message = "Without your consent nothing is connected."
            raise ValidationError(message, code="E-REQUIRED")
        return True


class RegistrationForm(RowForm):
    """C-0303: the application that signs in at both systems."""

    key = rows.REGISTRATION
    authority = ApiAddress(label="Authority")
    client_secret = secret("Client Secret")
    private_key = secret("Private Key", lines=True)
    sections = (
        ("App registration in Entra ID", ("tenant", "client_id", "authentication_type",
                                          "client_secret", "certificate", "private_key")),
        ("Advanced", ("authority",)),
    )  # fmt: skip
    advanced = frozenset({"Advanced"})

    class Meta:
        model = DataverseConnectionSetup
        fields = ("authority", "tenant", "authentication_type", "client_id", "certificate")

    def row(self, situation: Situation) -> DataverseConnectionSetup:
        return rows.dataverse(situation)

    def wanted(self) -> tuple[str, ...]:
        kind = self.instance.authentication_type
        by_kind = {
            AuthenticationType.CLIENT_SECRET: ("client_secret",),
            AuthenticationType.CERTIFICATE: ("certificate", "private_key"),
        }
        return ("tenant", "client_id", *by_kind.get(kind, ()))


class IntegrationUserForm(RowForm):
    """C-0305: only where a user signs in, not the application itself."""

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
        if name and "@" not in name:
            message = "Enter the user as an e-mail address."
            raise ValidationError(message, code="E-EMAIL")
        return name

    def wanted(self) -> tuple[str, ...]:
        return ("user_name", "password")


class BusinessCentralStepForm(RowForm):
    """Where Business Central is; it is asked which companies it has."""

    key = "business_central"
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
    sections = (
        ("Business Central", ("server_address", "web_client_url")),
        ("Advanced", ("resource",)),
    )
    advanced = frozenset({"Advanced"})

    class Meta:
        model = BusinessCentralConnection
        fields = ("server_address", "web_client_url", "resource")

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


class CompanyForm(StepForm):
    """Which of the companies that Business Central answered with."""

    key = "company"
    sections = (("Company", ("business_central_id",)),)
    business_central_id = forms.ChoiceField(
        label="Company",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a company.", "invalid_choice": "Choose one of these."},
    )

    def __init__(self, data: Any = None, *, situation: Situation) -> None:
        super().__init__(data, situation=situation)
        field = self.fields["business_central_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (one["id"], one["display_name"] or one["name"])
            for one in situation.told.get("companies", ())
        ]
        if len(field.choices) == 1:
            field.initial = field.choices[0][0]


class AdministratorForm(RowForm, DeploymentForm):
    """Who imports the solution; the integration user must be no administrator (E-9.16)."""

    key = "administrator"
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


class OwnershipForm(StepForm):
    """C-0306: who owns what comes from Business Central."""

    key = "ownership"
    asks_systems = True
    sections = (("Ownership model", ("ownership_model", "business_unit")),)
    ownership_model = forms.ChoiceField(
        label="Ownership Model",
        widget=forms.RadioSelect,
        choices=(
            (OwnershipModel.PERSON, "Person: the user who is coupled with the salesperson owns the "
             "record, so that everybody sees their own"),
            (OwnershipModel.TEAM, "Team: one team of a business unit owns all records, and its "
             "members share them"),
        ),
        initial=OwnershipModel.PERSON,
    )  # fmt: skip
    business_unit = forms.ChoiceField(
        label="Coupled Business Unit",
        required=False,
        help_text="For the model Team. The team that owns the records belongs to this unit.",
    )

    def __init__(self, data: Any = None, *, situation: Situation) -> None:
        super().__init__(data, situation=situation)
        row = situation.dataverse
        if row is not None:
            self.initial.setdefault("ownership_model", row.ownership_model)
            self.initial.setdefault("business_unit", str(row.business_unit_id or ""))
        field = self.fields["business_unit"]
        assert isinstance(field, forms.ChoiceField)
        own = asking.unit_name(rows.company(situation))
        units = situation.told.get("units", ())
        field.choices = [("", f"Its own: {own}"), *((one["id"], one["name"]) for one in units)]

    def clean_business_unit(self) -> str:
        text = str(self.cleaned_data["business_unit"])
        return str(UUID(text)) if text else ""

    def look(self) -> tuple[list[Problem], Told]:
        """Look which users are which salespeople; what keeps from looking is no reason to stop."""
        if self.cleaned_data["ownership_model"] != OwnershipModel.PERSON:
            return [], {"pairs": []}
        try:
            found = pairs.propose(
                rows.administrator(self.situation, "environment"),
                rows.dataverse(self.situation),
                rows.business_central(self.situation),
            )
        except IntegrationError as error:
            return [], {"pairs": [], "pairs_trouble": error.message}
        return [], {"pairs": found, "pairs_trouble": ""}


class SalespeopleForm(StepForm):
    """C-0307: under the model Person, users own what their salespeople sell."""

    key = "salespeople"
    sections: Sections = (("Salespeople", ("couple", "continue_without")),)
    couple = forms.MultipleChoiceField(
        label="Couple these, found by e-mail",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Nobody is coupled without a tick, and not before Finish.",
    )
    continue_without = forms.BooleanField(
        label="Continue without",
        required=False,
        help_text="Until a salesperson is coupled, the integration user owns their records.",
    )

    def __init__(self, data: Any = None, *, situation: Situation) -> None:
        super().__init__(data, situation=situation)
        field = self.fields["couple"]
        assert isinstance(field, forms.MultipleChoiceField)
        proposed = situation.told.get("pairs", ())
        field.choices = [(pair["user"], pair["caption"]) for pair in proposed]
        if not proposed:
            del self.fields["couple"]
            self.sections = (("Salespeople", ("continue_without",)),)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("continue_without") and not cleaned.get("couple"):
            message = "Say that you continue without; salespeople can be coupled after Finish."
            if "couple" in self.fields:
                message = "Couple at least one salesperson, or say that you continue without."
            self.add_error("continue_without", ValidationError(message, code="E-REQUIRED"))
        return cleaned


class DefaultsForm(StepForm):
    """Connecting again applies the defaults; each customised mapping is named and may stay."""

    key = "defaults"
    sections = (("Customised mappings", ("keep",)),)
    keep = forms.MultipleChoiceField(
        label="Keep the customisations of",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Mappings without a tick get the defaults, and look at all records once more.",
    )

    def __init__(self, data: Any = None, *, situation: Situation) -> None:
        super().__init__(data, situation=situation)
        field = self.fields["keep"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(name, name) for name in situation.customised]


class FirstSynchronizationForm(StepForm):
    """C-0308: whether the run goes on with a first synchronization."""

    key = "first_synchronization"
    sections = (("First synchronization", ("first",)),)
    first = forms.ChoiceField(
        label="After the connection is enabled",
        widget=forms.RadioSelect,
        choices=(
            ("full", "Run a full synchronization: records that match are coupled first, then the "
             "missing partners are made"),
            ("later", "Complete without synchronization: the scheduled jobs begin, and only with "
             "what is changed from now on or coupled by hand"),
        ),
        initial="full",
    )  # fmt: skip


class ReviewForm(StepForm):
    """The last step: it asks nothing."""

    key = "review"
