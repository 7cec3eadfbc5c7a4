"""Customers, vendors and the people who work for them, as Business Central has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, count
from random import Random

from sandbox.business_central.base import CUSTOMER_RELATION, VENDOR_RELATION
from sandbox.seeds import words
from sandbox.seeds.cronus import codes
from sandbox.seeds.cronus.fixed import bc_time, dice, identity, multiplied
from sandbox.store import Row

CUSTOMERS, VENDORS, PEOPLE = 200, 60, 300
BLOCKED = {"C00190": "All", "C00290": "Ship"}
LONGEST = "C00180"  # fills every field of this customer to the last character that Sales takes too
# Numbers of the troubles (see troubles.py) lie between the known partners and the others.
RESERVED_CUSTOMERS, RESERVED_VENDORS, RESERVED_CONTACTS = 10, 5, 20
TROUBLED_CUSTOMERS, TROUBLED_VENDORS, TROUBLED_PEOPLE = 6, 2, 3


def customers(scale: float = 1) -> list[Row]:
    """Return the customers that are no trouble, the known ones first."""
    chance = dice("customers")
    number = multiplied(CUSTOMERS - TROUBLED_CUSTOMERS, scale, 60)
    names = _names(chance, words.KNOWN_CUSTOMERS, words.TRADES)
    rows = []
    for index, (name, place) in zip(range(number), names, strict=False):
        key = _number("C", index, len(words.KNOWN_CUSTOMERS), RESERVED_CUSTOMERS)
        row = _partner("customers", key, name, place, chance)
        row |= {
            "type": "Person" if index % 40 == 39 else "Company",
            "salespersonCode": chance.choice(codes.SELLERS),
            "creditLimit": chance.choice((0, 0, 5000, 12500.5, 40000, 250000)),
            "blocked": BLOCKED.get(key, " "),
            "lastModifiedDateTime": bc_time(index),
            "systemCreatedAt": bc_time(index),
        }
        rows.append(row | (_longest() if key == LONGEST else {}))
    return rows


def _longest() -> Row:
    """Return a customer's texts that just fit."""
    name = (
        "Königliche Möbel- und Büroeinrichtungsmanufaktur zu Garmisch-Partenkirchen, "
        "Söhne & Töchter, gegr. 1789"
    )
    street = "Straße der Vereinigten Möbelhersteller von Ober- und Niederbayern "
    return {
        "displayName": name.ljust(100, "·")[:100],
        "addressLine1": street.ljust(100, "x")[:100],
        "addressLine2": "Hinterhaus, 3. Stock links, bitte zweimal läuten".ljust(50, "!")[:50],
        "city": "Garmisch-Partenkirchen am Berg"[:30],
        "state": "Oberbayern (Regierungsbezirk),"[:30],
        "phoneNumber": "+49 (8821) 555 0100 - 23 45 67"[:30],
        "faxNumber": "+49 (8821) 555 0100 - 23 45 68"[:30],
        "email": "einkauf".ljust(60, "e") + "@garmisch.example",
        "website": "https://garmisch.example/".ljust(200, "m"),
    }


def vendors(scale: float = 1) -> list[Row]:
    chance = dice("vendors")
    number = multiplied(VENDORS - TROUBLED_VENDORS, scale, 10)
    names = _names(chance, words.KNOWN_VENDORS, words.SUPPLIES)
    rows = []
    for index, (name, place) in zip(range(number), names, strict=False):
        key = _number("V", index, len(words.KNOWN_VENDORS), RESERVED_VENDORS)
        row = _partner("vendors", key, name, place, chance)
        row["purchaserCode"] = chance.choice(codes.PURCHASERS)
        row["blocked"] = "Payment" if key == "V00180" else " "
        row["lastModifiedDateTime"] = bc_time(3000 + index)
        rows.append(row)
    return rows


def _number(letter: str, index: int, known: int, reserved: int) -> str:
    position = index + 1 if index < known else index + 1 + reserved
    return f"{letter}{position * 10:05}"


def _names(
    chance: Random, known: tuple[str, ...], trades: tuple[str, ...]
) -> Iterator[tuple[str, words.Place]]:
    """Yield names, none of them twice, with the place that the company is from."""
    taken = set()
    for name in known:
        taken.add(name.casefold())
        yield name, words.PLACES[len(taken)]
    for attempt in count():
        place = chance.choice(words.PLACES)
        word, trade = chance.choice(words.COMPANY_WORDS), chance.choice(trades)
        # Names run out at a large scale; a branch number then tells them apart.
        branch = f" {attempt // 100}" if attempt >= 1000 else ""
        name = f"{word} {trade}{branch} {place.legal_form}"
        if name.casefold() not in taken:
            taken.add(name.casefold())
            yield name, place


def _partner(table: str, key: str, name: str, place: words.Place, chance: Random) -> Row:
    """Return what customers and vendors have in common; each pays in its town's currency."""
    street = place.street.format(name=chance.choice(words.STREETS), number=chance.randrange(1, 400))
    domain = f"{key.lower()}.example"
    return {
        "id": identity(table, key),
        "number": key,
        "displayName": name,
        "addressLine1": street,
        "addressLine2": chance.choice(("", "", "", "Suite 500", "2nd Floor, c/o Reception")),
        "city": place.city,
        "state": place.state,
        "country": place.country,
        "postalCode": place.post_code,
        "phoneNumber": f"{place.dial} {chance.randrange(1000, 9999)}",
        "faxNumber": chance.choice(("", f"{place.dial} {chance.randrange(1000, 9999)}")),
        "mobilePhoneNumber": "",
        "email": f"info@{domain}",
        "website": chance.choice(("", f"https://www.{domain}", f"www.{domain}/a?b=1&lang=en")),
        "currencyCode": place.currency,
        "paymentTermsCode": chance.choice([row[0] for row in codes.PAYMENT_TERMS] + [""]),
        "shipmentMethodCode": chance.choice([row[0] for row in codes.SHIPMENT_METHODS] + [""]),
        "shippingAgentCode": chance.choice([*codes.SHIPPING_AGENTS, ""]),
    }


def company_number(index: int) -> str:
    return f"CT{RESERVED_CONTACTS + 1 + index:06}"


def companies(partners: Iterable[Row]) -> list[Row]:
    """Return the company contact of each customer and vendor, in their order."""
    return [_company(company_number(index), partner) for index, partner in enumerate(partners)]


def _company(key: str, partner: Row) -> Row:
    copied = (
        "displayName", "addressLine1", "addressLine2", "city", "state", "country", "postalCode",
        "phoneNumber", "faxNumber", "email", "website", "currencyCode",
    )  # fmt: skip
    is_customer = "creditLimit" in partner or partner["number"].startswith("C")
    return {
        **{name: partner.get(name, "") for name in copied},
        "id": identity("contacts", key),
        "number": key,
        "type": "Company",
        "companyNumber": key,
        "companyName": partner["displayName"],
        "contactBusinessRelation": "Customer" if is_customer else "Vendor",
        "salespersonCode": partner.get("salespersonCode") or partner.get("purchaserCode") or "",
    }


def relations(partners: Iterable[Row], contacts: Iterable[Row]) -> list[Row]:
    """Return which company contact stands for which customer or vendor."""
    codes_of = {"Customer": CUSTOMER_RELATION, "Vendor": VENDOR_RELATION}
    return [
        {
            "id": identity("contactBusinessRelations", contact["number"]),
            "contactNumber": contact["number"],
            "businessRelationCode": codes_of[contact["contactBusinessRelation"]],
            "linkToTable": contact["contactBusinessRelation"],
            "number": partner["number"],
        }
        for partner, contact in zip(partners, contacts, strict=True)
    ]


def people(companies: list[Row], first: int, scale: float = 1) -> list[Row]:
    """Return persons, one or more for each company in turn, numbered from `first` on."""
    chance = dice("people")
    number = multiplied(PEOPLE - TROUBLED_PEOPLE, scale, len(companies))
    rounds = chain.from_iterable(companies for _ in count())
    rows = []
    for index, company in zip(range(number), rounds, strict=False):
        key = f"CT{first + index:06}"
        rows.append(person(key, company, chance) | {"lastModifiedDateTime": bc_time(4000 + index)})
    return rows


def person(key: str, company: Row, chance: Random) -> Row:
    """Return somebody who works for a company."""
    names = [chance.choice(n) for n in (words.FIRST_NAMES, words.MIDDLE_NAMES, words.SURNAMES)]
    first, middle, surname = names
    phone = company["phoneNumber"]
    address = ("addressLine1", "addressLine2", "city", "state", "country", "postalCode", "website")
    return {
        **{name: company[name] for name in address},
        "id": identity("contacts", key),
        "number": key,
        "type": "Person",
        "firstName": first,
        "middleName": middle,
        "surname": surname,
        "displayName": " ".join(name for name in names if name),
        "jobTitle": chance.choice(words.JOB_TITLES),
        "companyNumber": company["number"],
        "companyName": company["displayName"],
        "contactBusinessRelation": company["contactBusinessRelation"],
        "phoneNumber": phone,
        "mobilePhoneNumber": f"{phone[:-1]}{chance.randrange(10)}",
        "faxNumber": company["faxNumber"],
        "pager": chance.choice(("", "", "555-0199")),
        "email": f"{key.lower()}@{company['email'].partition('@')[2]}",
        "currencyCode": company["currencyCode"],
        "salespersonCode": company["salespersonCode"],
    }


def introduce(partners: Iterable[Row], companies: Iterable[Row], people: Iterable[Row]) -> None:
    """Name each partner's first person as its primary contact."""
    firsts: dict[str, Row] = {}
    for row in people:
        firsts.setdefault(row["companyNumber"], row)
    for partner, company in zip(partners, companies, strict=True):
        primary = firsts.get(company["number"])
        if primary:
            partner["primaryContactNumber"] = primary["number"]
            partner["contactName"] = primary["displayName"]
