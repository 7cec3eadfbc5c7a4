"""The fields of a coupling, by the system they speak of."""

from __future__ import annotations

from dataclasses import dataclass

from connections.systems import Side
from mappings.terms import Direction


@dataclass(frozen=True, slots=True)
class Columns:
    """The fields of a coupling that speak of one system.

    `result` and its kin are those of the direction that *ends* at this system (E-4.4).
    """

    id: str
    at: str
    version: str
    base: str
    result: str
    job: str
    error: str
    error_version: str
    owed: str


BUSINESS_CENTRAL = Columns(
    "business_central_id",
    "last_synch_modified_on",
    "last_synch_version",
    "bc",
    "last_synch_result",
    "last_synch_job",
    "last_error",
    "last_error_version",
    "owes_business_central",
)
DATAVERSE = Columns(
    "dataverse_id",
    "last_synch_crm_modified_on",
    "last_synch_crm_version",
    "dv",
    "last_synch_crm_result",
    "last_synch_crm_job",
    "last_crm_error",
    "last_crm_error_version",
    "owes_dataverse",
)


def sides(direction: str) -> tuple[Columns, Columns]:
    """Return source and destination; nothing after this asks for the direction again."""
    if direction == Direction.FROM_INTEGRATION_TABLE:
        return DATAVERSE, BUSINESS_CENTRAL
    return BUSINESS_CENTRAL, DATAVERSE


def other(side: Columns) -> Columns:
    """Return the fields that speak of the other system."""
    return DATAVERSE if side is BUSINESS_CENTRAL else BUSINESS_CENTRAL


def side_of(side: Side) -> Columns:
    """Return the fields that speak of a system."""
    return BUSINESS_CENTRAL if side == Side.BUSINESS_CENTRAL else DATAVERSE
