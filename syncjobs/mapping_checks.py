"""Which mappings cannot run, and why: fields and filters are held against both systems."""

from __future__ import annotations

from collections.abc import Iterator

from connections import setup
from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.health import CONSOLE, Finding, WrongError, timed
from connections.models import Company
from mappings import directed
from mappings.documents import reason_left_out
from mappings.models import IntegrationTableMapping
from mappings.terms import CouplingKind
from syncjobs.models import JobQueueEntry
from syncjobs.runs.synchronize import OF_ONE_MAPPING, Systems, systems_of
from syncjobs.terms import JobStatus

NAME = "Mappings"


def check_mappings(company: Company) -> list[Finding]:
    """Look at every mapping whose job is not on hold; the systems' metadata is asked for once."""
    return timed(CONSOLE, NAME, lambda: _look(company))


def _look(company: Company) -> str:
    rows = list(_active(company))
    if not rows:
        return "There are no mappings that run."
    if not setup.dataverse_setup(company).is_enabled:
        return "The connection is disabled, so no mapping runs."
    both = systems_of(company)
    known = set(
        IntegrationTableMapping.objects.filter(company=company).values_list("name", flat=True)
    )
    reasons = {row.name: reason for row in rows if (reason := _reason(row, both, known))}
    if reasons:
        told = " ".join(f"{name}: {reason}" for name, reason in reasons.items())
        raise WrongError(Cause.MAPPING, told, *reasons)
    return f"All {len(rows)} mappings fit both systems."


def _active(company: Company) -> Iterator[IntegrationTableMapping]:
    held = JobQueueEntry.objects.filter(company=company, recurring=True, status=JobStatus.ON_HOLD)
    names = set(held.values_list("mapping_name", flat=True))
    rows = IntegrationTableMapping.objects.filter(company=company).select_related("company")
    for row in rows.prefetch_related("fields").order_by("priority", "name"):
        if row.name not in names and not reason_left_out(row.name):
            yield row


def _reason(row: IntegrationTableMapping, both: Systems, known: set[str]) -> str:
    missing = [name for name in row.depends_on if name not in known]
    if missing:
        return f"It depends on {', '.join(missing)}, which is not there."
    if row.kind == CouplingKind.OPTION:
        return ""
    for way in directed.directions(row):
        try:
            directed.directed(row, way, both.business_central, both.dataverse)
        except ConfigurationError as error:
            if error.cause not in OF_ONE_MAPPING:
                raise
            return error.message
    return ""
