"""Redeploying the integration solution: what it would do, start it, how the last ones ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from connections import deployment, preflight
from connections.models import DeploymentIdentity, Redeployment
from connections.solution_views import plan_of
from connections.terms import AuthenticationType
from integration_admin.api.access import ApiToken, user_of
from integration_admin.api.refusals import not_found
from integration_admin.api.scope import Paging, Scope, Text, company_of, page_of
from integration_admin.api.shapes import CountShape, FindingShape, RunShape
from integration_admin.personal import as_seen_by
from integration_admin.roles import Right
from syncjobs import clock, redeploying, redeploying_once
from syncjobs.models import Run

router = Router(tags=["Redeploy"])


class SignInOnce(Schema):
    """Who signs in this time and is stored nowhere: an application, or a person (C-0702)."""

    client_id: Text = ""
    client_secret: str = ""
    user_name: Text = ""
    password: str = ""


class Asked(Schema):
    force: bool = False  # import even if the solution is current
    roles_only: bool = False
    sign_in: SignInOnce | None = None  # without it the stored deployment identity


class RedeployShape(Schema):
    id: int
    run_id: int | None
    started_at: datetime
    finished_at: datetime | None
    solution: str
    from_version: str
    to_version: str
    result: str
    error_message: str
    cause: str
    steps: list[tuple[int, str]]
    problems: list[tuple[str, str, str]]  # name, sentence, code


class Redeploys(Schema):
    items: list[RedeployShape]
    next: str | None


class PlanShape(Schema):
    """What a redeploy would do now."""

    shipped: str
    installed: str
    import_reason: str  # empty: nothing would be imported
    user_to_create: str  # the application that has no user yet
    roles: list[str]
    missing: list[str]
    trouble: str  # why it is not known
    has_identity: bool
    checks: list[FindingShape]  # whether it can start, as the stored identity sees it (C-0703)


@router.get("/redeploys", auth=ApiToken(Right.VIEW_ROLES), response=Redeploys)
def list_redeploys(request: HttpRequest, asked: Query[Paging]) -> Any:
    """List the redeploys, the newest first."""
    found = page_of(Redeployment.objects.filter(company=company_of(request, asked)), asked)
    return {**found, "items": as_seen_by(request.user, found["items"])}


@router.get("/redeploys/plan", auth=ApiToken(Right.TEST_CONNECTION), response=PlanShape)
def plan_redeploy(
    request: HttpRequest, scope: Query[Scope], *, force: bool = False, roles_only: bool = False
) -> Any:
    """Look at the environment and say what a redeploy would do; nothing is changed."""
    company = company_of(request, scope)
    identity = DeploymentIdentity.objects.filter(company=company).first()
    looked = preflight.look(company, identity) if identity else None
    state = looked.state if looked else None
    plan = plan_of(company, state, force=force, roles_only=roles_only)
    return {
        "shipped": deployment.version_of_package(company),
        "installed": plan.installed,
        "import_reason": plan.import_reason,
        "user_to_create": plan.user,
        "roles": plan.roles,
        "missing": plan.missing,
        "trouble": plan.trouble,
        "has_identity": identity is not None,
        "checks": looked.findings if looked else [],
    }


@router.post("/redeploys", auth=ApiToken(Right.REDEPLOY_SOLUTION), response={202: RunShape})
def start_redeploy(request: HttpRequest, body: Asked, scope: Query[Scope]) -> Any:
    """Redeploy; the answer is the run to follow. A second one at the same time is refused."""
    company, user = company_of(request, scope), user_of(request)
    options = {"force": body.force, "roles_only": body.roles_only}
    if body.sign_in is None:
        return redeploying.request(company, now=clock.now(), user=user, **options)
    given = {name: value for name, value in body.sign_in.model_dump().items() if value}
    if body.sign_in.user_name:
        given["authentication_type"] = AuthenticationType.PASSWORD
    identity = deployment.identity_for_once(company, given)
    run = redeploying_once.start_once(company, identity, user=user, **options)
    return Run.objects.get(pk=run)


@router.delete("/deployment-identity", auth=ApiToken(Right.MANAGE_SECRETS), response=CountShape)
def forget_identity(request: HttpRequest, scope: Query[Scope]) -> Any:
    """Forget who is stored to redeploy, with the secret."""
    company = company_of(request, scope)
    row = DeploymentIdentity.objects.filter(company=company).first()
    if row is None:
        raise not_found(DeploymentIdentity, company, "There is nothing to forget.")
    deployment.forget_identity(row, by=user_of(request))
    return {"count": 1}
