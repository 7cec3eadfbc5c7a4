"""The integration user in Dataverse: found, made for an application without one, set apart."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from connections.authentication import BY_APPLICATION
from connections.causes import Cause
from connections.errors import ConfigurationError, IntegrationError
from connections.models import SignIn
from connections.odata import Client, Request
from connections.terms import AuthenticationType

FIRST_NAME, LAST_NAME = "Business Central", "Integration"  # E-9.12
NAME = f"{FIRST_NAME} {LAST_NAME}"
NON_INTERACTIVE = 4
COLUMNS = "systemuserid,fullname,isdisabled,isintegrationuser,accessmode"
ROOT = "businessunits?$select=businessunitid&$filter=_parentbusinessunitid_value eq null"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class IntegrationUser:
    """Whom the connection signs in as."""

    id: UUID
    name: str
    is_disabled: bool
    is_set_apart: bool  # not for people: an application, or marked and Non-interactive


def signs_in_as_application(who: SignIn) -> bool:
    """Whether it is the application itself that signs in, and not a user with a name."""
    return AuthenticationType(who.authentication_type) in BY_APPLICATION


def find(client: Client, who: SignIn) -> IntegrationUser | None:
    """Return whom a sign-in stands for; an application with two users is an error (E-9.12)."""
    is_application = signs_in_as_application(who)
    wanted = f"applicationid eq {UUID(who.client_id)}" if is_application else _named(who.user_name)
    path = f"systemusers?$select={COLUMNS}&$filter={wanted}"
    found = client.rows(path)
    if is_application and len(found) > 1:
        names = ", ".join(str(row["fullname"]) for row in found)
        message = f"The application {who.client_id} has {len(found)} users in Dataverse: {names}."
        raise ConfigurationError(message, cause=Cause.USER_MANY)
    return _user(found[0], is_application=is_application) if found else None


def _named(name: str) -> str:
    quoted = name.replace("'", "''")
    return f"domainname eq '{quoted}' or internalemailaddress eq '{quoted}'"


def _user(row: dict[str, Any], *, is_application: bool) -> IntegrationUser:
    is_marked = bool(row.get("isintegrationuser")) and row.get("accessmode") == NON_INTERACTIVE
    return IntegrationUser(
        UUID(row["systemuserid"]),
        str(row["fullname"]),
        is_disabled=bool(row.get("isdisabled")),
        is_set_apart=is_application or is_marked,
    )


def ensure(client: Client, who: SignIn) -> str:
    """Make or set apart the user where that is needed, as an administrator; say what was done."""
    user = find(client, who)
    if user is None:
        return create(client, who)
    if user.is_set_apart:
        return f"The integration user {user.name} exists."
    marks = {"isintegrationuser": True, "accessmode": NON_INTERACTIVE}
    body = json.dumps(marks).encode()
    client.send(Request("PATCH", f"systemusers({user.id})", body, JSON | {"If-Match": "*"}))
    return f"The user {user.name} is marked as integration user with access mode Non-interactive."


def create(client: Client, who: SignIn) -> str:
    """Make the application's user in the root business unit; a person's account is not made."""
    if not signs_in_as_application(who):
        message = f"The integration user {who.user_name} does not exist in Dataverse."
        raise ConfigurationError(message, cause=Cause.USER_NONE)
    [root] = client.get(ROOT).object()["value"]
    values = {
        "applicationid": str(UUID(who.client_id)),
        "firstname": FIRST_NAME,
        "lastname": LAST_NAME,
        "businessunitid@odata.bind": f"/businessunits({root['businessunitid']})",
    }
    try:
        client.send(Request("POST", "systemusers", json.dumps(values).encode(), JSON))
    except IntegrationError:
        # Somebody else made it, or the answer was lost.
        if find(client, who) is None:
            raise
    return f"The application user {NAME} was created in the root business unit."
