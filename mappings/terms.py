"""The vocabulary of integration table mappings, with Business Central's captions."""

from __future__ import annotations

from django.db.models import TextChoices


class Direction(TextChoices):
    BIDIRECTIONAL = "Bidirectional", "Bidirectional"
    TO_INTEGRATION_TABLE = "ToIntegrationTable", "To Integration Table"
    FROM_INTEGRATION_TABLE = "FromIntegrationTable", "From Integration Table"


class UpdateConflictResolution(TextChoices):
    NONE = "", "None"
    SEND = "Send", "Send data update to integration table"
    GET = "Get", "Get data update from integration table"
    MERGE = "Merge", "Merge fields"


class DeletionConflictResolution(TextChoices):
    NONE = "", "None"
    RESTORE = "Restore", "Restore records"
    REMOVE = "Remove", "Delete coupling"


class SynchResult(TextChoices):
    NONE = "", " "
    SUCCESS = "Success", "Success"
    FAILURE = "Failure", "Failure"


class FieldStatus(TextChoices):
    ENABLED = "Enabled", "Enabled"
    DISABLED = "Disabled", "Disabled"


class CouplingKind(TextChoices):
    RECORD = "Record", "Record"
    OPTION = "Option", "Option"


class TooLong(TextChoices):
    """What happens to a text that is longer than its destination (E-3.53)."""

    CUT = "Cut", "Cut with a warning"
    FAIL = "Fail", "Fail the record"
