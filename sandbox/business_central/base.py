"""What every environment has: one company and the setup that its tables rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from sandbox import identities
from sandbox.business_central.planting import plant as plant_rows
from sandbox.store import BUSINESS_CENTRAL

if TYPE_CHECKING:
    from sandbox.business_central.service import BusinessCentral

NAMESPACE = UUID("0b6f3a52-4a6f-4d51-8a4e-6f0f0c7a9d21")
COMPANY_NAME = "CRONUS International Ltd."
LOCAL_CURRENCY = "USD"  # the base currency of the Dataverse environment
CUSTOMER_RELATION, VENDOR_RELATION = "CUST", "VEND"


def plant(environment: BusinessCentral) -> None:
    """Fill an empty environment with what is always there; what is there already stays."""
    if environment.store.count(BUSINESS_CENTRAL, environment.tables["companies"]):
        return
    company = {
        "id": identities.BC_COMPANY_ID,
        "name": COMPANY_NAME,
        "displayName": COMPANY_NAME,
        "systemVersion": "25.0.23364.0",
    }
    plant_rows(environment, "companies", [company])
    marketing = {
        "id": derived("marketingSetup"),
        "customerBusinessRelationCode": CUSTOMER_RELATION,
        "vendorBusinessRelationCode": VENDOR_RELATION,
    }
    plant_rows(environment, "marketingSetup", [marketing])
    ledger = {
        "id": derived("generalLedgerSetup"),
        "localCurrencyCode": LOCAL_CURRENCY,
        "localCurrencySymbol": "$",
        "unitAmountRoundingPrecision": 0.00001,
    }
    plant_rows(environment, "generalLedgerSetup", [ledger])
    sales = {"id": derived("salesReceivablesSetup"), "writeInProductType": "Item"}
    plant_rows(environment, "salesReceivablesSetup", [sales])


def derived(name: str) -> str:
    """Return a stable id."""
    return str(uuid5(NAMESPACE, name))
