"""The first synchronization of a guide: whether there is one, and the review of its mappings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.text import slugify

from connections import health, setup
from connections.checks import IMPATIENT
from connections.dataverse import Dataverse
from connections.errors import IntegrationError
from connections.setup_forms import Problem
from connections.shelf import OwnShelf
from integration_admin.guides import rows
from integration_admin.guides.forms import Sections, StepForm, Told
from integration_admin.guides.guide import Situation
from mappings import reset
from mappings.reset import MappingValues
from syncjobs import full_synch_review
from syncjobs.full_synch_review import Line, Treatment

FIRST, REVIEWED = "first_synchronization", "full_synch_review"
FULL, LATER = "full", "later"
TOLD = "full_synch"  # where a draft keeps the lines
TITLE = "Full Synchronization Review"


def is_wanted(situation: Situation) -> bool:
    """Whether the run goes on with a first synchronization."""
    return situation.answer(FIRST, "first", FULL) == FULL


def nothing_to_review(situation: Situation) -> str:
    """E-9.18: who finishes without synchronizing has nothing to review."""
    return "" if is_wanted(situation) else "The connection begins without a first synchronization."


class FirstSynchronizationForm(StepForm):
    """C-0308: whether the run goes on with a first synchronization; then both sides are counted."""

    key = FIRST
    asks_systems = True
    sections = (("First synchronization", ("first",)),)
    first = forms.ChoiceField(
        label="After the connection is enabled",
        widget=forms.RadioSelect,
        choices=(
            (FULL, "Synchronize now: the next step shows every mapping with what both sides hold, "
             "and recommends what to do with it"),
            (LATER, "Complete without synchronization: the scheduled jobs begin, and only with "
             "what is changed from now on or coupled by hand"),
        ),
        initial=FULL,
    )  # fmt: skip

    def look(self) -> tuple[list[Problem], Told]:
        """Count what both sides hold, when that is to be reviewed."""
        if self.cleaned_data["first"] != FULL:
            return [], {TOLD: []}
        try:
            return [], {TOLD: [line.told() for line in self.counted()]}
        except IntegrationError as error:
            found = health.refused(TITLE, error)
            return [Problem("first", "", found.sentence, found.cure, found.code)], {}

    def counted(self) -> list[Line]:
        raise NotImplementedError


class FirstOfDataverseForm(FirstSynchronizationForm):
    """Nothing is connected yet: the administrator of the guide counts in Dataverse."""

    def counted(self) -> list[Line]:
        business_central = setup.business_central_of(
            rows.business_central(self.situation), timing=IMPATIENT
        )
        client = setup.dataverse_as(
            rows.administrator(self.situation, "environment"),
            rows.dataverse(self.situation),
            timing=IMPATIENT,
        )
        try:
            return full_synch_review.look(
                self.planned(), business_central, Dataverse(client, OwnShelf())
            )
        finally:
            client.close()

    def planned(self) -> dict[str, MappingValues]:
        company = rows.company(self.situation)
        model = str(rows.dataverse(self.situation).ownership_model)
        choices = replace(
            reset.choices_of(company),
            ownership_model=model.lower(),
            sales_connection_enabled=False,
        )
        return reset.forecast(
            company, choices=choices, keep=self.situation.chosen("defaults", "keep")
        )


class FirstOfSalesForm(FirstSynchronizationForm):
    """The connection with Dataverse works: it is counted through it."""

    def counted(self) -> list[Line]:
        company = rows.company(self.situation)
        both = setup.systems_of(company, timing=IMPATIENT)
        return full_synch_review.look(
            self.planned(),
            both.business_central,
            both.dataverse,
            company_row=company.dataverse_company_id,
        )

    def planned(self) -> dict[str, MappingValues]:
        company = rows.company(self.situation)
        is_on = setup.has_sales(company) or self.situation.is_on(
            "advanced", "enable", standard=True
        )
        choices = replace(reset.choices_of(company), sales_connection_enabled=is_on)
        return reset.forecast(
            company, choices=choices, keep=self.situation.chosen("defaults", "keep")
        )


# The review


def lines_of(situation: Situation) -> list[Line]:
    """Return the mappings as they were counted, in the order of the run."""
    return [Line(**one) for one in situation.told.get(TOLD, ())]


def field_of(name: str) -> str:
    """Return the field of a mapping in the form."""
    return f"do_{slugify(name)}"


def chosen_of(situation: Situation) -> Iterator[tuple[Line, Treatment]]:
    """Yield what is done with each mapping: what was chosen, else what is recommended."""
    for line in lines_of(situation):
        answer = situation.answer(REVIEWED, field_of(line.name))
        is_known = answer in line.treatments
        yield line, Treatment(answer) if is_known else line.recommended_treatment


class FullSynchReviewForm(StepForm):
    """E-9.18, C-0308: what the first synchronization does with each mapping."""

    key = REVIEWED

    def __init__(self, data: Any = None, *, situation: Situation) -> None:
        super().__init__(data, situation=situation)
        self.lines: dict[str, Line] = {}
        for line, treatment in chosen_of(situation):
            name = field_of(line.name)
            self.lines[name] = line
            self.initial[name] = treatment.value
            self.fields[name] = forms.ChoiceField(
                label=line.name,
                required=False,  # what is not chosen is as recommended
                choices=[(one.value, one.label) for one in line.treatments],
                widget=forms.Select(attrs={"class": "input"}),
            )
        self.sections: Sections = ((TITLE, tuple(self.lines)),)
