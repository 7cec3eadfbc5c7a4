"""The tables of the mappings beside what the integration user's roles give (C-0803)."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from connections.permissions import Account, Permissions
from connections.redeploy import SolutionState
from connections.role_matrix import COLUMNS, Need, TableRow, matrix, of_mappings
from connections.solution import package
from connections.solution.manifest import Role

ROLE = Role(UUID(int=1), "Seller", frozenset({"prvReadLead", "prvcreatelead", "prvDeleteLead"}))
NAMES = {one: f"prv{one}Lead" for one in COLUMNS if one != "Assign"}  # an organization owns it
ACCOUNT = Account(
    name="Integration", email="", is_disabled=False, is_licensed=False, is_application=True,
    access_mode="Non-interactive", business_unit="cronus", is_administrator=False, roles=(ROLE,),
)  # fmt: skip
STATE = SolutionState(None, None, {}, frozenset(), ())
FOUND = Permissions(STATE, ACCOUNT, None, (), {"lead": NAMES})
NEED = Need("lead", frozenset({"Create", "Read", "Write", "Assign"}), ("LEAD",))


def row(found: Permissions | None) -> tuple[TableRow, dict[str, str]]:
    [only] = of_mappings([NEED], found)
    return only, {column: word for column, word in only.cells if word}


def test_a_privilege_that_a_mapping_needs_and_no_role_gives_is_missing() -> None:
    lead, words = row(FOUND)

    assert words == {"Create": "granted", "Read": "granted", "Write": "missing", "Delete": "extra"}
    assert lead.missing == ("prvWriteLead",)
    assert (lead.needed_by, lead.granted_by) == (("LEAD",), ("Seller",))


@pytest.mark.parametrize(
    ("found", "missing"),
    [
        (None, ()),
        (replace(FOUND, account=replace(ACCOUNT, is_administrator=True, roles=())), ()),
        (replace(FOUND, account=None), ("prvCreateLead", "prvReadLead", "prvWriteLead")),
    ],
)
def test_who_has_everything_lacks_nothing_and_who_is_not_there_everything(
    found: Permissions | None, missing: tuple[str, ...]
) -> None:
    assert row(found)[0].missing == missing


def test_what_lacks_something_comes_first() -> None:
    fine = Need("account", frozenset(), ())

    assert [one.table for one in of_mappings([fine, NEED], FOUND)] == ["lead", "account"]


@pytest.mark.parametrize(("state", "word"), [(None, "required"), (STATE, "missing")])
def test_of_a_role_that_is_not_there_everything_is_missing_once_somebody_has_looked(
    state: SolutionState | None, word: str
) -> None:
    roles = matrix(package.shipped().manifest, state)

    assert {one for role in roles for _, words in role.tables for one in words} == {word, ""}
