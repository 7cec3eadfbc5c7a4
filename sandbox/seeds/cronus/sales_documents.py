"""A price list, submitted orders and activated quotes in Sales; their lines are written in."""

from __future__ import annotations

from typing import Any

from sandbox import identities
from sandbox.seeds.cronus.fixed import dataverse_time, day, dice, identity, multiplied
from sandbox.store import Row

ORDERS, QUOTES = 12, 8
PRICE_LIST = identity("pricelevel", "Sales 2025")
SUBMITTED, ORDER_IN_PROGRESS = 1, 3
ACTIVE, QUOTE_OPEN = 1, 3
ARTICLES = (
    ("Desk, cut to measure", 349.5),
    ("Showroom chair", 89),
    ("Assembly on site, per hour", 65),
    ('Lamp, "Nordlys" (sample)', 129.9),
    ("Carpet tiles, m²", 24.25),
)


def price_list() -> Row:
    return {
        "pricelevelid": PRICE_LIST,
        "name": "Sales 2025",
        "begindate": "2025-01-01",
        "transactioncurrencyid": identities.BASE_CURRENCY_ID,
        "organizationid": identities.ORGANIZATION_ID,
    }


def orders(accounts: list[Row], scale: float = 1) -> tuple[list[Row], list[Row]]:
    """Return orders that were submitted, and their lines."""
    state = {"statecode": SUBMITTED, "statuscode": ORDER_IN_PROGRESS, "submitdate": str(day(20))}
    number = multiplied(ORDERS, scale, 3)
    return _documents("salesorder", "ordernumber", "ORD-01{:03}-X7K2", number, accounts, state)


def quotes(accounts: list[Row], scale: float = 1) -> tuple[list[Row], list[Row]]:
    """Return quotes that were activated, and their lines."""
    state = {
        "statecode": ACTIVE,
        "statuscode": QUOTE_OPEN,
        "revisionnumber": 0,
        "effectivefrom": str(day(10)),
        "effectiveto": str(day(100)),
    }
    number = multiplied(QUOTES, scale, 2)
    return _documents("quote", "quotenumber", "QUO-01{:03}-M3P9", number, accounts, state)


def _documents(
    table: str, number_column: str, pattern: str, number: int, accounts: list[Row], state: Row
) -> tuple[list[Row], list[Row]]:
    chance = dice(table)
    headers, lines = [], []
    for index in range(number):
        key, account = pattern.format(index), accounts[index % len(accounts)]
        own = [
            _line(table, key, account, (position, chance.choice(ARTICLES), chance.randrange(1, 9)))
            for position in range(1, chance.randrange(2, 5))
        ]
        total = round(sum(line["extendedamount"] for line in own), 2)
        at = dataverse_time(25_000 + index)
        headers.append(
            {
                f"{table}id": identity(table, key),
                number_column: key,
                "name": f"Furniture for {account['name']}",
                "customerid": account["accountid"],
                "customerid__t": "account",
                "accountid": account["accountid"],
                "pricelevelid": PRICE_LIST,
                "transactioncurrencyid": identities.BASE_CURRENCY_ID,
                "exchangerate": 1,
                "paymenttermscode": 1,
                "freighttermscode": 1,
                "shippingmethodcode": 2,
                "requestdeliveryby": str(day(60 + index)),
                "description": "Please call before delivery." if index % 3 == 0 else None,
                "totallineitemamount": total,
                "totalamountlessfreight": total,
                "totalamount": total,
                "totaltax": 0,
                "ownerid": account["ownerid"],
                "ownerid__t": "systemuser",
                "createdon": at,
                "modifiedon": at,
                **_addresses(account),
                **state,
            }
        )
        lines += own
    return headers, lines


def _addresses(account: Row) -> Row:
    parts = ("line1", "city", "postalcode", "country")
    addresses: dict[str, Any] = {
        f"{kind}_{part}": account.get(f"address1_{part}")
        for kind in ("shipto", "billto")
        for part in parts
    }
    return addresses | {"shipto_name": account["name"], "billto_name": account["name"]}


def _line(table: str, key: str, account: Row, what: tuple[int, tuple[str, float], int]) -> Row:
    position, (article, price), quantity = what
    amount = round(price * quantity, 2)
    return {
        f"{table}detailid": identity(f"{table}detail", f"{key}/{position}"),
        f"{table}id": identity(table, key),
        "isproductoverridden": 1,
        "productdescription": article,
        "ispriceoverridden": 1,
        "quantity": quantity,
        "priceperunit": price,
        "baseamount": amount,
        "extendedamount": amount,
        "tax": 0,
        "lineitemnumber": position,
        "sequencenumber": position,
        "producttypecode": 1,
        "transactioncurrencyid": identities.BASE_CURRENCY_ID,
        "ownerid": account["ownerid"],
        "ownerid__t": "systemuser",
    }
