"""The history of redeploys: who, when, from which version to which, and how it ended (C-0710)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q
from django.urls import reverse
from django.utils.safestring import SafeString

from connections.models import Redeployment
from connections.terms import RedeployResult
from integration_admin import cells
from integration_admin.columns import Column
from integration_admin.pages import Empty, ListPage, View
from integration_admin.roles import Right
from syncjobs import clock
from syncjobs.models import Run

RECENT = timedelta(days=90)
TONES = {
    RedeployResult.DONE: ("good", "good"),
    RedeployResult.WITH_WARNINGS: ("held", "warn"),
    RedeployResult.ROLES_INCOMPLETE: ("held", "warn"),
    RedeployResult.FAILED: ("bad", "bad"),
    RedeployResult.CANCELLED: ("held", "stop"),
    RedeployResult.IN_PROCESS: ("move", "moving"),
}


def people_of(rows: Iterable[Redeployment]) -> dict[int, AbstractBaseUser | None]:
    """Return who started each redeploy, by the run; none started those of a command."""
    ids = [row.run_id for row in rows if row.run_id is not None]
    return {run.pk: run.user for run in Run.objects.filter(pk__in=ids).select_related("user")}


def took(row: Redeployment) -> str:
    """Return how long a redeploy took, or has been taking."""
    return cells.duration((row.finished_at or clock.now()) - row.started_at)


class RedeployList(ListPage[Redeployment]):
    """Every redeploy that was made from here."""

    title = "Redeploys"
    model = Redeployment
    right = Right.VIEW_ROLES
    columns = (
        Column("started_at", order="started_at", is_filter=True),
        Column("who", "By", is_personal=True),
        Column("solution", order="solution", is_filter=True),
        Column("from_version", order="from_version"),
        Column("to_version", order="to_version"),
        Column("result", order="result", is_filter=True),
        Column("took", "Duration", is_number=True),
        Column("signed_in_as", is_extra=True),
        Column("error_message", is_extra=True),
        Column("cause", is_extra=True),
    )
    views = (
        View("all", "All"),
        View("recent", "90 days"),
        View("not-done", "Not done", ~Q(result=RedeployResult.DONE)),
    )
    newest_by = "pk"
    searches = ("solution", "error_message")
    search_hint = "Search solution or error"
    empty = Empty(
        "Never redeployed from this console",
        "A redeploy puts the integration solution, its roles and their privileges back.",
        "Redeploy Integration Solution",
        "redeploy",
    )

    def tabs(self) -> Sequence[View]:
        recent = Q(started_at__gte=clock.now() - RECENT)
        return [
            replace(one, condition=recent) if one.key == "recent" else one for one in self.views
        ]

    def gather(self, rows: Sequence[Redeployment]) -> None:
        self.people = people_of(rows)

    def is_live(self, rows: Sequence[Redeployment]) -> bool:
        return any(row.result == RedeployResult.IN_PROCESS for row in rows)

    def show_started_at(self, row: Redeployment) -> SafeString:
        moment = cells.moment(row.started_at)
        return cells.link(reverse("run", args=[row.run_id]), moment) if row.run_id else moment

    def show_who(self, row: Redeployment) -> str:
        person = self.people.get(row.run_id) if row.run_id else None
        return person.get_username() if person else "console"

    def show_result(self, row: Redeployment) -> SafeString:
        return cells.pill(*TONES[RedeployResult(row.result)], row.get_result_display())

    def show_took(self, row: Redeployment) -> str:
        return took(row)
