"""What health found last of a Dataverse connection, as its set-up shows it (C-0508, C-0523)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from connections.causes import Cause
from connections.health import ROLES, SOLUTION, TEAM_ROLES, State
from connections.models import Company, DataverseConnectionSetup
from connections.systems import Side
from integration_admin.personal import Reader, as_seen_by
from syncjobs.models import HealthCheck

# What a set-up calls it, the checks that tell, and the page that tells more.
CHECKED = (
    ("Solution Version", (SOLUTION,), "redeploy"),
    ("Dataverse Version checked", ("Version",), "health"),
    ("User Roles checked", ("Security roles", ROLES), "security_roles"),
    ("Team Roles checked", (TEAM_ROLES,), "security_roles"),
    ("Entities availability checked", ("Tables",), "health"),
)
WORST_FIRST = (State.WRONG, State.UNKNOWN, State.ATTENTION, State.HEALTHY)


@dataclass(frozen=True, slots=True)
class Fact:
    """What was found by one or more checks."""

    caption: str
    page: str
    rows: Sequence[HealthCheck]

    @property
    def state(self) -> str:
        found = {row.state for row in self.rows}
        return next((one for one in WORST_FIRST if one in found), "")

    @property
    def checked_at(self) -> datetime | None:
        return min((row.checked_at for row in self.rows), default=None)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else is known of an environment: the last look at it, and who shares it."""

    facts: Sequence[Fact]
    is_in_administration: bool
    shared_with: Sequence[Company]


def of(row: DataverseConnectionSetup, reader: Reader) -> Surroundings:
    """Return what is known of a set-up's environment, without asking it."""
    rows = HealthCheck.objects.filter(company=row.company, side=Side.DATAVERSE)
    every = as_seen_by(reader, rows)
    facts = [
        Fact(caption, page, [one for one in every if one.name in names])
        for caption, names, page in CHECKED
    ]
    return Surroundings(
        facts if row.is_enabled else (),
        any(one.code == Cause.ADMINISTRATION_MODE for one in every),
        _sharing(row),
    )


def _sharing(row: DataverseConnectionSetup) -> list[Company]:
    """Return the other companies of the environment."""
    others = DataverseConnectionSetup.objects.exclude(company=row.company)
    mine = _server(row)
    every = others.select_related("company").order_by("company__name")
    return [one.company for one in every if mine and _server(one) == mine]


def _server(row: DataverseConnectionSetup) -> str:
    return urlsplit(row.server_address).netloc.lower()
