"""The lists of what waits: options that are held back, and records that have no partner yet."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integration_admin import cells
from integration_admin.columns import Column
from integration_admin.pages import Action, Empty, View
from integration_admin.roles import Right
from mappings.coupling_views import BY_MAPPING, FROM, TO
from mappings.links import Addresses
from mappings.models import OptionCoupling, PendingCoupling
from mappings.opening import OPENS, OpensRecords
from mappings.terms import SynchResult
from syncjobs.causes import explain


class OptionErrorList(OpensRecords[OptionCoupling]):
    """Options that were skipped after the same error came twice: payment terms and their like."""

    title = "Option Mapping Errors"
    model = OptionCoupling
    right = Right.VIEW_COUPLING
    columns = (
        Column("business_central_key", order="business_central_key", side="bc"),
        Column("mapping_name", "Mapping"),
        Column("way", "Direction"),
        Column("option", "Option", order="option_caption", side="sales"),
        Column("last_error", "Error Message"),
        Column(
            "last_synch_modified_on", "BC as of", side="bc", hides_when_narrow=True, is_filter=True
        ),
        OPENS,
        Column("business_central_id", "Business Central id", side="bc", is_extra=True),
    )
    actions = (Action("Retry", "retry_options", Right.RETRY_RECORD, "refresh"),)
    filters = (BY_MAPPING,)
    searches = ("business_central_key", "option_caption", "last_error")
    searches_ids = ("business_central_id",)
    search_hint = "Search code, option, message or id"
    default_order = ("mapping_name", "business_central_key")
    empty = Empty(
        "No option is held back",
        "Payment terms, shipment methods and shipping agents that fail twice wait here.",
        "Errors by cause",
        "errors",
    )

    def everything(self) -> QuerySet[OptionCoupling]:
        return super().everything().filter(skipped=True)

    def addresses(self, row: OptionCoupling) -> Addresses:
        return self.links.of(
            row.mapping_name,
            key=row.business_central_key,
            business_central_id=row.business_central_id,
        )

    def opened(self, row: OptionCoupling) -> str:
        return row.business_central_key

    def show_way(self, row: OptionCoupling) -> SafeString:
        return cells.route(TO if row.last_synch_crm_result == SynchResult.FAILURE else FROM)

    def show_option(self, row: OptionCoupling) -> SafeString:
        return format_html(
            '{} <span class="table__sub">{}</span>', row.option_caption, row.option_value
        )

    def show_last_error(self, row: OptionCoupling) -> SafeString:
        return format_html('<span class="message">{}</span>', row.last_error)


class PendingCouplingList(OpensRecords[PendingCoupling]):
    """Records that were seen and failed before they had a partner: none is lost."""

    title = "Pending Couplings"
    model = PendingCoupling
    right = Right.VIEW_COUPLING
    columns = (
        Column("record", "Record", order="name"),
        Column("mapping_name", "Mapping"),
        Column("direction", is_filter=True),
        Column("message", "Error Message"),
        Column("attempts", is_number=True, order="attempts"),
        Column("failed_at", order="failed_at", is_filter=True),
        Column("held", "Held back"),
        OPENS,
        Column("cause", is_extra=True, is_filter=True),
        Column("record_id", is_extra=True),
        Column("seen_at", order="seen_at", is_extra=True),
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

    def addresses(self, row: PendingCoupling) -> Addresses:
        return self.links.of(
            row.mapping_name,
            business_central_id=row.record_id if row.direction == TO else None,
            dataverse_id=row.record_id if row.direction == FROM else None,
        )

    def opened(self, row: PendingCoupling) -> str:
        return row.name or str(row.record_id)

    def show_record(self, row: PendingCoupling) -> SafeString:
        if row.name:
            return format_html('<span title="{}">{}</span>', row.record_id, row.name)
        return format_html("<code>{}</code>", row.record_id)

    def value_message(self, row: PendingCoupling) -> str:
        return row.message or explain(row.cause).title

    def show_message(self, row: PendingCoupling) -> SafeString:
        return format_html(
            '<span class="message">{}<span class="table__sub">{}</span></span>',
            row.message or explain(row.cause).title,
            explain(row.cause).advice,
        )

    def show_held(self, row: PendingCoupling) -> SafeString:
        return cells.state("Skipped") if row.skipped else cells.muted("no")
