"""The vocabulary of synch. jobs and of the job queue, with Business Central's captions."""

from __future__ import annotations

from enum import StrEnum

from django.db.models import IntegerChoices, TextChoices


class Mode(StrEnum):
    """How much of a mapping a run looks at."""

    MODIFIED = "modified"  # changed since the watermark; obeys Synch. Only Coupled Records
    FULL = "full"  # every record in the filters; creates the missing partner (C-1017)
    UNCONDITIONAL = "unconditional"  # writes unchanged records too


class Action(StrEnum):
    """The counters of an integration synch. job (E-3.49)."""

    INSERTED = "Inserted"
    MODIFIED = "Modified"
    DELETED = "Deleted"
    UNCHANGED = "Unchanged"
    SKIPPED = "Skipped"
    FAILED = "Failed"
    COUPLED = "Coupled"
    UNCOUPLED = "Uncoupled"
    NONE = ""  # counted nowhere (E-3.20, E-3.33)


class SynchJobType(TextChoices):
    SYNCHRONIZATION = "Synchronization", "Synchronization"
    COUPLING = "Coupling", "Coupling"
    UNCOUPLING = "Uncoupling", "Uncoupling"


class JobStatus(TextChoices):
    READY = "Ready", "Ready"
    IN_PROCESS = "In Process", "In Process"
    ERROR = "Error", "Error"
    ON_HOLD = "On Hold", "On Hold"
    FINISHED = "Finished", "Finished"
    ON_HOLD_INACTIVE = "On Hold with Inactivity Timeout", "On Hold with Inactivity Timeout"
    WAITING = "Waiting", "Waiting"


class HoldReason(TextChoices):
    """Who lets an entry rest, and so who lets it go on."""

    PERSON = "Person", "A person put it on hold"
    CONNECTION = "Connection", "The connection was disabled"
    REFUSED = "Refused", "The set-up was not in order"
    PAUSE = "Pause", "A redeploy or a guide is at work"


class JobPriority(IntegerChoices):
    HIGH = 1000, "High"
    NORMAL = 2000, "Normal"
    LOW = 3000, "Low"


class RunStatus(TextChoices):
    WAITING = "Waiting", "Waiting"  # asked for, no worker has taken it yet
    IN_PROCESS = "In Process", "In Process"
    SUCCESS = "Success", "Success"
    ERROR = "Error", "Error"
    CANCELLED = "Cancelled", "Cancelled"


class Trigger(TextChoices):
    SCHEDULE = "schedule", "schedule"
    PERSON = "person", "person"
    COMMAND = "command line", "command line"
    CHANGE = "change", "change"


class Planned(TextChoices):
    """What a run would do with a record (C-0009); each record is of one kind."""

    INSERT = "Insert", "Insert"
    CHANGE = "Change", "Change"
    COUPLE = "Couple", "Couple"  # fields may change with it
    UNCOUPLE = "Uncouple", "Uncouple"
    SKIP = "Skip", "Skip"
    FAIL = "Fail", "Fail"
    UNCHANGED = "Unchanged", "Unchanged"
