"""The company's own business unit and team in Dataverse, made by an administrator (E-9.13)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from connections.company_row import mark_of, team_name
from connections.models import Company
from connections.odata import Client, Request
from integration_admin.guides.asking import unit_name

JSON = {"Content-Type": "application/json"}
UNITS = "businessunits?$select=businessunitid,name"


@dataclass(frozen=True, slots=True)
class Owning:
    """The business unit of the team that owns the records."""

    unit: UUID
    made: tuple[str, ...]  # what had to be made


def ensure(client: Client, company: Company, unit: UUID | None) -> Owning:
    """Return unit and team; what is missing is made. Without a unit it is the company's own."""
    made: list[str] = []
    if unit is None:
        unit, name = _own_unit(client, company, made)
    else:
        name = str(client.get(f"businessunits({unit})?$select=name").object()["name"])
    _ensure_team(client, company, unit, name, made)
    return Owning(unit, tuple(made))


def _own_unit(client: Client, company: Company, made: list[str]) -> tuple[UUID, str]:
    """E-9.13: a unit whose name holds the company's id is used again, whatever it is called."""
    if found := _own_units(client, company):
        return UUID(found[0]["businessunitid"]), str(found[0]["name"])
    name, identity = unit_name(company), uuid5(company.business_central_id, "businessunit")
    parent = f"/businessunits({_root(client)['businessunitid']})"
    values = {"businessunitid": str(identity), "name": name}
    _create(client, "businessunits", {**values, "parentbusinessunitid@odata.bind": parent})
    made.append(f"the business unit {name}")
    return identity, name


def _own_units(client: Client, company: Company) -> list[dict[str, Any]]:
    return client.rows(f"{UNITS}&$filter=contains(name,'{mark_of(company)}')")


def _root(client: Client) -> dict[str, Any]:
    [root] = client.rows(f"{UNITS}&$filter=_parentbusinessunitid_value eq null")
    return root


def _ensure_team(client: Client, company: Company, unit: UUID, name: str, made: list[str]) -> None:
    wanted = team_name(name)
    quoted = wanted.replace("'", "''")
    there = f"_businessunitid_value eq {unit} and name eq '{quoted}'"
    if client.rows(f"teams?$select=teamid&$filter={there}"):
        return
    me = client.get("WhoAmI").object()["UserId"]
    identity = uuid5(company.business_central_id, f"team/{unit}")
    values = {"teamid": str(identity), "name": wanted, "teamtype": 0}
    references = {
        "businessunitid@odata.bind": f"/businessunits({unit})",
        "administratorid@odata.bind": f"/systemusers({me})",
    }
    _create(client, "teams", {**values, **references})
    made.append(f"the team {wanted}")


def _create(client: Client, entity_set: str, values: dict[str, Any]) -> None:
    client.send(Request("POST", entity_set, json.dumps(values).encode(), JSON))
