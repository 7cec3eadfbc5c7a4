"""The list and the card of integration table mappings, and the buttons that start runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from connections.errors import ConfigurationError
from connections.systems import Column as SystemColumn
from integration_admin import cells
from integration_admin.columns import Column
from integration_admin.pages import (
    Action,
    CardPage,
    Empty,
    ListPage,
    Section,
    View,
)
from integration_admin.roles import Right, has_right
from mappings import captions, filters
from mappings.documents import reason_left_out
from mappings.models import (
    Coupling,
    IntegrationFieldMapping,
    IntegrationTableMapping,
    OptionCoupling,
)
from mappings.terms import CouplingKind, Direction
from syncjobs import clock
from syncjobs.models import JobQueueEntry, SynchError, SynchJob
from syncjobs.terms import JobStatus, Mode

ERRORS_OF = timedelta(days=7)
SYNCHRONIZE = Action(
    "Synchronize Modified Records", "synchronize", Right.RUN_SYNC, "play", is_primary=True,
    values=(("mode", Mode.MODIFIED),),
)  # fmt: skip
FULL = Action(
    "Run Full Synchronization", "synchronize", Right.RUN_FULL_SYNC, "refresh",
    values=(("mode", Mode.FULL),),
)  # fmt: skip
PREVIEW = Action(
    "Preview", "preview", Right.PREVIEW, "eye", values=(("mode", Mode.MODIFIED),)
)  # fmt: skip
PREVIEW_FULL = Action(
    "Preview Full Synchronization", "preview", Right.PREVIEW, "eye", values=(("mode", Mode.FULL),)
)  # fmt: skip
MATCH = Action("Match-Based Coupling", "match", Right.MANAGE_COUPLINGS, "couple")


AT_ONCE = (PREVIEW, FULL, MATCH)  # beside the primary act; the others are under More options


def _unconditional(direction: Direction, words: str) -> Action:
    return Action(
        f"Run Unconditionally{words}",
        "synchronize",
        Right.RUN_FULL_SYNC,
        "flag",
        values=(("mode", f"{Mode.UNCONDITIONAL}:{direction}"),),
    )


class MappingList(ListPage[IntegrationTableMapping]):
    """What corresponds to what, which way, and how it went last."""

    title = "Integration Table Mappings"
    model = IntegrationTableMapping
    right = Right.VIEW_MAPPING
    columns = (
        "name",
        Column("table", order="table", side="bc"),
        Column("direction", order="direction"),
        Column("integration_table", order="integration_table", side="sales"),
        Column("last_result", "Last result"),
        Column("coupled", "Coupled", is_number=True),
        Column("errors", "Errors, 7 days", is_number=True),
        Column("skipped", "Skipped", is_number=True),
        Column("next_run", "Next run"),
        Column("priority", is_number=True, is_extra=True, order="priority"),
        Column("synch_only_coupled_records", is_extra=True),
        Column("update_conflict_resolution", is_extra=True),
        Column("deletion_conflict_resolution", is_extra=True),
        Column("sent_up_to", is_extra=True, order="sent_up_to"),
        Column("received_up_to", is_extra=True, order="received_up_to"),
        Column("user_defined", is_extra=True),
    )
    actions = (
        Action(
            "Synchronize Modified Records", "synchronize_all", Right.RUN_SYNC, "play",
            on_rows=False, is_primary=True,
        ),
        Action("Synchronize Modified Records", "synchronize_selected", Right.RUN_SYNC, "play"),
    )  # fmt: skip
    views = (
        View("all", "All"),
        View("both", "Both ways", Q(direction=Direction.BIDIRECTIONAL)),
        View("to", "To Sales", Q(direction=Direction.TO_INTEGRATION_TABLE)),
        View("from", "To BC", Q(direction=Direction.FROM_INTEGRATION_TABLE)),
        View("custom", "Custom", Q(user_defined=True)),
    )
    searches = ("name", "table", "integration_table")
    default_order = ("priority", "name")
    empty = Empty(
        "No mapping yet",
        "The default mappings are made when the company is connected with Dataverse.",
        "Look at the connections",
        "connections",
    )

    def gather(self, rows: Sequence[IntegrationTableMapping]) -> None:
        names = [row.name for row in rows]
        mine = {"company": self.company, "mapping_name__in": names}
        self.coupled, self.skipped = _coupled(mine), _coupled({**mine, "skipped": True})
        self.errors = dict(
            SynchError.objects.filter(
                company=self.company,
                mapping_name__in=names,
                warning=False,
                logged_at__gte=clock.now() - ERRORS_OF,
            )
            .order_by()
            .values_list("mapping_name")
            .annotate(Count("pk"))
        )
        self.jobs = latest_jobs(rows)
        entries = JobQueueEntry.objects.filter(**mine, recurring=True)
        self.entries = {entry.mapping_name: entry for entry in entries}

    def show_name(self, row: IntegrationTableMapping) -> SafeString:
        return cells.link(reverse("mapping", args=[row.pk]), row.name)

    def show_table(self, row: IntegrationTableMapping) -> str:
        return captions.table(row.table)

    def show_integration_table(self, row: IntegrationTableMapping) -> str:
        return captions.integration_table(row.integration_table)

    def show_last_result(self, row: IntegrationTableMapping) -> SafeString:
        if reason_left_out(row.name):
            return cells.muted(reason_left_out(row.name))
        return result_of(self.jobs.get(row.name, []))

    def show_coupled(self, row: IntegrationTableMapping) -> SafeString:
        is_option = row.kind == CouplingKind.OPTION
        url = "" if is_option else f"{reverse('couplings')}?mapping={row.name}"
        return cells.number(self.coupled[row.name], url)

    def show_errors(self, row: IntegrationTableMapping) -> SafeString:
        url = f"{reverse('all_errors')}?mapping={row.name}"
        return cells.number(self.errors.get(row.name, 0), url)

    def show_skipped(self, row: IntegrationTableMapping) -> SafeString:
        url = f"{reverse('coupling_errors')}?mapping={row.name}"
        return cells.number(self.skipped[row.name], url)

    def show_next_run(self, row: IntegrationTableMapping) -> SafeString:
        return next_run(self.entries.get(row.name))


def _coupled(wanted: Mapping[str, Any]) -> dict[str, int]:
    """Return how many couplings, of either kind, mappings have: one query."""
    records, options = (
        table.objects.filter(**wanted).values_list("mapping_name").annotate(number=Count("pk"))
        for table in (Coupling, OptionCoupling)
    )
    counted: dict[str, int] = defaultdict(int)
    for name, number in records.union(options, all=True):
        counted[name] += number
    return counted


def latest_jobs(mappings: Sequence[IntegrationTableMapping]) -> dict[str, list[SynchJob]]:
    """Return the newest synch. job of each direction by mapping: one query."""
    newest = SynchJob.objects.filter(
        company_id=OuterRef("company_id"), mapping_name=OuterRef("name")
    ).order_by("-started_at")
    rows = IntegrationTableMapping.objects.filter(pk__in=[row.pk for row in mappings])
    ids = rows.annotate(
        **{way: Subquery(newest.filter(direction=way).values("pk")[:1]) for way in _WAYS}
    ).values_list(*_WAYS)
    found: dict[str, list[SynchJob]] = defaultdict(list)
    chosen = {pk for row in ids for pk in row if pk}
    for job in SynchJob.objects.filter(pk__in=chosen):
        found[job.mapping_name].append(job)
    return found


_WAYS = (Direction.TO_INTEGRATION_TABLE.value, Direction.FROM_INTEGRATION_TABLE.value)


def result_of(jobs: Sequence[SynchJob]) -> SafeString:
    """Return how the newest jobs of a mapping went, as one state."""
    if not jobs:
        return cells.muted("never run")
    running = any(job.finished_at is None for job in jobs)
    broke_off = any(job.broke_off for job in jobs)
    return cells.outcome(sum(job.failed for job in jobs), running=running, broke_off=broke_off)


def next_run(entry: JobQueueEntry | None) -> SafeString:
    """Return when the entry of a mapping runs next."""
    if entry is None:
        return cells.muted("no entry")
    url = reverse("job_queue_entry", args=[entry.pk])
    match entry.status:
        case JobStatus.READY | JobStatus.ON_HOLD_INACTIVE if entry.earliest_start:
            return cells.link(url, cells.moment(entry.earliest_start))
        case _:
            return cells.link(url, entry.get_status_display().lower())


class MappingCard(CardPage[IntegrationTableMapping]):
    """One mapping on one page: rules, filters as sentences, fields, schedule, activity."""

    model = IntegrationTableMapping
    right = Right.VIEW_MAPPING
    template_name = "pages/mapping.html"
    list_title = "Integration Table Mappings"
    list_url = "mappings"
    has_history = True
    sections = (
        Section(
            "General",
            (
                "name",
                "direction",
                "table",
                "integration_table",
                "synch_only_coupled_records",
                "multi_company_synch_enabled",
                "uid_field",
                "kind",
                "sent_up_to",
                "received_up_to",
            ),
        ),
        Section("Filters", template="parts/mapping_filters.html"),
        Section("Fields", template="parts/mapping_fields.html"),
        Section(
            "Conflicts",
            (
                "update_conflict_resolution",
                "deletion_conflict_resolution",
                "guard_percent",
                "create_new_in_case_of_no_match",
            ),
        ),
        Section("Activity", template="parts/mapping_activity.html"),
    )

    def get_queryset(self) -> QuerySet[IntegrationTableMapping]:
        return super().get_queryset().select_related("company")

    def show_table(self, row: IntegrationTableMapping) -> str:
        return captions.table(row.table)

    def show_integration_table(self, row: IntegrationTableMapping) -> str:
        return captions.integration_table(row.integration_table)

    def show_uid_field(self, row: IntegrationTableMapping) -> SafeString:
        return format_html("<code>{}</code>", row.uid_field)

    def show_guard_percent(self, row: IntegrationTableMapping) -> str:
        return f"stops at {row.guard_percent} %"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        mapping = self.object
        entry = JobQueueEntry.objects.filter(
            company=self.company, mapping_name=mapping.name, recurring=True
        ).first()
        jobs = SynchJob.objects.filter(company=self.company, mapping_name=mapping.name)
        allowed = [one for one in _acts(mapping) if has_right(self.request.user, one.right)]
        return context | {
            "actions": [one for one in allowed if one.is_primary or one in AT_ONCE],
            "more_actions": [one for one in allowed if not one.is_primary and one not in AT_ONCE],
            "result": result_of(latest_jobs([mapping]).get(mapping.name, [])),
            "table": captions.table(mapping.table),
            "integration_table": captions.integration_table(mapping.integration_table),
            "sentences": _sentences(mapping),
            "lines": [_line(mapping, field) for field in mapping.fields.all()],
            "jobs": jobs.order_by("-started_at")[:10],
            "entry": entry,
            "next_run": next_run(entry),
            "needed": _needed(mapping),
            "counts": counts_of(mapping),
        }


def _acts(mapping: IntegrationTableMapping) -> list[Action]:
    """Unconditional runs need a direction where the mapping has two."""
    acts = [SYNCHRONIZE, PREVIEW, FULL, PREVIEW_FULL]
    if mapping.kind == CouplingKind.RECORD:
        acts.append(MATCH)
    if mapping.direction == Direction.BIDIRECTIONAL:
        return [
            *acts,
            _unconditional(Direction.TO_INTEGRATION_TABLE, ", to Sales"),
            _unconditional(Direction.FROM_INTEGRATION_TABLE, ", to BC"),
        ]
    return [*acts, _unconditional(Direction(mapping.direction), "")]


def _sentences(mapping: IntegrationTableMapping) -> list[tuple[str, str]]:
    """Say both filters as people do; one that cannot be read says so in its place."""
    local = captions.table(mapping.table).lower()
    remote = captions.integration_table(mapping.integration_table).lower()
    columns = captions.columns(mapping.integration_table)
    return [
        ("bc", _sentence(mapping.table_filter, local, {})),
        ("sales", _sentence(mapping.integration_table_filter, remote, columns)),
    ]


def _sentence(rows: object, noun: str, columns: Mapping[str, SystemColumn]) -> str:
    try:
        return filters.sentence(rows, noun, columns)
    except ConfigurationError as error:
        return str(error)


def _line(mapping: IntegrationTableMapping, field: IntegrationFieldMapping) -> dict[str, Any]:
    rule = ""
    if not field.field:
        rule = f"always “{field.constant_value}”"
    elif field.refers_to:
        rule = f"refers to {field.refers_to}"
    elif field.transformation_rule:
        rule = f"rule {field.transformation_rule}"
    return {
        "row": field,
        "name": captions.field(mapping.table, field.field) if field.field else "",
        "column": captions.integration_field(mapping.integration_table, field.integration_field),
        "rule": rule,
    }


def _needed(mapping: IntegrationTableMapping) -> list[tuple[str, int | None, int]]:
    """Return what must be in step first: its name, its card, how many are coupled."""
    names = list(mapping.depends_on)
    mine = {"company": mapping.company, "mapping_name__in": names}
    counted = _coupled(mine)
    siblings = IntegrationTableMapping.objects.filter(company=mapping.company, name__in=names)
    cards = dict(siblings.values_list("name", "pk"))
    return [(name, cards.get(name), counted[name]) for name in names]


def counts_of(mapping: IntegrationTableMapping) -> dict[str, int]:
    mine = {"company": mapping.company, "mapping_name": mapping.name}
    table = OptionCoupling if mapping.kind == CouplingKind.OPTION else Coupling
    rows = table.objects.filter(**mine)
    errors = SynchError.objects.filter(
        **mine, warning=False, logged_at__gte=clock.now() - ERRORS_OF
    )
    return {
        "coupled": rows.count(),
        "skipped": rows.filter(skipped=True).count(),
        "errors": errors.count(),
    }
