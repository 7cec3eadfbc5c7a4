"""The steps of the guide that connects with Dataverse (P03)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError

from connections.errors import IntegrationError
from connections.setup_forms import Problem
from connections.terms import OwnershipModel
from integration_admin.guides import asking, pairs, rows
from integration_admin.guides.forms import Sections, StepForm, Told
from integration_admin.guides.guide import Situation

PERMISSIONS = (
    ("Dynamics 365 Business Central", "Financials.ReadWrite.All"),
    ("Dynamics CRM (Dataverse)", "user_impersonation"),
)


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


class ReviewForm(StepForm):
    """The last step: it asks nothing."""

    key = "review"
