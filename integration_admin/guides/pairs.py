"""Which users of Sales are which salespeople, by e-mail; proposed before anything is connected."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from connections import setup
from connections.checks import IMPATIENT
from connections.models import BusinessCentralConnection, DataverseConnectionSetup, SignIn
from connections.odata import Client
from connections.systems import Selection
from mappings import salespeople
from mappings.roster import Roster, Salesperson, SalesUser

TABLE = "salespeoplePurchasers"
USERS = (
    "systemusers?$select=systemuserid,fullname,internalemailaddress"
    "&$filter=isdisabled eq false and isintegrationuser eq false"
)


def propose(
    who: SignIn, dataverse: DataverseConnectionSetup, business_central: BusinessCentralConnection
) -> list[dict[str, str]]:
    """Return each user whose e-mail exactly one salesperson has (C-0902); none is coupled yet."""
    client = setup.dataverse_as(who, dataverse, timing=IMPATIENT)
    try:
        users = tuple(_users(client))
    finally:
        client.close()
    system = setup.business_central_of(business_central, timing=IMPATIENT)
    selection = Selection(TABLE, ("code", "displayName", "email"))
    people = {
        str(row.values["code"]): Salesperson(
            row,
            str(row.values["code"]),
            str(row.values["displayName"] or ""),
            str(row.values["email"] or ""),
        )
        for page in system.read(selection)
        for row in page
    }
    known = Roster(
        users=users,
        salespeople=people,
        hidden=0,
        rule="",
        team=None,
        elsewhere=frozenset(),
        table=system.describe(TABLE),
    )
    found = salespeople.suggestions(known)
    names = {user.id: user.name for user in users}
    return [
        {
            "user": str(identity),
            "code": code,
            "caption": f"{people[code].name or code} ({code}) is {names[identity]}",
        }
        for identity, code in found.items()
    ]


def _users(client: Client) -> Iterable[SalesUser]:
    for page in client.pages(USERS):
        for row in page:
            email = str(row.get("internalemailaddress") or "")
            name = str(row.get("fullname") or email)
            yield SalesUser(UUID(row["systemuserid"]), name, email, "", is_member=False)
