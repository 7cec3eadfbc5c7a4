"""Adds clean rows by the hundred thousand, after what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from sandbox import identities
from sandbox.business_central.base import CUSTOMER_RELATION, VENDOR_RELATION
from sandbox.business_central.planting import plant as plant_bc
from sandbox.control.faults import SettingError
from sandbox.dataverse.planting import plant as plant_sales
from sandbox.seeds.cronus import codes, goods
from sandbox.seeds.cronus.fixed import identity
from sandbox.seeds.volume_prices import GROUPS, add_groups, prices
from sandbox.store import BUSINESS_CENTRAL, DATAVERSE, Row

if TYPE_CHECKING:
    from sandbox.world import World

AT_ONCE = 5000  # rows of one moment
PRICES = "prices_per_item"  # of the items that are added, each in a currency of its own
CITIES = (
    ("Atlanta", "GA", "31772"),
    ("Boston", "MA", "02110"),
    ("Chicago", "IL", "61236"),
    ("Denver", "CO", "80202"),
    ("Miami", "FL", "37125"),
    ("Seattle", "WA", "98109"),
    ("Austin", "TX", "78701"),
)
KINDS = ("Traders", "Supplies", "Workshop", "Café", "Clinic", "School", "& Daughters")


def volume(world: World, amounts: Mapping[str, int]) -> dict[str, Any]:
    """Add rows; raises SettingError for what cannot grow. Returns how many were added."""
    wanted = dict(amounts)
    priced = wanted.pop(PRICES, 0)
    unknown = set(wanted) - set(GROWERS)
    if unknown or min(wanted.values(), default=0) < 0:
        message = f"Volume is there for {', '.join(GROWERS)}, each from 0 on."
        raise SettingError(message)
    if not 0 <= priced <= len(GROUPS) or (PRICES in amounts and "items" not in amounts):
        message = f"'{PRICES}' goes with 'items', from 0 to {len(GROUPS)}."
        raise SettingError(message)
    for name in sorted(wanted, key=list(GROWERS).index):
        if name == "items":
            _items(world, wanted[name], priced)
        else:
            GROWERS[name](world, wanted[name])
    return dict(amounts)


def _chunks(world: World, system: str, table: str, amount: int) -> Iterator[range]:
    """Yield numbers that no row of the table's volume had yet."""
    name = f"{system}:volume:{table}"  # forgotten when the system is emptied
    first = int(world.store.get_meta(name) or 0) + 1
    end = first + amount
    world.store.set_meta(name, str(max(end, first) - 1))
    for start in range(first, end, AT_ONCE):
        yield range(start, min(start + AT_ONCE, end))


def _partners(world: World, amount: int, table: str, letter: str) -> None:
    """Add customers or vendors, each with its company contact."""
    is_customer = table == "customers"
    link, relation = ("Customer", CUSTOMER_RELATION) if is_customer else ("Vendor", VENDOR_RELATION)
    sellers = _sellers(world, codes.SELLERS if is_customer else codes.PURCHASERS)
    environment = world.business_central
    for numbers in _chunks(world, BUSINESS_CENTRAL, table, amount):
        rows = [_partner(table, f"{letter}{1_000_000 + n}", n) for n in numbers]
        companies = [_company(row, link, n) for row, n in zip(rows, numbers, strict=True)]
        for row, number in zip(rows, numbers, strict=True):
            row["salespersonCode" if is_customer else "purchaserCode"] = sellers[
                number % len(sellers)
            ]
            if is_customer:
                row["creditLimit"] = number % 40 * 500
        plant_bc(environment, table, rows)
        plant_bc(environment, "contacts", companies)
        relations = [
            {
                "id": _id(f"contactBusinessRelations/{link}", number),
                "contactNumber": company["number"],
                "businessRelationCode": relation,
                "linkToTable": link,
                "number": row["number"],
            }
            for row, company, number in zip(rows, companies, numbers, strict=True)
        ]
        plant_bc(environment, "contactBusinessRelations", relations)


@cache
def _family(table: str) -> str:
    """Return what the ids of a table's volume begin with."""
    return identity(table, "volume")[:24]


def _id(table: str, number: int) -> str:
    """Return the id of a row by its number; ids in order are stored quickest."""
    return f"{_family(table)}{number:012x}"


def _sellers(world: World, wanted: tuple[str, ...]) -> list[str]:
    """Return which of the salespeople are there; a company without any leaves the code blank."""
    table = world.business_central.tables["salespeoplePurchasers"]
    found = {row["code"] for row in world.store.select(BUSINESS_CENTRAL, table, ["code"])}
    return [code for code in wanted if code in found] or [""]


def _partner(table: str, key: str, number: int) -> Row:
    city, state, post_code = CITIES[number % len(CITIES)]
    domain = f"{key.lower()}.example"
    return {
        "id": _id(table, number),
        "number": key,
        "displayName": f"{city} {KINDS[number % 5]} {number}",
        "addressLine1": f"{number % 900 + 1} Main Street",
        "city": city,
        "state": state,
        "country": "US",
        "postalCode": post_code,
        "phoneNumber": f"+1 555 {number:07}",
        "email": f"info@{domain}",
        "website": f"https://{domain}",
    }


def _company(partner: Row, link: str, number: int) -> Row:
    key = f"CT{partner['number']}"
    return partner | {
        "id": _id(f"contacts/{link}", number),
        "number": key,
        "type": "Company",
        "companyNumber": key,
        "companyName": partner["displayName"],
        "contactBusinessRelation": link,
    }


def _contacts(world: World, amount: int) -> None:
    """Add people to the companies that came as volume, else to those of the seed, in turn."""
    table = world.business_central.tables["contacts"]
    columns = ["number", "displayName", "contactBusinessRelation"]
    ordinary = (
        "type = 'Company' AND contactBusinessRelation IN ('Customer', 'Vendor') AND number LIKE ?"
    )
    companies = world.store.select(BUSINESS_CENTRAL, table, columns, ordinary, ["CT_1______"])
    companies = companies or _staffed(world, columns)
    if not companies:
        message = "People need a company: add customers or vendors first."
        raise SettingError(message)
    for numbers in _chunks(world, BUSINESS_CENTRAL, "contacts", amount):
        rows = [_person(companies[n % len(companies)], n) for n in numbers]
        plant_bc(world.business_central, "contacts", rows)


def _staffed(world: World, columns: list[str]) -> list[Row]:
    """Return the company contacts that people of the seed work for."""
    listed = ", ".join(f'"{name}"' for name in columns)
    query = (
        f"SELECT {listed} FROM \"bc_contacts\" WHERE type = 'Company' AND number IN "  # noqa: S608
        "(SELECT companyNumber FROM \"bc_contacts\" WHERE type = 'Person') "
        "AND contactBusinessRelation IN ('Customer', 'Vendor')"
    )
    rows = world.store.connection.execute(query)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _person(company: Row, number: int) -> Row:
    key = f"CTP{1_000_000 + number}"
    first, surname = f"Ann{number % 97}", f"Ōkubo-{number}"
    city, state, post_code = CITIES[number % len(CITIES)]
    return {
        "id": _id("contacts", number),
        "number": key,
        "type": "Person",
        "firstName": first,
        "surname": surname,
        "displayName": f"{first} {surname}",
        "companyNumber": company["number"],
        "companyName": company["displayName"],
        "contactBusinessRelation": company["contactBusinessRelation"],
        "addressLine1": f"{number % 900 + 1} Side Street",
        "city": city,
        "state": state,
        "country": "US",
        "postalCode": post_code,
        "email": f"{key.lower()}@people.example",
        "phoneNumber": f"+1 556 {number:07}",
    }


def _items(world: World, amount: int, priced: int = 0) -> None:
    """Add items, each with as many prices as are asked for."""
    environment = world.business_central
    _add_unit(world, "PCS")
    add_groups(world, priced)
    for numbers in _chunks(world, BUSINESS_CENTRAL, "items", amount):
        rows = [_item(n) for n in numbers]
        plant_bc(environment, "items", rows)
        plant_bc(environment, "itemUnitsOfMeasure", goods.base_units(rows))
        plant_bc(environment, "unitGroups", goods.unit_groups(rows, []))
        plant_bc(environment, "salesPrices", prices(rows, numbers, priced))


def _add_unit(world: World, code: str) -> None:
    table = world.business_central.tables["unitsOfMeasure"]
    if not world.store.count(BUSINESS_CENTRAL, table, '"code" = ?', [code]):
        plant_bc(
            world.business_central,
            "unitsOfMeasure",
            [r for r in codes.units() if r["code"] == code],
        )


def _item(number: int) -> Row:
    key = f"I{1_000_000 + number}"
    return {
        "id": _id("items", number),
        "number": key,
        "displayName": f"Spare part {number}, galvanised",
        "type": "Inventory",
        "baseUnitOfMeasureCode": "PCS",
        "unitCost": number % 500 + 0.5,
        "unitPrice": number % 500 + 1.25,
        "inventory": number % 70,
    }


def _accounts(world: World, amount: int) -> None:
    """Add customers that only Sales knows; they belong to the person who signs in."""
    for numbers in _chunks(world, DATAVERSE, "account", amount):
        plant_sales(world.dataverse, "account", (_account(n) for n in numbers))


def _account(number: int) -> Row:
    city, state, post_code = CITIES[number % len(CITIES)]
    key = f"A{1_000_000 + number}"
    return {
        "accountid": _id("account", number),
        "name": f"{city} {KINDS[number % 5]} {key}",
        "customertypecode": 3,
        "emailaddress1": f"info@{key.lower()}.example",
        "websiteurl": f"https://{key.lower()}.example",
        "telephone1": f"+1 557 {number:07}",
        "address1_line1": f"{number % 900 + 1} Hill Street",
        "address1_city": city,
        "address1_stateorprovince": state,
        "address1_postalcode": post_code,
        "address1_country": "US",
        "transactioncurrencyid": identities.BASE_CURRENCY_ID,
        "ownerid": identities.PERSON_USER_ID,
        "ownerid__t": "systemuser",
    }


GROWERS: Mapping[str, Callable[[World, int], None]] = {
    "customers": lambda world, amount: _partners(world, amount, "customers", "C"),
    "vendors": lambda world, amount: _partners(world, amount, "vendors", "V"),
    "contacts": _contacts,
    "items": _items,
    "accounts": _accounts,
}
