"""Use Default Synchronization Setup: reads the state, plans the steps, takes them (E-9.40)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from audit import trail
from audit.terms import Act
from connections.models import Company
from mappings import defaults, price_models
from mappings.defaults import DefaultField, DefaultMapping
from mappings.models import IntegrationFieldMapping, IntegrationTableMapping
from mappings.setup_choices import SetupChoices
from mappings.terms import Direction, FieldStatus

FIELD_FACTS = (
    "field",
    "integration_field",
    "direction",
    "constant_value",
    "refers_to",
    "validate_field",
    "clear_value_on_failed_sync",
    "not_null",
    "status",
    "transformation_rule",
    "use_for_match_based_coupling",
    "case_sensitive_matching",
    "match_priority",
    "too_long",
)


@dataclass(frozen=True, slots=True)
class MappingValues:
    """A table mapping as rows hold it, without what runs note on it."""

    settings: Mapping[str, Any]
    fields: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class ResetPlan:
    """What a reset would do, by name of mapping."""

    values: Mapping[str, MappingValues]  # of those that are created or reset
    created: tuple[str, ...] = ()
    reset: tuple[str, ...] = ()
    customised: tuple[str, ...] = ()  # of the reset ones: those whose changes would be lost
    removed: tuple[str, ...] = ()  # not part of this set-up any more
    kept: tuple[str, ...] = ()  # by request, or made by the administrator

    @property
    def number(self) -> int:
        """How many mappings do not stay: what a person types to confirm it (C-0516)."""
        return len(self.reset) + len(self.removed)


@dataclass(frozen=True, slots=True)
class ResetSummary:
    """What a reset did, by name of mapping."""

    created: tuple[str, ...]
    reset: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]
    moved: tuple[str, ...] = ()  # changed where another choice asks for it
    stays: tuple[str, ...] = ()  # what the choice asks for and an administrator has changed

    def __str__(self) -> str:
        moved = f"{len(self.moved)} changed with the choices, " if self.moved else ""
        left = f"; changed by hand, so left: {', '.join(self.stays)}" if self.stays else ""
        return (
            f"{len(self.created)} mappings created, {len(self.reset)} reset, {moved}"
            f"{len(self.removed)} removed, {len(self.kept)} kept{left}"
        )


def preview(
    company: Company, *, choices: SetupChoices | None = None, keep: Collection[str] = ()
) -> ResetPlan:
    """Return what a reset would do, without doing it; it names each customised mapping."""
    present = IntegrationTableMapping.objects.filter(company=company).prefetch_related("fields")
    return plan(list(present), choices or choices_of(company), keep)


def forecast(
    company: Company, *, choices: SetupChoices, keep: Collection[str] = ()
) -> dict[str, MappingValues]:
    """Return every mapping as it would be after a reset, in the order of a run.

    The company need not be saved yet.
    """
    present: list[IntegrationTableMapping] = []
    if company.pk:
        rows = IntegrationTableMapping.objects.filter(company=company)
        present = list(rows.prefetch_related("fields"))
    steps = plan(present, choices, keep)
    kept = {row.name: is_now(row) for row in present if row.name in steps.kept}
    found = {**steps.values, **kept}
    return dict(sorted(found.items(), key=lambda item: (item[1].settings["priority"], item[0])))


@transaction.atomic
def use_default_synchronization_setup(
    company: Company,
    *,
    choices: SetupChoices | None = None,
    keep: Collection[str] = (),
    by: AbstractBaseUser | None = None,
) -> ResetSummary:
    """Give the company the default mappings; couplings stay (E-9.42), watermarks start over.

    `keep` names mappings that stay as they are, or stay away. Run again it changes nothing more.
    """
    # Of two who reset at the same moment the second plans after the first is done.
    Company.objects.select_for_update().get(pk=company.pk)
    choices = choices or choices_of(company)
    steps = preview(company, choices=choices, keep=keep)
    before = _noted(company, steps)
    _take(company, steps, choices)
    uncoupled = price_models.forget_replaced(company, steps.removed, choices.price_model)
    summary = ResetSummary(steps.created, steps.reset, steps.removed, steps.kept)
    _note(company, summary, before, _noted(company, steps), uncoupled, by)
    return summary


Noted = Mapping[str, tuple[IntegrationTableMapping, dict[str, Any]]]


def _noted(company: Company, steps: ResetPlan) -> Noted:
    """Return the mappings that a reset touches, as the audit log keeps them: two queries."""
    names = {*steps.values, *steps.removed}
    rows = IntegrationTableMapping.objects.filter(company=company, name__in=names)
    return {row.name: (row, audited(row)) for row in rows.prefetch_related("fields")}


def audited(row: IntegrationTableMapping) -> dict[str, Any]:
    """Return a mapping and its fields as the audit log keeps them."""
    values = is_now(row)
    lines = {
        f"field {facts['field'] or facts['constant_value']} {facts['integration_field']}": facts
        for facts in values.fields
    }
    return {**values.settings, **lines}


def _note(
    company: Company,
    summary: ResetSummary,
    before: Noted,
    after: Noted,
    uncoupled: int,
    by: AbstractBaseUser | None,
) -> None:
    """Note the reset, and each mapping that is another than it was; what was removed is gone."""
    if not (summary.created or summary.reset or summary.removed):
        return
    trail.note(
        Act.RESET,
        kind="integration table mappings",
        name=str(summary),
        company=company,
        before={
            "removed": list(summary.removed),
            **({"couplings deleted": uncoupled} if uncoupled else {}),
        },
        after={"created": list(summary.created), "reset": list(summary.reset)},
        by=by,
    )
    for name in summary.removed:
        row, was = before[name]
        trail.note(Act.DELETED, row, company=company, before=was, by=by)
    for name in summary.reset:
        row, was = before[name]
        now = after[name][1]
        if was != now:
            trail.note(Act.CHANGED, row, company=company, before=was, after=now, by=by)


def plan(
    present: Sequence[IntegrationTableMapping],
    choices: SetupChoices,
    keep: Collection[str] = (),
) -> ResetPlan:
    """Plan a reset from the mappings there are. No query, no clock."""
    rows = {row.name: row for row in present}
    kept = {name for name, row in rows.items() if row.user_defined} | set(keep)
    wanted = {name: v for name, v in defaults_of(choices).items() if name not in kept}
    return ResetPlan(
        values=wanted,
        created=tuple(name for name in wanted if name not in rows),
        reset=tuple(name for name in wanted if name in rows),
        customised=tuple(
            name for name, values in wanted.items() if name in rows and is_now(rows[name]) != values
        ),
        removed=tuple(name for name in rows if name not in kept and name not in wanted),
        kept=tuple(sorted(kept & set(rows))),
    )


def defaults_of(choices: SetupChoices) -> dict[str, MappingValues]:
    """Return the default mappings of these choices, by name."""
    active = _active(choices)
    names = {mapping.name for mapping in active}
    return {mapping.name: values_of(mapping, choices, names) for mapping in active}


def _active(choices: SetupChoices) -> list[DefaultMapping]:
    """Return the mappings of this set-up; those of Sales once Sales is connected (E-9.41)."""
    return [
        mapping
        for mapping in defaults.mappings()
        if choices.hold(mapping.when)
        and (choices.sales_connection_enabled or mapping.family != "sales")
    ]


def values_of(
    mapping: DefaultMapping, choices: SetupChoices, names: Collection[str]
) -> MappingValues:
    """Return the rows of a default mapping; `names` are the mappings there will be."""
    settings = {
        "table": mapping.table,
        "integration_table": mapping.integration_table,
        "uid_field": mapping.uid_field,
        "modified_on_field": mapping.modified_on_field,
        "kind": mapping.kind,
        "direction": mapping.direction,
        "table_filter": [row.row for row in mapping.table_filter if choices.hold(row.when)],
        "integration_table_filter": [
            row.row for row in mapping.integration_table_filter if choices.hold(row.when)
        ],
        "synch_only_coupled_records": mapping.synch_only_coupled_records,
        "deletion_conflict_resolution": mapping.deletion_conflict_resolution,
        "update_conflict_resolution": "",
        "synch_after_bulk_coupling": mapping.synch_after_bulk_coupling,
        "create_new_in_case_of_no_match": mapping.create_new_in_case_of_no_match,
        "depends_on": [name for name in mapping.depends_on if name in names],
        "insert_defaults": dict(mapping.insert_defaults),
        "multi_company_synch_enabled": False,
        "disable_event_job_resch": False,
        "priority": mapping.priority,
        "background_uncouple": mapping.background_uncouple,
        "resets_company_id": mapping.resets_company_id,
        "guard_percent": 30,
    }
    fields = tuple(_field_values(row) for row in mapping.fields if choices.hold(row.when))
    return MappingValues(settings, fields)


def _field_values(row: DefaultField) -> dict[str, Any]:
    return {
        "field": row.field,
        "integration_field": row.integration_field,
        "direction": row.direction,
        "constant_value": row.constant,
        "refers_to": row.refers_to,
        "validate_field": row.validate,
        "clear_value_on_failed_sync": row.clear_on_failure,
        "not_null": row.not_null,
        "status": FieldStatus.ENABLED if row.enabled else FieldStatus.DISABLED,
        "transformation_rule": "",
        "use_for_match_based_coupling": row.match is not None,
        "case_sensitive_matching": False,
        "match_priority": row.match or 0,
        "too_long": IntegrationFieldMapping._meta.get_field("too_long").get_default(),
    }


def is_now(row: IntegrationTableMapping) -> MappingValues:
    """Return what a mapping is now, to be compared with what it would be."""
    settings = {
        name: getattr(row, name)
        for name in (
            "table", "integration_table", "uid_field", "modified_on_field", "kind", "direction",
            "table_filter", "integration_table_filter", "synch_only_coupled_records",
            "deletion_conflict_resolution", "update_conflict_resolution",
            "synch_after_bulk_coupling", "create_new_in_case_of_no_match", "depends_on",
            "insert_defaults", "multi_company_synch_enabled", "disable_event_job_resch",
            "priority", "background_uncouple", "resets_company_id", "guard_percent",
        )
    }  # fmt: skip
    rows = sorted(row.fields.all(), key=lambda field: field.position)
    return MappingValues(
        settings, tuple({name: getattr(field, name) for name in FIELD_FACTS} for field in rows)
    )


def _take(company: Company, steps: ResetPlan, choices: SetupChoices) -> None:
    present = IntegrationTableMapping.objects.filter(company=company)
    present.filter(name__in=steps.removed).delete()
    rows = {row.name: row for row in present.filter(name__in=steps.reset)}
    IntegrationFieldMapping.objects.filter(mapping__in=rows.values()).delete()
    for name, values in steps.values.items():
        row = rows.get(name) or IntegrationTableMapping(company=company, name=name)
        for setting, value in values.settings.items():
            setattr(row, setting, value)
        row.sent_up_to = row.received_up_to = None
        row.made_for = choices.kept
        row.save()
        rows[name] = row
    IntegrationFieldMapping.objects.bulk_create(
        field_row(rows[name], position, facts)
        for name, values in steps.values.items()
        for position, facts in enumerate(values.fields, 1)
    )


def field_row(
    mapping: IntegrationTableMapping, position: int, facts: Mapping[str, Any]
) -> IntegrationFieldMapping:
    """Return a field mapping of a default, not saved yet."""
    return IntegrationFieldMapping(
        mapping=mapping,
        position=position,
        transformation_direction=_transformation_direction(facts["direction"]),
        **facts,
    )


def _transformation_direction(direction: Direction) -> Direction:
    """E-2.9: that of the field; to Dataverse where it has both."""
    both = direction == Direction.BIDIRECTIONAL
    return Direction.TO_INTEGRATION_TABLE if both else direction


# The set-ups


def choices_of(company: Company) -> SetupChoices:
    """Return what was chosen on the company's set-up pages; what is not there has its default."""
    standard = SetupChoices()
    setups = [
        getattr(company, name, None)
        for name in ("dataverse_connection_setup", "sales_connection_setup")
    ]
    chosen: dict[str, Any] = {}
    for name in SetupChoices.__dataclass_fields__:
        for setup in setups:
            if setup is not None and hasattr(setup, name):
                chosen[name] = _spoken(getattr(setup, name), getattr(standard, name))
    return SetupChoices(**chosen)


def _spoken(value: Any, standard: object) -> Any:
    """Return a choice by the name that the defaults use: Person is person."""
    if isinstance(standard, bool):
        return bool(value)
    text = str(value)
    return text[:1].lower() + text[1:] if text else standard
