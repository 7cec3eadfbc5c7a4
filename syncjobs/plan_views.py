"""What would be changed, for a person to decide about: previews, and what the guard stopped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from connections.models import Company
from integration_admin import cells
from integration_admin.chrome import company_of
from integration_admin.columns import Column
from integration_admin.pages import Empty, Filter, View, ask, is_confirmed
from integration_admin.roles import Right, SignedInRequest, has_right, refusal, requires
from mappings.coupling_views import mapping_names
from mappings.links import Addresses
from mappings.models import IntegrationTableMapping
from mappings.opening import OPENS, OpensRecords
from mappings.terms import Direction
from syncjobs import clock, on_demand, queue
from syncjobs.causes import explain
from syncjobs.models import MassChange, PlannedChange, PlannedRun, Run
from syncjobs.terms import JobStatus, Mode, Planned

MANY = 100  # records from which a full run asks for their number (C-0008)
NO_MAPPING = "There is no mapping {} any more. (E-NOTFOUND)"
SAID_BEFORE = "Somebody has said yes to this before; a run that is stopped again asks again."


@require_POST
@requires(Right.RUN_FULL_SYNC)
def run_anyway(request: SignedInRequest, pk: int) -> HttpResponse:
    """Run what the mass-change guard stopped, once the number of records was typed (C-0008)."""
    stopped = get_object_or_404(
        MassChange.objects.select_related("run__company", "run__entry"),
        pk=pk,
        run__company=company_of(request),
    )
    mapping = IntegrationTableMapping.objects.filter(
        company=stopped.run.company, name=stopped.mapping_name
    ).first()
    if mapping is None:
        messages.error(request, NO_MAPPING.format(stopped.mapping_name))
        return redirect("run", pk=stopped.run_id)
    if stopped.confirmed_at is not None:
        messages.warning(request, SAID_BEFORE)
        return redirect("run", pk=stopped.run_id)
    if "preview" in request.POST and has_right(request.user, Right.PREVIEW):
        return redirect("run", pk=_preview(request, stopped, mapping).pk)
    if not is_confirmed(request, stopped.records):
        return _ask(request, stopped, mapping)
    run = on_demand.run_anyway(stopped, now=clock.now(), user=request.user)
    if run is None:
        messages.warning(request, SAID_BEFORE)
        return redirect("run", pk=stopped.run_id)
    _resume(request, stopped)
    return redirect("run", pk=run.pk)


def _preview(
    request: SignedInRequest, stopped: MassChange, mapping: IntegrationTableMapping
) -> Run:
    """Plan once more what was stopped."""
    ways = [Direction(way) for way in stopped.order.get("directions", ())]
    return on_demand.preview(
        mapping,
        mode=Mode(stopped.order["mode"]),
        direction=ways[0] if len(ways) == 1 else None,
        now=clock.now(),
        user=request.user,
    )


def _ask(
    request: SignedInRequest, stopped: MassChange, mapping: IntegrationTableMapping
) -> HttpResponse:
    number = f"{stopped.records:,}"
    return ask(
        request,
        title=f"Change {number} coupled records of {mapping.name} {stopped.way}?",
        text=f"The guard stopped the run, since that is {stopped.percent} % of the "
        f"{stopped.coupled:,} coupled records and it allows {mapping.guard_percent} %. What is "
        "written is planned anew; should that be much more by now, the run stops and asks again.",
        yes="Run it anyway",
        no="Leave them alone",
        number=stopped.records,
        previews=has_right(request.user, Right.PREVIEW),
    )


def _resume(request: SignedInRequest, stopped: MassChange) -> None:
    """Let the entry that was put on hold by the guard run by its schedule again."""
    entry, run = stopped.run.entry, stopped.run
    if entry is None or not entry.recurring or entry.status != JobStatus.ON_HOLD:
        return
    if entry.error_message != run.error_message:  # on hold for another reason
        return
    if has_right(request.user, Right.RUN_JOB):
        queue.set_ready(entry, now=clock.now(), by=request.user)
        messages.success(request, f"The job queue entry of {stopped.mapping_name} is ready again.")
    else:
        messages.warning(request, f"The job queue entry of {stopped.mapping_name} is on hold.")


# Previews


class Total(NamedTuple):
    """How many records of one kind a run would touch, on the page of its preview."""

    kind: str
    icon: str
    tone: str
    number: int
    words: str
    is_listed: bool


KINDS = (
    (Planned.INSERT, "plus", "", "would be created"),
    (Planned.CHANGE, "edit", "", "would be changed"),
    (Planned.COUPLE, "couple", "", "would be coupled"),
    (Planned.UNCOUPLE, "uncouple", "held", "would be uncoupled"),
    (Planned.SKIP, "skip", "held", "would be skipped"),
    (Planned.FAIL, "bad", "bad", "would fail"),
    (Planned.UNCHANGED, "", "", "stay as they are"),
)
LOOKS = {kind: (icon, tone or "quiet") for kind, icon, tone, _ in KINDS}


def plan_of(run: Run) -> dict[str, Any] | None:
    """Return what the page of a preview shows; None once it was forgotten."""
    plan = PlannedRun.objects.filter(run=run).first()
    if plan is None:
        return None
    totals = plan.totals
    return {
        "row": plan,
        "mode": on_demand.MODES[Mode(plan.mode)],
        "totals": [
            Total(kind, icon, tone if totals[kind] else "", totals[kind], words,
                  bool(totals[kind]) and kind != Planned.UNCHANGED)
            for kind, icon, tone, words in KINDS
        ],
        "needs_full": plan.mode != Mode.MODIFIED or plan.is_stopped,
    }  # fmt: skip


def _ways(_company: Company) -> Iterable[tuple[str, str]]:
    return [
        (Direction.TO_INTEGRATION_TABLE.value, "To Sales"),
        (Direction.FROM_INTEGRATION_TABLE.value, "To BC"),
    ]


class PlannedChangeList(OpensRecords[PlannedChange]):
    """What a run would do, record by record: nothing of it is written (C-0009)."""

    title = "Planned Changes"
    model = PlannedChange
    right = Right.PREVIEW
    template_name = "pages/planned_changes.html"
    company_field = "plan__run__company"
    columns = (
        Column("record", "Record", order="record_name"),
        Column("kind", order="kind"),
        Column("direction", "Direction"),
        Column("fields", "Before and after"),
        Column("reason"),
        OPENS,
        Column("cause", is_extra=True),
        Column("mapping", "Mapping", is_extra=True),
        Column("business_central_id", "Business Central id", side="bc", is_extra=True),
        Column("dataverse_id", "Sales id", side="sales", is_extra=True),
    )
    views = (
        View("all", "All"),
        *(
            View(kind.lower(), kind.label, Q(kind=kind))
            for kind in Planned
            if kind != Planned.UNCHANGED
        ),
    )
    filters = (
        Filter("direction", "Direction", "direction", _ways),
        Filter("mapping", "Mapping", "plan__run__mapping_name", mapping_names),
    )
    drilled = (("run", "Of one preview"),)
    searches = ("record_name",)
    searches_ids = ("business_central_id", "dataverse_id")
    search_hint = "Search record or id"
    default_order = ("-plan", "pk")
    empty = Empty(
        "Nothing would change",
        "A preview lists here what a run would do. Start one on the card of a mapping.",
        "Integration Table Mappings",
        "mappings",
    )

    def everything(self) -> QuerySet[PlannedChange]:
        rows = super().everything().select_related("plan__run")
        run = self._asked("run")
        return rows.filter(plan__run=int(run)) if run.isdecimal() else rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        run = self._asked("run")
        mine = PlannedRun.objects.filter(run__company=self.company).select_related("run")
        plan = mine.filter(run=int(run)).first() if run.isdecimal() else None
        return context | {"plan": plan}

    def addresses(self, row: PlannedChange) -> Addresses:
        return self.links.of(
            row.plan.run.mapping_name,
            business_central_id=row.business_central_id,
            dataverse_id=row.dataverse_id,
        )

    def opened(self, row: PlannedChange) -> str:
        return row.record_name or "the record"

    def show_record(self, row: PlannedChange) -> SafeString:
        name = row.record_name or row.business_central_id or row.dataverse_id
        return format_html("{}", name)

    def show_kind(self, row: PlannedChange) -> SafeString:
        icon, tone = LOOKS[Planned(row.kind)]
        return cells.pill(tone, icon, Planned(row.kind).label)

    def show_mapping(self, row: PlannedChange) -> str:
        return row.plan.run.mapping_name

    def show_fields(self, row: PlannedChange) -> SafeString | str:
        """Show the first fields, and the others behind a click."""
        if not row.fields:
            return ""
        first, others = row.fields[:SHOWN_FIELDS], row.fields[SHOWN_FIELDS:]
        if not others:
            return _shifts(first)
        more = f"{len(others)} more field{'' if len(others) == 1 else 's'}"
        return format_html(
            '{}<details class="shifts__more"><summary>{}</summary>{}</details>',
            _shifts(first), more, _shifts(others),
        )  # fmt: skip

    def value_fields(self, row: PlannedChange) -> str:
        return "; ".join(f"{caption}: {before} → {after}" for caption, before, after in row.fields)

    def show_reason(self, row: PlannedChange) -> SafeString | str:
        if not row.reason:
            return ""
        advice = explain(row.cause).advice if row.cause else ""
        return format_html(
            '<span class="message">{}<span class="table__sub">{}</span></span>', row.reason, advice
        )

    def value_reason(self, row: PlannedChange) -> str:
        return row.reason


SHOWN_FIELDS = 4


def _shifts(fields: Sequence[Sequence[str]]) -> SafeString:
    lines = format_html_join(
        "",
        "<li><b>{}</b> {}{}</li>",
        (
            (
                caption,
                format_html('<del>{}</del><span aria-hidden="true"> → </span>', before)
                if before
                else "",
                format_html("<ins>{}</ins>", after) if after else cells.muted("empty"),
            )
            for caption, before, after in fields
        ),
    )
    return format_html('<ul class="shifts">{}</ul>', lines)


@require_POST
@requires(Right.RUN_SYNC)
def run_previewed(request: SignedInRequest, pk: int) -> HttpResponse:
    """Run what was previewed; it plans anew, and the guard holds it to what was seen (C-0009)."""
    plan = get_object_or_404(
        PlannedRun.objects.select_related("run"), pk=pk, run__company=company_of(request)
    )
    mapping = IntegrationTableMapping.objects.filter(
        company=company_of(request), name=plan.run.mapping_name
    ).first()
    if mapping is None:
        messages.error(request, NO_MAPPING.format(plan.run.mapping_name))
        return redirect("run", pk=plan.run_id)
    is_full = plan.mode != Mode.MODIFIED
    if (is_full or plan.is_stopped) and not has_right(request.user, Right.RUN_FULL_SYNC):
        messages.error(request, f"{refusal(Right.RUN_FULL_SYNC)} (E-FORBIDDEN)")
        return redirect("run", pk=plan.run_id)
    number = plan.would_change if plan.is_stopped else plan.writes if is_full else 0
    if number >= (1 if plan.is_stopped else MANY) and not is_confirmed(request, number):
        return _ask_for_previewed(request, plan, mapping, number)
    run = on_demand.synchronize(
        mapping,
        mode=Mode(plan.mode),
        direction=Direction(plan.direction) if plan.direction else None,
        agreed=plan.would_change if plan.is_stopped else 0,
        now=clock.now(),
        user=request.user,
    )
    return redirect("run", pk=run.pk)


def _ask_for_previewed(
    request: SignedInRequest, plan: PlannedRun, mapping: IntegrationTableMapping, number: int
) -> HttpResponse:
    told = (
        f"The mass-change guard would stop it: {plan.would_change:,} coupled records would change. "
        if plan.is_stopped
        else f"{plan.writes:,} records would be created, changed or coupled. "
    )
    return ask(
        request,
        title=f"Run the {on_demand.MODES[Mode(plan.mode)]} of {mapping.name} now?",
        text=f"{told}It is planned anew; what changed since the preview counts too.",
        yes="Run it",
        no="Not now",
        number=number,
    )
