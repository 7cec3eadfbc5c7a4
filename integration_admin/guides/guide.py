"""What a guide is: steps, which of them apply and why not, and what makes each complete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    DeploymentIdentity,
    SalesConnectionSetup,
)

REVIEW = "review"  # the last step of every guide: it asks nothing and starts the run
Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Situation:
    """What a guide knows: the answers so far, what systems told, and what is set up already."""

    answers: Mapping[str, Answers] = field(default_factory=dict)  # by step
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by step
    told: Mapping[str, Any] = field(default_factory=dict)  # by the systems, when a step asked them
    done: frozenset[str] = frozenset()
    company: Company | None = None
    business_central: BusinessCentralConnection | None = None
    dataverse: DataverseConnectionSetup | None = None
    sales: SalesConnectionSetup | None = None
    identity: DeploymentIdentity | None = None
    customised: tuple[str, ...] = ()  # mappings that differ from the defaults

    def answer(self, step: str, name: str, standard: str = "") -> str:
        """Return what was answered; else what holds without an answer."""
        return str(self.answers.get(step, {}).get(name, standard))

    def chosen(self, step: str, name: str) -> list[str]:
        """Return what was ticked in a list."""
        return list(self.answers.get(step, {}).get(name, ()))

    def is_on(self, step: str, name: str, *, standard: bool = False) -> bool:
        """Return what a switch was set to."""
        return bool(self.answers.get(step, {}).get(name, standard))


def always(_situation: Situation) -> str:
    """Apply whatever was answered."""
    return ""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a guide asks; `leaves_out` says why it does not apply, or ""."""

    key: str
    title: str
    form: Callable[..., Any]
    leaves_out: Callable[[Situation], str] = always
    rests_on: tuple[str, ...] = ()  # what was found out here holds no more once these change


@dataclass(frozen=True, slots=True)
class Guide:
    """A way through one set-up; `in_the_way` says what has to be settled before: sentence, code."""

    key: str
    title: str
    area: str
    intro: str
    steps: tuple[Step, ...]
    in_the_way: Callable[[Situation], tuple[str, str]]
    is_enabled: Callable[[Situation], bool]
    setup_page: str  # the URL name of the page that shows the same settings
    at_hand: tuple[tuple[str, str], ...] = ()  # what is asked for, and where it comes from

    def step(self, key: str) -> Step | None:
        return next((step for step in self.steps if step.key == key), None)


class Standing(StrEnum):
    """Where a step stands."""

    DONE = "done"
    HERE = "here"
    TO_DO = "to do"
    LEFT_OUT = "does not apply"


@dataclass(frozen=True, slots=True)
class StepState:
    """A step as the stepper shows it."""

    step: Step
    standing: Standing
    number: int
    reason: str = ""


def standings(guide: Guide, situation: Situation, here: str = "") -> list[StepState]:
    """Return where every step stands; those that do not apply say why, and have no number."""
    found, number = [], 0  # C-0202
    for step in guide.steps:
        reason = step.leaves_out(situation)
        number += not reason
        standing = Standing.DONE if step.key in situation.done else Standing.TO_DO
        if reason:
            standing = Standing.LEFT_OUT
        if step.key == here:
            standing = Standing.HERE
        found.append(StepState(step, standing, number, reason))
    return found


def applying(guide: Guide, situation: Situation) -> list[Step]:
    """Return the steps that apply, in order."""
    return [step for step in guide.steps if not step.leaves_out(situation)]


def missing(guide: Guide, situation: Situation) -> list[Step]:
    """Return what has to be answered before Finish."""
    steps = applying(guide, situation)
    return [step for step in steps if step.key not in (*situation.done, REVIEW)]


def after(guide: Guide, situation: Situation, key: str) -> Step:
    """Return the step that comes next and applies; after the last comes the last."""
    return _beside(guide, situation, key, 1)


def before(guide: Guide, situation: Situation, key: str) -> Step:
    """Return the step before that applies; before the first comes the first."""
    return _beside(guide, situation, key, -1)


def _beside(guide: Guide, situation: Situation, key: str, way: int) -> Step:
    keys = [step.key for step in guide.steps]
    place = keys.index(key) + way
    while 0 <= place < len(keys):
        if not guide.steps[place].leaves_out(situation):
            return guide.steps[place]
        place += way
    return guide.steps[keys.index(key)]


def resting_on(guide: Guide, key: str) -> set[str]:
    """Return the steps that have to be looked at again when this one changes."""
    found, more = {key}, True
    while more:
        new = {step.key for step in guide.steps if found & set(step.rests_on)} - found
        found |= new
        more = bool(new)
    return found - {key}
