"""The pages of couplings: what is coupled, what is held back, what waits; and their buttons."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from connections.causes import Cause
from connections.models import Company
from integration_admin import cells
from integration_admin.columns import Column
from integration_admin.pages import (
    Action,
    CardPage,
    Empty,
    Filter,
    Section,
    View,
)
from integration_admin.personal import as_seen_by
from integration_admin.roles import Right
from mappings import captions, links
from mappings.links import Addresses
from mappings.models import (
    FAILED,
    OWED,
    TO_RETRY,
    Coupling,
    IntegrationTableMapping,
)
from mappings.ongoing import InSales, in_sales
from mappings.opening import OPENS, OpensRecords
from mappings.terms import Direction, SynchResult
from syncjobs.causes import explain
from syncjobs.models import SynchError

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
    return cells.link(url, title_of(row))


def title_of(row: Coupling) -> str:
    """Return number and name of a coupled record; a name that begins with the number has both."""
    if row.name.startswith(row.business_central_key):
        return row.name or str(row.business_central_id)
    return f"{row.business_central_key} {row.name}".strip()


def result(state: str, error: str) -> SafeString:
    """Return how a direction went last; the message is on the card."""
    if state == SynchResult.FAILURE and error:
        return format_html('<span title="{}">{}</span>', error, cells.state(state))
    return cells.state(state)


class OpensCouplings(OpensRecords[Coupling]):
    """Lists of couplings lead to both records."""

    def addresses(self, row: Coupling) -> Addresses:
        return self.links.of(
            row.mapping_name,
            key=row.business_central_key,
            business_central_id=row.business_central_id,
            dataverse_id=row.dataverse_id,
        )

    def opened(self, row: Coupling) -> str:
        return title_of(row)


class CouplingList(OpensCouplings):
    """Which record is coupled with which row, and how both directions went last."""

    title = "Couplings"
    model = Coupling
    right = Right.VIEW_COUPLING
    columns = (
        Column("record", "Record", order="business_central_key", side="bc"),
        Column("mapping_name", "Mapping"),
        Column("last_synch_crm_result", "Last to Sales", is_filter=True),
        Column(
            "last_synch_crm_modified_on", "Sales as of", side="sales", hides_when_narrow=True,
            is_filter=True,
        ),
        Column("last_synch_result", "Last to BC", is_filter=True),
        Column(
            "last_synch_modified_on", "BC as of", side="bc", hides_when_narrow=True, is_filter=True
        ),
        Column("held", "Held back"),
        OPENS,
        Column("business_central_key", side="bc", is_extra=True),
        Column("name", is_extra=True),
        Column("business_central_id", "Business Central id", side="bc", is_extra=True),
        Column("dataverse_id", "Sales id", side="sales", is_extra=True),
        Column("last_crm_error", "Error to Sales", is_extra=True),
        Column("last_error", "Error to BC", is_extra=True),
        Column("cause", is_extra=True),
    )  # fmt: skip
    actions = (SYNCHRONIZE, DELETE)
    views = (
        View("all", "All"),
        View("failed", "Failed", TO_RETRY & FAILED),
        View("skipped", "Skipped", Q(skipped=True)),
        View("owed", "Change waits", TO_RETRY & OWED),
    )
    filters = (BY_MAPPING,)
    searches = ("business_central_key", "name")
    searches_ids = ("business_central_id", "dataverse_id")
    search_hint = "Search number, name or id"
    default_order = ("mapping_name", "business_central_key", "name", "pk")
    empty = Empty(
        "Nothing is coupled yet",
        "Couple records that match, or let a full synchronization create the missing ones.",
        "Integration Table Mappings",
        "mappings",
    )

    def everything(self) -> QuerySet[Coupling]:
        return super().everything().defer("base")

    def show_record(self, row: Coupling) -> SafeString:
        return record(row)

    def value_record(self, row: Coupling) -> str:
        return title_of(row)

    def show_last_synch_crm_result(self, row: Coupling) -> SafeString:
        return result(row.last_synch_crm_result, row.last_crm_error)

    def show_last_synch_result(self, row: Coupling) -> SafeString:
        return result(row.last_synch_result, row.last_error)

    def show_held(self, row: Coupling) -> SafeString | str:
        return cells.state("Skipped") if row.skipped else ""


class CouplingErrorList(OpensCouplings):
    """Couplings that were skipped after the same error came twice, and the cure."""

    title = "Coupled Data Synchronization Errors"
    model = Coupling
    right = Right.VIEW_COUPLING
    columns = (
        Column("record", "Description", order="business_central_key", side="bc"),
        Column("mapping_name", "Mapping"),
        Column("way", "Direction"),
        Column("message", "Error Message"),
        Column("skipped_at", "Failed On", order="skipped_at", is_filter=True),
        OPENS,
        Column("cause", is_extra=True, is_filter=True),
        Column("advice", "Advice", is_extra=True),
        Column("business_central_id", "Business Central id", side="bc", is_extra=True),
        Column("dataverse_id", "Sales id", side="sales", is_extra=True),
    )
    actions = (
        Action(
            "Retry All", "retry_all", Right.RETRY_ALL, "refresh", on_rows=False, is_primary=True
        ),
        Action("Find for Deleted", "find_deleted", Right.RETRY_ALL, "search", on_rows=False),
        Action("Retry", "retry_couplings", Right.RETRY_RECORD, "refresh"),
        SYNCHRONIZE,
        Action("Restore Records", "restore_records", Right.RETRY_ALL, "plus"),
        DELETE,
    )
    views = (
        View("all", "All"),
        View("deleted", "Deleted on one side", Q(cause=Cause.DELETED)),
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
        return super().everything().filter(skipped=True).defer("base")

    def show_record(self, row: Coupling) -> SafeString:
        return record(row)

    def value_record(self, row: Coupling) -> str:
        return title_of(row)

    def value_message(self, row: Coupling) -> str:
        message = row.last_crm_error if failed_way(row) == TO else row.last_error
        return message or explain(row.cause).title

    def show_advice(self, row: Coupling) -> str:
        return explain(row.cause).advice

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


class CouplingCard(CardPage[Coupling]):
    """A pair: both sides, their times, results and errors, and links that open each side."""

    model = Coupling
    right = Right.VIEW_COUPLING
    template_name = "pages/coupling.html"
    list_title = "Couplings"
    list_url = "couplings"
    has_history = True
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
        return title_of(self.object)

    def can(self, action: Action) -> bool:
        return action.url_name != "retry_coupling" or self.object.skipped

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        row, company = self.object, _with_setups(self.company)
        mapping = IntegrationTableMapping.objects.filter(
            company=company, name=row.mapping_name
        ).first()
        noted = SynchError.objects.filter(company=company).defer("detail").order_by()
        errors = noted.filter(business_central_id=row.business_central_id).union(
            noted.filter(dataverse_id=row.dataverse_id)
        )
        table = mapping.table if mapping else ""
        integration_table = mapping.integration_table if mapping else ""
        return context | {
            "mapping": mapping,
            "name": row.name.removeprefix(row.business_central_key).strip(),
            "table": captions.table(table),
            "integration_table": captions.integration_table(integration_table),
            "bc_url": links.business_central(
                company, table, row.business_central_key, row.business_central_id
            ),
            "sales_url": links.sales(company, integration_table, row.dataverse_id),
            "explained": explain(row.cause) if row.cause else None,
            "errors": as_seen_by(self.request.user, errors.order_by("-id")[:20]),
            "is_account": integration_table == "account",
            "in_sales": self._in_sales(company, row) if integration_table == "account" else None,
        }

    def _in_sales(self, company: Company, row: Coupling) -> InSales | None:
        """Ask Sales what goes on with the customer, once the page is there (E-8.96)."""
        return in_sales(company, row.dataverse_id) if "in_sales" in self.request.GET else None


def _with_setups(company: Company | None) -> Company:
    assert company is not None  # a card is found by its company
    related = ("business_central_connection", "dataverse_connection_setup")
    return Company.objects.select_related(*related).get(pk=company.pk)
