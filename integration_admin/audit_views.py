"""The audit log: who changed what, as a list and as a card with before and after side by side."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from audit.facts import kind_of
from audit.models import AuditEntry
from audit.terms import DELETIONS, Act, Source
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    DeploymentIdentity,
    SalesConnectionSetup,
)
from integration_admin import audit_verifying, cells
from integration_admin.chrome import company_of
from integration_admin.columns import Column
from integration_admin.models import ApiToken
from integration_admin.pages import CardPage, Empty, Filter, ListPage, Section, View
from integration_admin.roles import Right, has_right

SETUPS = tuple(
    kind_of(model)
    for model in (
        Company,
        BusinessCentralConnection,
        DataverseConnectionSetup,
        SalesConnectionSetup,
        DeploymentIdentity,
    )
)
PEOPLE = (kind_of(User), kind_of(ApiToken))
VALUES_OF_ADMINISTRATORS = {*SETUPS, *PEOPLE}  # C-4027
LONG = 60
SIGN_INS = (Act.SIGNED_IN, Act.SIGNED_OUT, Act.SIGN_IN_REFUSED)


def _acts(_company: Company) -> Iterable[tuple[str, str]]:
    return [(act.value, str(act.label)) for act in Act]


def _sources(_company: Company) -> Iterable[tuple[str, str]]:
    return [(source.value, str(source.label)) for source in Source]


def _users(_company: Company) -> Iterable[tuple[str, str]]:
    return [
        (name, name)
        for name in User.objects.order_by("username").values_list("username", flat=True)
    ]


class Line(NamedTuple):
    """One value of an entry, before and after."""

    caption: str
    before: Any
    after: Any


def lines_of(entry: AuditEntry) -> list[Line]:
    """Return the values of an entry under the captions of their fields."""
    captions = _captions(entry.object_kind)
    names = dict.fromkeys([*entry.before, *entry.after])
    return [
        Line(
            captions.get(name, capfirst(name.replace("_", " "))),
            _shown(entry.before, name),
            _shown(entry.after, name),
        )
        for name in names
    ]


def _captions(kind: str) -> dict[str, str]:
    for model in apps.get_models():
        if kind_of(model) == kind:
            return {field.name: str(field.verbose_name) for field in model._meta.concrete_fields}
    return {}


MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def _shown(values: dict[str, Any], name: str) -> SafeString | str:
    if name not in values:
        return "–"
    match values[name]:
        case None | "":
            return "empty"
        case True:
            return "Yes"
        case False:
            return "No"
        case list() as items:
            return ", ".join(str(item) for item in items) or "empty"
        case dict() as parts:
            return "; ".join(f"{key}: {part}" for key, part in parts.items()) or "empty"
        case str() as text if MOMENT.match(text) and (moment := parse_datetime(text)):
            return cells.moment(moment)
        case value:
            return str(value)


def shows_values(user: Any, entry: AuditEntry) -> bool:
    """Whether the person may see what it was: values of set-ups are for administrators."""
    return entry.object_kind not in VALUES_OF_ADMINISTRATORS or has_right(
        user, Right.VIEW_AUDIT_VALUES
    )


def visible(company: Company | None) -> QuerySet[AuditEntry]:
    """Select the entries of a company, and those that belong to none."""
    return AuditEntry.objects.filter(Q(company=company) | Q(company=None))


class AuditLog(ListPage[AuditEntry]):
    """Who changed what, the newest first."""

    title = "Audit Log"
    template_name = "pages/audit_log.html"
    model = AuditEntry
    right = Right.VIEW_AUDIT
    columns = (
        Column("moment", is_filter=True),
        Column("who", "User", order="user_name", is_personal=True),
        Column("act", order="act"),
        Column("object", "Object", order="object_name", is_personal=True),
        Column("changed", "What changed"),
        Column("source", hides_when_narrow=True),
        Column("address", hides_when_narrow=True, is_personal=True),
        Column("company_name", is_extra=True),
        Column("reason", is_extra=True),
        Column("correlation_id", is_extra=True),
    )
    views = (
        View("all", "All"),
        View("connection", "Connection", Q(object_kind__in=SETUPS)),
        View("mappings", "Mappings", Q(object_kind__istartswith="integration ")),
        View("deletions", "Deletions", Q(act__in=DELETIONS)),
        View("sign-ins", "Sign-ins", Q(act__in=SIGN_INS)),
    )
    counts_views = False
    newest_by = "pk"
    drilled = (("object", "Of one object"),)
    filters = (
        Filter("act", "Action", "act", _acts),
        Filter("user", "User", "user_name", _users),
        Filter("source", "Source", "source", _sources),
    )
    searches = ("object_name", "user_name", "correlation_id", "address", "reason")
    search_hint = "Search object, user, address or correlation id"
    default_order = ("-pk",)
    empty = Empty("Nothing was done yet", "Every act of a person leaves an entry here.")

    def everything(self) -> QuerySet[AuditEntry]:
        rows = visible(self.company)
        kind, _, key = self._asked("object").partition(":")
        return rows.filter(object_kind=kind, object_key=key) if key else rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"verified": audit_verifying.latest()}

    def show_moment(self, row: AuditEntry) -> SafeString:
        return cells.link(reverse("audit_entry", args=[row.pk]), cells.moment(row.moment))

    def show_who(self, row: AuditEntry) -> SafeString | str:
        return row.user_name or cells.muted("nobody")

    def show_object(self, row: AuditEntry) -> SafeString:
        return format_html(
            '{}<span class="table__sub">{}</span>', row.object_name or "–", row.object_kind
        )

    def show_changed(self, row: AuditEntry) -> SafeString | str:
        if not row.before and not row.after:
            return row.reason
        captions = ", ".join(line.caption for line in lines_of(row))
        return captions if len(captions) <= LONG else f"{captions[:LONG]}…"


class AuditCard(CardPage[AuditEntry]):
    """One entry: who, what, from where, and before and after side by side."""

    model = AuditEntry
    right = Right.VIEW_AUDIT
    list_title = "Audit Log"
    list_url = "audit_log"
    sections = (
        Section("Before and After", template="parts/audit_values.html"),
        Section(
            "General",
            ("moment", Column("user_name"), "act", "object_kind", "object_name", "object_key",
             "company_name", "reason"),
        ),
        Section("Origin", ("source", "address", "correlation_id")),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[AuditEntry]:
        return visible(company_of(self.request))

    def title(self) -> str:
        return f"{self.object.act}: {cells.audited(self.object)}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        entry = self.object
        together = visible(self.company).filter(correlation_id=entry.correlation_id)
        history = f"{reverse('audit_log')}?object={entry.object_kind}:{entry.object_key}"
        return context | {
            "lines": lines_of(entry),
            "is_visible": shows_values(self.request.user, entry),
            "together": together.exclude(pk=entry.pk)[:20] if entry.correlation_id else [],
            "history": history if entry.object_key else "",
        }
