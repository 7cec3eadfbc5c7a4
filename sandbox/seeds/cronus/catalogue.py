"""Unit groups, products, prices and opportunities that Sales has of its own."""

from __future__ import annotations

from typing import Any

from sandbox import identities
from sandbox.seeds.cronus import odd_goods
from sandbox.seeds.cronus.fixed import dataverse_time, day, identity
from sandbox.seeds.cronus.sales_documents import PRICE_LIST
from sandbox.store import Row

DEFAULT_GROUP, DEFAULT_UNIT = "Default Unit", "Primary Unit"  # as a fresh environment has them
SHARED_NAME = f"NAV {odd_goods.SHARED_CODE}"
INACTIVE_NAME = f"NAV {odd_goods.INACTIVE_CODE}"
IN_DEFAULT_UNIT = "SH-30"
LONG_TOPIC = (
    "Complete refurnishing of the reading rooms, the archive and the café of the Carnegie Library "
    "at Lake Washington, including delivery and assembly by night"
)
GROUPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    # name, base unit, the rest
    (DEFAULT_GROUP, DEFAULT_UNIT, {}),
    ("NAV PCS", "PCS", {}),  # an integration of earlier days made these
    (INACTIVE_NAME, odd_goods.INACTIVE_CODE, {"statecode": 1, "statuscode": 2}),
    (SHARED_NAME, odd_goods.SHARED_CODE, {}),
)
RETIRED = {"statecode": 1, "statuscode": 2}
DRAFT = {"statecode": 2, "statuscode": 0}
PRODUCTS: tuple[tuple[str, str, str, float, dict[str, Any]], ...] = (
    # product ID, name, unit group, list price, the rest
    ("SH-10", "Showroom Chair, last season", "NAV PCS", 59, {}),
    ("SH-20", "Showroom Table, last season", "NAV PCS", 199.5, {}),
    (IN_DEFAULT_UNIT, "Showroom Lamp, last season", DEFAULT_GROUP, 39, {}),
    ("SH-40", "Showroom Sofa, next season", "NAV PCS", 899, DRAFT),
    (odd_goods.TAKEN, "Coat Stand (discontinued)", "NAV PCS", 149, RETIRED),
)
PRICED = ("SH-10", "SH-20", odd_goods.TAKEN)
TOPICS = (
    # topic, estimated value, days until it closes
    ("Reading chairs for a branch library", 8400, 150),
    ("Desks on hire for a film set", 3100, 60),
    (LONG_TOPIC, 125000, 240),
)


def unit_groups() -> list[Row]:
    return [
        {
            "uomscheduleid": identity("uomschedule", name),
            "name": name,
            "baseuomname": base,
            "organizationid": identities.ORGANIZATION_ID,
            **more,
        }
        for name, base, more in GROUPS
    ]


def units() -> list[Row]:
    """Return the base unit of each group, and a second unit in one of them."""
    rows = [_unit(name, base) for name, base, _ in GROUPS]
    dozen = {"quantity": 12, "isschedulebaseuom": 0, "baseuom": _unit_id(*_base(SHARED_NAME))}
    return [*rows, _unit(SHARED_NAME, "BOX OF 12") | dozen]


def _unit(group: str, name: str) -> Row:
    return {
        "uomid": _unit_id(group, name),
        "name": name,
        "quantity": 1,
        "isschedulebaseuom": 1,
        "uomscheduleid": identity("uomschedule", group),
        "organizationid": identities.ORGANIZATION_ID,
    }


def _unit_id(group: str, name: str) -> str:
    return identity("uom", f"{group}/{name}")


def _base(group: str) -> tuple[str, str]:
    return next((name, base) for name, base, _ in GROUPS if name == group)


def products() -> list[Row]:
    return [
        {
            "productid": identity("product", number),
            "productnumber": number,
            "name": name,
            "producttypecode": 1,
            "productstructure": 1,
            "quantitydecimal": 2,
            "defaultuomscheduleid": identity("uomschedule", group),
            "defaultuomid": _unit_id(*_base(group)),
            "price": price,
            "transactioncurrencyid": identities.BASE_CURRENCY_ID,
            "organizationid": identities.ORGANIZATION_ID,
            **more,
        }
        for number, name, group, price, more in PRODUCTS
    ]


def prices() -> list[Row]:
    """Return prices in the sellers' own list, of a product that was retired since too."""
    return [
        {
            "productpricelevelid": identity("productpricelevel", row["productnumber"]),
            "pricelevelid": PRICE_LIST,
            "productid": row["productid"],
            "productnumber": row["productnumber"],
            "uomid": row["defaultuomid"],
            "uomscheduleid": row["defaultuomscheduleid"],
            "amount": round(row["price"] * 0.9, 2),
            "pricingmethodcode": 1,
            "quantitysellingcode": 1,
            "roundingpolicycode": 1,
            "transactioncurrencyid": identities.BASE_CURRENCY_ID,
            "organizationid": identities.ORGANIZATION_ID,
        }
        for row in products()
        if row["productnumber"] in PRICED
    ]


def opportunities(accounts: list[Row]) -> list[Row]:
    """Return opportunities that sellers opened with accounts that are customers."""
    rows = []
    for index, (topic, value, days) in enumerate(TOPICS):
        account = accounts[index]
        at = dataverse_time(21_000 + index)
        rows.append(
            {
                "opportunityid": identity("opportunity", topic),
                "name": topic,
                "parentaccountid": account["accountid"],
                "customerid": account["accountid"],
                "customerid__t": "account",
                "accountid": account["accountid"],
                "estimatedvalue": value,
                "estimatedclosedate": str(day(days)),
                "transactioncurrencyid": identities.BASE_CURRENCY_ID,
                "ownerid": account["ownerid"],
                "ownerid__t": "systemuser",
                "createdon": at,
                "modifiedon": at,
            }
        )
    return rows
