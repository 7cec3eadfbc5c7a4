"""What every form of a guide has: sections, problems with codes, answers apart from secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms

from connections import sign_in_forms
from connections.authentication import OAUTH_2
from connections.setup_forms import Problem, SetupForm
from connections.terms import AuthenticationType
from integration_admin.guides.guide import Situation
from integration_admin.guides.rows import SECRETS

PLAIN = frozenset({"client_id", "client_secret"})
Told = dict[str, Any]
Sections = Sequence[tuple[str, tuple[str, ...]]]


class StepForm(forms.Form):
    """A step that asks for what no row holds."""

    use_required_attribute = False
    key: ClassVar[str] = ""
    sections: Sections = ()
    advanced: ClassVar[frozenset[str]] = frozenset()  # sections that are closed at first
    secret_names: ClassVar[frozenset[str]] = frozenset()
    asks_systems: ClassVar[bool] = False  # whether it is done only once a system has answered

    def __init__(self, data: Any = None, *, situation: Situation) -> None:
        super().__init__(data, initial={**situation.answers.get(self.key, {})})
        self.situation = situation
        self.stored = self.secret_names & set(situation.secrets.get(self.key, {}))
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "input")

    def problems(self) -> list[Problem]:
        """Return what is wrong with what was entered."""
        return SetupForm.problems(self)  # type: ignore[arg-type]  # needs no more of a form

    def missing(self) -> list[Problem]:
        """Return what has to be filled in."""
        return []

    def look(self) -> tuple[list[Problem], Told]:
        """Ask the systems, when everything is filled in: what is wrong, and what they told."""
        return [], {}


class RowForm(SetupForm[Any]):
    """A step that asks for fields of a set-up; the row is filled in and never saved here."""

    key: ClassVar[str] = ""
    advanced: ClassVar[frozenset[str]] = frozenset()
    secret_names: ClassVar[frozenset[str]] = frozenset(SECRETS)
    asks_systems: ClassVar[bool] = False
    kinds: ClassVar[tuple[AuthenticationType, ...]] = OAUTH_2

    def __init__(self, data: Any = None, *, situation: Situation) -> None:
        self.situation = situation
        given = {**situation.answers.get(self.key, {})}
        super().__init__(data, instance=self.row(situation), initial=given)
        for name in [name for name in self.fields if name.startswith("remove_")]:
            del self.fields[name]  # a guide replaces; the set-up page removes
        for name in PLAIN & set(self.fields):  # most have no server of their own
            self.fields[name].help_text = sign_in_forms.HINTS[name]
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "input")

    def row(self, situation: Situation) -> Any:
        """Return the row that the step is about."""
        raise NotImplementedError

    def missing(self) -> list[Problem]:
        found: list[Problem] = []
        for name in self.wanted():
            if name in self.fields and not getattr(self.instance, name):
                caption = str(self.fields[name].label)
                found.append(Problem(name, caption, f"Fill in {caption}.", "", "E-REQUIRED"))
        return found

    def wanted(self) -> tuple[str, ...]:
        """Return the fields that may not be empty."""
        return ()

    def look(self) -> tuple[list[Problem], Told]:
        """Ask the systems, when everything is filled in: what is wrong, and what they told."""
        return [], {}


def answers_of(form: StepForm | RowForm, data: Any) -> dict[str, Any]:
    """Return what was entered, without secrets; cleaned where that was possible."""
    found: dict[str, Any] = {}
    cleaned: Mapping[str, Any] = getattr(form, "cleaned_data", {})
    for name, field in form.fields.items():
        if name in form.secret_names or field.disabled:
            continue
        found[name] = plain(cleaned[name]) if name in cleaned else _entered(data, name, field)
    return found


def plain(value: Any) -> Any:
    """Return an answer as the draft keeps it; what is off or empty is an empty text."""
    if isinstance(value, bool):
        return "on" if value else ""
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    return "" if value is None else str(value)


def _entered(data: Any, name: str, field: forms.Field) -> Any:
    if isinstance(field, forms.MultipleChoiceField):
        return data.getlist(name)
    return data.get(name, "")


def secrets_of(form: StepForm | RowForm, data: Any) -> dict[str, str]:
    """Return the secrets that were entered; an empty field keeps the one there is."""
    names = form.secret_names & set(form.fields)
    return {name: data.get(name, "").strip() for name in names if data.get(name, "").strip()}
