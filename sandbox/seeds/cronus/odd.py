"""The records that will not go through, or not as they are; `troubles` says what each is about."""

from __future__ import annotations

import re
from typing import Any

from sandbox import identities
from sandbox.seeds.cronus import codes
from sandbox.seeds.cronus.fixed import bc_time, dice, identity
from sandbox.seeds.cronus.partners import person
from sandbox.store import Row

TERRY = codes.email_of("Terry", "Dodds")
SANJAY = codes.email_of("Sanjay", "Nair")
BARONESS = ("Maximiliane Alexandrine Friederike", "Freifrau von Hohenlohe-Waldenburg")
TWIN_EMAIL = "purchasing@twin-peaks.example"
SHARED_EMAIL = "reception@adatum.example"
DOUBLE_NAME, DOUBLE_POST_CODE = "Lakes & Sons Shipyard", "54880"
LONG_LINK = "https://www.longlink.example/shops/north-america/usa?" + "utm_source=cronus&" * 10
NO_SELLER = "Dodds' Regulars Ltd."
FOUNDATION = (
    "Stiftung zur Förderung der Vereinigten Handwerks-, Handels- und Gewerbebetriebe am Oberen "
    "Neckar e. V."
)
DAY = 7000


# Business Central


def salespeople() -> list[Row]:
    """Return one whose user in Sales is disabled, and two who share an address."""
    found = (
        ("TD", "Terry Dodds", TERRY),
        ("SN", "Sanjay Nair", SANJAY),
        ("SN-SOUTH", "Sanjay Nair (South)", SANJAY),
    )
    return [
        {
            "id": identity("salespeoplePurchasers", code),
            "code": code,
            "displayName": name,
            "email": email,
            "phoneNo": "+1 404 555 0120",
            "jobTitle": "Account Manager",
        }
        for code, name, email in found
    ]


def currencies() -> list[Row]:
    found = (("XBT", "Bitcoin", "₿"), ("LOYALTY", "Loyalty points", "pts"))
    return [
        {"id": identity("currencies", code), "code": code, "displayName": name, "symbol": symbol}
        for code, name, symbol in found
    ]


def exchange_rates() -> list[Row]:
    return [codes.rate("LOYALTY", -5, 0.5)]  # and none for XBT


def payment_terms() -> list[Row]:
    row = {"id": identity("paymentTerms", "NET45"), "code": "NET45", "displayName": "Net 45"}
    return [row | {"dueDateCalculation": "45D"}]


def customers() -> list[Row]:
    return [
        _customer("C00060", NO_SELLER, salespersonCode="TD"),
        _customer("C00070", "Satoshi Coffee Company", currencyCode="XBT"),
        _customer("C00080", "Twin Peaks Timber Company", email=TWIN_EMAIL),
        _customer("C00090", "Gringotts Reserve Bank", creditLimit=1_000_000_000_000_000),
        _customer("C00100", DOUBLE_NAME, postalCode=DOUBLE_POST_CODE, city="Superior", state="WI"),
        _customer(
            "C00110",
            "Longlink Media, Inc.",
            website=LONG_LINK,
        ),
    ]


def _customer(key: str, name: str, **more: Any) -> Row:
    minute = DAY + int(key[1:])
    row = _partner("customers", key, name)
    row |= {"type": "Company", "salespersonCode": "JO", "creditLimit": 10000, "blocked": " "}
    row |= {"lastModifiedDateTime": bc_time(minute), "systemCreatedAt": bc_time(minute)}
    return row | more


def vendors() -> list[Row]:
    """Return one that was entered without a name, and one whose terms Sales has twice."""
    nameless = _partner("vendors", "V00060", "")
    late = _partner("vendors", "V00070", "Forty-Five Days Fabrics") | {"paymentTermsCode": "NET45"}
    return [row | {"purchaserCode": "MH", "blocked": " "} for row in (nameless, late)]


def _partner(table: str, key: str, name: str) -> Row:
    return {
        "id": identity(table, key),
        "number": key,
        "displayName": name,
        "addressLine1": "1 Trouble Way",
        "addressLine2": "",
        "city": "Atlanta",
        "state": "GA",
        "country": "US",
        "postalCode": "31772",
        "phoneNumber": f"+1 404 555 {key[2:]}",
        "faxNumber": "",
        "email": f"office@{key.lower()}.example",
        "website": f"https://{key.lower()}.example",
        "currencyCode": "",
        "paymentTermsCode": "30 DAYS",
        "shipmentMethodCode": "EXW",
        "shippingAgentCode": "UPS",
    }


def people(company: Row) -> list[Row]:
    """Return people of a company that is fine, and one of a company that buys and sells nothing."""
    chance = dice("odd people")
    artist = person("CT000001", company, chance) | {
        "firstName": "Cher",
        "middleName": "",
        "surname": "",
        "displayName": "Cher",
    }
    nobody = idle_company()
    stranger = person("CT000002", nobody, chance)
    front_desk = person("CT000004", company, chance) | {"email": SHARED_EMAIL}
    return [artist, stranger, front_desk]


def idle_company() -> Row:
    """Return a company contact that is neither customer nor vendor."""
    key = "CT000003"
    row = _partner("contacts", key, "Hearsay Brothers")
    for name in ("paymentTermsCode", "shipmentMethodCode", "shippingAgentCode"):
        del row[name]
    more = {"type": "Company", "companyNumber": key, "companyName": row["displayName"]}
    return row | more | {"contactBusinessRelation": "None", "salespersonCode": "JO"}


# Sales


def users() -> list[Row]:
    """Return a disabled user, one whose salesperson is two, and one with a very long name."""
    return [
        user("Terry", "Dodds", TERRY) | {"isdisabled": 1},
        user("Sanjay", "Nair", SANJAY),
        user(*BARONESS, codes.email_of("Maximiliane", "Hohenlohe")),
    ]


def user(first: str, last: str, email: str, phone: str = "+1 404 555 0120") -> Row:
    """Return a licensed person who uses Sales."""
    return {
        "systemuserid": identity("systemuser", email),
        "firstname": first,
        "lastname": last,
        "fullname": f"{first} {last}",
        "domainname": email,
        "internalemailaddress": email,
        "mobilephone": phone,
        "islicensed": 1,
        "isdisabled": 0,
        "isintegrationuser": 0,
        "setupuser": 0,
        "accessmode": 0,
        "businessunitid": identities.BUSINESS_UNIT_ID,
        "organizationid": identities.ORGANIZATION_ID,
    }


def franc() -> Row:
    """Return a currency that Business Central has not."""
    return {
        "transactioncurrencyid": identity("transactioncurrency", "CHF"),
        "currencyname": "Swiss Franc",
        "isocurrencycode": "CHF",
        "currencysymbol": "CHF",
        "currencyprecision": 2,
        "exchangerate": 0.88,
        "organizationid": identities.ORGANIZATION_ID,
    }


def accounts() -> list[Row]:
    """Return accounts as Sales has them; who owns them is filled in for those that do not say."""
    franc_id = identity("transactioncurrency", "CHF")
    return [
        account("Twin Peaks Timber", emailaddress1=TWIN_EMAIL),
        account("Twin Peaks Timber (Yard)", emailaddress1=TWIN_EMAIL),
        account(FOUNDATION),
        account("Matterhorn Outfitters", transactioncurrencyid=franc_id),
        account("Sixty Days Later Studios", paymenttermscode=4),
        account("Call Me Catering", telephone1="1-800-CALL-NOW"),
        account("Spelled Out Foods", address1_country="United States of America"),
        account(DOUBLE_NAME, address1_postalcode=DOUBLE_POST_CODE, customertypecode=8),
    ]


def account(name: str, **more: Any) -> Row:
    domain = re.sub("[^a-z0-9]", "", name.lower())[:40]
    row = {
        "accountid": identity("account", name),
        "name": name,
        "customertypecode": 3,
        "emailaddress1": f"hello@{domain}.example",
        "websiteurl": f"https://{domain}.example",
        "telephone1": "+1 206 555 0134",
        "address1_line1": "400 Trouble Avenue",
        "address1_city": "Seattle",
        "address1_stateorprovince": "WA",
        "address1_postalcode": "98109",
        "address1_country": "US",
        "transactioncurrencyid": identities.BASE_CURRENCY_ID,
    }
    return row | more


def contacts(company: Row) -> list[Row]:
    """Return people of the accounts above, and two who share an address with somebody in BC."""
    return [
        contact("Theo", "Orphan", identity("account", "Sixty Days Later Studios")),
        contact("Petra", "Prospect", identity("account", DOUBLE_NAME)),
        contact("Front", "Desk", company["accountid"], emailaddress1=SHARED_EMAIL),
        contact("Night", "Porter", company["accountid"], emailaddress1=SHARED_EMAIL),
    ]


def contact(first: str, last: str, account_id: str, **more: Any) -> Row:
    row = {
        "contactid": identity("contact", f"{first} {last}/{account_id}"),
        "firstname": first,
        "lastname": last,
        "fullname": f"{first} {last}",
        "parentcustomerid": account_id,
        "parentcustomerid__t": "account",
        "emailaddress1": f"{first}.{last}@{account_id[:8]}.example".lower().replace(" ", ""),
        "telephone1": "+1 206 555 0135",
    }
    return row | more
