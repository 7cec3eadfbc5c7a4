"""Use Default Synchronization Setup: what it would change and lose, and doing it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from integration_admin.api.access import ApiToken, user_of
from integration_admin.api.refusals import Code, RefusalError
from integration_admin.api.scope import Scope, Text, company_of
from integration_admin.roles import Right
from mappings import reset
from syncjobs import activation, clock

router = Router(tags=["Mappings"])
RESET = ApiToken(Right.RESET_CONFIGURATION)


class Kept(Schema):
    """Names of mappings that stay as they are."""

    keep: list[Text] = []


class Confirmed(Kept):
    confirm: int | None = None  # how many mappings are reset or removed, as the preview says


class PreviewShape(Schema):
    created: list[str]
    reset: list[str]
    removed: list[str]
    kept: list[str]
    customised: list[str]  # of those that are reset: their customisations are lost
    confirm: int


class DoneShape(Schema):
    created: list[str]
    reset: list[str]
    removed: list[str]
    kept: list[str]
    jobs_created: int


@router.post("/default-setup/preview", auth=RESET, response=PreviewShape)
def preview_default_setup(request: HttpRequest, body: Kept, scope: Query[Scope]) -> Any:
    """Say what applying the defaults would change; nothing is changed."""
    plan = reset.preview(company_of(request, scope), keep=body.keep)
    return {
        "created": plan.created,
        "reset": plan.reset,
        "removed": plan.removed,
        "kept": plan.kept,
        "customised": plan.customised,
        "confirm": plan.number,
    }


@router.post("/default-setup", auth=RESET, response=DoneShape)
def use_default_setup(request: HttpRequest, body: Confirmed, scope: Query[Scope]) -> Any:
    """Apply the defaults; `confirm` is the number that the preview said (C-0516)."""
    company = company_of(request, scope)
    plan = reset.preview(company, keep=body.keep)
    if plan.number and body.confirm != plan.number:
        lost = ", ".join([*plan.customised, *plan.removed]) or "none"
        raise RefusalError(
            409,
            Code.CONFIRM,
            f"{len(plan.reset)} mappings would be reset and {len(plan.removed)} removed.",
            f'Send "confirm": {plan.number} to do it. Customisations that are lost: {lost}.',
        )
    done = reset.use_default_synchronization_setup(company, keep=body.keep, by=user_of(request))
    jobs = activation.create_default_entries(company, now=clock.now())
    return {
        "created": done.created,
        "reset": done.reset,
        "removed": done.removed,
        "kept": done.kept,
        "jobs_created": len(jobs),
    }
