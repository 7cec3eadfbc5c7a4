"""Contacts: people who belong to a customer or vendor."""

from __future__ import annotations

from connections.causes import Cause
from connections.systems import Lookup, Record, Side, Value, Values
from mappings.spec import DirectedMapping
from syncjobs.engine.entities.entity import COMPANY_COLUMN, Entity, sends, stamps
from syncjobs.engine.facts import Facts
from syncjobs.engine.values import TransferError

PARENT_COLUMN = "parentcustomerid"


class Contact(Entity):
    """Finds the company on the other side (E-3.90)."""

    also_reads = {
        Side.BUSINESS_CENTRAL: ("number", "displayName", "type", "companyNumber", "companyName"),
        Side.DATAVERSE: ("fullname", COMPANY_COLUMN, PARENT_COLUMN),
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
        if sends(mapping):
            company_no = source.values.get("companyNumber")
            account = facts.accounts.get(company_no) if isinstance(company_no, str) else None
            return {**stamps(destination, planned, facts), PARENT_COLUMN: account}
        return self._company_of(source, destination, facts)

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
