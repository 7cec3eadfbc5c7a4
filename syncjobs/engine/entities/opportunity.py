"""Opportunities: those of a company's people (E-3.65, E-8.95)."""

from __future__ import annotations

from connections.systems import Record, Side, Value, Values
from mappings.spec import DirectedMapping
from syncjobs.engine.entities.entity import COMPANY_COLUMN, Entity, sends, stamps
from syncjobs.engine.facts import Facts

ACCOUNT_COLUMN = "parentaccountid"


class Opportunity(Entity):
    """Belongs to the account of the customer that its contact's company is related to."""

    also_reads = {
        Side.BUSINESS_CENTRAL: ("number", "contactNumber", "contactCompanyNumber", "status"),
        Side.DATAVERSE: (COMPANY_COLUMN, ACCOUNT_COLUMN, "statecode"),
    }
    derives = frozenset({ACCOUNT_COLUMN})

    def ignored(self, mapping: DirectedMapping, source: Record, facts: Facts) -> str:
        """E-3.18: under Team ownership only those of people of customers and vendors take part."""
        contact = str(source.values.get("contactNumber") or "")
        if not sends(mapping) or facts.owned_by_person or contact not in facts.contact_types:
            return ""
        if facts.contact_types[contact] != "Person":
            return "The contact of the opportunity is a company"
        if source.values.get("contactCompanyNumber") not in facts.accounts:
            return "The contact of the opportunity is not related to a customer or vendor"
        return ""

    def derive(
        self,
        mapping: DirectedMapping,
        source: Record,
        destination: Record | None,
        planned: Values,
        facts: Facts,
    ) -> dict[str, Value]:
        if not sends(mapping):
            return {}
        company_no = str(source.values.get("contactCompanyNumber") or "")
        account = facts.accounts.get(company_no)
        values = stamps(destination, planned, facts) if not facts.owned_by_person else {}
        if facts.company:
            values[COMPANY_COLUMN] = facts.company
        return values | {ACCOUNT_COLUMN: account}


OPPORTUNITY = Opportunity()
