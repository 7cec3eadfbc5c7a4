"""The jobs that job queue entries run: an entry's parameters turned into a run."""

from __future__ import annotations

from uuid import UUID

from connections.errors import ConfigurationError
from mappings.terms import Direction
from syncjobs.jobs import Done, JobReport, JobRequest
from syncjobs.leases import BusyError
from syncjobs.progress import RunProgress
from syncjobs.runs import deleted
from syncjobs.runs.deleted import Found
from syncjobs.runs.guard import MassChangeError
from syncjobs.runs.match import match_mapping
from syncjobs.runs.order import Order
from syncjobs.runs.planned import keep
from syncjobs.runs.synchronize import (
    OF_ONE_MAPPING,
    preview_mapping,
    run_order,
    synchronize_mapping,
    systems_of,
)
from syncjobs.terms import Mode


def synchronize(request: JobRequest, progress: RunProgress) -> JobReport:
    """Synchronize one mapping.

    Parameters: mode, directions, ids, create, confirmed, agreed, restore.
    """
    given = request.parameters
    ids = given.get("ids")
    return synchronize_mapping(
        request.company,
        request.mapping_name,
        mode=Mode(given.get("mode", Mode.MODIFIED)),
        directions=tuple(Direction(name) for name in given.get("directions", ())) or None,
        ids=None if ids is None else tuple(UUID(text) for text in ids),
        create=bool(given.get("create", False)),
        confirmed=bool(given.get("confirmed", False)),
        agreed=int(given.get("agreed", 0)),
        restore=bool(given.get("restore", False)),
        progress=progress,
        trigger=request.trigger,
    )


def preview(request: JobRequest, progress: RunProgress) -> JobReport:
    """Plan what synchronizing a mapping would do; parameters: mode, directions.

    Nothing is written in either system, and no coupling; what was planned is kept to be looked at.
    """
    given = request.parameters
    order = Order(
        mode=Mode(given.get("mode", Mode.MODIFIED)),
        directions=tuple(Direction(name) for name in given.get("directions", ())) or None,
        trigger=request.trigger,
    )
    systems = systems_of(request.company, progress)
    planned = preview_mapping(
        request.company, request.mapping_name, order, systems=systems, progress=progress
    )
    keep(progress.run_id, order, planned, systems)
    return Done()


def synchronize_all(request: JobRequest, progress: RunProgress) -> JobReport:
    """Synchronize every mapping of the company, in the order of their dependencies.

    What is wrong with one mapping only stops the run when the others are done.
    """
    idle, wrong = True, None
    for name in run_order(request.company):
        one = JobRequest(request.company, name, request.parameters, request.trigger)
        try:
            idle = synchronize(one, progress).idle and idle
        except BusyError as error:
            progress.log(error.message)
        except ConfigurationError as error:
            if error.cause not in OF_ONE_MAPPING:
                raise
            progress.log(f"{name}: {error.message}")
            wrong = wrong or error
    if wrong is not None:
        raise wrong
    return Done(idle=idle)


def find_deleted(request: JobRequest, progress: RunProgress) -> JobReport:
    """Hold back the couplings of every mapping that lost one of their records (E-4.47)."""
    systems = systems_of(request.company, progress)
    total, stopped = Found(), None
    for name in run_order(request.company):
        try:
            found = deleted.find_deleted(request.company, name, systems=systems, progress=progress)
        except BusyError as error:
            progress.log(error.message)
            continue
        except MassChangeError as error:
            progress.log(error.message)
            stopped = stopped or error
            continue
        except ConfigurationError as error:
            if error.cause not in OF_ONE_MAPPING:
                raise
            progress.log(f"{name}: {error.message}")
            continue
        if found.any:
            progress.log(f"{name}: {found}")
        total += found
    progress.log(f"All mappings: {total}")
    if stopped:
        raise stopped
    return Done()


def match(request: JobRequest, progress: RunProgress) -> JobReport:
    """Couple the records of a mapping that match."""
    return match_mapping(
        request.company, request.mapping_name, progress=progress, trigger=request.trigger
    )
