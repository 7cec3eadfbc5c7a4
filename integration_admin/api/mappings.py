"""Integration table mappings: look, synchronize, preview."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from audit.facts import plain
from connections.errors import ConfigurationError, split
from integration_admin.api.access import ApiToken, require, user_of
from integration_admin.api.refusals import Code, RefusalError
from integration_admin.api.scope import Scope, Text, company_of
from integration_admin.api.shapes import MappingCard, Mappings, PreviewShape, RunShape
from integration_admin.roles import Right
from mappings.models import IntegrationTableMapping
from mappings.terms import Direction
from syncjobs import clock, on_demand
from syncjobs.engine.change import Change
from syncjobs.engine.options import OptionChange
from syncjobs.runs.order import Order
from syncjobs.runs.synchronize import find_mapping, preview_mapping
from syncjobs.terms import Action, Mode, Trigger

router = Router(tags=["Mappings"])
WAYS = {"to": Direction.TO_INTEGRATION_TABLE, "from": Direction.FROM_INTEGRATION_TABLE}
QUIET = (Action.UNCHANGED, Action.NONE)


Agreed = Annotated[int, Field(ge=1)]


class Synchronization(Schema):
    """What a run is to do."""

    mode: Mode = Mode.MODIFIED
    direction: str | None = Field(None, pattern="^(to|from)$", description="to or from Dataverse")
    confirmed: bool | Agreed = Field(
        default=False,
        description="True is needed for every mode but modified. The number of coupled records "
        "that a preview or a stopped run says would change passes the mass-change guard, unless "
        "it is much more by then",
    )


class Planning(Schema):
    """What is to be planned; nothing is written."""

    mode: Mode = Mode.MODIFIED
    direction: str | None = Field(None, pattern="^(to|from)$")
    ids: list[UUID] = Field([], max_length=100, description="Only these records, of either side")
    create: bool = False
    limit: int = Field(200, ge=0, le=1000, description="Changes shown of each phase")


def mapping_of(request: HttpRequest, scope: Scope, name: str) -> IntegrationTableMapping:
    """Return the mapping of a name; near names are told where there is none."""
    try:
        return find_mapping(company_of(request, scope), name)
    except ConfigurationError as error:
        sentence, cure = split(error.message)
        raise RefusalError(404, Code.NOT_FOUND, sentence, cure) from error


@router.get("/mappings", auth=ApiToken(Right.VIEW_MAPPING), response=Mappings)
def list_mappings(request: HttpRequest, scope: Query[Scope]) -> Any:
    """List the mappings, in the order in which they are synchronized."""
    return {"items": IntegrationTableMapping.objects.filter(company=company_of(request, scope))}


@router.post("/mappings/synchronize", auth=ApiToken(Right.RUN_SYNC), response={202: RunShape})
def synchronize_mappings(request: HttpRequest, scope: Query[Scope]) -> Any:
    """Synchronize what was modified in every mapping, in the order of their dependencies."""
    company = company_of(request, scope)
    return on_demand.synchronize_all(company, now=clock.now(), user=user_of(request))


@router.get("/mappings/{name}", auth=ApiToken(Right.VIEW_MAPPING), response=MappingCard)
def get_mapping(request: HttpRequest, name: Text, scope: Query[Scope]) -> Any:
    """Show a mapping with its filters and fields."""
    return mapping_of(request, scope, name)


@router.post(
    "/mappings/{name}/synchronize", auth=ApiToken(Right.RUN_SYNC), response={202: RunShape}
)
def synchronize_mapping(
    request: HttpRequest, name: Text, body: Synchronization, scope: Query[Scope]
) -> Any:
    """Let a worker synchronize a mapping; the answer is the run to follow."""
    mapping = mapping_of(request, scope, name)
    agreed = 0 if isinstance(body.confirmed, bool) else body.confirmed
    if body.mode != Mode.MODIFIED or agreed:
        require(request, Right.RUN_FULL_SYNC)
    if body.mode != Mode.MODIFIED and not body.confirmed:
        raise RefusalError(
            409,
            Code.CONFIRM,
            f"The {on_demand.MODES[body.mode]} of {mapping.name} looks at every record.",
            "Look at its preview, then ask again with confirmed: true.",
        )
    return on_demand.synchronize(
        mapping,
        now=clock.now(),
        user=user_of(request),
        mode=body.mode,
        direction=WAYS[body.direction] if body.direction else None,
        agreed=agreed,
    )


@router.post(
    "/mappings/{name}/match", auth=ApiToken(Right.MANAGE_COUPLINGS), response={202: RunShape}
)
def match_mapping(request: HttpRequest, name: Text, scope: Query[Scope]) -> Any:
    """Let a worker couple the records that match; the answer is the run to follow."""
    mapping = mapping_of(request, scope, name)
    return on_demand.match(mapping, now=clock.now(), user=user_of(request))


@router.post("/mappings/{name}/preview", auth=ApiToken(Right.PREVIEW), response=PreviewShape)
def preview(request: HttpRequest, name: Text, body: Planning, scope: Query[Scope]) -> Any:
    """Plan a run and say what it would do; nothing is written on either side."""
    mapping = mapping_of(request, scope, name)
    order = Order(
        mode=body.mode,
        directions=(WAYS[body.direction],) if body.direction else None,
        ids=tuple(body.ids) or None,
        create=body.create,
        trigger=Trigger.PERSON,
    )
    planned = preview_mapping(mapping.company, mapping.name, order)
    phases = []
    for result, changes in planned.phases:
        shown = _shown(changes, body.limit)
        phases.append(
            {
                "direction": result.direction,
                "would_change": result.touched,
                "counts": {action.value: count for action, count in result.counts.items()},
                "changes": shown[: body.limit],
                "is_cut": len(shown) > body.limit,
            }
        )
    report = planned.report
    return {
        "mapping": report.mapping,
        "requests": report.requests,
        "seconds": report.seconds,
        "phases": phases,
    }


def _shown(changes: Sequence[Change | OptionChange], limit: int) -> list[dict[str, Any]]:
    """Return what would be done, one more than asked for; what stays as it is, is left out."""
    speaking = (
        change
        for change in changes
        if (change.counter if isinstance(change, OptionChange) else change.action) not in QUIET
    )
    return [_change(change) for change in islice(speaking, limit + 1)]


def _change(change: Change | OptionChange) -> dict[str, Any]:
    if isinstance(change, OptionChange):
        return {
            "action": change.counter.value,
            "source_id": change.record.id if change.record else None,
            "destination_id": None,
            "diffs": [{"field": "label", "before": None, "after": change.label}],
            "reason": change.reason,
            "cause": str(change.cause or ""),
        }
    destination = getattr(change, "destination", None)
    return {
        "action": change.action.value,
        "source_id": change.source.id,
        "destination_id": destination.id if destination else getattr(change, "id", None),
        "diffs": [
            {"field": diff.field, "before": _value(diff.before), "after": _value(diff.after)}
            for diff in getattr(change, "diffs", ())
        ],
        "reason": getattr(change, "reason", ""),
        "cause": str(getattr(change, "cause", "")),
    }


def _value(value: Any) -> Any:
    row_id = getattr(value, "id", None)  # a lookup shows the row it points to
    return plain(row_id if row_id is not None else value)
