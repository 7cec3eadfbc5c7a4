"""The pages of health (P33) and of the default set-up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.contrib import messages
from django.db.models.functions import TruncDate
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from audit import trail
from audit.terms import Act
from connections.health import State
from connections.models import Company
from integration_admin import mending
from integration_admin.chrome import Entry, company_of
from integration_admin.pages import ask, is_confirmed
from integration_admin.personal import as_seen_by
from integration_admin.roles import Right, SignedInRequest, has_right, requires
from mappings import reset
from mappings.models import IntegrationTableMapping
from mappings.reset import ResetPlan
from syncjobs import activation, checkup, clock
from syncjobs.checkup import Group
from syncjobs.models import HealthCheck, HealthReport

LOST = "Customised mappings"
LOOKS = 48  # a day of half hours
WORST_FIRST = (State.WRONG, State.UNKNOWN, State.HEALTHY)
REPAIRED = ("E-SOLUTION", "E-ROLES", "E-UNFINISHED")  # by a redeploy

# Health


@require_GET
@requires(Right.VIEW_CONSOLE)
def health_page(request: SignedInRequest) -> HttpResponse:
    """Show what each check found last and since when; looking again asks both systems."""
    company = company_of(request)
    if company is None:
        return render(request, "pages/welcome.html")
    every = HealthCheck.objects.filter(company=company).select_related("silenced_by")
    rows = as_seen_by(request.user, every)
    reports = list(HealthReport.objects.filter(company=company)[:LOOKS])
    failing = checkup.failing(rows)
    context = {
        "groups": _grouped(rows, mending.pages_for(request.user)),
        "failing": failing,
        "state": checkup.state_of(rows) if rows else "",
        "red_since": min((row.since for row in failing), default=None),
        "last": reports[0] if reports else None,
        "reports": reports[::-1],
        "days": _days(company),
        "total": len(rows),
        "may_check": has_right(request.user, Right.TEST_CONNECTION),
        "may_redeploy": has_right(request.user, Right.REDEPLOY_SOLUTION)
        and any(row.code in REPAIRED for row in failing),
    }
    return render(request, "pages/health.html", context)


def _days(company: Company) -> list[tuple[date, str]]:
    """Return 90 days with the worst that was found on each, oldest first; one query (C-3302)."""
    today = timezone.localdate()
    first = today - checkup.KEPT + timedelta(days=1)
    found: dict[date, set[str]] = defaultdict(set)
    looks = HealthReport.objects.filter(company=company).order_by()
    by_day = looks.annotate(day=TruncDate("checked_at")).values_list("day", "state").distinct()
    for day, state in by_day:
        found[day].add(state)
    return [
        (day, next((one for one in WORST_FIRST if one in found[day]), ""))
        for day in (first + timedelta(days=number) for number in range(checkup.KEPT.days))
    ]


def _grouped(
    rows: Sequence[HealthCheck], pages: Mapping[str, Entry]
) -> list[tuple[Group, list[HealthCheck], Entry | None]]:
    """Return every group with its checks and where they are mended, those with trouble first."""
    by_key: dict[str, list[HealthCheck]] = {}
    for row in rows:
        by_key.setdefault(row.group, []).append(row)
    grouped = [(group, by_key.get(group.key, []), pages.get(group.key)) for group in checkup.GROUPS]
    return sorted(grouped, key=lambda one: all(row.is_well for row in one[1]))


@require_POST
@requires(Right.TEST_CONNECTION)
def check_health(request: SignedInRequest) -> HttpResponse:
    """Look at everything, or at what was ticked; nothing is changed outside."""
    company = company_of(request)
    if company is None:
        return redirect("health")
    only = [key for key in request.POST.getlist("only") if key in checkup.KEYS]
    rows = checkup.look(company, only=only, by=request.user)
    after = {"checks": len(rows), "not healthy": len(checkup.failing(rows))}
    trail.note(Act.TESTED, company, company=company, after=after, by=request.user)
    return redirect("health")


# Use Default Synchronization Setup


@require_GET
@requires(Right.RESET_CONFIGURATION)
def default_setup(request: SignedInRequest) -> HttpResponse:
    """Show what a reset would change and lose, with a tick for each mapping to keep (E-9.42)."""
    company = company_of(request)
    if company is None:
        return render(request, "pages/welcome.html")
    plan = reset.preview(company)
    plain = [name for name in plan.reset if name not in plan.customised]
    context = {"plan": plan, "plain": plain, "total": plan.number}
    return render(request, "pages/default_setup.html", context)


@require_GET
@requires(Right.RESET_CONFIGURATION)
def export_customised(request: SignedInRequest) -> HttpResponse:
    """Give the mappings that a reset would lose as a file, before it does (C-0516)."""
    company = company_of(request)
    plan = reset.preview(company) if company else ResetPlan({})
    lost = IntegrationTableMapping.objects.filter(
        company=company, name__in=[*plan.customised, *plan.removed]
    )
    found = {row.name: reset.is_now(row) for row in lost.prefetch_related("fields")}
    after = {"mappings": ", ".join(found)}
    trail.note(Act.EXPORTED, kind="list", name=LOST, company=company, after=after, by=request.user)
    content = {name: {**now.settings, "fields": now.fields} for name, now in found.items()}
    answer = JsonResponse(content, json_dumps_params={"indent": 2})
    answer["Content-Disposition"] = 'attachment; filename="customised-mappings.json"'
    return answer


@require_POST
@requires(Right.RESET_CONFIGURATION)
def use_default_setup(request: SignedInRequest) -> HttpResponse:
    """Reset the mappings that were not ticked, after their number was typed (C-0516)."""
    company = company_of(request)
    if company is None:
        return redirect("default_setup")
    keep = request.POST.getlist("keep")
    plan = reset.preview(company, keep=keep)
    lost = [*plan.customised, *plan.removed]
    if plan.number and not is_confirmed(request, plan.number):
        told = f"Customisations are lost of: {', '.join(lost)}." if lost else "None is customised."
        return ask(
            request,
            title=f"Reset {len(plan.reset)} and remove {len(plan.removed)} mappings?",
            text=f"{told} The couplings stay; each mapping looks at all its records once more.",
            yes="Use the defaults",
            no="Leave the mappings alone",
            number=plan.number,
        )
    summary = reset.use_default_synchronization_setup(company, keep=keep, by=request.user)
    jobs = len(activation.create_default_entries(company, now=clock.now()))
    messages.success(request, f"{summary}. {jobs} job queue entries created.")
    return redirect(reverse("mappings"))
