"""What every environment has: organization, business unit, currency, users, roles, privileges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from sandbox import identities
from sandbox.dataverse import membership, solutions
from sandbox.dataverse.planting import plant as plant_rows
from sandbox.dataverse.security import ADMINISTRATOR_TEMPLATE, VERBS, privilege_id, privilege_name

if TYPE_CHECKING:
    from sandbox.dataverse.service import Dataverse

NAMESPACE = UUID("d7268411-c8f7-4a9a-9f0d-27e8194a351d")
# The product availability role is for sellers.
ASSIGNED_ROLES = (
    identities.INTEGRATION_ROLE_ID,
    "8c8d4f51-a72b-e511-80d9-3863bb349780",
    "6f960e32-a72b-e511-80d9-3863bb349780",
)


def plant(environment: Dataverse) -> None:
    """Fill an empty environment with what is always there."""
    _plant_organization(environment)
    _plant_users(environment)
    _plant_roles(environment)
    _plant_integration(environment)
    # A company of Business Central is found by its id there, and only once.
    company = environment.model.tables["bcbi_company"]
    key = {"SchemaName": "bcbi_externalid_key", "KeyAttributes": ["bcbi_externalid"]}
    environment.model.add_key(company, key)


def _plant_organization(environment: Dataverse) -> None:
    organization = {
        "organizationid": identities.ORGANIZATION_ID,
        "name": "cronus",
        "basecurrencyid": identities.BASE_CURRENCY_ID,
        "languagecode": 1033,
        "issopintegrationenabled": 0,
        "createproductswithoutparentinactivestate": 0,
        "expirechangetrackingindays": 7,
    }
    plant_rows(environment, "organization", [organization])
    unit = {
        "businessunitid": identities.BUSINESS_UNIT_ID,
        "name": "cronus",
        "organizationid": identities.ORGANIZATION_ID,
        "isdisabled": 0,
    }
    plant_rows(environment, "businessunit", [unit])
    currency = {
        "transactioncurrencyid": identities.BASE_CURRENCY_ID,
        "currencyname": "US Dollar",
        "isocurrencycode": "USD",
        "currencysymbol": "$",
        "currencyprecision": 2,
        "exchangerate": 1,
        "organizationid": identities.ORGANIZATION_ID,
    }
    plant_rows(environment, "transactioncurrency", [currency])


def _plant_users(environment: Dataverse) -> None:
    users = [
        _user(identities.SYSTEM_USER_ID, "SYSTEM", "", isdisabled=0, accessmode=3),
        _user(
            identities.FULL_USER_ID,
            "Sandbox",
            "Administration",
            applicationid=identities.CLIENT_ID,
            isdisabled=0,
            accessmode=4,
        ),
        _user(
            identities.INTEGRATION_USER_ID,
            "Business Central",
            "Integration",
            applicationid=identities.INTEGRATION_CLIENT_ID,
            isintegrationuser=1,
            isdisabled=0,
            accessmode=4,
        ),
        _user(
            identities.PERSON_USER_ID,
            "Alex",
            "Morgan",
            domainname=identities.USERNAME,
            internalemailaddress=identities.USERNAME,
            islicensed=1,
            isdisabled=0,
            accessmode=0,
        ),
    ]
    plant_rows(environment, "systemuser", users)
    team = {
        "teamid": identities.DEFAULT_TEAM_ID,
        "name": "cronus",
        "businessunitid": identities.BUSINESS_UNIT_ID,
        "organizationid": identities.ORGANIZATION_ID,
        "administratorid": identities.SYSTEM_USER_ID,
        "isdefault": 1,
        "teamtype": 0,
    }
    plant_rows(environment, "team", [team])
    membership.settle(environment.store, environment.model, users)


def _user(identity: str, first: str, last: str, **more: Any) -> dict[str, Any]:
    name = f"{first} {last}".strip()
    row = {
        "systemuserid": identity,
        "firstname": first,
        "lastname": last,
        "fullname": name,
        "businessunitid": identities.BUSINESS_UNIT_ID,
        "organizationid": identities.ORGANIZATION_ID,
        "isintegrationuser": 0,
        "setupuser": int(identity == identities.SYSTEM_USER_ID),
    }
    return row | more


def _plant_roles(environment: Dataverse) -> None:
    tables = environment.model.tables
    privileges = [
        {
            "privilegeid": privilege_id(privilege_name(verb, table)),
            "name": privilege_name(verb, table),
            "accessright": 1 << index,
        }
        for table in tables
        for index, verb in enumerate(VERBS)
    ]
    plant_rows(environment, "privilege", privileges)
    administrator = {
        "roleid": identities.ADMINISTRATOR_ROLE_ID,
        "name": "System Administrator",
        "roletemplateid": ADMINISTRATOR_TEMPLATE,
        "businessunitid": identities.BUSINESS_UNIT_ID,
        "organizationid": identities.ORGANIZATION_ID,
        "parentrootroleid": identities.ADMINISTRATOR_ROLE_ID,
        "ismanaged": 1,
    }
    plant_rows(environment, "role", [administrator])
    users = (identities.SYSTEM_USER_ID, identities.FULL_USER_ID, identities.PERSON_USER_ID)
    rows = [_given(user, identities.ADMINISTRATOR_ROLE_ID) for user in users]
    plant_rows(environment, "systemuserroles", rows)


def _plant_integration(environment: Dataverse) -> None:
    """Install both solutions; the integration user and the team have their roles."""
    packages = (solutions.shipped(solutions.SHIPPED_BASE), solutions.shipped())
    for content in packages:
        solutions.install(environment, content, by=identities.SYSTEM_USER_ID)
    user, team = identities.INTEGRATION_USER_ID, identities.DEFAULT_TEAM_ID
    roles = (role.id for content in packages for role in content.roles)
    assigned = [role for role in roles if role in ASSIGNED_ROLES]
    to_user = [_given(user, role) for role in assigned]
    plant_rows(environment, "systemuserroles", to_user)
    to_team = [
        {"teamroleid": derived(f"{team}/{role}"), "teamid": team, "roleid": role}
        for role in assigned
    ]
    plant_rows(environment, "teamroles", to_team)


def _given(user: str, role: str) -> dict[str, Any]:
    return {"systemuserroleid": derived(f"{user}/{role}"), "systemuserid": user, "roleid": role}


def derived(word: str) -> str:
    """Return an id that is the same after every reset."""
    return str(uuid5(NAMESPACE, word))
