"""How much of the systems' service limits is in use, and whether they asked us to wait of late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import redis
from django.conf import settings

from connections import budget, limits, setup
from connections.health import Finding, State
from connections.limits import Allowance
from connections.models import Company
from connections.systems import Side

NAME = "Service limits"


def check_limits(company: Company, *, now: datetime) -> list[Finding]:
    """Look at the budgets that all workers share; without Redis each keeps its own."""
    row, other = setup.business_central_connection(company), setup.dataverse_setup(company)
    places: tuple[tuple[Side, str, Allowance, Callable[[], str]], ...] = (
        (
            Side.BUSINESS_CENTRAL,
            row.server_address,
            limits.BUSINESS_CENTRAL,
            lambda: setup.principal_of(row, setup.business_central_root(row.server_address)),
        ),
        (
            Side.DATAVERSE,
            other.server_address,
            limits.DATAVERSE,
            lambda: setup.principal_of(other, setup.dataverse_origin(other.server_address)),
        ),
    )
    return [
        _look(side, principal(), allowance, now)
        for side, address, allowance, principal in places
        if address
    ]


def _look(side: Side, principal: str, allowance: Allowance, now: datetime) -> Finding:
    try:
        usage = budget.usage_of(principal, allowance, settings.REDIS_URL)
    except redis.RedisError:
        sentence = "Redis does not answer; each process keeps within the limits by itself."
        return Finding(side, NAME, State.ATTENTION, sentence)
    used = max(usage.requests, usage.execution)
    sentence = f"{used:.0%} of what may be used at once is in use."
    if usage.paused_until is None:
        return Finding(side, NAME, State.HEALTHY, f"{sentence} We were not asked to wait of late.")
    if usage.paused_until > now:
        sentence = f"{side} asks us to wait until {usage.paused_until:%H:%M:%S} UTC. {sentence}"
        cure = "Nothing to do: runs go on when that time is over."
        return Finding(side, NAME, State.ATTENTION, sentence, cure, "E-THROTTLED")
    told = f"We were asked to wait until {usage.paused_until:%H:%M} UTC."
    return Finding(side, NAME, State.HEALTHY, f"{sentence} {told}")
