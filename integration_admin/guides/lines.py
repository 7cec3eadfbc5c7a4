"""What the page of a step shows of its form, and what the review shows of all answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.safestring import SafeString

from connections.setup_forms import Problem
from connections.setup_lines import NOTHING, SET, described_by
from connections.sign_in_forms import kinds_with
from integration_admin.guides import drafts
from integration_admin.guides.first_synchronization import FullSynchReviewForm
from integration_admin.guides.forms import RowForm, StepForm
from integration_admin.guides.guide import REVIEW, Guide, Situation, applying
from syncjobs import full_synch_review

Form = StepForm | RowForm


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of several that are all shown."""

    id: str
    caption: str
    html: SafeString


@dataclass(frozen=True, slots=True)
class Line:
    """A field of a step."""

    name: str
    caption: str
    html: SafeString | str
    hint: str
    problems: list[Problem]
    options: list[Option]
    is_switch: bool
    is_secret: bool
    is_set: bool
    is_wide: bool
    kinds: str  # the types of sign-in that have it, empty for all
    remove: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A FastTab of a step."""

    caption: str
    lines: list[Line]
    is_open: bool


def sections_of(form: Form, problems: Sequence[Problem]) -> list[Section]:
    """Return the form as the page shows it; what is advanced is closed unless it is wrong."""
    wrong = {problem.field for problem in problems}
    return [
        Section(
            caption,
            [_line(form, form[name], problems) for name in names],
            is_open=caption not in form.advanced or bool(wrong & set(names)),
        )
        for caption, names in form.sections
    ]


def reviewed(
    form: FullSynchReviewForm, sections: Sequence[Section]
) -> list[tuple[full_synch_review.Line, Line]]:
    """Return each mapping of the full synchronization review with the field of its choice."""
    return [(form.lines[line.name], line) for section in sections for line in section.lines]


def _line(form: Form, bound: BoundField, problems: Sequence[Problem]) -> Line:
    name, widget = bound.name, bound.field.widget
    mine = [problem for problem in problems if problem.field == name]
    is_list = isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
    attrs = described_by(bound, mine)
    return Line(
        name=name,
        caption=str(bound.label),
        html="" if is_list else _input(form, bound, attrs),
        hint=str(bound.field.help_text),
        problems=mine,
        options=_options(bound, attrs) if is_list else [],
        is_switch=isinstance(widget, forms.CheckboxInput),
        is_secret=name in form.secret_names,
        is_set=name in form.stored,
        is_wide=isinstance(widget, forms.URLInput | forms.Textarea),
        kinds=" ".join(kinds_with(name)) if "authentication_type" in form.fields else "",
    )


def _input(form: Form, bound: BoundField, attrs: dict[str, str | bool]) -> SafeString:
    widget = bound.field.widget
    if isinstance(widget, forms.CheckboxInput):
        widget.attrs.pop("class", None)
        attrs = {**attrs, "role": "switch"}
    if bound.name in form.secret_names:  # never shown again, not even beside an error
        identity = {"id": bound.id_for_label}
        return SafeString(widget.render(bound.html_name, "", {**identity, **widget.attrs, **attrs}))
    return bound.as_widget(attrs=attrs)


def _options(bound: BoundField, attrs: dict[str, str | bool]) -> list[Option]:
    described = {key: text for key, text in attrs.items() if key == "aria-describedby"}
    bound.field.widget.attrs.update({**described, "class": "check"})
    return [
        Option(f"id_{bound.name}_{number}", str(one.choice_label), SafeString(one.tag()))
        for number, one in enumerate(bound.subwidgets)
    ]


# The review


@dataclass(frozen=True, slots=True)
class Answer:
    """What was chosen, and what holds now where that is something else."""

    caption: str
    value: str
    before: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A step in the review."""

    key: str
    title: str
    answers: list[Answer]


def review_of(guide: Guide, situation: Situation) -> list[Answered]:
    """Return everything that was chosen, beside the present settings (C-0413)."""
    present = drafts.setups_of(situation.company)
    return [
        Answered(step.key, step.title, _answers(step.form, situation, present))
        for step in applying(guide, situation)
        if step.key != REVIEW
    ]


def _answers(form: Any, situation: Situation, present: Situation) -> list[Answer]:
    chosen, now = form(situation=situation), form(situation=present)
    names = [name for _, listed in chosen.sections for name in listed]
    found = []
    for name in names:
        value = value_of(chosen, chosen[name])
        # What a system was asked for stands in no set-up.
        is_known = present.company is not None and name in now.fields
        before = value_of(now, now[name]) if is_known else ""
        if value != NOTHING or before not in ("", NOTHING):
            found.append(Answer(str(chosen[name].label), value, "" if before == value else before))
    return found


def value_of(form: Form, bound: BoundField) -> str:
    """Return what a field holds, in words."""
    if bound.name in form.secret_names:
        return SET if bound.name in form.stored else NOTHING
    field, value = bound.field, bound.initial
    if isinstance(field, forms.BooleanField):
        return "Yes" if value else "No"
    choices = {str(key): str(label) for key, label in getattr(field, "choices", ()) or ()}
    if isinstance(value, list | tuple):
        return ", ".join(choices.get(str(one), str(one)) for one in value) or NOTHING
    return (
        choices.get(str(value or ""), str(value or "")).partition(":")[0]
        if choices
        else (str(value or "") or NOTHING)
    )
