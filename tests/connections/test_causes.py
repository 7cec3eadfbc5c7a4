"""The catalogue of causes tells what to do about every failure."""

from __future__ import annotations

import pytest

from connections.catalogue import CATALOGUE, remedy_of
from connections.causes import Cause, Remedy


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_a_title_and_one_sentence_of_advice(cause: Cause) -> None:
    explanation = CATALOGUE[cause]

    assert explanation.title
    assert not explanation.title.endswith(".")
    assert explanation.advice.endswith(".")
    assert ". " not in explanation.advice


def test_titles_tell_causes_apart() -> None:
    titles = [explanation.title for explanation in CATALOGUE.values()]

    assert len(set(titles)) == len(titles) == len(Cause)


def test_what_passes_by_itself_is_tried_again() -> None:
    passing = {cause for cause in Cause if remedy_of(cause) == Remedy.RETRY}

    assert {Cause.THROTTLED, Cause.UNREACHABLE, Cause.UNAVAILABLE, Cause.LOST_ANSWER} <= passing
    assert Cause.SIGN_IN not in passing


def test_a_missing_dependency_waits() -> None:
    assert remedy_of(Cause.NOT_COUPLED) == Remedy.WAIT
