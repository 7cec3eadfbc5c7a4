"""The forms of the connection set-ups: what may be entered, and what is wrong next to its field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model

from connections import sign_in_forms
from connections.authentication import NEEDED
from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.health import Finding
from connections.models import (
    BusinessCentralConnection,
    Company,
    DeploymentIdentity,
    SignIn,
)
from connections.setup_fields import ApiAddress, Offer, OfferError, WebAddress, secret
from connections.terms import AuthenticationType

M = TypeVar("M", bound=Model)
Sections = Sequence[tuple[str, tuple[str, ...]]]  # FastTabs with their fields
EXPIRES = "client_secret_expires_on"
DAYS = (EXPIRES, "odata_key_expires_on")
SECRETS = ("client_secret", "private_key", "password", "odata_access_key")
OF_THE_USER = ("Integration user", "Security roles")  # checks of who signs in
FIELD_OF = {
    "Version": "sdk_version",
    "Address": "server_address",
    "Certificate": "server_address",
    "Organization": "server_address",
    "Company": "business_central_id",
    "Unit Group Mapping": "unit_of_measure_model",
}
HINTS = {
    **sign_in_forms.HINTS,
    "ownership_model": "Person: the coupled salesperson's user owns. Team: the team of the "
    "coupled business unit owns everything.",
    "odata_key_expires_on": "Optional, as the user's card says: Health warns 30 days before.",
    "resource": "What a token for Business Central is asked for.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a field: a sentence, what to do, a code."""

    field: str  # empty: with the set-up as a whole
    caption: str
    sentence: str
    cure: str
    code: str
    offers: tuple[Offer, ...] = ()  # what may stand there instead


class SetupForm(forms.ModelForm[M], Generic[M]):
    """A set-up as a form; secrets are write-only: empty keeps them, a tick removes them."""

    use_required_attribute = False
    sections: ClassVar[Sections]
    follows: ClassVar[tuple[str, ...]] = ()  # fields that are set because others are
    kinds: ClassVar[tuple[AuthenticationType, ...]] = ()  # types of sign-in; empty: the row's

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        hints = HINTS
        if "authentication_type" in self.fields:
            sign_in_forms.offer(self.fields["authentication_type"], self.kinds)
            if sign_in_forms.has_own_servers(self.fields["authentication_type"]):
                hints = HINTS | sign_in_forms.OWN_SERVER_HINTS
        for name in self.fields:
            self.fields[name].widget.attrs.setdefault("class", "input")
            self.fields[name].help_text = self.fields[name].help_text or hints.get(name, "")
        for name in (name for name in DAYS if name in self.fields):
            day = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "input"})
            self.fields[name].widget = day
        if "certificate" in self.fields:
            self.fields["certificate"].widget.attrs.update(rows=3, spellcheck="false")
        self.stored = {n for n in SECRETS if n in self.fields and getattr(self.instance, n)}
        for name in SECRETS:
            if name in self.stored:
                caption = f"Remove the {self.fields[name].label}"
                self.fields[f"remove_{name}"] = forms.BooleanField(label=caption, required=False)

    @property
    def names(self) -> list[str]:
        """The fields of the rows, without the ticks that remove secrets."""
        return [name for name in self.fields if not name.startswith("remove_")]

    def rows(self) -> list[Model]:
        """Return what is to be saved."""
        return [self.instance]

    def clean_client_id(self) -> str:
        text = str(self.cleaned_data["client_id"]).strip()
        if text:
            try:
                UUID(text)
            except ValueError as error:
                message = "Client Id must be an id of the form 8-4-4-4-12. Copy it from Entra ID."
                raise ValidationError(message, code="E-GUID") from error
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "authentication_type" in cleaned:
            self._check_sign_in(AuthenticationType(cleaned["authentication_type"]), cleaned)
        for name in SECRETS:
            if name not in self.fields:
                continue
            try:
                if cleaned.get(f"remove_{name}"):
                    setattr(self.instance, name, "")
                if text := cleaned.get(name):
                    setattr(self.instance, name, text.strip())
            except ConfigurationError as error:
                self.add_error(name, ValidationError(error.message, code="E-ENCRYPTION"))
        return cleaned

    def notes(self) -> list[str]:
        """Return what else a person is to know once it is saved."""
        return []

    def _check_sign_in(self, kind: AuthenticationType, cleaned: dict[str, Any]) -> None:
        """A field that the type does not use keeps its value and is in nobody's way."""
        for name in [name for name in self.errors if sign_in_forms.is_idle(name, kind)]:
            del self.errors[name]
        for fault in sign_in_forms.faults(kind, cleaned):
            self.add_error(fault.field, OfferError(fault.sentence, fault.code, *fault.offers))

    def problems(self) -> list[Problem]:
        """Return what is wrong with what was entered."""
        return [
            _problem(self, "" if name == "__all__" else name, error)
            for name, errors in self.errors.as_data().items()
            for error in errors
        ]

    def missing(self) -> list[Problem]:
        """Return what has to be filled in before the set-up can be enabled (E-9.10)."""
        row, found = self.instance, []
        wanted = [*self.always_needed()]
        if isinstance(row, SignIn):
            kind = AuthenticationType(row.authentication_type)
            wanted += NEEDED[kind]
        for name in wanted:
            if not getattr(row, name):
                caption = str(self.fields[name].label)
                found.append(Problem(name, caption, f"Fill in {caption}.", "", "E-REQUIRED"))
        return found

    def always_needed(self) -> tuple[str, ...]:
        return ("server_address",)

    def located(self, findings: Iterable[Finding]) -> list[Problem]:
        """Return what checks found, each at the field that it is about."""
        return [
            Problem(name, self._caption(name), one.sentence, one.cure, one.code)
            for one in findings
            for name in (self._field_of(one),)
        ]

    def _caption(self, name: str) -> str:
        return str(self.fields[name].label) if name else ""

    def _field_of(self, finding: Finding) -> str:
        kind = AuthenticationType(getattr(self.instance, "authentication_type", "ClientSecret"))
        if finding.code == Cause.NOT_ADMINISTRATOR or finding.name in OF_THE_USER:
            name = sign_in_forms.field_of_user(kind)
        elif finding.name == "Sign-in":
            name = sign_in_forms.field_of(finding.detail, kind, self.fields)
        else:
            name = FIELD_OF.get(finding.name, "")
        return name if name in self.fields else ""


def _problem(form: forms.BaseForm, name: str, error: ValidationError) -> Problem:
    caption = str(form.fields[name].label) if name else ""
    sentence, code = " ".join(error.messages), str(error.code or "E-TYPE")
    if code == "required":
        sentence, code = f"Fill in {caption}.", "E-REQUIRED"
    if name and code == "invalid" and isinstance(form.fields[name], forms.UUIDField):
        sentence, code = f"{caption} must be an id of the form 8-4-4-4-12.", "E-GUID"
    if code in ("invalid", "invalid_choice", "max_length"):
        code = "E-TYPE"
    if code == "unique":
        code = "E-DUP"
    return Problem(name, caption, sentence, "", code, getattr(error, "offers", ()))


class BusinessCentralForm(SetupForm[BusinessCentralConnection]):
    """Where Business Central is; the company is a row of its own."""

    business_central_id = forms.CharField(label="Business Central Company ID")
    name = forms.CharField(label="Company Name", max_length=30, required=False)
    display_name = forms.CharField(label="Display Name", max_length=250, required=False)
    server_address = ApiAddress(label="Server Address", required=False)
    resource = WebAddress(label="Resource", required=False)  # what a token is for; never called
    web_client_url = WebAddress(label="Web Client URL", required=False)
    authority = ApiAddress(label="Authority")
    client_secret = secret("Client Secret")
    private_key = secret("Private Key", lines=True)
    password = secret("Password")
    sections = (
        ("Business Central", ("business_central_id", "name", "display_name", "server_address",
                              "web_client_url")),
        ("Sign-in", sign_in_forms.SIGN_IN),
        ("Advanced Settings", ("resource",)),
    )  # fmt: skip

    class Meta:
        model = BusinessCentralConnection
        fields = (
            "server_address", "resource", "web_client_url", "authority", "tenant",
            "authentication_type", "client_id", "client_secret_expires_on", "certificate",
            "user_name",
        )  # fmt: skip

    def __init__(self, *args: Any, company: Company, **options: Any) -> None:
        self.company = company
        facts = ("business_central_id", "name", "display_name")
        initial = {name: getattr(company, name) for name in facts}
        super().__init__(*args, initial={**initial, **options.pop("initial", {})}, **options)
        if company.pk and company.couplings.exists():
            # Couplings hold ids of this company's records; another company is another set-up.
            self.fields["business_central_id"].disabled = True

    def always_needed(self) -> tuple[str, ...]:
        return ("server_address", "resource")

    def rows(self) -> list[Model]:
        return [self.company, self.instance]

    def clean_business_central_id(self) -> UUID:
        value = self.cleaned_data["business_central_id"]
        try:
            identity = UUID(str(value))
        except ValueError as error:
            message = (
                "Business Central Company ID must be an id of the form 8-4-4-4-12. Copy it from "
                "Business Central's api/v2.0/companies."
            )
            raise ValidationError(message, code="E-GUID") from error
        others = Company.objects.filter(business_central_id=identity).exclude(pk=self.company.pk)
        if others.exists():
            message = "This company is set up already. Choose it at the top of the page."
            raise ValidationError(message, code="E-DUP")
        return identity

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if Company.objects.filter(name=name).exclude(pk=self.company.pk).exists():
            message = f"{name} exists already. Choose another name."
            raise ValidationError(message, code="E-DUP")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if identity := cleaned.get("business_central_id"):
            self.company.business_central_id = identity
            self.company.name = cleaned.get("name") or self.company.name or str(identity)[:30]
            self.company.display_name = cleaned.get("display_name") or ""
        return cleaned


class DeploymentForm(SetupForm[DeploymentIdentity]):
    """Who redeploys: stored for good, or used once."""

    authority = ApiAddress(label="Authority")
    client_secret = secret("Client Secret")
    private_key = secret("Private Key", lines=True)
    password = secret("Password")
    sections: ClassVar[Sections] = (("Deployment Identity", sign_in_forms.SIGN_IN),)

    class Meta:
        model = DeploymentIdentity
        fields = (
            "authority", "tenant", "authentication_type", "client_id", "client_secret_expires_on",
            "certificate", "user_name",
        )  # fmt: skip

    def always_needed(self) -> tuple[str, ...]:
        return ()
