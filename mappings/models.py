"""Integration table mappings and the couplings made under them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.db import models

from connections.models import Company
from mappings.terms import (
    CouplingKind,
    DeletionConflictResolution,
    Direction,
    FieldStatus,
    SynchResult,
    TooLong,
    UpdateConflictResolution,
)
from mappings.transformations import Transformation, TransformationKind


class IntegrationTableMapping(models.Model):
    """Which Business Central table corresponds to which Dataverse table, and by which rules."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="mappings")
    name = models.CharField("Name", max_length=20)
    table = models.CharField("Table", max_length=60)  # entity set
    integration_table = models.CharField("Integration Table", max_length=60)  # logical name
    uid_field = models.CharField("Integration Table UID Field", max_length=80)
    modified_on_field = models.CharField("Int. Tbl. Modified On Field", max_length=80, blank=True)
    kind = models.CharField(
        "Coupling Kind", max_length=10, choices=CouplingKind, default=CouplingKind.RECORD
    )
    direction = models.CharField("Direction", max_length=30, choices=Direction)
    # Conditions as JSON lists: [column, operator, value…]; see mappings.filters.
    table_filter = models.JSONField("Table Filter", default=list, blank=True)
    integration_table_filter = models.JSONField(
        "Integration Table Filter", default=list, blank=True
    )
    synch_only_coupled_records = models.BooleanField("Synch. Only Coupled Records", default=True)
    deletion_conflict_resolution = models.CharField(
        "Deletion-Conflict Resolution",
        max_length=10,
        blank=True,
        choices=DeletionConflictResolution,
    )
    update_conflict_resolution = models.CharField(
        "Update-Conflict Resolution", max_length=10, blank=True, choices=UpdateConflictResolution
    )
    synch_after_bulk_coupling = models.BooleanField("Synch. After Bulk Coupling", default=False)
    create_new_in_case_of_no_match = models.BooleanField(
        "Create New in Case of No Match", default=False
    )
    depends_on = models.JSONField("Dependency Filter", default=list, blank=True)
    insert_defaults = models.JSONField("Int. Table Config Template", default=dict, blank=True)
    # The watermarks; Business Central's captions say the opposite of what they filter (E-1.8).
    sent_up_to = models.DateTimeField("Synch. Int. Tbl. Mod. On Fltr.", null=True, blank=True)
    received_up_to = models.DateTimeField("Synch. Modified On Filter", null=True, blank=True)
    multi_company_synch_enabled = models.BooleanField(
        "Multi-Company Synchronization Enabled", default=False
    )
    disable_event_job_resch = models.BooleanField(
        "Disable Event-driven Synch. Job Rescheduling", default=False
    )
    user_defined = models.BooleanField("User Defined", default=False)
    priority = models.PositiveIntegerField("Synch. Order", default=1000)
    background_uncouple = models.BooleanField("Uncouple in Background", default=False)
    resets_company_id = models.BooleanField("Reset Company Id When Uncoupling", default=False)
    guard_percent = models.PositiveSmallIntegerField("Mass-Change Guard (%)", default=30)
    # The choices of the set-ups that it was made for, by name; see mappings.new_choices.
    made_for = models.JSONField("Made For", default=dict, blank=True, editable=False)

    class Meta:
        verbose_name = "integration table mapping"
        ordering = ["priority", "name"]
        constraints = [
            models.UniqueConstraint(fields=["company", "name"], name="one_mapping_of_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class IntegrationFieldMapping(models.Model):
    """Which field feeds which; processed in the order of `position` (E-2.1)."""

    mapping = models.ForeignKey(IntegrationTableMapping, models.CASCADE, related_name="fields")
    position = models.PositiveIntegerField("No.")
    field = models.CharField("Field", max_length=80, blank=True)  # "" = constant to Dataverse
    integration_field = models.CharField("Integration Table Field", max_length=80, blank=True)
    direction = models.CharField("Direction", max_length=30, choices=Direction)
    constant_value = models.CharField("Constant Value", max_length=100, blank=True)
    refers_to = models.CharField("Refers To", max_length=20, blank=True)
    validate_field = models.BooleanField("Validate Field", default=True)
    validate_integration_table_field = models.BooleanField(
        "Validate Integration Table Fld", default=False
    )
    clear_value_on_failed_sync = models.BooleanField("Clear Value on Failed Sync", default=False)
    not_null = models.BooleanField("Not Null", default=False)
    status = models.CharField(
        "Status", max_length=10, choices=FieldStatus, default=FieldStatus.ENABLED
    )
    transformation_rule = models.CharField("Transformation Rule", max_length=20, blank=True)
    transformation_direction = models.CharField(
        "Transformation Direction",
        max_length=30,
        choices=Direction,
        default=Direction.TO_INTEGRATION_TABLE,
    )
    use_for_match_based_coupling = models.BooleanField(
        "Use For Match-Based Coupling", default=False
    )
    case_sensitive_matching = models.BooleanField("Case-Sensitive Matching", default=False)
    match_priority = models.PositiveSmallIntegerField("Match Priority", default=0)
    too_long = models.CharField(
        "Text Too Long", max_length=10, choices=TooLong, default=TooLong.CUT
    )
    user_defined = models.BooleanField("User Defined", default=False)

    class Meta:
        verbose_name = "integration field mapping"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["mapping", "position"], name="one_field_mapping_per_position"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field or self.constant_value} {self.integration_field}"


class TransformationRuleManager(models.Manager["TransformationRule"]):
    def by_code(self) -> dict[str, Transformation]:
        """Return every rule with its next ones; one query."""
        rows = {row.code: row for row in self.all()}
        return {code: row.rule(rows) for code, row in rows.items()}


class TransformationRule(models.Model):
    """What is done to a value on its way; see mappings.transformations."""

    code = models.CharField("Code", max_length=20, primary_key=True)
    description = models.CharField("Description", max_length=100, blank=True)
    transformation_type = models.CharField(
        "Transformation Type",
        max_length=40,
        choices=[(str(kind), str(kind)) for kind in TransformationKind],
    )
    find_value = models.CharField("Find Value", max_length=250, blank=True)
    replace_value = models.CharField("Replace Value", max_length=250, blank=True)
    starting_text = models.CharField("Starting Text", max_length=250, blank=True)
    ending_text = models.CharField("Ending Text", max_length=250, blank=True)
    start_position = models.PositiveIntegerField("Start Position", default=0)
    length = models.PositiveIntegerField("Length", default=0)
    data_format = models.CharField("Data Format", max_length=100, blank=True)
    decimal_separator = models.CharField("Decimal Separator", max_length=1, default=".")
    precision = models.DecimalField(
        "Precision", max_digits=18, decimal_places=8, default=Decimal("0.01")
    )
    rounding = models.CharField("Direction", max_length=1, default="=")
    date_part = models.CharField("Extract From Date Type", max_length=10, default="Year")
    next_transformation_rule = models.CharField(
        "Next Transformation Rule", max_length=20, blank=True
    )

    objects = TransformationRuleManager()

    class Meta:
        verbose_name = "transformation rule"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.description or self.code

    def rule(self, rows: Mapping[str, TransformationRule]) -> Transformation:
        """Return the rule with its next ones; a chain that leads back to itself ends there."""
        chain = [self]
        while (
            following := rows.get(chain[-1].next_transformation_rule)
        ) and following not in chain:
            chain.append(following)
        result: Transformation | None = None
        for row in reversed(chain):
            result = Transformation(
                code=row.code,
                kind=TransformationKind(row.transformation_type),
                find_value=row.find_value,
                replace_value=row.replace_value,
                start_position=row.start_position,
                length=row.length,
                starting_text=row.starting_text,
                ending_text=row.ending_text,
                data_format=row.data_format,
                decimal_separator=row.decimal_separator,
                precision=row.precision,
                rounding=row.rounding,
                date_part=row.date_part,
                next=result,
            )
        assert result is not None
        return result


FAILED = models.Q(last_synch_result="Failure") | models.Q(last_synch_crm_result="Failure")
HELD = models.Q(skipped=True)
IN_ORDER = ["company", "mapping_name", "business_central_key", "name"]
BY_NUMBER = ["company", "business_central_key", "mapping_name", "name"]
OWED = models.Q(owes_business_central=True) | models.Q(owes_dataverse=True)
TO_RETRY = FAILED | OWED  # a query that names it is answered from an index of few rows


class CouplingQuerySet(models.QuerySet["Coupling"]):
    def in_error(self) -> CouplingQuerySet:
        return self.filter(skipped=True)


class Coupling(models.Model):
    """A Business Central record and the Dataverse row it is coupled to.

    Belongs to a mapping by name, so that it outlives a reset of the mapping (E-9.42).
    The results "in Dataverse" speak of the direction To, the others of From (E-4.4).
    """

    # SQLite would take an index of the company alone instead of those that begin with it.
    company = models.ForeignKey(Company, models.CASCADE, related_name="couplings", db_index=False)
    mapping_name = models.CharField("Integration Table Mapping Name", max_length=20)
    business_central_id = models.UUIDField("Integration ID")
    dataverse_id = models.UUIDField("CRM ID")
    business_central_key = models.CharField("No. or Code", max_length=100, blank=True)
    name = models.CharField("Name", max_length=160, blank=True)
    last_synch_modified_on = models.DateTimeField("Last Synch. Modified On", null=True, blank=True)
    last_synch_crm_modified_on = models.DateTimeField(
        "Last Synch. CRM Modified On", null=True, blank=True
    )
    last_synch_version = models.CharField("Last Synch. Version", max_length=200, blank=True)
    last_synch_crm_version = models.CharField("Last Synch. CRM Version", max_length=200, blank=True)
    last_synch_result = models.CharField(
        "Last Synch. Result", max_length=10, blank=True, choices=SynchResult
    )
    last_synch_crm_result = models.CharField(
        "Last Synch. CRM Result", max_length=10, blank=True, choices=SynchResult
    )
    last_synch_job = models.UUIDField("Last Synch. Job ID", null=True, blank=True)
    last_synch_crm_job = models.UUIDField("Last Synch. CRM Job ID", null=True, blank=True)
    last_error = models.CharField("Last Error", max_length=500, blank=True)
    last_crm_error = models.CharField("Last CRM Error", max_length=500, blank=True)
    last_error_version = models.CharField("Version That Failed", max_length=200, blank=True)
    last_crm_error_version = models.CharField("CRM Version That Failed", max_length=200, blank=True)
    cause = models.CharField("Cause", max_length=40, blank=True)
    owes_business_central = models.BooleanField("Change for Business Central Seen", default=False)
    owes_dataverse = models.BooleanField("Change for Dataverse Seen", default=False)
    base = models.JSONField("Agreed Values", default=dict, blank=True)  # {"bc": {…}, "dv": {…}}
    skipped = models.BooleanField("Skipped", default=False)
    skipped_at = models.DateTimeField("Failed On", null=True, blank=True)
    incarnation = models.PositiveIntegerField("Incarnation", default=0)

    objects = CouplingQuerySet.as_manager()
    PERSONAL = ("name", "last_error", "last_crm_error")  # not for everybody (C-4013)

    class Meta:
        verbose_name = "coupling"
        permissions = [("retry_coupling", "Can retry failed couplings")]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "mapping_name", "business_central_id"],
                name="one_coupling_per_bc_record",
            ),
            models.UniqueConstraint(
                fields=["company", "mapping_name", "dataverse_id"],
                name="one_coupling_per_dataverse_row",
            ),
        ]
        indexes = [
            # In the order of the list, with the name, so that a search reads no couplings.
            models.Index(fields=IN_ORDER, name="coupling_by_key"),
            models.Index(fields=BY_NUMBER, name="coupling_by_number"),
            models.Index(fields=IN_ORDER, name="coupling_to_retry", condition=TO_RETRY),
            models.Index(fields=IN_ORDER, name="coupling_held", condition=HELD),
        ]

    def __str__(self) -> str:
        return f"{self.mapping_name} {self.business_central_key or self.business_central_id}"


class OptionCoupling(models.Model):
    """A Business Central record and the Dataverse option it is mapped to (E-4.50)."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="option_couplings")
    mapping_name = models.CharField("Integration Table Mapping Name", max_length=20)
    business_central_id = models.UUIDField("Record ID")
    business_central_key = models.CharField("Code", max_length=100)
    option_value = models.IntegerField("Option Value")
    option_caption = models.CharField("Option Value Caption", max_length=250)
    last_synch_modified_on = models.DateTimeField("Last Synch. Modified On", null=True, blank=True)
    last_synch_result = models.CharField(
        "Last Synch. Result", max_length=10, blank=True, choices=SynchResult
    )
    last_synch_crm_result = models.CharField(
        "Last Synch. CRM Result", max_length=10, blank=True, choices=SynchResult
    )
    last_synch_job = models.UUIDField("Last Synch. Job ID", null=True, blank=True)
    last_error = models.CharField("Last Error", max_length=500, blank=True)
    skipped = models.BooleanField("Skipped", default=False)
    PERSONAL = ("last_error",)

    class Meta:
        verbose_name = "Dataverse option mapping"
        constraints = [
            models.UniqueConstraint(
                fields=["company", "mapping_name", "business_central_id"],
                name="one_option_per_bc_record",
            ),
            models.UniqueConstraint(
                fields=["company", "mapping_name", "option_value"], name="one_bc_record_per_option"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business_central_key} {self.option_value}"


class PendingCoupling(models.Model):
    """A record that was seen and failed before it had a partner (repairs E-3.15).

    Every change that was seen is applied, parked here or on its coupling, or superseded.
    """

    company = models.ForeignKey(Company, models.CASCADE, related_name="pending_couplings")
    mapping_name = models.CharField("Integration Table Mapping Name", max_length=20)
    direction = models.CharField("Direction", max_length=30, choices=Direction)
    record_id = models.UUIDField("Record ID")
    record_version = models.CharField("Version", max_length=200, blank=True)
    name = models.CharField("Record", max_length=160, blank=True)
    cause = models.CharField("Cause", max_length=40)
    message = models.CharField("Message", max_length=500)
    attempts = models.PositiveIntegerField("No. of Attempts", default=1)
    skipped = models.BooleanField("Skipped", default=False)
    job = models.UUIDField("Job ID", null=True, blank=True)
    seen_at = models.DateTimeField("First Seen")
    failed_at = models.DateTimeField("Failed On")
    PERSONAL = ("name", "message")

    class Meta:
        verbose_name = "pending coupling"
        constraints = [
            models.UniqueConstraint(
                fields=["company", "mapping_name", "direction", "record_id"],
                name="one_pending_coupling_per_record",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mapping_name} {self.name or self.record_id}"


class Intent(models.Model):
    """A write that is about to be made, noted before it: what recovery looks up after a crash."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="intents")
    mapping_name = models.CharField("Integration Table Mapping Name", max_length=20)
    direction = models.CharField("Direction", max_length=30, choices=Direction)
    source_id = models.UUIDField("Source Record")
    source_version = models.CharField("Source Version", max_length=200, blank=True)
    source_modified_at = models.DateTimeField("Source Modified")
    destination_id = models.UUIDField("Destination Record")
    destination_version = models.CharField("Destination Version", max_length=200, blank=True)
    creates = models.BooleanField("Creates")
    incarnation = models.PositiveIntegerField("Incarnation", default=0)
    values = models.JSONField("Values", default=dict)
    noted_at = models.DateTimeField("Noted")

    class Meta:
        verbose_name = "intent"
        constraints = [
            models.UniqueConstraint(
                fields=["company", "mapping_name", "direction", "source_id"],
                name="one_intent_per_record",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mapping_name} {self.source_id}"


class AutomaticPriceList(models.Model):
    """The price list in Sales that the console keeps for a currency, remembered (E-8.58)."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="automatic_price_lists")
    currency_code = models.CharField("Currency Code", max_length=10)
    dataverse_id = models.UUIDField("Price List")
    name = models.CharField("Name", max_length=100)
    incarnation = models.PositiveIntegerField("Incarnation", default=0)

    class Meta:
        verbose_name = "automatic price list"
        constraints = [
            models.UniqueConstraint(
                fields=["company", "currency_code"], name="one_automatic_price_list_per_currency"
            ),
        ]

    def __str__(self) -> str:
        return self.name
