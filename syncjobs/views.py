"""The list and the card of integration synch. jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from connections.models import Company
from integration_admin import cells
from integration_admin.columns import Column
from integration_admin.pages import (
    CardPage,
    Empty,
    Filter,
    ListPage,
    Section,
    View,
)
from integration_admin.personal import as_seen_by
from integration_admin.roles import Right
from mappings import captions
from mappings.coupling_views import BY_MAPPING
from mappings.links import Links
from mappings.models import IntegrationTableMapping
from mappings.terms import Direction
from syncjobs import clock
from syncjobs.causes import explain
from syncjobs.error_views import addresses_of, couplings_of
from syncjobs.models import BUSY, FAILED, RUNNING, SynchJob
from syncjobs.terms import SynchJobType

COUNTERS = (
    "inserted",
    "modified",
    "deleted",
    "unchanged",
    "skipped",
    "failed",
    "coupled",
    "uncoupled",
)


def _ways(_company: Company) -> list[tuple[str, str]]:
    return [
        (Direction.TO_INTEGRATION_TABLE.value, "To Sales"),
        (Direction.FROM_INTEGRATION_TABLE.value, "To BC"),
    ]


def _types(_company: Company) -> list[tuple[str, str]]:
    return list(SynchJobType.choices)


class SynchJobList(ListPage[SynchJob]):
    """What ran and with what result: one row for each direction of a mapping."""

    title = "Integration Synch. Jobs"
    model = SynchJob
    right = Right.VIEW_LOG
    columns = (
        Column("mapping_name", order="mapping_name"),
        Column("direction", "Direction"),
        Column("outcome", "Result"),
        Column("started_at", order="started_at", is_filter=True),
        Column("took", "Duration", is_number=True),
        *(Column(name, is_number=True) for name in COUNTERS),
        Column("finished_at", is_extra=True),
        Column("type", is_extra=True),
        Column("warnings", is_number=True, is_extra=True),
        Column("message", is_extra=True),
        Column("id", is_extra=True),
    )
    views = (
        View("all", "All"),
        View("failed", "Failed", FAILED),
        View("busy", "Did something", BUSY),
        View("running", "Running", RUNNING),
    )
    counts_views = False  # a million rows are not counted four times
    filters = (
        BY_MAPPING,
        Filter("direction", "Direction", "direction", _ways),
        Filter("type", "Type", "type", _types),
    )
    newest_by = "started_at"
    default_order = ("-started_at", "mapping_name", "direction", "type")  # as the index
    empty = Empty(
        "Nothing has run yet",
        "Synchronize a mapping, or wait for its job queue entry.",
        "Integration Table Mappings",
        "mappings",
    )

    def is_live(self, rows: Sequence[SynchJob]) -> bool:
        return any(row.finished_at is None for row in rows)

    def show_mapping_name(self, row: SynchJob) -> SafeString:
        return cells.link(reverse("synch_job", args=[row.pk]), row.mapping_name)

    def show_outcome(self, row: SynchJob) -> SafeString:
        running = row.finished_at is None
        return cells.outcome(row.failed, running=running, broke_off=row.broke_off)

    def show_took(self, row: SynchJob) -> str:
        return cells.duration((row.finished_at or clock.now()) - row.started_at)

    def show_failed(self, row: SynchJob) -> SafeString:
        return cells.number(row.failed, f"{reverse('all_errors')}?job={row.pk}")

    def show_skipped(self, row: SynchJob) -> SafeString:
        return cells.number(row.skipped, f"{reverse('coupling_errors')}?mapping={row.mapping_name}")


class SynchJobCard(CardPage[SynchJob]):
    """One synch. job: its counters, its message, and why records failed."""

    model = SynchJob
    right = Right.VIEW_LOG
    template_name = "pages/synch_job.html"
    list_title = "Integration Synch. Jobs"
    list_url = "synch_jobs"
    sections = (
        Section(
            "General",
            (
                "mapping_name",
                "direction",
                "type",
                "run",
                "started_at",
                "finished_at",
                Column("took", "Duration"),
                "message",
            ),
        ),
    )

    def title(self) -> str:
        return f"{self.object.mapping_name}, {captions.towards(self.object.direction)}"

    def show_mapping_name(self, row: SynchJob) -> SafeString:
        return mapping_link(row.company, row.mapping_name)

    def show_run(self, row: SynchJob) -> SafeString | str:
        return cells.link(reverse("run", args=[row.run_id]), row.run) if row.run_id else ""

    def show_took(self, row: SynchJob) -> str:
        return cells.duration((row.finished_at or clock.now()) - row.started_at)

    def get_queryset(self) -> QuerySet[SynchJob]:
        return super().get_queryset().select_related("company", "run")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        job = self.object
        fields = {field.name: field.verbose_name for field in SynchJob._meta.fields}
        rows = job.errors.order_by("warning", "-pk")
        shown = as_seen_by(self.request.user, rows[:50])
        couplings, known = couplings_of(shown), Links(self.company)
        return context | {
            "counters": [(fields[name], name, getattr(job, name)) for name in COUNTERS],
            "errors": [
                (row, explain(row.cause), addresses_of(row, couplings.get(row.pk), known))
                for row in shown
            ],
            "error_count": rows.count(),
        }


def mapping_link(company: Company, name: str) -> SafeString:
    mapping = IntegrationTableMapping.objects.filter(company=company, name=name).first()
    if mapping is None:
        return format_html("{}", name)
    return cells.link(reverse("mapping", args=[mapping.pk]), name)
