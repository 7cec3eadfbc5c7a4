"""The rules a pair of tables may have; by itself it has none."""

# ruff: noqa: ARG002 - every hook is handed what some of them need
from __future__ import annotations

from collections.abc import Mapping

from connections.systems import Record, Side, Value, Values
from mappings.spec import DirectedMapping
from syncjobs.engine.facts import Facts

COMPANY_COLUMN = "bcbi_companyid"
OWNER_COLUMN = "ownerid"


class Entity:
    """A pair of tables without rules of its own."""

    # Columns to read beside the mapped ones, per side.
    also_reads: Mapping[Side, tuple[str, ...]] = {}
    # Dataverse columns that this derives by itself, whatever their field mappings say.
    derives: frozenset[str] = frozenset()
    # Columns that each side derives from the other, so that either may be where one was changed.
    shares: Mapping[Side, str] = {}
    # A side's column of state with the value that its filter asks for: a coupled record that leaves
    # the filter by it is looked at once more, so that the other side hears of it (E-3.93).
    departs_by: Mapping[Side, str] = {}
    # Whether rows that a record is already are found by more than one field (E-3.24).
    finds_twins = False
    # Whether a match couples even where only coupled records are synchronized (E-3.24).
    couples_by_key = False

    def ignored(self, mapping: DirectedMapping, source: Record, facts: Facts) -> str:
        """Return why a record does not take part at all, or "" (E-3.18)."""
        return ""

    def may_adopt(
        self, mapping: DirectedMapping, source: Record, destination: Record, facts: Facts
    ) -> bool:
        """Whether an uncoupled row under the id of a new one is what a lost creation left."""
        return True

    def is_incomplete(
        self, mapping: DirectedMapping, destination: Record, source: Record, facts: Facts
    ) -> bool:
        """Whether the destination lacks what can be derived only now, though nothing changed."""
        return False

    def leaves(
        self, mapping: DirectedMapping, source: Record, destination: Record, facts: Facts
    ) -> tuple[str, ...]:
        """Return the shared columns of the destination that are left to the other direction."""
        return ()

    def owes(
        self, mapping: DirectedMapping, source: Record, destination: Record, facts: Facts
    ) -> bool:
        """Whether the other direction has something of the destination that was left to it."""
        return False

    def derive(
        self,
        mapping: DirectedMapping,
        source: Record,
        destination: Record | None,
        planned: Values,
        facts: Facts,
    ) -> dict[str, Value]:
        """Return values that stand over what the field mappings plan; may raise TransferError."""
        return {}


def sends(mapping: DirectedMapping) -> bool:
    """Whether this run goes from Business Central to Dataverse."""
    return mapping.source_side == Side.BUSINESS_CENTRAL


def company_stamp(facts: Facts) -> dict[str, Value]:
    """Return the company of a row (E-3.66)."""
    return {COMPANY_COLUMN: facts.company} if facts.company else {}


def stamps(destination: Record | None, planned: Values, facts: Facts) -> dict[str, Value]:
    """Return the company of a row, and its owner where nobody else says (E-3.66, E-3.67)."""
    values = company_stamp(facts)
    if destination is None and facts.team and planned.get(OWNER_COLUMN) is None:
        values[OWNER_COLUMN] = facts.team
    return values
