"""The users of Business Central that Sales may ask as, from its automation API (C-0610)."""

from __future__ import annotations

from dataclasses import dataclass

from connections import setup
from connections.checks import IMPATIENT
from connections.models import Company

PATH = "api/microsoft/automation/v2.0/companies({company})/users?$select=userName,displayName,state"
ENABLED = "Enabled"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in to Business Central."""

    name: str
    display_name: str

    def __str__(self) -> str:
        return f"{self.name} – {self.display_name}" if self.display_name else self.name


def enabled_users(company: Company) -> list[User]:
    """Return the users that are not switched off, by name; it takes the right to automate."""
    row = setup.business_central_connection(company)
    client = setup.business_central_of(row, timing=IMPATIENT).client
    told = client.rows(PATH.format(company=company.business_central_id))
    users = [
        User(str(one.get("userName") or ""), str(one.get("displayName") or ""))
        for one in told
        if one.get("state") == ENABLED
    ]
    return sorted((user for user in users if user.name), key=lambda user: user.name)
