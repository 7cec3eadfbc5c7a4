"""The item availability service: published to Sales, tried, its key exchanged, taken away."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from connections import item_availability
from connections.item_availability import Trial
from connections.models import Company, SalesConnectionSetup
from integration_admin.api.access import ApiToken, user_of
from integration_admin.api.scope import Scope, Text, company_of
from integration_admin.roles import Right
from syncjobs import clock

router = Router(tags=["Item availability"])
CHANGE = ApiToken(Right.CHANGE_CONNECTION)


class Published(Schema):
    """URL, user and key as Sales gets them; the key is never answered."""

    user_name: Text
    access_key: Text
    url: Text = ""  # empty: the company's own address
    expires_on: date | None = None  # of the key


class NewKey(Schema):
    access_key: Text
    expires_on: date | None = None


class AvailabilityShape(Schema):
    enabled: bool
    url: str
    has_key: bool
    key_age_days: int | None


class TrialShape(Schema):
    """What became of asking the service as Sales does."""

    url: str
    milliseconds: int
    sentence: str
    item: str | None
    inventory: str | None


@router.get("/item-availability", auth=ApiToken(Right.VIEW_CONNECTION), response=AvailabilityShape)
def get_item_availability(request: HttpRequest, scope: Query[Scope]) -> Any:
    """Show whether sellers can see the stock."""
    return _shown(company_of(request, scope))


@router.post("/item-availability/publish", auth=CHANGE, response=TrialShape)
def publish_item_availability(request: HttpRequest, body: Published, scope: Query[Scope]) -> Any:
    """Try the service with what is given, then let Sales have it."""
    trial = item_availability.publish(
        company_of(request, scope),
        user_name=body.user_name,
        access_key=body.access_key,
        url=body.url,
        expires_on=body.expires_on,
        now=clock.now(),
        by=user_of(request),
    )
    return _told(trial)


@router.post("/item-availability/rotate", auth=CHANGE, response=TrialShape)
def rotate_access_key(request: HttpRequest, body: NewKey, scope: Query[Scope]) -> Any:
    """Take the key that the user's card shows now."""
    trial = item_availability.rotate(
        company_of(request, scope),
        access_key=body.access_key,
        expires_on=body.expires_on,
        now=clock.now(),
        by=user_of(request),
    )
    return _told(trial)


@router.post("/item-availability/try", auth=ApiToken(Right.TEST_CONNECTION), response=TrialShape)
def try_item_availability(request: HttpRequest, scope: Query[Scope]) -> Any:
    """Ask the service with what stands in Sales."""
    return _told(item_availability.try_as_sales(company_of(request, scope)))


@router.post("/item-availability/unpublish", auth=CHANGE, response=AvailabilityShape)
def unpublish_item_availability(request: HttpRequest, scope: Query[Scope]) -> Any:
    """Take the service away from Sales, and forget user and key."""
    company = company_of(request, scope)
    item_availability.unpublish(company, by=user_of(request))
    return _shown(company)


def _shown(company: Company) -> dict[str, Any]:
    row = SalesConnectionSetup.objects.filter(company=company).first() or SalesConnectionSetup()
    age = item_availability.age_of_key(row, clock.now())
    return {
        "enabled": row.item_availability_service_enabled,
        "url": row.odata_url,
        "has_key": bool(row.odata_access_key),
        "key_age_days": age.days if age is not None else None,
    }


def _told(trial: Trial) -> dict[str, Any]:
    found = trial.found
    return {
        "url": trial.url,
        "milliseconds": round(trial.seconds * 1000),
        "sentence": trial.sentence,
        "item": found.item if found else None,
        "inventory": str(found.inventory) if found else None,
    }
