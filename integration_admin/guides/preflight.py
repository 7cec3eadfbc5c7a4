"""What is looked at before Finish: nothing is changed, and what is wrong keeps it from starting."""

from __future__ import annotations

from dataclasses import dataclass

from connections import checks, health
from connections.errors import IntegrationError
from connections.health import Finding
from connections.models import Company, DataverseConnectionSetup, DeploymentIdentity
from connections.terms import OwnershipModel
from integration_admin import preconditions
from integration_admin.guides import asking, rows, sales_guide
from integration_admin.guides import first_synchronization as first
from integration_admin.guides.guide import Situation
from syncjobs.full_synch_review import Treatment


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was found, and what Finish would do in Dataverse."""

    findings: list[Finding]
    will: list[str]

    @property
    def in_the_way(self) -> list[Finding]:
        return preconditions.in_the_way(self.findings)


def of_dataverse(situation: Situation) -> Preflight:
    """C-0309: Business Central answers, the administrator is one, the user may be used."""
    company = rows.company(situation)
    row = rows.dataverse(situation)
    found = health.findings(checks.try_business_central(company, rows.business_central(situation)))
    preflight = as_administrator(rows.administrator(situation, "environment"), row)
    will = [*preflight.will, *_of_the_team(situation, company, row)]
    will.append(f"Note the company {company} in Dataverse, if its row is not there.")
    will.append("Enable the connection, with the default mappings and jobs of Dataverse.")
    if pairs := situation.chosen("salespeople", "couple"):
        will.append(f"Couple {len(pairs)} {'salesperson' if len(pairs) == 1 else 'salespeople'}.")
    return Preflight(found + preflight.findings, will + _of_the_first_run(situation))


SYNCHRONIZED = (
    (Treatment.FULL, "Synchronize in full"),
    (Treatment.SEND, "Synchronize in full, from Business Central only"),
    (Treatment.RECEIVE, "Synchronize in full, from Dataverse only"),
    (Treatment.COUPLE, "Couple records that match"),
    (Treatment.NOTHING, "Leave out of the first synchronization"),
)


def _of_the_first_run(situation: Situation) -> list[str]:
    if not first.is_wanted(situation):
        return []
    chosen = list(first.chosen_of(situation))
    return [
        f"{what}: {', '.join(names)}."
        for treatment, what in SYNCHRONIZED
        if (names := [line.name for line, one in chosen if one == treatment])
    ]


def _of_the_team(
    situation: Situation, company: Company, row: DataverseConnectionSetup
) -> list[str]:
    if row.ownership_model != OwnershipModel.TEAM:
        return []
    if situation.answer("ownership", "business_unit"):
        return ["Make the owning team of the chosen business unit, if it is not there."]
    name = asking.unit_name(company)
    return [f"Make the business unit {name} and its owning team, if they are not there."]


def as_administrator(who: DeploymentIdentity, row: DataverseConnectionSetup) -> Preflight:
    """Look at the environment as the administrator."""
    try:
        prospect = asking.prospect(who, row)
    except IntegrationError as error:
        return Preflight([health.refused("Administrator", error)], [])
    return Preflight(prospect.findings, prospect.will)


def of_sales(situation: Situation) -> Preflight:
    """C-0413: the connection works, the administrator is one, the service answered."""
    company = rows.company(situation)
    row = rows.dataverse(situation)
    preflight = Preflight(health.check_connection(company), [])
    found = preflight.findings
    if not preflight.in_the_way:
        found += health.check_currencies(company)
    will: list[str] = []
    if sales_guide.needs_administrator(situation):
        seen = as_administrator(rows.administrator(situation, sales_guide.ADMINISTRATOR), row)
        found, will = found + seen.findings, seen.will
    return Preflight(found, [*will, *_of_sales(situation), *_of_the_first_run(situation)])


def _of_sales(situation: Situation) -> list[str]:
    will = []
    if situation.sales is None or not situation.sales.is_enabled:
        will.append("Enable the connection, with the default mappings and jobs of Sales.")
    if sales_guide.switches_orders_on(situation):
        will.append("Switch the sales order integration on in Sales.")
    if situation.is_on(sales_guide.ADVANCED, "publish"):
        will.append("Give Sales the item availability service with its user and key.")
    return will
