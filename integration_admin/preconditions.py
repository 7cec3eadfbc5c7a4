"""What must hold before a connection is enabled, whoever asks: page, guide, file or API."""

from __future__ import annotations

from collections.abc import Iterable

from connections import checks, consent, deployment, health, integration_role, setup
from connections.causes import Cause
from connections.health import Finding, Settings, State
from connections.models import Company
from connections.systems import Side
from connections.terms import ConnectionMode, SdkVersion
from mappings import unit_groups

# What is said and keeps nothing from being enabled: where pages are missing, the others work.
SAID_ONLY = frozenset({"E-PAGES", "E-EXPIRING", "E-USER-ACCESS"})
UNITS_CURE = (
    "Choose the model of before, or switch Unit Group Mapping with its own button on the card of "
    "the disabled set-up: it sets the products aside, to be made anew."
)
# The solutions are called v8, v9 and v91; the newest SDK version goes with the newest of them.
GENERATION_OF = {
    SdkVersion.V8: (8,),
    SdkVersion.V9: (9, 0),
    SdkVersion.V91: (9, 1),
    SdkVersion.V100: (9, 1),
}


def in_the_way(found: Iterable[Finding]) -> list[Finding]:
    """Return what keeps a connection from being used."""
    return [one for one in found if one.state != State.HEALTHY and one.code not in SAID_ONLY]


def of_dataverse(company: Company, unsaved: Settings | None = None) -> list[Finding]:
    """E-9.10 to E-9.17: settings, credentials, consent, user, tables, currency, role and team.

    A solution of Sales that is missing or incomplete does not stand in the way: Sales asks for it.
    """
    if unsaved is None:
        found = health.check_connection(company)
    else:
        found = health.findings(
            [
                *checks.try_business_central(company, unsaved.business_central),
                *checks.try_dataverse(company, unsaved.dataverse),
            ]
        )
    if not in_the_way(found):
        found += health.check_currencies(company, unsaved)
        found += integration_role.check(company, unsaved)
    return [*found, *consent.check(company)]


def of_sales(company: Company, unsaved: Settings | None = None) -> list[Finding]:
    """E-9.23: what Sales asks of a connection that works: the solution with its roles, units."""
    found = health.check_solution(company, unsaved)
    if _is_direct(company, unsaved):
        found += check_generation(company, unsaved)
    return [*found, *check_units(company)]


def _is_direct(company: Company, unsaved: Settings | None) -> bool:
    if unsaved is None:
        return setup.is_direct(company)
    return unsaved.sales.connection_mode == ConnectionMode.DIRECT


def check_generation(company: Company, unsaved: Settings | None = None) -> list[Finding]:
    """C-0606: connected directly, the SDK version is that of the solution that was imported."""
    row = unsaved.dataverse if unsaved else setup.dataverse_setup(company)
    sdk = SdkVersion(row.sdk_version)
    generation = deployment.package_of(company).manifest.generation
    if generation[: len(GENERATION_OF[sdk])] == GENERATION_OF[sdk]:
        return []
    made_for = ".".join(map(str, generation))
    sentence = f"SDK version {sdk} is not that of the integration solution, made for {made_for}."
    cure = "Choose the SDK Version of the solution, or upload the package of this generation."
    return [Finding(Side.DATAVERSE, "Version", State.WRONG, sentence, cure, str(Cause.SDK))]


def check_units(company: Company) -> list[Finding]:
    """Products keep their unit for good: Unit Group Mapping is switched with a run of its own."""
    sentence = unit_groups.in_the_way(company)
    if not sentence:
        return []
    state, code = State.WRONG, str(Cause.UNIT_GROUP)
    return [Finding(Side.DATAVERSE, "Unit Group Mapping", state, sentence, UNITS_CURE, code)]
