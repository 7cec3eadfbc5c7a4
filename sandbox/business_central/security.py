"""Who may do what in Business Central: permission sets of the applications that sign in."""

from __future__ import annotations

from sandbox import identities
from sandbox.business_central import refusals
from sandbox.schema import Table

# The integration's permission set reads the setup of the company, and changes only what it maps.
READ_ONLY_ROLES = frozenset({"support"})


def demand(user: str, verb: str, table: Table) -> None:
    """Raise a refusal that names the missing permission."""
    if user != identities.INTEGRATION_CLIENT_ID or verb == "Read":
        return
    if str(table.extra["role"]) in READ_ONLY_ROLES:
        raise refusals.permission(verb, str(table.extra["table"]), user)
