"""What the page of a set-up shows of its fields: inputs to edit, or values to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.safestring import SafeString

from audit.changes import last_changes
from audit.models import AuditEntry
from connections.connection_string_verdicts import Verdict
from connections.dataverse_setup_form import DataverseForm
from connections.models import BusinessCentralConnection, DataverseConnectionSetup
from connections.setup_edits import Conflict
from connections.setup_forms import SECRETS, Problem, SetupForm
from connections.sign_in_forms import is_idle, kinds_with
from connections.terms import AuthenticationType

PERSONAL = {
    "client_id",
    "user_name",
    "certificate",
    "domain",
    "redirect_url",
    "connection_string",
    *SECRETS,
}  # not for viewers (C-4002)
SET, NOT_SET, NOTHING = "set", "not set", "–"


@dataclass(frozen=True, slots=True)
class Line:
    """A field of the page."""

    name: str
    caption: str
    html: SafeString | str
    value: str
    hint: str
    problems: list[Problem]
    is_switch: bool
    is_secret: bool
    is_set: bool
    is_wide: bool
    remove: SafeString | str
    remove_caption: str
    kinds: str  # the types of sign-in that have it, empty for all
    verdicts: list[Verdict]  # of a connection string, name by name
    set_at: datetime | None = None  # a secret, as far as the audit log knows
    set_by: str = ""


def sections_of(
    form: SetupForm[Any], problems: Sequence[Problem], *, is_editing: bool, sees_all: bool
) -> list[tuple[str, list[Line]]]:
    """Return the FastTabs with their fields."""
    secrets = last_changes(form.instance, [name for name in SECRETS if name in form.stored])
    return [
        (
            caption,
            [
                _line(form, form[name], problems, secrets, is_editing=is_editing)
                for name in names
                if sees_all or name not in PERSONAL
                if is_editing or not _is_idle(form, name)
            ],
        )
        for caption, names in form.sections
    ]


def asking_for(form: SetupForm[Any], problems: Sequence[Problem] = ()) -> dict[str, Any]:
    """Return what a page shows that asks for a form: its fields, and what is wrong with them."""
    sections = sections_of(form, problems, is_editing=True, sees_all=True)
    return {"sections": sections, "problems": problems}


def _is_idle(form: SetupForm[Any], name: str) -> bool:
    kind = getattr(form.instance, "authentication_type", "")
    return bool(kind) and is_idle(name, AuthenticationType(kind))


def _verdicts(form: SetupForm[Any], name: str) -> list[Verdict]:
    if name == "connection_string" and isinstance(form, DataverseForm):
        return form.verdicts()
    return []


def _line(
    form: SetupForm[Any],
    bound: BoundField,
    problems: Sequence[Problem],
    secrets: Mapping[str, AuditEntry],
    *,
    is_editing: bool,
) -> Line:
    name, widget = bound.name, bound.field.widget
    last = secrets.get(name)
    mine = [problem for problem in problems if problem.field == name]
    is_secret = name in SECRETS
    remove = form[f"remove_{name}"] if f"remove_{name}" in form.fields else None
    return Line(
        name=name,
        caption=str(bound.label),
        html=_input(bound, mine) if is_editing else "",
        value="" if is_editing else _value(form, bound),
        hint=str(bound.field.help_text),
        problems=mine,
        is_switch=isinstance(widget, forms.CheckboxInput),
        is_secret=is_secret,
        is_set=name in form.stored,
        is_wide=isinstance(widget, forms.URLInput | forms.Textarea) and name != "authority",
        remove=remove.as_widget(attrs={"class": "check"}) if remove and is_editing else "",
        remove_caption=str(remove.label) if remove else "",
        kinds=" ".join(kinds_with(name)) if "authentication_type" in form.fields else "",
        verdicts=_verdicts(form, name),
        set_at=last.moment if last else None,
        set_by=last.user_name if last else "",
    )


def described_by(bound: BoundField, problems: Sequence[Problem]) -> dict[str, str | bool]:
    """Return what leads from an input to its hint and to what is wrong with it."""
    attrs: dict[str, str | bool] = {}
    ids = [f"id_{bound.name}-e"] if problems else []
    if bound.field.help_text:
        ids.append(f"id_{bound.name}-h")
    if ids:
        attrs["aria-describedby"] = " ".join(ids)
    if problems:
        attrs["aria-invalid"] = "true"
    return attrs


def _input(bound: BoundField, problems: list[Problem]) -> SafeString:
    attrs = described_by(bound, problems)
    widget = bound.field.widget
    if isinstance(widget, forms.CheckboxInput):
        widget.attrs.pop("class", None)
        attrs["role"] = "switch"
    if bound.name in SECRETS and isinstance(widget, forms.Textarea):
        return SafeString(bound.field.widget.render(bound.html_name, "", {
            "id": bound.id_for_label, **widget.attrs, **attrs
        }))  # fmt: skip
    return bound.as_widget(attrs=attrs)


def _value(form: SetupForm[Any], bound: BoundField) -> str:
    if bound.name in SECRETS:
        return SET if bound.name in form.stored else NOT_SET
    return _told(bound.field, bound.initial)


def _told(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.BooleanField):
        return "Yes" if value else "No"
    choices = dict(getattr(field, "choices", ()) or ())
    return str(choices.get(value, value) or NOTHING)


def facts_of(row: Any) -> list[tuple[str, str]]:
    """Return what the systems told, which nobody enters."""
    if isinstance(row, BusinessCentralConnection):
        return [("LCY Code", row.company.local_currency_code or NOTHING)]
    if not isinstance(row, DataverseConnectionSetup):
        return []
    return [("Integration User", row.integration_user_name or NOTHING)]


def conflicts_of(
    form: SetupForm[Any], conflicts: Sequence[Conflict]
) -> list[tuple[str, str, str, str]]:
    """Return caption, before, theirs and mine of what somebody else saved (C-0004)."""
    return [_conflict(form, conflict) for conflict in conflicts]


def _conflict(form: SetupForm[Any], conflict: Conflict) -> tuple[str, str, str, str]:
    field = form.fields[conflict.name]
    caption = str(field.label)
    if conflict.name in SECRETS:
        before = SET if conflict.before else NOT_SET
        mine = "replaced" if form.cleaned_data.get(conflict.name) else "kept"
        return caption, before, "replaced" if conflict.theirs else "removed", mine
    values = (conflict.before, conflict.theirs, form.cleaned_data.get(conflict.name))
    before, theirs, mine = (_told(field, value) for value in values)
    return caption, before, theirs, mine
