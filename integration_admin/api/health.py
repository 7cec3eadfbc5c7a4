"""Health and security roles: what is wrong with the connections, by name; nothing is changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from audit import trail
from audit.terms import Act
from connections import deployment, permissions, role_matrix
from connections.models import Company
from connections.permissions import Permissions
from connections.role_matrix import RoleRow, TableRow
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
from integration_admin.personal import as_seen_by, sees_people
from integration_admin.roles import Right
from mappings import table_access
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


class TableShape(Schema):
    """A table that mappings use; what is missing is named as the privilege is."""

    table: str
    needed_by: list[str]
    granted_by: list[str]
    missing: list[str]


class Roles(Schema):
    """What was read last; `checked_at` is null where nobody has looked."""

    checked_at: datetime | None
    items: list[RoleShape]
    tables: list[TableShape]


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
    """List the roles of the solution and the tables of the mappings, as they were read last."""
    return _roles(request, company_of(request, scope))


@router.post("/security-roles/check", auth=TEST, response=Roles)
def check_roles(request: HttpRequest, scope: Query[Scope]) -> Any:
    """Compare the roles and their privileges with what Dataverse holds."""
    company = company_of(request, scope)
    tables = [need.table for need in table_access.needed(company)]
    found = permissions.look(company, tables, now=clock.now())
    after = role_matrix.counts(*_compared(company, found))
    trail.note(Act.TESTED, company, company=company, after=after, by=user_of(request))
    return _roles(request, company)


def _compared(company: Company, found: Permissions | None) -> tuple[list[RoleRow], list[TableRow]]:
    target = deployment.package_of(company).manifest
    needs = table_access.needed(company)
    return role_matrix.compared(target, needs, found)


def _roles(request: HttpRequest, company: Company) -> dict[str, Any]:
    found, at = permissions.last(company)
    roles, tables = _compared(company, found)
    sees = sees_people(request.user)
    return {
        "checked_at": at,
        "items": [
            {
                "name": row.name,
                "is_assigned": row.is_assigned,
                "is_deployed": row.is_deployed,
                "holders": [
                    {"holder": str(who if sees else who.kind), "has_role": has}
                    for who, has in row.holders
                ],
                "missing_privileges": list(row.missing),
            }
            for row in roles
        ],
        "tables": tables,
    }
