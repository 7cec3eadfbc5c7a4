"""The job that sweeps every mapping of a company, once a day by default (design.md 4)."""

from __future__ import annotations

from connections.errors import ConfigurationError
from connections.models import Company
from syncjobs.jobs import Done, JobReport, JobRequest
from syncjobs.leases import BusyError
from syncjobs.models import JobQueueEntry, Sweep
from syncjobs.progress import RunProgress
from syncjobs.runs.deleted import count_deleted
from syncjobs.runs.sweep import sweep_mapping
from syncjobs.runs.synchronize import OF_ONE_MAPPING, run_order
from syncjobs.terms import JobStatus

JOB = "sweep"
# E-3.30: nothing is done about a deletion by itself; people learn of it all the same.
THEN = "Find for Deleted holds them back, so that they can be restored or uncoupled."


def sweep(request: JobRequest, progress: RunProgress) -> JobReport:
    """Let each mapping look at what no run has seen; what cannot be swept is told and left."""
    company = request.company
    swept: list[Sweep] = []
    held = _on_hold(company)
    for name in run_order(company):
        if name in held:
            progress.log(f"{name} is on hold and was left out.")
            continue
        progress.start(f"Sweep {name}", 0)
        try:
            swept += sweep_mapping(company, name, progress=progress)
            lost = count_deleted(company, name, progress=progress)
            if lost.any:
                progress.log(f"{name}: {lost} {THEN}")
        except BusyError as error:
            progress.log(error.message)
        except ConfigurationError as error:
            if error.cause not in OF_ONE_MAPPING:
                raise
            progress.log(f"{name}: {error.message}")
    progress.log(told(swept))
    return Done()


def told(swept: list[Sweep]) -> str:
    """Return in a sentence what sweeps found."""
    looked_at, hidden, left = (
        sum(getattr(one, name) for one in swept) for name in ("looked_at", "hidden", "left")
    )
    if not hidden:
        return f"{looked_at} records looked at; every change had been seen."
    mended = f"{hidden - left} of {hidden} changes that no run had seen were looked at now"
    return f"{looked_at} records looked at; {mended}."


def _on_hold(company: Company) -> set[str]:
    """Return the mappings whose job somebody put on hold: then nothing carries them over."""
    entries = JobQueueEntry.objects.filter(
        company=company, recurring=True, status=JobStatus.ON_HOLD
    )
    return set(entries.exclude(mapping_name="").values_list("mapping_name", flat=True))
