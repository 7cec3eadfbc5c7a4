"""The connections: how both systems are reached, and Test Connection."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from audit import trail
from audit.terms import Act
from connections import checks
from connections.models import Company, SalesConnectionSetup
from integration_admin.api.access import ApiToken, user_of
from integration_admin.api.scope import Scope, company_of
from integration_admin.api.shapes import ChecksShape, Companies, Connections
from integration_admin.roles import Right

router = Router(tags=["Connections"])
SETUPS = (
    ("business-central", "business_central_connection"),
    ("dataverse", "dataverse_connection_setup"),
    ("sales", "sales_connection_setup"),
)


@router.get("/companies", auth=ApiToken(Right.VIEW_CONSOLE), response=Companies)
def list_companies(request: HttpRequest) -> Any:  # noqa: ARG001
    """List the companies that are set up."""
    return {"items": Company.objects.order_by("name")}


@router.get("/connections", auth=ApiToken(Right.VIEW_CONNECTION), response=Connections)
def list_connections(request: HttpRequest, scope: Query[Scope]) -> Any:
    """List the set-ups of a company and whether they are enabled."""
    company = company_of(request, scope)
    rows = [(kind, getattr(company, name, None)) for kind, name in SETUPS]
    return {"items": [_shown(kind, row) for kind, row in rows if row is not None]}


def _shown(kind: str, row: Any) -> dict[str, Any]:
    signs_in = not isinstance(row, SalesConnectionSetup)
    return {
        "kind": kind,
        "name": str(row._meta.verbose_name),
        "is_enabled": getattr(row, "is_enabled", None),
        "disable_reason": getattr(row, "disable_reason", ""),
        "server_address": row.server_address,
        "web_client_url": getattr(row, "web_client_url", ""),
        "authentication_type": row.authentication_type if signs_in else "",
        "has_client_secret": signs_in and bool(row.client_secret),
        "has_certificate": signs_in and bool(row.private_key),
        "has_password": signs_in and bool(row.password),
    }


@router.post("/connections/test", auth=ApiToken(Right.TEST_CONNECTION), response=ChecksShape)
def test_connections(request: HttpRequest, scope: Query[Scope]) -> Any:
    """Run the checks of both sides; nothing is changed."""
    company = company_of(request, scope)
    found = checks.test_connection(company)
    failed = sum(not check.passed for check in found)
    trail.note(
        Act.TESTED,
        company,
        company=company,
        after={"checks": len(found), "failed": failed},
        by=user_of(request),
    )
    return {"passed": not failed, "checks": found}
