"""Every rule of a synchronization run is proven by a row, by a test, or left out with a reason."""

from __future__ import annotations

import re
from pathlib import Path

from tests.syncjobs.rulebook import decisions, not_applicable

TESTS = Path(__file__).resolve().parents[1]
RUNS = [(6, 19), (20, 26), (30, 49), (50, 67), (70, 76), (80, 89), (90, 99)]
BETWEEN = ["E-3.92a", "E-3.92b", "E-3.96a"]
RULES = {f"E-3.{n}" for first, last in RUNS for n in range(first, last + 1)} | set(BETWEEN)
CITATION = re.compile(r"E-3\.\d+[a-z]?")


def cited() -> set[str]:
    """Return the rules that a test file or a row of the rule tables names."""
    found = {rule for row in decisions() for rule in CITATION.findall(row["rules"])}
    for path in TESTS.rglob("test_*.py"):
        if path.name == Path(__file__).name:
            continue
        found |= set(CITATION.findall(path.read_text(encoding="utf-8")))
    return found


def test_every_rule_is_proven_or_left_out_with_a_reason() -> None:
    left_out = not_applicable()

    missing = RULES - cited() - set(left_out)

    assert not missing, f"nobody proves {sorted(missing)}"
    assert all(len(reason) > 20 for reason in left_out.values())


def test_only_rules_that_exist_are_left_out() -> None:
    assert set(not_applicable()) <= RULES
