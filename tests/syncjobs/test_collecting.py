"""Cycles are looked for seldom while a run lasts, and as before afterwards."""

from __future__ import annotations

import gc

import pytest

from syncjobs.runs.collecting import ALLOCATIONS, seldom_collecting


def test_the_thresholds_are_as_before_even_after_a_failure() -> None:
    before = gc.get_threshold()
    during: list[tuple[int, int, int]] = []

    with pytest.raises(RuntimeError):
        fail_while_seldom_collecting(during)

    assert during == [(ALLOCATIONS, *before[1:])]
    assert gc.get_threshold() == before


def fail_while_seldom_collecting(during: list[tuple[int, int, int]]) -> None:
    with seldom_collecting():
        during.append(gc.get_threshold())
        raise RuntimeError


def test_who_switched_collecting_off_keeps_it_off() -> None:
    before = gc.get_threshold()
    gc.set_threshold(0)
    try:
        with seldom_collecting():
            assert gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*before)
