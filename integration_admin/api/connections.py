"""The connections: how both systems are reached, and Test Connection."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from audit import trail
from audit.terms import Act
from connections import checks, consent, setup
from connections.errors import split
from connections.models import Company, DataverseConnectionSetup, SalesConnectionSetup
from integration_admin import connecting, descriptions, enabling, restoring
from integration_admin.api.access import ApiToken, require, user_of
from integration_admin.api.refusals import Code, RefusalError, not_found
from integration_admin.api.scope import Scope, Text, company_of
from integration_admin.api.shapes import (
    CheckShape,
    ChecksShape,
    Companies,
    CompanyShape,
    Connections,
    CountShape,
    FindingShape,
)
from integration_admin.descriptions import DescriptionError
from integration_admin.personal import one_as_seen_by
from integration_admin.roles import Right
from syncjobs import clock

router = Router(tags=["Connections"])
CHANGE = ApiToken(Right.CHANGE_CONNECTION)
Part = dict[str, Any]


class Described(Schema):
    """The parts of a description, as in the file of `manage.py configure`; secrets as texts."""

    company: Part
    business_central: Part = {}
    dataverse: Part = {}
    sales: Part = {}
    deployment: Part = {}  # needs the right manage_secrets
    enable_sales: bool = False
    jobs: bool = True
    start: bool = True
    reset_mappings: bool = False  # needs the right reset_configuration


class ConfiguredShape(Schema):
    """What connecting led to; without mappings if Dataverse is refused, and not saved if in use."""

    company: CompanyShape
    connected: bool
    saved: bool
    checks: list[CheckShape]
    company_row_created: bool
    mappings_created: list[str]
    mappings_reset: list[str]
    mappings_kept: list[str]
    jobs_created: int


class Agreed(Schema):
    """What whoever enables agrees to."""

    consent: bool = False  # that data leaves Business Central; asked for once
    replace_by_defaults: list[Text] = []  # customised mappings; needs the right reset_configuration


class EnabledShape(Schema):
    """What the checks found; the connection is enabled if nothing was in the way."""

    is_enabled: bool
    findings: list[FindingShape]
    mappings: str | None
    jobs: int
    customised: list[str]  # mappings that stay as they are, though they differ from the defaults


class RestoredShape(Schema):
    """Which set-ups are enabled again, and what keeps the next one from it."""

    restored: list[str]
    findings: list[FindingShape]


NOTHING = Agreed()
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
    return {
        "items": [
            _shown(kind, one_as_seen_by(request.user, row)) for kind, row in rows if row is not None
        ]
    }


@router.post("/connections/configure", auth=CHANGE, response=ConfiguredShape)
def configure(request: HttpRequest, body: Described) -> Any:
    """Save a company's set-ups, test them, enable them, and create what is missing.

    The parts are those of `manage.py configure --file`. What is left out stays as it is. What is in
    use is disabled, changed and enabled again; if a check fails, it stays as it was and `saved` is
    false. Settings of a connection that is not enabled are kept then.
    """
    if body.deployment:
        require(request, Right.MANAGE_SECRETS)
    if body.reset_mappings:
        require(request, Right.RESET_CONFIGURATION)
    try:
        description = descriptions.of_parts(
            body.model_dump(include=set(descriptions.PARTS), exclude_none=True)
        )
        outcome = connecting.connect(
            description,
            now=clock.now(),
            jobs=body.jobs,
            start=body.start,
            sales=body.enable_sales,
            reset_mappings=body.reset_mappings,
        )
    except DescriptionError as error:
        sentence, cure = split(error.message)
        raise RefusalError(422, Code.INPUT, sentence, cure) from error
    summary = outcome.mappings
    return {
        "company": outcome.company,
        "connected": summary is not None,
        "saved": outcome.saved,
        "checks": outcome.checks,
        "company_row_created": outcome.created_row,
        "mappings_created": list(summary.created) if summary else [],
        "mappings_reset": list(summary.reset) if summary else [],
        "mappings_kept": list(summary.kept) if summary else [],
        "jobs_created": outcome.jobs,
    }


def _enable(request: HttpRequest, scope: Scope, body: Agreed, model: Any, verb: Any) -> Any:
    """Run all checks, then let a connection be used; what is in the way is told with its code."""
    row = _set_up(request, scope, model)
    if row.is_enabled:
        return {"is_enabled": True, "findings": [], "mappings": None, "jobs": 0, "customised": []}
    if model is SalesConnectionSetup and enabling.lacks_dataverse(row.company):
        sentence = "Sales is reached through Dataverse, which is not enabled."
        cure = "Connect to Dataverse first."
        raise RefusalError(409, Code.NEED_DATAVERSE, sentence, cure)
    if body.replace_by_defaults:
        require(request, Right.RESET_CONFIGURATION)
    if body.consent:
        consent.give(row.company, by=user_of(request))
    asked = enabling.questions(row)
    customised = asked.customised if asked else ()
    replaced = [name for name in customised if name in body.replace_by_defaults]
    outcome = verb(row.company, now=clock.now(), by=user_of(request), replaced=replaced)
    return {
        "is_enabled": outcome.mappings is not None,
        "findings": outcome.findings,
        "mappings": str(outcome.mappings) if outcome.mappings else None,
        "jobs": outcome.jobs,
        "customised": [name for name in customised if name not in replaced],
    }


def _disable(request: HttpRequest, scope: Scope, model: Any) -> Any:
    row = _set_up(request, scope, model)
    if model is DataverseConnectionSetup and setup.has_sales(row.company):
        sentence = "Dynamics 365 Sales still uses this connection."
        raise RefusalError(409, Code.SALES_ON, sentence, "Disable the Sales connection first.")
    return {"count": enabling.disable(row, now=clock.now(), by=user_of(request))}


def _set_up(request: HttpRequest, scope: Scope, model: Any) -> Any:
    company = company_of(request, scope)
    row = model.objects.filter(company=company).select_related("company").first()
    if row is None:
        raise not_found(model, company, "Set it up first: POST /api/v1/connections/configure.")
    return row


@router.post("/connections/dataverse/enable", auth=CHANGE, response=EnabledShape)
def enable_dataverse(request: HttpRequest, scope: Query[Scope], body: Agreed = NOTHING) -> Any:
    """Run all checks, then let Dataverse be used; only named mappings take defaults."""
    return _enable(request, scope, body, DataverseConnectionSetup, enabling.enable_dataverse)


@router.post("/connections/dataverse/disable", auth=CHANGE, response=CountShape)
def disable_dataverse(request: HttpRequest, scope: Query[Scope]) -> Any:
    """Let the connection rest; answers how many job queue entries went on hold."""
    return _disable(request, scope, DataverseConnectionSetup)


@router.post("/connections/sales/enable", auth=CHANGE, response=EnabledShape)
def enable_sales(request: HttpRequest, scope: Query[Scope], body: Agreed = NOTHING) -> Any:
    """Run all checks, then let Sales take part; only named mappings take the defaults."""
    return _enable(request, scope, body, SalesConnectionSetup, enabling.enable_sales)


@router.post("/connections/sales/disable", auth=CHANGE, response=CountShape)
def disable_sales(request: HttpRequest, scope: Query[Scope]) -> Any:
    """Let Sales take no part; answers how many job queue entries went on hold."""
    return _disable(request, scope, SalesConnectionSetup)


@router.post("/connections/restore", auth=CHANGE, response=RestoredShape)
def restore_connections(request: HttpRequest, scope: Query[Scope]) -> Any:
    """Test and enable again what was disabled for a while; what is in the way is told."""
    restored = restoring.restore(company_of(request, scope), now=clock.now(), by=user_of(request))
    return {"restored": restored.names, "findings": restored.in_the_way}


def _shown(kind: str, row: Any) -> dict[str, Any]:
    signs_in = not isinstance(row, SalesConnectionSetup)
    return {
        "kind": kind,
        "name": str(row._meta.verbose_name),
        "is_enabled": getattr(row, "is_enabled", None),
        "disable_reason": getattr(row, "disable_reason", ""),
        "restore_connection": getattr(row, "restore_connection", False),
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
