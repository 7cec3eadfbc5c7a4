"""The rows of the set-ups as a guide's answers would make them; nothing here is saved."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from connections.authentication import ON_PREMISES
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    DeploymentIdentity,
    SalesConnectionSetup,
)
from connections.terms import OwnershipModel
from integration_admin.guides.guide import Situation

NOBODY = UUID(int=0)  # stands for the company until it is chosen
SECRETS = ("client_secret", "private_key", "password")
SIGN_IN = (
    "authority", "tenant", "authentication_type", "client_id", "certificate", "user_name", *SECRETS
)  # fmt: skip
PLACE = ("server_address", "web_client_url", "resource")
REGISTRATION, USER, BUSINESS_CENTRAL = "registration", "integration_user", "business_central"


def company(situation: Situation) -> Company:
    """Return the company that the guide is about."""
    if situation.company is not None:
        return situation.company
    chosen = situation.answer("company", "business_central_id")
    found = Company(business_central_id=UUID(chosen) if chosen else NOBODY)
    for one in situation.told.get("companies", ()):
        if one["id"] == chosen:
            found.name, found.display_name = one["name"][:30], one["display_name"][:250]
    found.name = found.name or str(found.business_central_id)[:30]
    return found


def business_central(situation: Situation) -> BusinessCentralConnection:
    """Return where Business Central is; it signs in as the app registration, where that may."""
    if situation.business_central is not None:
        return situation.business_central
    row = BusinessCentralConnection(company=company(situation))
    if not has_own_sign_in(situation):
        _fill(row, situation, REGISTRATION, USER, names=SIGN_IN)
        _fill(row, situation, BUSINESS_CENTRAL, names=PLACE)
    else:
        _fill(row, situation, BUSINESS_CENTRAL, names=(*SIGN_IN, *PLACE))
    return row


def has_own_sign_in(situation: Situation) -> bool:
    """Whether Business Central cannot be reached as Dataverse is, a server of one's own."""
    return dataverse(situation).authentication_type in ON_PREMISES


def dataverse(situation: Situation) -> DataverseConnectionSetup:
    """Return the Dataverse Connection Setup; what is not answered stays as it is."""
    row = situation.dataverse or DataverseConnectionSetup(company=company(situation))
    if situation.dataverse is None and situation.business_central is not None:
        for name in SIGN_IN:
            setattr(row, name, getattr(situation.business_central, name))
    _fill(row, situation, REGISTRATION, USER, names=SIGN_IN)
    _fill(row, situation, "environment", names=("server_address", "web_client_url", "sdk_version"))
    _fill(row, situation, "ownership", names=("ownership_model",))
    if situation.answer("ownership", "business_unit") and _is_team(row):
        row.business_unit_id = UUID(situation.answer("ownership", "business_unit"))
    return row


def _is_team(row: DataverseConnectionSetup) -> bool:
    return row.ownership_model == OwnershipModel.TEAM


def administrator(situation: Situation, step: str) -> DeploymentIdentity:
    """Return who signs in for the import: entered in the step, else who is stored."""
    row = situation.identity or DeploymentIdentity(company=company(situation))
    if situation.identity is None:
        like = dataverse(situation)
        row.authority, row.tenant = like.authority, like.tenant
        if like.authentication_type in ON_PREMISES:  # the server knows no other
            row.authentication_type = like.authentication_type
    _fill(row, situation, step, names=SIGN_IN)
    return row


def sales(situation: Situation) -> SalesConnectionSetup:
    """Return the Microsoft Dynamics 365 Connection Setup."""
    return situation.sales or SalesConnectionSetup(company=company(situation))


def _fill(row: Any, situation: Situation, *steps: str, names: tuple[str, ...]) -> None:
    for step in steps:
        given = situation.answers.get(step, {})
        for name in names:
            if name in given:
                setattr(row, name, given[name])
        for name, text in situation.secrets.get(step, {}).items():
            if name in names:
                setattr(row, name, text)
