"""Integration synch. jobs as a run writes them: opened, finished whatever happens, resumed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from connections.errors import IntegrationError
from mappings.models import IntegrationTableMapping
from mappings.terms import Direction
from syncjobs.leases import StaleWorkerError
from syncjobs.models import Run, SynchJob
from syncjobs.progress import CancelledError, WorkerStoppingError
from syncjobs.runs.context import Context
from syncjobs.runs.report import JobResult, result_of
from syncjobs.terms import RunStatus, SynchJobType

TO, FROM = Direction.TO_INTEGRATION_TABLE, Direction.FROM_INTEGRATION_TABLE
WATERMARKS = {TO: "sent_up_to", FROM: "received_up_to"}
PHRASES = {TO: "to integration table", FROM: "from integration table"}
MESSAGE = 250
INTERRUPTED = "The run was interrupted; the next one goes on from there."


@dataclass(frozen=True, slots=True)
class SynchJobs:
    """The synch. jobs of one mapping, whose lease the run holds."""

    context: Context
    row: IntegrationTableMapping

    def open(
        self,
        way: Direction,
        kind: SynchJobType = SynchJobType.SYNCHRONIZATION,
        cursor: datetime | None = None,
    ) -> SynchJob:
        return SynchJob.objects.create(
            company=self.row.company,
            run_id=self.context.run_id,
            mapping_name=self.row.name,
            direction=way,
            type=kind,
            started_at=self.context.clock(),
            cursor=cursor,
        )

    @contextmanager
    def finishing(self, job: SynchJob) -> Iterator[None]:
        """Finish the job with its message whatever happens, unless the run goes on elsewhere."""
        ending: str | None = "The run ended unexpectedly."
        broke_off = True
        try:
            yield
            ending, broke_off = job.message, False
        except IntegrationError as error:
            ending = error.message
            raise
        except CancelledError:
            ending = "The run was cancelled."
            raise
        except (StaleWorkerError, WorkerStoppingError):
            ending = None
            raise
        finally:
            if ending is not None:
                SynchJob.objects.filter(pk=job.pk).update(
                    finished_at=self.context.clock(),
                    message=ending[:MESSAGE],
                    broke_off=broke_off,
                )

    def not_configured(self, way: Direction) -> JobResult:
        """E-3.4: the row is there and finished at once, with the reason."""
        job = self.open(way)
        with self.finishing(job):
            job.message = f"{self.row.name} is not configured for {PHRASES[way]} synchronization."
        return result_of(job)

    def ended_well(self, way: Direction) -> bool:
        """Whether the last run in a direction came to its end; so did none at all."""
        last = (
            SynchJob.objects.filter(
                company=self.row.company, mapping_name=self.row.name, direction=way
            )
            .order_by("-started_at")
            .values_list("finished_at", "message")
            .first()
        )
        return last is None or (last[0] is not None and not last[1])

    def close_interrupted(self) -> None:
        """Close what dead runs left open; the mapping's lease is ours, so nobody is at it."""
        SynchJob.objects.filter(
            company=self.row.company, mapping_name=self.row.name, finished_at=None
        ).update(finished_at=self.context.clock(), message=INTERRUPTED, broke_off=True)

    def resume_points(self) -> dict[Direction, datetime]:
        """Return how far the last run of the same queue entry had come, if it did not end well."""
        if self.context.run_id is None:
            return {}
        run = Run.objects.filter(pk=self.context.run_id).first()
        if run is None or run.entry_id is None:
            return {}
        before = Run.objects.filter(entry_id=run.entry_id, pk__lt=run.pk).order_by("-pk").first()
        if before is None or before.status == RunStatus.SUCCESS:
            return {}
        jobs = SynchJob.objects.filter(
            run=before,
            mapping_name=self.row.name,
            type=SynchJobType.SYNCHRONIZATION,
            cursor__isnull=False,
        )
        return {
            Direction(way): cursor
            for way, cursor in jobs.values_list("direction", "cursor")
            if cursor is not None
        }

    def advance(self, way: Direction, reached: datetime | None) -> None:
        """Move a watermark forward (E-3.15); one that was moved meanwhile stays (E-3.92)."""
        name = WATERMARKS[way]
        started_from = getattr(self.row, name)
        if reached is not None and reached != started_from:
            rows = IntegrationTableMapping.objects.filter(pk=self.row.pk, **{name: started_from})
            rows.update(**{name: reached})
