"""Uncouples records under a synch. job of its own (E-4.20 to E-4.23)."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q

from connections.causes import Cause
from connections.models import Company
from mappings import pairing, uncoupling
from mappings.models import Coupling, IntegrationTableMapping, OptionCoupling
from mappings.terms import CouplingKind
from mappings.uncoupling import Uncoupled
from syncjobs import clock, leases
from syncjobs.models import SynchError, SynchJob
from syncjobs.runs.context import Progress, Silent
from syncjobs.runs.phases import lease_name
from syncjobs.runs.report import Report, requests_of, result_of
from syncjobs.runs.synchjobs import TO, SynchJobs
from syncjobs.runs.synchronize import Systems, Watched, context_of, find_mapping, systems_of
from syncjobs.terms import SynchJobType


def uncouple_records(
    company: Company,
    name: str,
    ids: Collection[UUID] | None,
    *,
    by: AbstractBaseUser | None = None,
    progress: Progress | None = None,
    systems: Systems | None = None,
    now: Callable[[], datetime] = clock.now,
) -> Report:
    """Uncouple the records with these ids, of either side; all of the mapping if none are given."""
    row = find_mapping(company, name)
    both = systems or systems_of(company, progress)
    with leases.hold(lease_name(row), leases.me()) as held:
        context = context_of(company, both, Watched(progress or Silent(), held), now)
        began, sent = time.monotonic(), requests_of(both.business_central, both.dataverse)
        jobs = SynchJobs(context, row)
        job = jobs.open(TO, SynchJobType.UNCOUPLING)
        context.progress.start(f"{row.name}, uncoupling", 0)
        with jobs.finishing(job):
            done = _uncouple(row, ids, pairing.Systems(both.business_central, both.dataverse), by)
            _note(job, done, now())
        return Report(
            row.name,
            (result_of(job),),
            requests_of(both.business_central, both.dataverse) - sent,
            time.monotonic() - began,
        )


def _uncouple(
    row: IntegrationTableMapping,
    ids: Collection[UUID] | None,
    systems: pairing.Systems,
    by: AbstractBaseUser | None,
) -> Uncoupled:
    if row.kind == CouplingKind.OPTION:
        mapped = OptionCoupling.objects.filter(company=row.company, mapping_name=row.name)
        if ids is not None:
            mapped = mapped.filter(business_central_id__in=ids)
        keys = list(mapped.values_list("pk", flat=True))
        return Uncoupled(uncoupled=pairing.unmap_options(keys, by=by))
    if ids is None:
        return uncoupling.uncouple_all(row, systems, by=by)
    named = Q(business_central_id__in=ids) | Q(dataverse_id__in=ids)
    coupled = Coupling.objects.filter(named, company=row.company, mapping_name=row.name)
    local = list(coupled.values_list("business_central_id", flat=True))
    return uncoupling.uncouple(row, local, systems, by=by)


def _note(job: SynchJob, done: Uncoupled, now: datetime) -> None:
    with transaction.atomic():
        SynchJob.objects.filter(pk=job.pk).update(
            uncoupled=done.uncoupled, modified=done.modified, failed=len(done.failures)
        )
        SynchError.objects.bulk_create(
            job.error(dataverse_id=row_id, cause=Cause.REFUSED, message=text, logged_at=now)
            for row_id, text in done.failures
        )
