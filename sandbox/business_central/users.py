"""The users of an environment, as Business Central's automation API lists them."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from sandbox import identities
from sandbox.business_central import refusals
from sandbox.business_central.queries import read_options
from sandbox.http import Call, Reply

ROUTE = "microsoft/automation/v2.0"
USERS = (
    ("ADMIN", "Administrator", "Enabled"),
    (identities.AVAILABILITY_USER, "Item availability for Sales", "Enabled"),
    ("FORMER", "Former Employee", "Disabled"),
)
NAMES = ("userSecurityId", "userName", "displayName", "state")


def handle(call: Call, segments: list[str], root: str) -> Reply:
    """List the users; they are neither looked up one by one nor changed here."""
    if segments != ["users"]:
        raise refusals.segment(segments[-1])
    if call.method != "GET":
        raise refusals.method(call.method, "users")
    options = read_options(call.query)
    asked = options.pop("$select", ",".join(NAMES)).split(",")
    if options:
        raise refusals.not_implemented(f"The users answer no {', '.join(options)}.")
    for name in asked:
        if name not in NAMES:
            raise refusals.unknown_property(name, "Microsoft.NAV.user")
    rows = [{name: facts[name] for name in asked} for facts in map(_facts, USERS)]
    return Reply(200, {"@odata.context": f"{root}/$metadata#users", "value": rows})


def _facts(user: tuple[str, str, str]) -> dict[str, str]:
    return dict(zip(NAMES, (str(uuid5(NAMESPACE_URL, user[0])), *user), strict=True))
