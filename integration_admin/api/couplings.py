"""Couplings: list, look, couple, uncouple, synchronize, retry, delete."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Schema

from connections.models import Company
from integration_admin.api.access import ApiToken, user_of
from integration_admin.api.lists import Listing, answer, listed
from integration_admin.api.mappings import mapping_of
from integration_admin.api.refusals import Code, RefusalError, not_found
from integration_admin.api.scope import Id, Ids, Scope, Text, company_of
from integration_admin.api.shapes import CountShape, Couplings, CouplingShape, RunShape, Started
from integration_admin.personal import one_as_seen_by
from integration_admin.roles import Right, has_right
from mappings import pairing
from mappings.coupling_buttons import MOST_FOR_SUPPORT, wanted
from mappings.coupling_views import CouplingList
from mappings.models import Coupling, IntegrationTableMapping
from syncjobs import clock, leases, on_demand
from syncjobs.runs.phases import lease_name
from syncjobs.runs.synchronize import systems_of
from syncjobs.runs.uncouple import uncouple_records

router = Router(tags=["Couplings"])
MOST_AT_ONCE = 100  # that a request may uncouple, since it waits for Dataverse
FAILED = Q(last_synch_result="Failure") | Q(last_synch_crm_result="Failure")
STATES = {
    "all": Q(),
    "failed": FAILED,
    "skipped": Q(skipped=True),
    "owed": Q(owes_business_central=True) | Q(owes_dataverse=True),
}


class Narrowed(Listing):
    mapping: Text = ""
    state: Literal["all", "failed", "skipped", "owed"] = "all"
    record: UUID | None = None  # of either side


class Pair(Schema):
    """Two records that are to be coupled."""

    mapping: Text
    business_central_id: UUID
    dataverse_id: UUID


class Chosen(Schema):
    """Which couplings."""

    ids: Ids


@router.get("/couplings", auth=ApiToken(Right.VIEW_COUPLING), response=Couplings)
def list_couplings(request: HttpRequest, asked: Query[Narrowed]) -> Any:
    """List couplings, narrowed by mapping, state, words or a record's id."""
    page = listed(CouplingList, request, company_of(request, asked))
    rows = page.get_queryset().filter(STATES[asked.state])
    if asked.record:
        rows = rows.filter(Q(business_central_id=asked.record) | Q(dataverse_id=asked.record))
    return answer(page, rows, asked, order=("pk",))


@router.post("/couplings", auth=ApiToken(Right.COUPLE_RECORD), response={201: CouplingShape})
def couple(request: HttpRequest, body: Pair, scope: Query[Scope]) -> Any:
    """Couple two records; the next run synchronizes them."""
    mapping = mapping_of(request, scope, body.mapping)
    both = systems_of(mapping.company)
    systems = pairing.Systems(both.business_central, both.dataverse)
    with leases.hold(lease_name(mapping), leases.me()):
        return pairing.couple(
            mapping, body.business_central_id, body.dataverse_id, systems, by=user_of(request)
        )


@router.post("/couplings/uncouple", auth=ApiToken(Right.MANAGE_COUPLINGS), response=CountShape)
def uncouple(request: HttpRequest, body: Chosen, scope: Query[Scope]) -> Any:
    """Uncouple: both records stay, and the rows of Dataverse no longer name the company."""
    company = company_of(request, scope)
    if len(body.ids) > MOST_AT_ONCE:
        raise _too_many(MOST_AT_ONCE, len(body.ids))
    by_mapping: dict[str, list[UUID]] = {}
    for row in _chosen(company, body):
        by_mapping.setdefault(row.mapping_name, []).append(row.business_central_id)
    before = _chosen(company, body).count()
    for name, ids in by_mapping.items():
        uncouple_records(company, name, ids, by=user_of(request))
    return {"count": before - _chosen(company, body).count()}


@router.post("/couplings/retry", auth=ApiToken(Right.RETRY_RECORD), response=CountShape)
def retry(request: HttpRequest, body: Chosen, scope: Query[Scope]) -> Any:
    """Let the next run take these held-back couplings again."""
    company = company_of(request, scope)
    check_number(request, len(body.ids))
    ids = list(_chosen(company, body).values_list("pk", flat=True))
    return {"count": pairing.retry(ids, by=user_of(request))}


@router.post("/couplings/retry-all", auth=ApiToken(Right.RETRY_ALL), response=CountShape)
def retry_all(request: HttpRequest, scope: Query[Scope]) -> Any:
    """Let the next runs take every held-back record of the company again."""
    return {"count": pairing.retry_all(company_of(request, scope), by=user_of(request))}


@router.post("/couplings/find-deleted", auth=ApiToken(Right.RETRY_ALL), response={202: RunShape})
def find_deleted(request: HttpRequest, scope: Query[Scope]) -> Any:
    """Let a worker hold back the couplings that lost a record; the answer is the run to follow."""
    company = company_of(request, scope)
    return on_demand.find_deleted(company, now=clock.now(), user=user_of(request))


@router.post("/couplings/synchronize", auth=ApiToken(Right.RETRY_RECORD), response={202: Started})
def synchronize(request: HttpRequest, body: Chosen, scope: Query[Scope]) -> Any:
    """Let a worker synchronize these couplings; one run for each mapping and direction."""
    company = company_of(request, scope)
    check_number(request, len(body.ids))
    rows = list(_chosen(company, body))
    mappings = IntegrationTableMapping.objects.filter(company=company)
    ways = dict(mappings.values_list("name", "direction"))
    pairing.retry([row.pk for row in rows], by=user_of(request))
    records = wanted(rows, ways)
    runs = on_demand.synchronize_records(company, records, now=clock.now(), user=user_of(request))
    return {"items": runs}


@router.post("/couplings/delete", auth=ApiToken(Right.MANAGE_COUPLINGS), response=CountShape)
def delete_couplings(request: HttpRequest, body: Chosen, scope: Query[Scope]) -> Any:
    """Delete couplings; the records of both systems stay as they are."""
    ids = list(_chosen(company_of(request, scope), body).values_list("pk", flat=True))
    return {"count": pairing.remove(ids, by=user_of(request))}


@router.get("/couplings/{id}", auth=ApiToken(Right.VIEW_COUPLING), response=CouplingShape)
def get_coupling(request: HttpRequest, id: Id, scope: Query[Scope]) -> Any:  # noqa: A002
    """Show one coupling."""
    return one_as_seen_by(request.user, _one(company_of(request, scope), id))


@router.delete("/couplings/{id}", auth=ApiToken(Right.MANAGE_COUPLINGS), response=CountShape)
def delete_coupling(request: HttpRequest, id: Id, scope: Query[Scope]) -> Any:  # noqa: A002
    """Delete one coupling; the records of both systems stay as they are."""
    row = _one(company_of(request, scope), id)
    return {"count": pairing.remove([row.pk], by=user_of(request))}


def _one(company: Company, pk: int) -> Coupling:
    row = Coupling.objects.filter(company=company, pk=pk).first()
    if row is None:
        raise not_found(Coupling, pk, "See GET /api/v1/couplings.")
    return row


def _chosen(company: Company, body: Chosen) -> QuerySet[Coupling]:
    return Coupling.objects.filter(company=company, pk__in=body.ids)


def check_number(request: HttpRequest, count: int) -> None:
    """Refuse more records at once than the person may retry (C-4016)."""
    if count > MOST_FOR_SUPPORT and not has_right(request.user, Right.RETRY_ALL):
        raise _too_many(MOST_FOR_SUPPORT, count)


def _too_many(most: int, count: int) -> RefusalError:
    return RefusalError(
        422,
        Code.TOO_MANY,
        f"{most} records at once are allowed; these are {count}.",
        "Ask for them in several requests.",
    )
