"""The pages of integration synch. errors: grouped by cause with the cure, or one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Count, Max, Min, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from connections.catalogue import Explanation
from connections.causes import Remedy
from connections.models import Company
from integration_admin import cells
from integration_admin.chrome import company_of
from integration_admin.columns import Column
from integration_admin.pages import Action, Empty, Filter, View, back
from integration_admin.personal import as_seen_by, sees_people
from integration_admin.roles import Right, SignedInRequest, has_right, requires
from integration_admin.selection import acts_on
from mappings import pairing
from mappings.coupling_buttons import within_limit
from mappings.coupling_views import mapping_names
from mappings.links import Addresses, Links
from mappings.models import Coupling, PendingCoupling
from mappings.opening import OPENS, OpensRecords
from mappings.terms import Direction
from syncjobs import clock, on_demand
from syncjobs.causes import REMEDIES, explain
from syncjobs.models import SynchError
from syncjobs.on_demand import Wanted

PERIODS = (("1", "Last 24 hours"), ("7", "Last 7 days"), ("30", "Last 30 days"))
SHOWN_OF_A_CAUSE = 5


class Group(NamedTuple):
    """The errors of one cause, and what to do about them."""

    cause: str
    explained: Explanation
    remedy: str
    icon: str
    tone: str
    number: int
    first: datetime
    last: datetime
    mappings: str
    records: list[tuple[SynchError, Coupling | None, Addresses]]
    is_first: bool

    @property
    def what(self) -> str:
        """Say what is wrong with all of them, rather than what one record's message says."""
        records = "One record" if self.number == 1 else f"{self.number:,} records"
        return f"{self.explained.title}. {records} of {self.mappings} did not go through."


def tone_of(remedy: Remedy) -> str:
    """What needs a person is bad; what passes by itself is held."""
    return "bad" if remedy == Remedy.CURE else "held"


@requires(Right.VIEW_LOG)
def errors_by_cause(request: SignedInRequest) -> HttpResponse:
    """Show why records fail, by cause, with title, advice and the latest records."""
    company = company_of(request)
    days = request.GET.get("days", "7")
    days = days if days in dict(PERIODS) else "7"
    chosen, search = (
        request.GET.get(name, "").replace("\x00", "").strip() for name in ("mapping", "q")
    )
    errors = SynchError.objects.filter(company=company, warning=False)
    if chosen:
        errors = errors.filter(mapping_name=chosen)
    if search and sees_people(request.user):
        errors = errors.filter(Q(message__icontains=search) | Q(record_name__icontains=search))
    since = clock.now() - timedelta(days=int(days))
    groups = _groups(company, errors, since=since, user=request.user)
    names = mapping_names(company) if company else []
    return render(
        request,
        "pages/errors.html",
        {
            "title": "Integration Synch. Errors",
            "groups": groups,
            "count": sum(group.number for group in groups),
            "periods": PERIODS,
            "days": days,
            "mappings": names,
            "mapping": chosen,
            "search": search,
            "is_narrowed": bool(search or chosen),
            "empty": _NO_ERRORS,
            "can_retry": has_right(request.user, Right.RETRY_RECORD),
        },
    )


_NO_ERRORS = Empty("No errors", "Every record of this time went through.")
_NO_WARNINGS = Empty("No warnings", "No text was cut, and nothing else needs a look.")


def _groups(
    company: Company | None, errors: QuerySet[SynchError], *, since: datetime, user: User
) -> list[Group]:
    """Group by cause, most first: five queries, however many errors there are."""
    recent = errors.filter(logged_at__gte=since).order_by()
    counted = recent.values("cause", "mapping_name").annotate(
        n=Count("pk"), first=Min("logged_at"), last=Max("logged_at")
    )
    by_cause: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in counted:
        by_cause[row["cause"]].append(dict(row))
    records: dict[str, list[tuple[SynchError, Coupling | None, Addresses]]] = defaultdict(list)
    numbers = {cause: sum(row["n"] for row in rows) for cause, rows in by_cause.items()}
    shown = as_seen_by(user, _newest(errors, numbers))
    couplings = couplings_of(shown)
    known = Links(company) if shown else None
    for error in shown:
        coupling = couplings.get(error.pk)
        opens = addresses_of(error, coupling, known) if known else Addresses()
        records[error.cause].append((error, coupling, opens))
    ordered = sorted(by_cause, key=lambda cause: -numbers[cause])
    return [
        _group(cause, by_cause[cause], records[cause], is_first=cause == ordered[0])
        for cause in ordered
    ]


def _newest(errors: QuerySet[SynchError], numbers: Mapping[str, int]) -> list[SynchError]:
    """Return the newest of each cause: one query that asks an index for a handful of each.

    So many are from the time that is looked at, and these are the newest.
    """
    wanted = Q()
    for cause, number in numbers.items():
        newest = errors.filter(cause=cause).order_by("-pk").values("pk")
        wanted |= Q(pk__in=newest[: min(number, SHOWN_OF_A_CAUSE)])
    if not wanted:
        return []
    return list(SynchError.objects.filter(wanted).defer("detail").order_by("-pk"))


def _group(
    cause: str,
    rows: list[dict[str, Any]],
    records: list[tuple[SynchError, Coupling | None, Addresses]],
    *,
    is_first: bool,
) -> Group:
    explained = explain(cause)
    remedy, icon = REMEDIES[explained.remedy]
    return Group(
        cause=cause,
        explained=explained,
        remedy=remedy,
        icon=icon,
        tone=tone_of(explained.remedy),
        number=sum(row["n"] for row in rows),
        first=min(row["first"] for row in rows),
        last=max(row["last"] for row in rows),
        mappings=", ".join(sorted(row["mapping_name"] for row in rows)),
        records=records,
        is_first=is_first,
    )


def _causes(company: Company) -> list[tuple[str, str]]:
    noted = SynchError.objects.filter(company=company).order_by().values_list("cause", flat=True)
    return sorted(((cause, explain(cause).title) for cause in noted.distinct()), key=itemgetter(1))


class ErrorList(OpensRecords[SynchError]):
    """Why single records failed, were skipped, or went through with a warning."""

    title = "Integration Synch. Errors"
    model = SynchError
    right = Right.VIEW_LOG
    columns = (
        Column("record", "Record", order="record_name"),
        Column("mapping", "Mapping"),
        Column("way", "Direction"),
        Column("message", "Error Message"),
        Column("logged_at", order="logged_at", is_filter=True),
        OPENS,
        Column("cause", is_extra=True),
        Column("advice", "Advice", is_extra=True),
        Column("business_central_id", "Business Central id", side="bc", is_extra=True),
        Column("dataverse_id", "Sales id", side="sales", is_extra=True),
    )
    actions = (
        Action("Synchronize", "synchronize_errors", Right.RETRY_RECORD, "play"),
        Action("Retry", "retry_errors", Right.RETRY_RECORD, "refresh"),
    )
    views = (
        View("errors", "Errors", Q(warning=False)),
        View("warnings", "Warnings", Q(warning=True)),
        View("all", "All"),
    )
    counts_views = False
    newest_by = "pk"
    filters = (
        Filter("mapping", "Mapping", "mapping_name", mapping_names),
        Filter("cause", "Cause", "cause", _causes),
    )
    drilled = (("job", "Of one synch. job"),)
    searches = ("record_name", "message")
    searches_ids = ("business_central_id", "dataverse_id", "job_id")
    search_hint = "Search record, message or id"

    @cached_property
    def empty(self) -> Empty:  # type: ignore[override]
        is_warnings = self.view is not None and self.view.key == "warnings"
        return _NO_WARNINGS if is_warnings else _NO_ERRORS

    def get_queryset(self) -> QuerySet[SynchError]:
        rows = super().get_queryset().defer("detail")
        try:
            return rows.filter(job=UUID(self._asked("job")))
        except ValueError:
            return rows

    def gather(self, rows: Sequence[SynchError]) -> None:
        super().gather(rows)
        self.couplings = couplings_of(rows)

    def addresses(self, row: SynchError) -> Addresses:
        return addresses_of(row, self.couplings.get(row.pk), self.links)

    def opened(self, row: SynchError) -> str:
        return row.record_name or "the record"

    def show_record(self, row: SynchError) -> SafeString:
        coupling = self.couplings.get(row.pk)
        number = coupling.business_central_key if coupling else ""
        ids = (row.business_central_id, row.dataverse_id, "the whole job")
        name = row.record_name or number or next(one for one in ids if one)
        if coupling:
            return cells.link(reverse("coupling", args=[coupling.pk]), name)
        return format_html("{}", name)

    def show_mapping(self, row: SynchError) -> SafeString:
        return cells.link(reverse("synch_job", args=[row.job_id]), row.mapping_name)

    def show_way(self, row: SynchError) -> SafeString:
        return cells.route(row.direction)

    def show_advice(self, row: SynchError) -> str:
        return explain(row.cause).advice

    def value_message(self, row: SynchError) -> str:
        return row.message or explain(row.cause).title

    def show_message(self, row: SynchError) -> SafeString:
        explained = explain(row.cause)
        mark = cells.state("Warning") if row.warning else ""
        return format_html(
            '<span class="message">{} {}<span class="table__sub">{}. {}</span></span>',
            mark,
            row.message,
            explained.title,
            explained.advice,
        )


def couplings_of(errors: Sequence[SynchError]) -> dict[int, Coupling]:
    """Return the coupling of each of these errors that has one: one query, an index a side."""
    names = {error.mapping_name for error in errors}
    bc = {error.business_central_id for error in errors if error.business_central_id}
    dv = {error.dataverse_id for error in errors if error.dataverse_id}
    companies = {error.company_id for error in errors}
    mine = Coupling.objects.filter(company__in=companies, mapping_name__in=names).defer("base")
    rows = mine.filter(business_central_id__in=bc).union(mine.filter(dataverse_id__in=dv), all=True)
    found: dict[tuple[str, UUID], Coupling] = {}
    for row in rows:
        found[row.mapping_name, row.business_central_id] = row
        found[row.mapping_name, row.dataverse_id] = row
    result = {}
    for error in errors:
        for record_id in (error.business_central_id, error.dataverse_id):
            if record_id and (coupling := found.get((error.mapping_name, record_id))):
                result[error.pk] = coupling
    return result


def addresses_of(error: SynchError, coupling: Coupling | None, known: Links) -> Addresses:
    """Return where the record of an error opens, on each side where it exists."""
    return known.of(
        error.mapping_name,
        key=coupling.business_central_key if coupling else "",
        business_central_id=coupling.business_central_id if coupling else error.business_central_id,
        dataverse_id=coupling.dataverse_id if coupling else error.dataverse_id,
    )


# Buttons


def _chosen(request: SignedInRequest) -> list[SynchError]:
    """Return the ticked errors, or those of the cause whose button was pressed."""
    rows = SynchError.objects.filter(company=company_of(request)).defer("detail")
    if cause := request.POST.get("cause"):
        since = clock.now() - timedelta(days=30)
        return list(rows.filter(cause=cause, warning=False, logged_at__gte=since)[:1000])
    ids = [pk for pk in request.POST.getlist("selected") if pk.isdecimal()]
    return list(rows.filter(pk__in=ids))


def _wanted(errors: Sequence[SynchError]) -> list[Wanted]:
    """Return the records behind the errors, each once; a source that is not known is left out."""
    found: dict[Wanted, None] = {}
    for error in errors:
        to = error.direction == Direction.TO_INTEGRATION_TABLE
        source = error.business_central_id if to else error.dataverse_id
        if source:
            found[Wanted(error.mapping_name, Direction(error.direction), source)] = None
    return list(found)


def _release(company: Company, request: SignedInRequest, errors: Sequence[SynchError]) -> int:
    """Take the marks off the records behind the errors; return how many were held back."""
    held = [row.pk for row in couplings_of(errors).values() if row.skipped]
    parked = PendingCoupling.objects.filter(
        company=company, skipped=True, record_id__in={row.source_id for row in _wanted(errors)}
    )
    count = pairing.retry(held, by=request.user)
    return count + pairing.retry_pending(list(parked.values_list("pk", flat=True)), by=request.user)


@require_POST
@requires(Right.RETRY_RECORD)
@acts_on(SynchError)
def synchronize_errors(request: SignedInRequest) -> HttpResponse:
    """Synchronize the records behind the ticked errors at once."""
    company, errors = company_of(request), _chosen(request)
    records = _wanted(errors)
    if company is None or not within_limit(request, len(records)):
        return back(request, "errors")
    _release(company, request, errors)
    runs = on_demand.synchronize_records(company, records, now=clock.now(), user=request.user)
    if len(runs) == 1:
        return redirect("run", pk=runs[0].pk)
    messages.success(request, f"{len(runs)} runs for {len(records)} records are in the queue.")
    return redirect("runs")


@require_POST
@requires(Right.RETRY_RECORD)
@acts_on(SynchError)
def retry_errors(request: SignedInRequest) -> HttpResponse:
    """Let the next runs take the records behind the ticked errors again."""
    company, errors = company_of(request), _chosen(request)
    if company is None or not within_limit(request, len(_wanted(errors))):
        return back(request, "errors")
    count = _release(company, request, errors)
    messages.success(
        request,
        f"{count} held-back records will be tried again; those that were not held back are "
        "tried again anyway.",
    )
    return back(request, "errors")
