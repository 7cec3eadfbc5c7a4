"""Synch. jobs, their errors, the job queue and its runs."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from connections.models import Company
from mappings.models import IntegrationTableMapping
from mappings.terms import Direction
from syncjobs.plans import MassChange as MassChange  # tables are found here
from syncjobs.plans import PlannedChange as PlannedChange
from syncjobs.plans import PlannedRun as PlannedRun
from syncjobs.terms import HoldReason, JobPriority, JobStatus, RunStatus, SynchJobType, Trigger


class JobQueueEntry(models.Model):
    """Something that is to run, once or again and again (E-7.2)."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="job_queue_entries")
    job = models.CharField(
        "Object to Run", max_length=40
    )  # name of a job: "synchronize", "match", …
    mapping_name = models.CharField("Integration Table Mapping Name", max_length=20, blank=True)
    parameters = models.JSONField("Parameters", default=dict, blank=True)
    description = models.CharField("Description", max_length=250)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    status = models.CharField("Status", max_length=40, choices=JobStatus, default=JobStatus.ON_HOLD)
    hold_reason = models.CharField(
        "Reason on Hold", max_length=20, choices=HoldReason, blank=True
    )  # empty too for what was never started
    earliest_start = models.DateTimeField("Earliest Start Date/Time", null=True, blank=True)
    expiration = models.DateTimeField("Expiration Date/Time", null=True, blank=True)
    last_ready_state = models.DateTimeField("Last Ready State", null=True, blank=True)
    recurring = models.BooleanField("Recurring Job", default=False)
    run_on_weekdays = models.CharField(
        "Run on Weekdays", max_length=7, default="1111111"
    )  # Mon … Sun
    starting_time = models.TimeField("Starting Time", null=True, blank=True)
    ending_time = models.TimeField("Ending Time", null=True, blank=True)
    minutes_between_runs = models.PositiveIntegerField("No. of Minutes between Runs", default=0)
    inactivity_timeout = models.PositiveIntegerField(
        "Inactivity Timeout Period", default=5
    )  # minutes
    maximum_attempts = models.PositiveSmallIntegerField("Maximum No. of Attempts to Run", default=3)
    attempts = models.PositiveSmallIntegerField("No. of Attempts to Run", default=0)
    rerun_delay = models.PositiveIntegerField("Rerun Delay (sec.)", default=30)
    category = models.CharField("Job Queue Category Code", max_length=10, blank=True)
    priority = models.PositiveIntegerField(
        "Priority", choices=JobPriority, default=JobPriority.NORMAL
    )
    job_timeout = models.PositiveIntegerField("Job Timeout (sec.)", default=12 * 60 * 60)
    error_message = models.CharField("Error Message", max_length=2048, blank=True)
    run_number = models.PositiveIntegerField("Run No.", default=0)  # in the id of the bell
    rung_at = models.DateTimeField("Bell Rung", null=True, blank=True)
    # While In Process: whose run it is, until when, and the fence a stale worker cannot pass.
    lease_owner = models.CharField("Worker", max_length=100, blank=True)
    lease_expires_at = models.DateTimeField("Lease Ends", null=True, blank=True)
    fence = models.PositiveIntegerField("Fence", default=0)
    PERSONAL = ("error_message",)  # not for everybody (C-4013)

    class Meta:
        verbose_name = "job queue entry"
        verbose_name_plural = "job queue entries"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "category"],
                condition=models.Q(status=JobStatus.IN_PROCESS) & ~models.Q(category=""),
                name="one_entry_in_process_per_category",
            ),
        ]
        indexes = [models.Index(fields=["status", "earliest_start"], name="entry_due")]

    def __str__(self) -> str:
        return self.description


class Run(models.Model):
    """One execution: a job queue log entry with progress, log and cancel (E-7.30)."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="runs")
    entry = models.ForeignKey(
        JobQueueEntry, models.SET_NULL, null=True, blank=True, related_name="runs"
    )
    job = models.CharField("Object to Run", max_length=40)
    mapping_name = models.CharField("Integration Table Mapping Name", max_length=20, blank=True)
    description = models.CharField("Description", max_length=250)
    trigger = models.CharField("Trigger", max_length=20, choices=Trigger, default=Trigger.PERSON)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    status = models.CharField(
        "Status", max_length=20, choices=RunStatus, default=RunStatus.IN_PROCESS
    )
    started_at = models.DateTimeField("Start Date/Time")
    finished_at = models.DateTimeField("End Date/Time", null=True, blank=True)
    heartbeat_at = models.DateTimeField("Last Sign of Life", null=True, blank=True)
    step = models.CharField("Step", max_length=100, blank=True)  # "CUSTOMER, to Sales"
    done = models.PositiveIntegerField("Records Done", default=0)
    total = models.PositiveIntegerField("Records to Do", default=0)
    step_started_at = models.DateTimeField("Step Started", null=True, blank=True)
    log = models.JSONField("Log", default=list)  # newest last: [time, text], at most 500
    error_message = models.CharField("Error Message", max_length=2048, blank=True)
    error_detail = models.TextField("Error Call Stack", blank=True)
    cause = models.CharField("Cause", max_length=40, blank=True)
    cancel_requested = models.BooleanField("Cancel Requested", default=False)
    fence = models.PositiveIntegerField("Fence", default=0)
    PERSONAL = ("log", "error_message", "error_detail")

    class Meta:
        verbose_name = "job queue log entry"
        verbose_name_plural = "job queue log entries"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["status"], name="run_by_status"),
            models.Index(fields=["company", "status"], name="run_by_company_and_status"),
            models.Index(fields=["company", "mapping_name"], name="run_of_mapping"),
        ]

    def __str__(self) -> str:
        return self.description


FAILED = models.Q(failed__gt=0)
BUSY = FAILED | models.Q(inserted__gt=0) | models.Q(modified__gt=0) | models.Q(deleted__gt=0)
RUNNING = models.Q(finished_at=None)
MOVED = ["inserted", "modified", "deleted", "failed"]
NEWEST = ["company", "-started_at", "mapping_name", "direction", "type"]


class SynchJob(models.Model):
    """One phase of one mapping: an integration synch. job with its counters (E-5.1)."""

    id = models.UUIDField("ID", primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="synch_jobs", db_index=False)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="synch_jobs")
    mapping_name = models.CharField("Integration Table Mapping Name", max_length=20)
    direction = models.CharField("Synch. Direction", max_length=30, choices=Direction)
    type = models.CharField(
        "Type", max_length=20, choices=SynchJobType, default=SynchJobType.SYNCHRONIZATION
    )
    started_at = models.DateTimeField("Start Date/Time")
    finished_at = models.DateTimeField("Finish Date/Time", null=True, blank=True)
    message = models.CharField("Message", max_length=250, blank=True)
    broke_off = models.BooleanField("Broke Off", default=False)  # the message says why
    inserted = models.PositiveIntegerField("Inserted", default=0)
    modified = models.PositiveIntegerField("Modified", default=0)
    deleted = models.PositiveIntegerField("Deleted", default=0)
    unchanged = models.PositiveIntegerField("Unchanged", default=0)
    skipped = models.PositiveIntegerField("Skipped", default=0)
    failed = models.PositiveIntegerField("Failed", default=0)
    coupled = models.PositiveIntegerField("Coupled", default=0)
    uncoupled = models.PositiveIntegerField("Uncoupled", default=0)
    warnings = models.PositiveIntegerField("Warnings", default=0)
    cursor = models.DateTimeField(
        "Read Up To", null=True, blank=True
    )  # where a resumed run goes on
    PERSONAL = ("message",)

    class Meta:
        verbose_name = "integration synch. job"
        ordering = ["-started_at"]
        # No index of the company alone, here and above: SQLite would take it instead of these.
        # A million rows are looked at newest first, and counted, without reading them: the
        # columns that people narrow by are part of the index, a view of the list has its own.
        indexes = [
            models.Index(fields=NEWEST, name="synch_job_newest"),
            models.Index(
                fields=["company", "mapping_name", "-started_at", "direction", "type"],
                name="synch_job_of_mapping",
            ),
            models.Index(fields=[*NEWEST, *MOVED], name="synch_job_busy", condition=BUSY),
            models.Index(fields=[*NEWEST, "failed"], name="synch_job_failed", condition=FAILED),
            models.Index(fields=NEWEST, name="synch_job_running", condition=RUNNING),
        ]

    def __str__(self) -> str:
        return f"{self.mapping_name} {self.direction}"

    def error(self, **noted: Any) -> SynchError:
        """Return an error of this job, not yet written; it is found without the job's row."""
        return SynchError(
            job=self,
            company_id=self.company_id,
            mapping_name=self.mapping_name,
            direction=self.direction,
            **noted,
        )


NEWEST_OF = ["company", "-id", "warning"]
IS_ERROR, IS_WARNING = models.Q(warning=False), models.Q(warning=True)


class SynchError(models.Model):
    """Why one record failed, was skipped, or went through with a warning (E-5.4)."""

    job = models.ForeignKey(SynchJob, models.CASCADE, related_name="errors")
    # Copies of the job's, so that lists of errors read no job (`SynchJob.error` fills them).
    company = models.ForeignKey(
        Company, models.CASCADE, related_name="synch_errors", db_index=False
    )
    mapping_name = models.CharField("Integration Table Mapping Name", max_length=20)
    direction = models.CharField("Synch. Direction", max_length=30, choices=Direction)
    business_central_id = models.UUIDField("Business Central Record", null=True, blank=True)
    dataverse_id = models.UUIDField("Dataverse Row", null=True, blank=True)
    record_name = models.CharField("Record", max_length=160, blank=True)
    cause = models.CharField("Cause", max_length=40)
    message = models.CharField("Error Message", max_length=2048)
    detail = models.TextField("Details", blank=True)
    warning = models.BooleanField("Warning", default=False)
    logged_at = models.DateTimeField("Date/Time")
    PERSONAL = ("record_name", "message", "detail")

    class Meta:
        verbose_name = "integration synch. error"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["business_central_id"], name="error_by_bc_record"),
            models.Index(fields=["dataverse_id"], name="error_by_dataverse_row"),
            models.Index(
                fields=["company", "-id", "warning"], name="error_newest", condition=IS_ERROR
            ),
            models.Index(
                fields=["company", "-id", "warning"], name="warning_newest", condition=IS_WARNING
            ),
            models.Index(fields=["company", "cause", "-id"], name="error_by_cause"),
            models.Index(
                fields=["company", "logged_at", "mapping_name", "cause", "warning"],
                name="error_counted",
                condition=IS_ERROR,
            ),
        ]

    def __str__(self) -> str:
        return self.message


class Sweep(models.Model):
    """What the last sweep of one direction of a mapping found."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="sweeps")
    mapping_name = models.CharField("Integration Table Mapping Name", max_length=20)
    direction = models.CharField("Synch. Direction", max_length=30, choices=Direction)
    swept_at = models.DateTimeField("Date/Time")
    looked_at = models.PositiveIntegerField("Records Looked At", default=0)
    hidden = models.PositiveIntegerField("Changes Never Looked At", default=0)
    left = models.PositiveIntegerField("Changes Left", default=0)  # after the mapping had looked

    class Meta:
        verbose_name = "sweep"
        ordering = ["mapping_name", "direction"]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "mapping_name", "direction"], name="one_sweep_per_direction"
            )
        ]

    def __str__(self) -> str:
        return f"sweep of {self.mapping_name} {self.direction}"


class Reading(models.Model):
    """When one direction of a mapping was last read as a whole, by the console's own clock."""

    mapping = models.ForeignKey(IntegrationTableMapping, models.CASCADE, related_name="readings")
    direction = models.CharField("Synch. Direction", max_length=30, choices=Direction)
    watermark = models.DateTimeField("Watermark")  # it holds for this one only
    reached_at = models.DateTimeField("Watermark Reached")
    began_at = models.DateTimeField("Last Whole Reading Began")

    class Meta:
        verbose_name = "reading"
        constraints = [
            models.UniqueConstraint(
                fields=["mapping", "direction"], name="one_reading_per_direction"
            )
        ]

    def __str__(self) -> str:
        return f"reading of {self.mapping_id} {self.direction}"


class HealthCheck(models.Model):
    """What one health check found last, and since when it is so (C-3301)."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="health_checks")
    side = models.CharField("System", max_length=20)
    name = models.CharField("Check", max_length=60)
    group = models.CharField("Group", max_length=30)  # what is looked at together
    position = models.PositiveSmallIntegerField("Position", default=0)
    state = models.CharField("State", max_length=10)
    since = models.DateTimeField("Since")
    checked_at = models.DateTimeField("Last Checked")
    sentence = models.TextField("Finding")
    cure = models.TextField("Advice", blank=True)
    code = models.CharField("Code", max_length=40, blank=True)
    names = models.JSONField("Names", default=list)
    milliseconds = models.PositiveIntegerField("Duration (ms)", default=0)
    # Until then it is shown and rings nobody (C-3302).
    silenced_until = models.DateTimeField("Silenced Until", null=True, blank=True)
    silence_reason = models.CharField("Reason", max_length=250, blank=True)
    silenced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    PERSONAL = ("sentence", "cure")  # they name users of both systems; `names` never do

    class Meta:
        verbose_name = "health check"
        ordering = ["position", "side", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "side", "name"], name="one_result_per_health_check"
            )
        ]

    def __str__(self) -> str:
        return f"{self.side}: {self.name}"

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong."""
        return self.state in ("healthy", "attention")

    @property
    def is_silent(self) -> bool:
        """Whether somebody said that nobody is to be asked, and that time is not over."""
        return self.silenced_until is not None and self.silenced_until > timezone.now()


class HealthReport(models.Model):
    """One look at the health: kept for 90 days (C-3302)."""

    company = models.ForeignKey(
        Company, models.CASCADE, related_name="health_reports", db_index=False
    )
    checked_at = models.DateTimeField("Date/Time")
    state = models.CharField("State", max_length=10)
    checks = models.PositiveSmallIntegerField("Checks", default=0)
    wrong = models.JSONField("Wrong", default=list)  # the exact names
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)

    class Meta:
        verbose_name = "health report"
        ordering = ["-checked_at"]
        indexes = [models.Index(fields=["company", "-checked_at"], name="health_report_newest")]

    def __str__(self) -> str:
        return f"health of {self.company} at {self.checked_at:%Y-%m-%d %H:%M}"


class Lease(models.Model):
    """Who is in charge of something that only one process may do, and until when."""

    name = models.CharField(max_length=40, primary_key=True)
    owner = models.CharField(max_length=100)
    expires_at = models.DateTimeField()
    fence = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name}: {self.owner}"
