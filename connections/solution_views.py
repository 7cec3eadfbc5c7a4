"""The pages of the integration solution: redeploy (P07) and who redeploys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from connections import deployment, preflight, redeploy, setup_edits, solution_reading
from connections.administrator_sign_in import faults_of, form_for_once, problems_of
from connections.errors import IntegrationError
from connections.models import (
    Company,
    DataverseConnectionSetup,
    DeploymentIdentity,
    Redeployment,
    SalesConnectionSetup,
)
from connections.preflight import Preflight
from connections.redeploy import AssignRole, CreateUser, ImportSolution, SolutionState
from connections.redeploy_history import TONES, people_of, took
from connections.setup_edits import StaleError
from connections.setup_forms import DeploymentForm, Problem
from connections.setup_lines import asking_for, conflicts_of
from connections.solution.manifest import shown
from connections.terms import RedeployResult
from integration_admin.chrome import company_of
from integration_admin.pages import ask, is_confirmed
from integration_admin.personal import as_seen_by
from integration_admin.refusing import told
from integration_admin.roles import Right, SignedInRequest, has_right, requires
from syncjobs import clock, pausing, redeploying, redeploying_once
from syncjobs.causes import explain
from syncjobs.leases import BusyError
from syncjobs.models import HealthCheck, JobQueueEntry

UNPROCESSABLE, CONFLICT = 422, 409
MOST_IN_HISTORY = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """What a redeploy would do now; `trouble` says why that is not known."""

    installed: str = ""
    base: str = ""  # the version of the base solution
    import_reason: str = ""
    user: str = ""  # the application whose user would be made
    roles: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    trouble: str = ""


def plan_of(
    company: Company,
    state: SolutionState | None = None,
    *,
    force: bool = False,
    roles_only: bool = False,
) -> Plan:
    """Plan, without doing anything, from what was read or else is read now."""
    try:
        package = deployment.package_of(company)
        state = state or solution_reading.state(company, package.manifest)
    except IntegrationError as error:
        return Plan(trouble=error.message)
    steps = list(
        redeploy.plan_redeploy(state, package.manifest, force=force, roles_only=roles_only)
    )
    return Plan(
        installed=shown(state.installed),
        base=shown(state.base),
        import_reason=" ".join(s.reason for s in steps if isinstance(s, ImportSolution)),
        user=next((s.client_id for s in steps if isinstance(s, CreateUser)), ""),
        roles=tuple(f"{s.role.name} to the {s.to}" for s in steps if isinstance(s, AssignRole)),
        missing=tuple(s.sentence for s in redeploy.shortfalls(state, package.manifest)),
    )


# The page


@require_GET
@requires(Right.VIEW_ROLES)
def redeploy_page(request: SignedInRequest) -> HttpResponse:
    """Show the last redeploys and what is shipped; it looks at the environment when asked to."""
    company = company_of(request)
    if company is None:
        return render(request, "pages/welcome.html")
    looks = "look" in request.GET and has_right(request.user, Right.TEST_CONNECTION)
    done = Redeployment.objects.filter(company=company)[:MOST_IN_HISTORY]
    history = as_seen_by(request.user, done)
    people = people_of(history)
    rows = [
        (one, *TONES[RedeployResult(one.result)], people.get(one.run_id or 0), took(one))
        for one in history
    ]
    last = rows[0][0] if rows else None
    package = deployment.package_of(company)
    uploaded = deployment.uploaded_to(company)
    context = {
        "package": package,
        "shipped": shown(package.manifest.version),
        "identity": DeploymentIdentity.objects.filter(company=company).first(),
        "history": rows,
        "last": last,
        "sales": SalesConnectionSetup.objects.filter(company=company).first(),
        "steps": [(redeploying.STEP_NAMES[number - 1], told) for number, told in last.steps]
        if last
        else [],
        "known": as_seen_by(
            request.user, HealthCheck.objects.filter(company=company, group="solution")
        ),
        "is_unfinished": last is not None and redeploying.is_unfinished(last),
        "busy": _alive(company),
        "plan": plan_of(company) if looks else None,
        "may_look": has_right(request.user, Right.TEST_CONNECTION),
        "may_redeploy": has_right(request.user, Right.REDEPLOY_SOLUTION),
        "may_store": has_right(request.user, Right.MANAGE_SECRETS),
        "may_upload": has_right(request.user, Right.CHANGE_CONNECTION),
        "uploaded": uploaded,
        "packages": [
            (one.manifest, one.manifest.unique_name in uploaded, shown(one.manifest.version))
            for one in package.chain
        ],
        "explained": explain(last.cause) if last and last.cause else None,
    }
    return render(request, "pages/redeploy.html", context)


def _alive(company: Company) -> Any:
    entry = JobQueueEntry.objects.filter(
        company=company, job=redeploying.JOB, status__in=redeploying.ALIVE
    ).first()
    return entry.runs.order_by("-pk").first() if entry else None


@never_cache
@require_POST
@requires(Right.REDEPLOY_SOLUTION)
def start_redeploy(request: SignedInRequest) -> HttpResponse:
    """Show what would be done, then do it; who signs in is stored, or asked for once (C-0702)."""
    company = company_of(request)
    if company is None or not DataverseConnectionSetup.objects.filter(company=company).exists():
        messages.error(request, "Set the connection with Dataverse up first. (E-NEED-DATAVERSE)")
        return redirect("dataverse_setup")
    stored = DeploymentIdentity.objects.filter(company=company).first()
    if not is_confirmed(request):
        return _preflight_as(request, company, stored)
    if stored:
        return _start(request, lambda: redeploying.request(
            company, now=clock.now(), user=request.user, **_options(request)
        ).pk)  # fmt: skip
    form = form_for_once(company, request.POST)
    if problems := faults_of(form):
        return _preflight(request, company, form, problems)
    looked = preflight.look(company, form.instance)
    if looked.in_the_way:
        problems = form.located(looked.in_the_way)
        return _preflight(request, company, form, problems, looked=looked)
    return _start(request, lambda: redeploying_once.start_once(
        company, form.instance, user=request.user, **_options(request)
    ))  # fmt: skip


def _options(request: SignedInRequest) -> dict[str, bool]:
    return {name: bool(request.POST.get(name)) for name in ("force", "roles_only")}


def _start(request: SignedInRequest, begin: Any) -> HttpResponse:
    try:
        run = begin()
    except BusyError as error:
        messages.error(request, f"{error.message} (E-BUSY)")
        return redirect("redeploy")
    except IntegrationError as error:
        messages.error(request, told(error))
        return redirect("redeploy")
    return redirect("run", pk=run)


def _preflight_as(
    request: SignedInRequest, company: Company, stored: DeploymentIdentity | None
) -> HttpResponse:
    """Look as the stored identity; without one, ask who signs in."""
    if stored is None:
        return _preflight(request, company, form_for_once(company))
    return _preflight(request, company, looked=preflight.look(company, stored))


def _preflight(
    request: SignedInRequest,
    company: Company,
    form: DeploymentForm | None = None,
    problems: Sequence[Problem] = (),
    *,
    looked: Preflight | None = None,
) -> HttpResponse:
    """C-0703: whether a redeploy can start, and what will change, before it is confirmed."""
    options = _options(request)
    waiting = pausing.find(company, spare=redeploying.JOB)
    is_readable = looked is None or looked.state is not None
    context = {
        "plan": plan_of(company, looked.state if looked else None, **options)
        if is_readable
        else None,
        "looked": looked,
        "options": [name for name, on in options.items() if on],
        "entries": len(waiting),
        "identity": DeploymentIdentity.objects.filter(company=company).first(),
        **(asking_for(form, problems) if form else {}),
    }
    status = UNPROCESSABLE if problems else 200
    return render(request, "pages/redeploy_start.html", context, status=status)


# Who redeploys


@require_GET
@requires(Right.MANAGE_SECRETS)
def deployment_identity(request: SignedInRequest) -> HttpResponse:
    """Show who is stored to redeploy, to be changed."""
    company = company_of(request)
    if company is None or not hasattr(company, "dataverse_connection_setup"):
        return redirect("dataverse_setup")
    return _identity_page(request, company, DeploymentForm(instance=_stored(company)))


def _stored(company: Company) -> DeploymentIdentity:
    found = DeploymentIdentity.objects.filter(company=company).first()
    return found or form_for_once(company).instance


def _identity_page(
    request: SignedInRequest,
    company: Company,
    form: DeploymentForm,
    problems: Sequence[Problem] = (),
    conflicts: Any = (),
) -> HttpResponse:
    stored = DeploymentIdentity.objects.filter(company=company)
    context = {
        "is_stored": stored.exists(),
        "conflicts": conflicts,
        **asking_for(form, problems),
        "seen": setup_edits.sealed(setup_edits.seen(list(stored), form.names)),
    }
    status = UNPROCESSABLE if problems else CONFLICT if conflicts else 200
    return render(request, "pages/deployment_identity.html", context, status=status)


@never_cache
@require_POST
@requires(Right.MANAGE_SECRETS)
def save_deployment_identity(request: SignedInRequest) -> HttpResponse:
    """Store who redeploys, once the sign-in works and is a System Administrator's."""
    company = company_of(request)
    if company is None or not hasattr(company, "dataverse_connection_setup"):
        return redirect("dataverse_setup")
    form = DeploymentForm(request.POST, instance=_stored(company))
    problems = problems_of(company, form)
    if problems:
        return _identity_page(request, company, form, problems)
    read = setup_edits.unsealed(request.POST.get("seen", ""))
    try:
        setup_edits.save(form.rows(), form.names, read=read, by=request.user)
    except StaleError as error:
        rows = conflicts_of(form, error.conflicts)
        return _identity_page(request, company, form, conflicts=rows)
    messages.success(request, f"Redeploys sign in as {form.instance} from now on.")
    return redirect("redeploy")


@require_POST
@requires(Right.MANAGE_SECRETS)
def remove_deployment_identity(request: SignedInRequest) -> HttpResponse:
    """Forget who redeploys, after asking."""
    company = company_of(request)
    row = DeploymentIdentity.objects.filter(company=company).first()
    if row is None:
        return redirect("redeploy")
    if not is_confirmed(request):
        return ask(
            request,
            title="Remove the deployment identity?",
            text="Its secret is forgotten. A redeploy then asks for an administrator's sign-in.",
            yes="Remove it",
            no="Keep it",
        )
    deployment.forget_identity(row, by=request.user)
    messages.success(request, "The deployment identity is removed.")
    return redirect("redeploy")
