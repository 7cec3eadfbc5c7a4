"""What the API answers: one shape for each thing, with the names that the code uses."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema


class CompanyShape(Schema):
    name: str
    display_name: str
    business_central_id: UUID
    dataverse_company_id: UUID | None
    local_currency_code: str


class ConnectionShape(Schema):
    """A set-up as it is; of secrets only whether they are set, and no user names (C-4002)."""

    kind: str
    name: str
    is_enabled: bool | None
    disable_reason: str
    restore_connection: bool
    server_address: str
    web_client_url: str
    authentication_type: str
    has_client_secret: bool
    has_certificate: bool
    has_password: bool


class CheckShape(Schema):
    side: str
    name: str
    passed: bool
    sentence: str
    cure: str
    code: str
    milliseconds: int


class ChecksShape(Schema):
    passed: bool
    checks: list[CheckShape]


class FindingShape(Schema):
    """What a check of health found; `names` are what a person looks for: a role, a privilege."""

    side: str
    name: str
    state: str
    sentence: str
    cure: str
    code: str
    names: list[str]
    milliseconds: int


class FieldShape(Schema):
    position: int
    field: str
    integration_field: str
    direction: str
    constant_value: str
    refers_to: str
    status: str
    transformation_rule: str
    use_for_match_based_coupling: bool


class MappingShape(Schema):
    id: int
    name: str
    table: str
    integration_table: str
    kind: str
    direction: str
    synch_only_coupled_records: bool
    update_conflict_resolution: str
    deletion_conflict_resolution: str
    depends_on: list[str]
    priority: int
    guard_percent: int
    sent_up_to: datetime | None
    received_up_to: datetime | None


class MappingCard(MappingShape):
    table_filter: list[Any]
    integration_table_filter: list[Any]
    fields: list[FieldShape]

    @staticmethod
    def resolve_fields(row: Any) -> Any:
        return row.fields.all()


class CouplingShape(Schema):
    id: int
    mapping_name: str
    business_central_id: UUID
    dataverse_id: UUID
    business_central_key: str
    name: str
    last_synch_result: str
    last_synch_crm_result: str
    last_synch_modified_on: datetime | None
    last_synch_crm_modified_on: datetime | None
    last_error: str
    last_crm_error: str
    cause: str
    skipped: bool
    skipped_at: datetime | None


class RunShape(Schema):
    id: int
    job: str
    mapping_name: str
    description: str
    trigger: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    step: str
    done: int
    total: int
    cause: str
    error_message: str
    cancel_requested: bool


class SynchJobShape(Schema):
    id: UUID
    run_id: int | None
    mapping_name: str
    direction: str
    type: str
    started_at: datetime
    finished_at: datetime | None
    message: str
    inserted: int
    modified: int
    deleted: int
    unchanged: int
    skipped: int
    failed: int
    coupled: int
    uncoupled: int
    warnings: int


class MassChangeShape(Schema):
    """A direction that the mass-change guard stopped before it wrote anything."""

    mapping_name: str
    direction: str
    records: int  # to be sent as `confirmed` by whoever wants it
    coupled: int
    confirmed_at: datetime | None


class RunCard(RunShape):
    estimate_seconds: float | None
    log: list[list[str]]
    synch_jobs: list[SynchJobShape]
    mass_changes: list[MassChangeShape]


class SynchErrorShape(Schema):
    id: int
    job_id: UUID
    mapping_name: str
    direction: str
    business_central_id: UUID | None
    dataverse_id: UUID | None
    record_name: str
    cause: str
    message: str
    warning: bool
    logged_at: datetime


class CauseShape(Schema):
    """The errors of one cause, and what to do about them."""

    cause: str
    title: str
    advice: str
    remedy: str
    number: int
    first: datetime
    last: datetime
    mappings: list[str]


class EntryShape(Schema):
    id: int
    job: str
    mapping_name: str
    description: str
    status: str
    hold_reason: str
    earliest_start: datetime | None
    recurring: bool
    minutes_between_runs: int
    attempts: int
    maximum_attempts: int
    category: str
    priority: int
    error_message: str


class AuditShape(Schema):
    id: int
    moment: datetime
    user_name: str
    source: str
    act: str
    object_kind: str
    object_key: str
    object_name: str
    company_name: str
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    correlation_id: str
    address: str


class DiffShape(Schema):
    field: str
    before: Any
    after: Any


class ChangeShape(Schema):
    """What a run would do with one record."""

    action: str
    source_id: UUID | None
    destination_id: UUID | None
    diffs: list[DiffShape]
    reason: str
    cause: str


class PhaseShape(Schema):
    direction: str
    would_change: int  # coupled records, as the mass-change guard counts them
    counts: dict[str, int]
    changes: list[ChangeShape]
    is_cut: bool  # there are more changes than were asked for


class PreviewShape(Schema):
    mapping: str
    requests: int
    seconds: float
    phases: list[PhaseShape]


class CountShape(Schema):
    """How many records an act reached."""

    count: int


class Companies(Schema):
    items: list[CompanyShape]


class Connections(Schema):
    items: list[ConnectionShape]


class Mappings(Schema):
    items: list[MappingShape]


class Couplings(Schema):
    items: list[CouplingShape]
    next: str | None


class Runs(Schema):
    items: list[RunShape]
    next: str | None


class Started(Schema):
    items: list[RunShape]


class SynchJobs(Schema):
    items: list[SynchJobShape]
    next: str | None


class SynchErrors(Schema):
    items: list[SynchErrorShape]
    next: str | None


class Causes(Schema):
    items: list[CauseShape]


class Entries(Schema):
    items: list[EntryShape]
    next: str | None


class AuditEntries(Schema):
    items: list[AuditShape]
    next: str | None
