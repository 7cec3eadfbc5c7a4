"""Health and security roles: what is wrong with the connections, by name; nothing is changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from audit import trail
from audit.terms import Act
from connections import deployment, health
from connections.redeploy import SolutionState
from connections.role_matrix import matrix
from connections.solution.package import Package
from integration_admin.api.access import ApiToken, user_of
from integration_admin.api.refusals import (
    Code,
    Problem,
    RefusalError,
    not_found,
    of_problems,
)
from integration_admin.api.scope import Id, Scope, Text, company_of
from integration_admin.api.shapes import FindingShape
from integration_admin.personal import as_seen_by
from integration_admin.roles import Right
from syncjobs import checkup, clock, silencing
from syncjobs.models import HealthCheck
from syncjobs.silencing import SilenceError

router = Router(tags=["Health"])
TEST = ApiToken(Right.TEST_CONNECTION)


class HealthCheckShape(FindingShape):
    """What a check found last, and since when it is so."""

    id: int
    group: str
    since: datetime
    checked_at: datetime
    silenced_until: datetime | None
    silence_reason: str


class HealthShape(Schema):
    """What was found: `state` is the worst of it, `wrong` names what needs a person."""

    state: str
    wrong: list[str]
    checks: list[HealthCheckShape]


class Silence(Schema):
    """Why a check is to ring nobody, and for how many days: 1, 7, 30 or 90."""

    reason: Text
    days: int


class Looked(Schema):
    """Which groups of checks; none is all."""

    only: list[Text] = []


class HolderShape(Schema):
    holder: str
    has_role: bool


class RoleShape(Schema):
    """A role of the integration solution; `is_deployed` is null where nobody has looked."""

    name: str
    is_assigned: bool
    is_deployed: bool | None
    holders: list[HolderShape]
    missing_privileges: list[str]


class Roles(Schema):
    items: list[RoleShape]


@router.get("/health", auth=ApiToken(Right.VIEW_CONSOLE), response=HealthShape)
def get_health(request: HttpRequest, scope: Query[Scope]) -> Any:
    """Show what each check found when it last looked; nothing is asked now."""
    rows = HealthCheck.objects.filter(company=company_of(request, scope))
    return _told(as_seen_by(request.user, rows))


@router.post("/health/check", auth=TEST, response=HealthShape)
def check_health(request: HttpRequest, body: Looked, scope: Query[Scope]) -> Any:
    """Look at everything a synchronization needs, or at some groups of it."""
    company = company_of(request, scope)
    unknown = [key for key in body.only if key not in checkup.KEYS]
    if unknown:
        cure = f"There are: {', '.join(checkup.KEYS)}."
        raise RefusalError(422, Code.INPUT, f"There is no group {unknown[0]}.", cure)
    rows = checkup.look(company, only=body.only, by=user_of(request))
    after = {"checks": len(rows), "not healthy": len(checkup.failing(rows))}
    trail.note(Act.TESTED, company, company=company, after=after, by=user_of(request))
    return _told(rows)


@router.post("/health/checks/{id}/silence", auth=TEST, response=HealthCheckShape)
def silence_check(request: HttpRequest, id: Id, body: Silence, scope: Query[Scope]) -> Any:  # noqa: A002
    """Silence a check: it is looked at and shown, and until the end it rings nobody."""
    check = _check(request, id, scope)
    try:
        silencing.silence(check, body.reason, days=body.days, now=clock.now(), by=user_of(request))
    except SilenceError as error:
        problem = Problem(field=error.field, sentence=error.message)
        raise of_problems([problem], error.message) from error
    return check


@router.delete("/health/checks/{id}/silence", auth=TEST, response=HealthCheckShape)
def ring_again(request: HttpRequest, id: Id, scope: Query[Scope]) -> Any:  # noqa: A002
    """End a silence before its time."""
    check = _check(request, id, scope)
    silencing.ring_again(check, by=user_of(request))
    return check


def _check(request: HttpRequest, pk: int, scope: Scope) -> HealthCheck:
    row = HealthCheck.objects.filter(company=company_of(request, scope), pk=pk).first()
    if row is None:
        raise not_found(HealthCheck, pk, "See GET /api/v1/health.")
    return row


def _told(rows: list[HealthCheck]) -> dict[str, Any]:
    wrong = [name for row in checkup.failing(rows) for name in row.names]
    return {"state": checkup.state_of(rows), "wrong": wrong, "checks": rows}


@router.get("/security-roles", auth=ApiToken(Right.VIEW_ROLES), response=Roles)
def list_roles(request: HttpRequest, scope: Query[Scope]) -> Any:
    """List the roles that the solution brings, without looking at Dataverse."""
    return _roles(deployment.package_of(company_of(request, scope)), None)


@router.post("/security-roles/check", auth=TEST, response=Roles)
def check_roles(request: HttpRequest, scope: Query[Scope]) -> Any:
    """Compare the roles and their privileges with what Dataverse holds."""
    company = company_of(request, scope)
    package = deployment.package_of(company)
    rows = _roles(package, health.solution_state(company, package))
    wrong = sum(bool(row["missing_privileges"]) for row in rows["items"])
    after = {"roles": len(rows["items"]), "lacking privileges": wrong}
    trail.note(Act.TESTED, company, company=company, after=after, by=user_of(request))
    return rows


def _roles(package: Package, state: SolutionState | None) -> dict[str, Any]:
    rows = matrix(package.manifest, state)
    return {
        "items": [
            {
                "name": row.name,
                "is_assigned": row.is_assigned,
                "is_deployed": row.is_deployed,
                "holders": [{"holder": who, "has_role": has} for who, has in row.holders],
                "missing_privileges": list(row.missing),
            }
            for row in rows
        ]
    }
