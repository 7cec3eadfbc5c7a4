"""The full synchronization review: what each mapping has on both sides, and what to do first.

Lines are looked at before anything is made; a person may choose otherwise; each is then carried
out as a run of its mapping.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db.models import TextChoices

from connections.errors import ConfigurationError
from connections.models import Company
from connections.systems import Selection, System
from mappings import captions, filters
from mappings.documents import reason_left_out
from mappings.reset import MappingValues
from mappings.terms import CouplingKind, Direction
from syncjobs.runs.context import Progress
from syncjobs.runs.match import match_mapping
from syncjobs.runs.synchronize import Systems, synchronize_mapping
from syncjobs.terms import Mode, Trigger

UNIT_GROUPS = frozenset({"UNIT OF MEASURE", "UNIT GROUP", "ITEM UOM", "RESOURCE UOM"})
STANDARD_UNIT_GROUP = 1  # every environment has this one
BASE_CURRENCY = 1  # every environment has this one; its rate is 1
MOST_COUNTED = 5000  # Dataverse counts no further
BOTH = (Direction.TO_INTEGRATION_TABLE, Direction.FROM_INTEGRATION_TABLE)


class Recommendation(TextChoices):
    """What the first synchronization of a mapping had best do (E-6.4)."""

    FULL = "Full", "Full Synchronization"
    COUPLE = "Couple", "Couple Records"
    NOTHING = "None", "No Records To Synchronize Now"


class Treatment(TextChoices):
    """What a person lets the first synchronization of a mapping do."""

    FULL = "full", "Full Synchronization"
    SEND = "to", "Full Synchronization, from Business Central only"
    RECEIVE = "from", "Full Synchronization, from Dataverse only"
    COUPLE = "couple", "Couple Records"
    NOTHING = "none", "Leave out"


RECOMMENDED = {
    Recommendation.FULL: Treatment.FULL,
    Recommendation.COUPLE: Treatment.COUPLE,
    Recommendation.NOTHING: Treatment.NOTHING,
}


@dataclass(frozen=True, slots=True)
class Line:
    """A mapping in the review; a count is None where it is not known."""

    name: str
    direction: str
    depends_on: Sequence[str]
    table: str
    integration_table: str
    is_option: bool
    may_couple: bool
    business_central: int | None = None
    dataverse: int | None = None
    trouble: str = ""

    @property
    def recommendation(self) -> Recommendation:
        return recommended(self)

    @property
    def recommended_treatment(self) -> Treatment:
        return RECOMMENDED[self.recommendation]

    @property
    def treatments(self) -> tuple[Treatment, ...]:
        return treatments(self)

    @property
    def counted_up_to(self) -> bool:
        """Whether there may be more rows in Dataverse than were counted."""
        return self.dataverse is not None and self.dataverse >= MOST_COUNTED

    def told(self) -> dict[str, Any]:
        """Return the line as JSON keeps it."""
        return asdict(self)


# What is recommended


def recommended(line: Line) -> Recommendation:
    """Return what to do first; the first rule that fits decides (E-6.5 to E-6.9)."""
    here, there = line.business_central, line.dataverse
    if line.name == "SALESPEOPLE":
        return Recommendation.FULL
    if line.name == "CURRENCY":
        is_new = there is not None and there <= BASE_CURRENCY
        return Recommendation.FULL if is_new else _couple(line)
    if line.is_option:
        return Recommendation.NOTHING if here == 0 else Recommendation.COUPLE
    if here is None or there is None:  # not known: what matches is coupled, nothing comes twice
        return _couple(line)
    is_empty = there <= (STANDARD_UNIT_GROUP if line.name in UNIT_GROUPS else 0)
    if here and not is_empty:
        return _couple(line)
    return Recommendation.NOTHING if is_empty and not here else Recommendation.FULL


def _couple(line: Line) -> Recommendation:
    """E-4.30: without a field to match by, coupling would only report an error."""
    return Recommendation.COUPLE if line.may_couple else Recommendation.FULL


def treatments(line: Line) -> tuple[Treatment, ...]:
    """Return what may be chosen, the recommended first; E-6.10 knows Couple to Full only."""
    match line.recommendation:
        case Recommendation.NOTHING:
            return (Treatment.NOTHING,)
        case Recommendation.COUPLE:
            return (Treatment.COUPLE, *_fully(line), Treatment.NOTHING)
        case Recommendation.FULL:
            return (*_fully(line), Treatment.NOTHING)


def _fully(line: Line) -> tuple[Treatment, ...]:
    has_both = line.business_central != 0 and line.dataverse != 0
    if line.direction == Direction.BIDIRECTIONAL and has_both:
        return (Treatment.FULL, Treatment.SEND, Treatment.RECEIVE)
    return (Treatment.FULL,)


# Looking


def look(
    planned: Mapping[str, MappingValues],
    business_central: System,
    dataverse: System,
    *,
    company_row: UUID | None = None,
) -> list[Line]:
    """Count both sides of every mapping that runs, in the order of a run: one request a side.

    The mapping's filters hold on both sides, also where E-6.9 looks at the whole table: a product
    of another type is nobody's partner. Rows of other companies are counted too where the company's
    row in Dataverse is not known yet.
    """
    return [
        _counted(name, values, business_central, dataverse, company_row)
        for name, values in planned.items()
        if not reason_left_out(name)
    ]


def _counted(
    name: str,
    values: MappingValues,
    business_central: System,
    dataverse: System,
    company_row: UUID | None,
) -> Line:
    settings = values.settings
    is_option = settings["kind"] == CouplingKind.OPTION
    here, trouble = _count(business_central, settings["table"], settings["table_filter"])
    there, more = (None, "")
    if not is_option:  # the values of a column are no table
        wanted = settings["integration_table_filter"]
        there, more = _count(dataverse, settings["integration_table"], wanted, company_row)
    return Line(
        name=name,
        direction=str(settings["direction"]),
        depends_on=list(settings["depends_on"]),
        table=captions.table(settings["table"]),
        integration_table=captions.integration_table(settings["integration_table"]),
        is_option=is_option,
        may_couple=is_option or any(f["use_for_match_based_coupling"] for f in values.fields),
        business_central=here,
        dataverse=there,
        trouble=trouble or more,
    )


def _count(
    system: System, table: str, stored: object, company_row: UUID | None = None
) -> tuple[int | None, str]:
    """Return the number of records, or why it is not known; what is unreachable is raised."""
    try:
        described = system.describe(table)
        conditions = filters.conditions(stored, described, company_row=company_row)
        return system.count(Selection(table, (), conditions)), ""
    except ConfigurationError as error:
        return None, error.message


# Carrying out


def carry_out(
    company: Company,
    name: str,
    treatment: Treatment,
    *,
    progress: Progress | None = None,
    systems: Systems | None = None,
) -> None:
    """Do what was chosen for a mapping: synchronize it in full, couple what matches, or nothing."""
    match treatment:
        case Treatment.NOTHING:
            return
        case Treatment.COUPLE:
            match_mapping(company, name, progress=progress, systems=systems)
        case Treatment.FULL | Treatment.SEND | Treatment.RECEIVE:
            ways = {Treatment.SEND: BOTH[:1], Treatment.RECEIVE: BOTH[1:]}.get(treatment)
            synchronize_mapping(
                company,
                name,
                mode=Mode.FULL,
                directions=ways,
                progress=progress,
                systems=systems,
                trigger=Trigger.PERSON,
            )
