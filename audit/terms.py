"""The vocabulary of the audit log."""

from __future__ import annotations

from django.db.models import TextChoices


class Source(TextChoices):
    """The way in that an act took."""

    PAGE = "page", "page"
    API = "API", "API"
    JOB = "job", "job"
    COMMAND = "command line", "command line"


class Act(TextChoices):
    """What people do that leaves a trace (C-3202)."""

    CREATED = "Created", "Created"
    CHANGED = "Changed", "Changed"
    DELETED = "Deleted", "Deleted"
    ENABLED = "Enabled", "Enabled"
    DISABLED = "Disabled", "Disabled"
    TESTED = "Tested", "Tested"
    RESET = "Reset to defaults", "Reset to defaults"
    COUPLED = "Coupled", "Coupled"
    UNCOUPLED = "Uncoupled", "Uncoupled"
    COUPLING_DELETED = "Coupling deleted", "Coupling deleted"
    RETRIED = "Retried", "Retried"
    RUN_STARTED = "Run started", "Run started"
    RUN_CANCELLED = "Run cancelled", "Run cancelled"
    RUN_ENDED = "Run ended", "Run ended"
    SET_READY = "Set to ready", "Set to ready"
    SET_ON_HOLD = "Set on hold", "Set on hold"
    SET_INACTIVE = "Set inactive", "Set inactive"
    RESTARTED = "Restarted", "Restarted"
    SIGNED_IN = "Signed in", "Signed in"
    SIGNED_OUT = "Signed out", "Signed out"
    SIGN_IN_REFUSED = "Sign-in refused", "Sign-in refused"
    ROTATED = "Secrets rotated", "Secrets rotated"
    REFUSED = "Refused", "Refused"
    EXPORTED = "Exported", "Exported"
    FORGOTTEN = "Personal data removed", "Personal data removed"
    VERIFIED = "Verified", "Verified"
    SILENCED = "Silenced", "Silenced"


DELETIONS = (Act.DELETED, Act.COUPLING_DELETED, Act.UNCOUPLED)
