"""Contacts: people who belong to a customer or vendor."""

from __future__ import annotations

from collections.abc import Mapping

from connections.causes import Cause
from connections.systems import Lookup, Record, Side, Value, Values
from mappings.spec import DirectedMapping
from mappings.terms import UpdateConflictResolution
from syncjobs.engine.entities.entity import COMPANY_COLUMN, Entity, sends, stamps
from syncjobs.engine.facts import Facts
from syncjobs.engine.values import TransferError

PARENT_COLUMN = "parentcustomerid"
NONE, MERGE = UpdateConflictResolution.NONE, UpdateConflictResolution.MERGE


class Contact(Entity):
    """Finds the company on the other side (E-3.90)."""

    also_reads = {
        Side.BUSINESS_CENTRAL: ("number", "displayName", "type", "companyNumber", "companyName"),
        Side.DATAVERSE: ("fullname", COMPANY_COLUMN, PARENT_COLUMN),
    }

    shares: Mapping[Side, str] = {
        Side.BUSINESS_CENTRAL: "companyNumber",
        Side.DATAVERSE: PARENT_COLUMN,
    }

    def ignored(self, mapping: DirectedMapping, source: Record, facts: Facts) -> str:
        """E-3.18: company contacts and people without a customer or vendor stay out."""
        if not sends(mapping):
            return ""
        if source.values.get("type") == "Company":
            return "The contact is a company"
        if source.values.get("companyNumber") not in facts.accounts:
            return "The contact is not related to a customer or vendor"
        return ""

    def is_incomplete(
        self, mapping: DirectedMapping, destination: Record, source: Record, facts: Facts
    ) -> bool:
        """E-3.90: the account of a contact may have been coupled after the contact."""
        if not sends(mapping) or destination.values.get(PARENT_COLUMN) is not None:
            return False
        company_no = source.values.get("companyNumber")
        return isinstance(company_no, str) and facts.accounts.get(company_no) is not None

    def derive(
        self,
        mapping: DirectedMapping,
        source: Record,
        destination: Record | None,
        planned: Values,
        facts: Facts,
    ) -> dict[str, Value]:
        left = destination is not None and self.leaves(mapping, source, destination, facts)
        if not sends(mapping):
            return {} if left else self._company_of(source, destination, facts)
        values = stamps(destination, planned, facts)
        return values if left else values | {PARENT_COLUMN: self._account(source, facts)}

    def _account(self, source: Record, facts: Facts) -> Lookup | None:
        company_no = source.values.get("companyNumber")
        return facts.accounts.get(company_no) if isinstance(company_no, str) else None

    def leaves(
        self, mapping: DirectedMapping, source: Record, destination: Record, facts: Facts
    ) -> tuple[str, ...]:
        """Say whether somebody moved the contact to another company where the run goes.

        Without knowing what was agreed on it must be assumed, of both sides.
        """
        if source.id not in facts.overtaken or self._is_there(mapping, source, destination, facts):
            return ()
        [(here, there)] = mapping.shared
        was_here, was_there = (values or {} for values in facts.agreed.get(source.id, ({}, {})))
        if was_there.get(there) == destination.values.get(there):
            return ()
        if was_here.get(here) != source.values.get(here):  # moved on both sides
            if mapping.source_wins:
                return ()
            if mapping.update_conflict_resolution in (NONE, MERGE):
                message = (
                    "The contact was moved to another company on both sides since it was last "
                    "synchronized. Synchronize it from the side that is right."
                )
                raise TransferError(message, cause=Cause.CONFLICT)
        return (there,)

    def _is_there(
        self, mapping: DirectedMapping, source: Record, destination: Record, facts: Facts
    ) -> bool:
        """Whether both sides name the same company, or the destination none."""
        if sends(mapping):
            parent = destination.values.get(PARENT_COLUMN)
            return parent is None or parent == self._account(source, facts)
        parent, number = source.values.get(PARENT_COLUMN), ""
        if isinstance(parent, Lookup):
            number, _ = facts.company_contacts.get(parent.id, ("", ""))
        return destination.values.get("companyNumber") in ("", number)

    def _company_of(
        self, source: Record, destination: Record | None, facts: Facts
    ) -> dict[str, Value]:
        parent = source.values.get(PARENT_COLUMN)
        if isinstance(parent, Lookup) and parent.id in facts.company_contacts:
            number, name = facts.company_contacts[parent.id]
            return {"companyNumber": number, "companyName": name}
        if isinstance(parent, Lookup) and parent.id in facts.left_out_parents:
            return {} if destination else {"companyNumber": "", "companyName": ""}
        if destination is not None and parent is None:
            return {}
        message = (
            "The contact cannot be synchronized because its company does not exist in Business "
            "Central; synchronize or couple its account first."
        )
        raise TransferError(message, cause=Cause.NO_PARENT)


CONTACT = Contact()
