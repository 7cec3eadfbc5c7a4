"""The pages of couplings: what is coupled, what is held back, what waits; and their buttons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from connections.models import Company
from integration_admin import cells
from integration_admin.chrome import company_of
from integration_admin.pages import (
    Action,
    CardPage,
    Column,
    Empty,
    Filter,
    ListPage,
    Section,
    View,
    ask,
    back,
    is_confirmed,
)
from integration_admin.roles import Right, SignedInRequest, has_right, requires
from mappings import captions, links, pairing
from mappings.models import Coupling, IntegrationTableMapping, PendingCoupling
from mappings.terms import Direction, SynchResult
from syncjobs import clock, on_demand
from syncjobs.causes import explain
from syncjobs.models import SynchError
from syncjobs.on_demand import Wanted

MOST_FOR_SUPPORT = 100  # C-4016
TO, FROM = Direction.TO_INTEGRATION_TABLE, Direction.FROM_INTEGRATION_TABLE


def mapping_names(company: Company) -> list[tuple[str, str]]:
    """Return the names of the mappings, to narrow a list by."""
    names = IntegrationTableMapping.objects.filter(company=company)
    return [(name, name) for name in names.values_list("name", flat=True)]


BY_MAPPING = Filter("mapping", "Mapping", "mapping_name", mapping_names)
SYNCHRONIZE = Action("Synchronize", "synchronize_couplings", Right.RETRY_RECORD, "play")
DELETE = Action("Delete Couplings", "delete_couplings", Right.MANAGE_COUPLINGS, "uncouple")


def record(row: Coupling) -> SafeString:
    """Return the record of a coupling as a link: its number and name rather than its id."""
    url = reverse("coupling", args=[row.pk])
    if not row.business_central_key and not row.name:
        return format_html('<a href="{}"><code>{}</code></a>', url, row.business_central_id)
    return cells.link(url, f"{row.business_central_key} {row.name}".strip())


def result(state: str, error: str) -> SafeString:
    """Return how a direction went last; the message is on the card."""
    if state == SynchResult.FAILURE and error:
        return format_html('<span title="{}">{}</span>', error, cells.state(state))
    return cells.state(state)


class CouplingList(ListPage[Coupling]):
    """Which record is coupled with which row, and how both directions went last."""

    title = "Couplings"
    model = Coupling
    right = Right.VIEW_COUPLING
    columns = (
        Column("record", "Record", order="business_central_key", side="bc"),
        Column("mapping_name", "Mapping"),
        Column("last_synch_crm_result", "Last to Sales"),
        Column("last_synch_crm_modified_on", "Sales as of", side="sales", hides_when_narrow=True),
        Column("last_synch_result", "Last to BC"),
        Column("last_synch_modified_on", "BC as of", side="bc", hides_when_narrow=True),
        Column("held", "Held back"),
    )
    actions = (SYNCHRONIZE, DELETE)
    views = (
        View("all", "All"),
        View(
            "failed",
            "Failed",
            Q(last_synch_result="Failure") | Q(last_synch_crm_result="Failure"),
        ),
        View("skipped", "Skipped", Q(skipped=True)),
        View("owed", "Change waits", Q(owes_business_central=True) | Q(owes_dataverse=True)),
    )  # fmt: skip
    filters = (BY_MAPPING,)
    searches = ("business_central_key", "name")
    searches_ids = ("business_central_id", "dataverse_id")
    search_hint = "Search number, name or id"
    default_order = ("mapping_name", "business_central_key", "pk")
    empty = Empty(
        "Nothing is coupled yet",
        "Couple records that match, or let a full synchronization create the missing ones.",
        "Integration Table Mappings",
        "mappings",
    )

    def show_record(self, row: Coupling) -> SafeString:
        return record(row)

    def show_last_synch_crm_result(self, row: Coupling) -> SafeString:
        return result(row.last_synch_crm_result, row.last_crm_error)

    def show_last_synch_result(self, row: Coupling) -> SafeString:
        return result(row.last_synch_result, row.last_error)

    def show_held(self, row: Coupling) -> SafeString | str:
        return cells.state("Skipped") if row.skipped else ""


class CouplingErrorList(ListPage[Coupling]):
    """Couplings that were skipped after the same error came twice, and the cure."""

    title = "Coupled Data Synchronization Errors"
    model = Coupling
    right = Right.VIEW_COUPLING
    columns = (
        Column("record", "Description", order="business_central_key", side="bc"),
        Column("mapping_name", "Mapping"),
        Column("way", "Direction"),
        Column("message", "Error Message"),
        Column("skipped_at", "Failed On", order="skipped_at"),
    )
    actions = (
        Action(
            "Retry All", "retry_all", Right.RETRY_ALL, "refresh", on_rows=False, is_primary=True
        ),
        Action("Retry", "retry_couplings", Right.RETRY_RECORD, "refresh"),
        SYNCHRONIZE,
        DELETE,
    )
    filters = (BY_MAPPING,)
    searches = ("business_central_key", "name", "last_error", "last_crm_error")
    searches_ids = ("business_central_id", "dataverse_id")
    search_hint = "Search number, name, message or id"
    default_order = ("-skipped_at", "-pk")
    empty = Empty(
        "No record is held back",
        "A coupled record is held back when the same error comes twice for the same change.",
        "Errors by cause",
        "errors",
    )

    def everything(self) -> QuerySet[Coupling]:
        return super().everything().filter(skipped=True)

    def show_record(self, row: Coupling) -> SafeString:
        return record(row)

    def show_way(self, row: Coupling) -> SafeString:
        return cells.route(failed_way(row))

    def show_message(self, row: Coupling) -> SafeString:
        explained = explain(row.cause)
        message = row.last_crm_error if failed_way(row) == TO else row.last_error
        return format_html(
            '<span class="message">{}<span class="table__sub">{} {}</span></span>',
            message or explained.title,
            f"{explained.title}." if message else "",
            explained.advice,
        )


def failed_way(row: Coupling) -> Direction:
    """Return the direction that failed: the results "in Dataverse" speak of To (E-4.4)."""
    return TO if row.last_synch_crm_result == SynchResult.FAILURE else FROM


class PendingCouplingList(ListPage[PendingCoupling]):
    """Records that were seen and failed before they had a partner: none is lost."""

    title = "Pending Couplings"
    model = PendingCoupling
    right = Right.VIEW_COUPLING
    columns = (
        Column("record", "Record", order="name"),
        Column("mapping_name", "Mapping"),
        Column("direction"),
        Column("message", "Error Message"),
        Column("attempts", is_number=True, order="attempts"),
        Column("failed_at", order="failed_at"),
        Column("held", "Held back"),
    )
    actions = (Action("Retry", "retry_pending", Right.RETRY_RECORD, "refresh"),)
    views = (
        View("all", "All"),
        View("waiting", "Tried again by itself", Q(skipped=False)),
        View("skipped", "Skipped", Q(skipped=True)),
    )
    filters = (BY_MAPPING,)
    searches = ("name", "message")
    searches_ids = ("record_id",)
    search_hint = "Search name, message or id"
    default_order = ("-failed_at", "-pk")
    empty = Empty(
        "No record waits for a partner",
        "A new record that cannot be created on the other side waits here until it can.",
    )

    def show_record(self, row: PendingCoupling) -> SafeString:
        if row.name:
            return format_html('<span title="{}">{}</span>', row.record_id, row.name)
        return format_html("<code>{}</code>", row.record_id)

    def show_message(self, row: PendingCoupling) -> SafeString:
        return format_html(
            '<span class="message">{}<span class="table__sub">{}</span></span>',
            row.message,
            explain(row.cause).advice,
        )

    def show_held(self, row: PendingCoupling) -> SafeString:
        return cells.state("Skipped") if row.skipped else cells.muted("no")


class CouplingCard(CardPage[Coupling]):
    """A pair: both sides, their times, results and errors, and links that open each side."""

    model = Coupling
    right = Right.VIEW_COUPLING
    template_name = "pages/coupling.html"
    list_title = "Couplings"
    list_url = "couplings"
    sections = (
        Section(
            "Versions",
            (
                "last_synch_version",
                "last_synch_crm_version",
                "incarnation",
            ),
            is_open=False,
        ),
    )
    actions = (
        Action("Synchronize", "synchronize_coupling", Right.RETRY_RECORD, "play", is_primary=True),
        Action("Retry", "retry_coupling", Right.RETRY_RECORD, "refresh"),
        Action("Delete Coupling", "delete_coupling", Right.MANAGE_COUPLINGS, "uncouple"),
    )

    def title(self) -> str:
        row = self.object
        return f"{row.business_central_key} {row.name}".strip() or str(row.business_central_id)

    def can(self, action: Action) -> bool:
        return action.url_name != "retry_coupling" or self.object.skipped

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        row, company = self.object, _with_setups(self.company)
        mapping = IntegrationTableMapping.objects.filter(
            company=company, name=row.mapping_name
        ).first()
        errors = SynchError.objects.filter(
            Q(business_central_id=row.business_central_id) | Q(dataverse_id=row.dataverse_id),
            job__company=company,
        )
        table = mapping.table if mapping else ""
        integration_table = mapping.integration_table if mapping else ""
        return context | {
            "mapping": mapping,
            "table": captions.table(table),
            "integration_table": captions.integration_table(integration_table),
            "bc_url": links.business_central(company, table, row.business_central_key),
            "sales_url": links.sales(company, integration_table, row.dataverse_id),
            "explained": explain(row.cause) if row.cause else None,
            "errors": errors.select_related("job")[:20],
        }


def _with_setups(company: Company | None) -> Company:
    assert company is not None  # a card is found by its company
    related = ("business_central_connection", "dataverse_connection_setup")
    return Company.objects.select_related(*related).get(pk=company.pk)


# Buttons


def _chosen(request: SignedInRequest) -> list[int]:
    return [int(pk) for pk in request.POST.getlist("selected") if pk.isdecimal()]


def _couplings(request: SignedInRequest, ids: Sequence[int]) -> QuerySet[Coupling]:
    return Coupling.objects.filter(company=company_of(request), pk__in=ids)


def within_limit(request: SignedInRequest, count: int) -> bool:
    """Whether these are some, but not more than the person may do at once; says so if not."""
    if not count:
        messages.warning(request, "Select at least one row first.")
        return False
    if count > MOST_FOR_SUPPORT and not has_right(request.user, Right.RETRY_ALL):
        messages.error(
            request, f"You may do {MOST_FOR_SUPPORT} records at once; you selected {count}."
        )
        return False
    return True


def wanted(rows: Iterable[Coupling], ways: dict[str, str]) -> list[Wanted]:
    """Return what to synchronize of these couplings: the way that failed, else all ways."""
    found: list[Wanted] = []
    for row in rows:
        ids = {TO: row.business_central_id, FROM: row.dataverse_id}
        allowed = ways.get(row.mapping_name, Direction.BIDIRECTIONAL)
        failed = [failed_way(row)] if row.skipped else [TO, FROM]
        chosen = [way for way in failed if allowed in (way, Direction.BIDIRECTIONAL)]
        found += [Wanted(row.mapping_name, way, ids[way]) for way in chosen]
    return found


def _synchronize(request: SignedInRequest, rows: Sequence[Coupling], list_url: str) -> HttpResponse:
    company = company_of(request)
    if company is None or not within_limit(request, len(rows)):
        return back(request, list_url)
    ways = dict(
        IntegrationTableMapping.objects.filter(company=company).values_list("name", "direction")
    )
    pairing.retry([row.pk for row in rows], by=request.user)
    runs = on_demand.synchronize_records(
        company, wanted(rows, ways), now=clock.now(), user=request.user
    )
    if len(runs) == 1:
        return redirect("run", pk=runs[0].pk)
    messages.success(request, f"{len(runs)} runs for {len(rows)} couplings are in the queue.")
    return redirect("runs") if runs else back(request, list_url)


@require_POST
@requires(Right.RETRY_RECORD)
def synchronize_couplings(request: SignedInRequest) -> HttpResponse:
    """Synchronize the ticked couplings at once."""
    return _synchronize(request, list(_couplings(request, _chosen(request))), "couplings")


@require_POST
@requires(Right.RETRY_RECORD)
def synchronize_coupling(request: SignedInRequest, pk: int) -> HttpResponse:
    """Synchronize one coupling at once and show the run."""
    return _synchronize(request, list(_couplings(request, [pk])), "couplings")


@require_POST
@requires(Right.RETRY_RECORD)
def retry_couplings(request: SignedInRequest) -> HttpResponse:
    """Take the mark off the ticked couplings; the next run includes them."""
    rows = list(_couplings(request, _chosen(request)).values_list("pk", flat=True))
    if within_limit(request, len(rows)):
        count = pairing.retry(rows, by=request.user)
        messages.success(request, f"{count} couplings will be synchronized again.")
    return back(request, "coupling_errors")


@require_POST
@requires(Right.RETRY_RECORD)
def retry_coupling(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take the mark off one coupling."""
    row = get_object_or_404(_couplings(request, [pk]))
    pairing.retry([row.pk], by=request.user)
    messages.success(request, "The next run synchronizes this pair again.")
    return redirect("coupling", pk=pk)


@require_POST
@requires(Right.RETRY_ALL)
def retry_all(request: SignedInRequest) -> HttpResponse:
    """Take the mark off every held-back record of the company."""
    company = company_of(request)
    if company is None:
        return back(request, "coupling_errors")
    if not is_confirmed(request):
        held = Coupling.objects.filter(company=company).in_error().count()
        return ask(
            request,
            title="Retry everything that is held back?",
            text=f"{held:,} couplings, and the pending records and options that are held back, "
            "are tried again in the next runs.",
            yes="Retry all",
            no="Leave them held back",
        )
    count = pairing.retry_all(company, by=request.user)
    messages.success(request, f"{count} records will be synchronized again.")
    return back(request, "coupling_errors")


@require_POST
@requires(Right.RETRY_RECORD)
def retry_pending(request: SignedInRequest) -> HttpResponse:
    """Let the next run try the ticked records again."""
    rows = PendingCoupling.objects.filter(company=company_of(request), pk__in=_chosen(request))
    ids = list(rows.values_list("pk", flat=True))
    if within_limit(request, len(ids)):
        count = pairing.retry_pending(ids, by=request.user)
        messages.success(request, f"{count} held-back records will be tried again.")
    return back(request, "pending_couplings")


def _delete(request: SignedInRequest, ids: Sequence[int], list_url: str) -> HttpResponse:
    rows = _couplings(request, ids)
    count = rows.count()
    if not count:
        messages.warning(request, "Select at least one row first.")
        return back(request, list_url)
    named = "this coupling" if count == 1 else f"{count} couplings"
    if not is_confirmed(request):
        return ask(
            request,
            title=f"Delete {named}?",
            text="The records of both systems stay as they are; they are no longer kept in step.",
            yes=f"Delete {named}",
            no="Keep it" if count == 1 else "Keep them",
        )
    deleted = pairing.remove(list(rows.values_list("pk", flat=True)), by=request.user)
    messages.success(request, f"{deleted} couplings were deleted; the records stayed.")
    return redirect(list_url)


@require_POST
@requires(Right.MANAGE_COUPLINGS)
def delete_couplings(request: SignedInRequest) -> HttpResponse:
    """Delete the ticked couplings, after asking."""
    return _delete(request, _chosen(request), "couplings")


@require_POST
@requires(Right.MANAGE_COUPLINGS)
def delete_coupling(request: SignedInRequest, pk: int) -> HttpResponse:
    """Delete one coupling, after asking."""
    return _delete(request, [pk], "couplings")
