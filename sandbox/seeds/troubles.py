"""The deliberate troubles of `cronus`: what support staff will meet, and why.

Nothing in the sandbox knows of them: each follows from the data and the rules of the two systems.
Causes are those of the console's catalogue. A record that *fails* does so in the first full
synchronization and is skipped when it fails in the same way again; one that is *cut* goes through
with a warning; one *left out* is not looked at; one *without company* loses what it has in Sales.
"""

# ruff: noqa: E501 - tables are read across

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sandbox import schema
from sandbox.seeds.cronus import catalogue, odd, odd_goods
from sandbox.store import BUSINESS_CENTRAL, DATAVERSE

if TYPE_CHECKING:
    from sandbox.world import World


class Outcome(StrEnum):
    """What becomes of a record in the first full synchronization."""

    FAILS = "fails"
    CUT = "cut with a warning"
    LEFT_OUT = "left out"
    WITHOUT_COMPANY = "without company"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One record that will not go through as it is; troubles of one name belong together."""

    name: str
    mapping: str
    system: str
    table: str
    column: str  # what the record is found by
    key: str
    happens: str
    cause: str | None
    outcome: Outcome


BC, SALES = BUSINESS_CENTRAL, DATAVERSE
FAILS, CUT = Outcome.FAILS, Outcome.CUT

TROUBLES = (
    # Users and salespeople
    Trouble(
        "long user name", "SALESPEOPLE", SALES, "systemuser", "fullname", " ".join(odd.BARONESS),
        "A new salesperson is made of this user; the name takes 50 characters in Business Central.",
        "E-TRUNCATED", CUT,
    ),
    Trouble(
        "two salespeople, one address", "SALESPEOPLE", SALES, "systemuser", "internalemailaddress", odd.SANJAY,
        "Salespeople SN and SN-SOUTH both have this user's e-mail, so nobody can tell which one he is.",
        "E-AMBIGUOUS", FAILS,
    ),
    Trouble(
        "salesperson's user is disabled", "CUSTOMER", BC, "customers", "number", "C00060",
        "Terry Dodds (TD) left: his user in Sales is disabled, is not coupled, and can own nothing.",
        "E-NOT-COUPLED", FAILS,
    ),
    # Currencies
    Trouble(
        "currency without a rate", "CURRENCY", BC, "currencies", "code", "XBT",
        "Business Central has no exchange rate for this currency.",
        "E-NO-EXCHANGE-RATE", FAILS,
    ),
    Trouble(
        "currency without a rate", "CUSTOMER", BC, "customers", "number", "C00070",
        "The customer pays in XBT, which does not reach Sales.",
        "E-NOT-COUPLED", FAILS,
    ),
    Trouble(
        "currency code too long", "CURRENCY", BC, "currencies", "code", "LOYALTY",
        "Sales takes five characters for the code of a currency; a cut code would name another one.",
        "E-TOO-LONG", FAILS,
    ),
    Trouble(
        "currency only in Sales", "CUSTOMER", SALES, "account", "name", "Matterhorn Outfitters",
        "The account is in Swiss francs (CHF), which Business Central does not have.",
        "E-NOT-COUPLED", FAILS,
    ),
    # Payment terms
    Trouble(
        "payment terms twice in Sales", "PAYMENT TERMS", BC, "paymentTerms", "code", "NET45",
        "Sales has the options 'Net45' and 'NET45', which differ in capitals only.",
        "E-AMBIGUOUS", FAILS,
    ),
    Trouble(
        "payment terms twice in Sales", "VENDOR", BC, "vendors", "number", "V00070",
        "The vendor's payment terms NET45 are coupled with no option.",
        "E-OPTION-NOT-MAPPED", FAILS,
    ),
    Trouble(
        "payment terms only in Sales", "CUSTOMER", SALES, "account", "name", "Sixty Days Later Studios",
        "The account has the option 'Net60', which is coupled with no payment terms.",
        "E-OPTION-NOT-MAPPED", FAILS,
    ),
    # Customers and vendors
    Trouble(
        "two accounts, one address", "CUSTOMER", BC, "customers", "number", "C00080",
        "Two accounts have this customer's e-mail, so nobody can tell which one it is.",
        "E-AMBIGUOUS", FAILS,
    ),
    Trouble(
        "two accounts, one address", "CUSTOMER", SALES, "account", "name", "Twin Peaks Timber",
        "It has the e-mail of customer C00080, and so has another account.",
        "E-AMBIGUOUS", FAILS,
    ),
    Trouble(
        "two accounts, one address", "CUSTOMER", SALES, "account", "name", "Twin Peaks Timber (Yard)",
        "It has the e-mail of customer C00080, and so has another account.",
        "E-AMBIGUOUS", FAILS,
    ),
    Trouble(
        "credit limit out of range", "CUSTOMER", BC, "customers", "number", "C00090",
        "Sales takes no amount beyond 922,337,203,685,477.",
        "E-VALUE", FAILS,
    ),
    Trouble(
        "account exists under the same key", "CUSTOMER", BC, "customers", "number", "C00100",
        "Sales has a key over name and postal code, and a prospect with both and another e-mail.",
        "E-DUPLICATE", FAILS,
    ),
    Trouble(
        "home page too long", "CUSTOMER", BC, "customers", "number", "C00110",
        "A home page takes 255 characters in Business Central and 200 in Sales.",
        "E-TRUNCATED", CUT,
    ),
    Trouble(
        "account name too long", "CUSTOMER", SALES, "account", "name", odd.FOUNDATION,
        "A name takes 160 characters in Sales and 100 in Business Central.",
        "E-TRUNCATED", CUT,
    ),
    Trouble(
        "country spelled out", "CUSTOMER", SALES, "account", "name", "Spelled Out Foods",
        "Business Central wants a country code of ten characters at most; a cut one would name nothing.",
        "E-TOO-LONG", FAILS,
    ),
    Trouble(
        "letters in a phone number", "CUSTOMER", SALES, "account", "name", "Call Me Catering",
        "Business Central takes no letters in a phone number.",
        "E-VALUE", FAILS,
    ),
    Trouble(
        "vendor without a name", "VENDOR", BC, "vendors", "number", "V00060",
        "Somebody entered the vendor and forgot its name; an account must have one.",
        "E-REQUIRED-VALUE", FAILS,
    ),
    # Contacts
    Trouble(
        "payment terms only in Sales", "CONTACT", SALES, "contact", "fullname", "Theo Orphan",
        "The contact's account 'Sixty Days Later Studios' cannot become a customer.",
        "E-NO-PARENT", FAILS,
    ),
    Trouble(
        "contact without surname", "CONTACT", BC, "contacts", "number", "CT000001",
        "A contact in Sales must have a last name; this person has a first name only.",
        "E-REQUIRED-VALUE", FAILS,
    ),
    Trouble(
        "contact of a company that does no business", "CONTACT", BC, "contacts", "number", "CT000002",
        "The person's company is neither a customer nor a vendor.",
        None, Outcome.LEFT_OUT,
    ),
    Trouble(
        "two contacts, one address", "CONTACT", BC, "contacts", "number", "CT000004",
        "Two contacts in Sales have this person's e-mail.",
        "E-AMBIGUOUS", FAILS,
    ),
    Trouble(
        "two contacts, one address", "CONTACT", SALES, "contact", "fullname", "Front Desk",
        "The contact has the e-mail of contact CT000004, and so has another.",
        "E-AMBIGUOUS", FAILS,
    ),
    Trouble(
        "two contacts, one address", "CONTACT", SALES, "contact", "fullname", "Night Porter",
        "The contact has the e-mail of contact CT000004, and so has another.",
        "E-AMBIGUOUS", FAILS,
    ),
    Trouble(
        "contact of a prospect", "CONTACT", SALES, "contact", "fullname", "Petra Prospect",
        "The contact's account is a prospect, which Business Central does not know.",
        None, Outcome.WITHOUT_COMPANY,
    ),
    # Units
    Trouble(
        "unit group inactive", "UNIT OF MEASURE", BC, "unitsOfMeasure", "code", odd_goods.INACTIVE_CODE,
        "Sales has the unit group 'NAV CAN' already, and somebody deactivated it.",
        "E-UNIT-GROUP", FAILS,
    ),
    Trouble(
        "unit group inactive", "ITEM-PRODUCT", BC, "items", "number", odd_goods.INACTIVE_UNIT,
        "The item is counted in cans, and that unit does not reach Sales.",
        "E-NOT-COUPLED", FAILS,
    ),
    Trouble(
        "unit group with two units", "UNIT OF MEASURE", BC, "unitsOfMeasure", "code", odd_goods.SHARED_CODE,
        "The unit group 'NAV BOX' of Sales has two units; without unit group mapping it may have one.",
        "E-UNIT-GROUP", FAILS,
    ),
    Trouble(
        "unit group with two units", "ITEM-PRODUCT", BC, "items", "number", odd_goods.SHARED_UNIT,
        "The item is counted in boxes, and that unit does not reach Sales.",
        "E-NOT-COUPLED", FAILS,
    ),
    # Items, resources and products
    Trouble(
        "no base unit of measure", "ITEM-PRODUCT", BC, "items", "number", odd_goods.NO_UNIT,
        "Nobody chose a unit for the item; a product must have one.",
        "E-NO-UNIT", FAILS,
    ),
    Trouble(
        "no base unit of measure", "RESOURCE-PRODUCT", BC, "resources", "number", odd_goods.NO_UNIT_RESOURCE,
        "Nobody chose a unit for the resource; a product must have one.",
        "E-NO-UNIT", FAILS,
    ),
    Trouble(
        "product number taken", "ITEM-PRODUCT", BC, "items", "number", odd_goods.TAKEN,
        "Sales has a retired product with the number of this item.",
        "E-DUPLICATE", FAILS,
    ),
    Trouble(
        "product in the default unit", "ITEM-PRODUCT", SALES, "product", "productnumber", catalogue.IN_DEFAULT_UNIT,
        "The product is counted in the unit group 'Default Unit', which is no unit of Business Central.",
        "E-NOT-COUPLED", FAILS,
    ),
    # Prices
    Trouble(
        "product number taken", "SALESPRC-PRODPRICE", BC, "salesPrices", "itemNumber", odd_goods.TAKEN,
        "The price is one of an item that does not reach Sales, where a retired product has its number.",
        "E-NOT-COUPLED", FAILS,
    ),
    Trouble(
        "price of a blocked item", "SALESPRC-PRODPRICE", BC, "salesPrices", "itemNumber", odd_goods.OUT_OF_SALE,
        "The item is blocked, so it is no product in Sales.",
        "E-NOT-COUPLED", FAILS,
    ),
    Trouble(
        "price by the pallet", "SALESPRC-PRODPRICE", BC, "salesPrices", "itemNumber", odd_goods.BY_PALLET,
        "Without unit group mapping a product has its base unit only, and no pallet.",
        "E-FOREIGN-UNIT", FAILS,
    ),
    Trouble(
        "price from ten on", "SALESPRC-PRODPRICE", BC, "salesPrices", "itemNumber", odd_goods.FROM_TEN,
        "A price list of Sales has no prices from a quantity on.",
        None, Outcome.LEFT_OUT,
    ),
    Trouble(
        "prices in an unknown currency", "CUSTPRCGRP-PRICE", BC, "customerPriceGroups", "code", odd_goods.CRYPTO,
        "The prices of the group are in XBT, which has no exchange rate and does not reach Sales.",
        "E-NOT-COUPLED", FAILS,
    ),
    Trouble(
        "prices in an unknown currency", "SALESPRC-PRODPRICE", BC, "salesPrices", "itemNumber", odd_goods.BITCOIN,
        "The price is in XBT, and its price group is no price list in Sales.",
        "E-NOT-COUPLED", FAILS,
    ),
    Trouble(
        "prices in two currencies", "CUSTPRCGRP-PRICE", BC, "customerPriceGroups", "code", odd_goods.MIXED,
        "A price list of Sales has one currency; this group has prices in dollars and in euros.",
        "E-PRICE-CURRENCY", FAILS,
    ),
    Trouble(
        "prices in two currencies", "SALESPRC-PRODPRICE", BC, "salesPrices", "itemNumber", odd_goods.MIXED_DOLLAR,
        "The price group MIXED is no price list in Sales.",
        "E-NOT-COUPLED", FAILS,
    ),
    Trouble(
        "prices in two currencies", "SALESPRC-PRODPRICE", BC, "salesPrices", "itemNumber", odd_goods.MIXED_EURO,
        "The price group MIXED is no price list in Sales.",
        "E-NOT-COUPLED", FAILS,
    ),
    # Opportunities
    Trouble(
        "contact of a company that does no business", "OPPORTUNITY", BC, "opportunities", "number", odd_goods.OF_STRANGER,
        "The contact's company is neither a customer nor a vendor, so the contact is not in Sales.",
        "E-NOT-COUPLED", FAILS,
    ),
    Trouble(
        "salesperson's user is disabled", "OPPORTUNITY", BC, "opportunities", "number", odd_goods.OF_TERRY,
        "Terry Dodds (TD) left: his user in Sales is disabled, is not coupled, and can own nothing.",
        "E-NOT-COUPLED", FAILS,
    ),
    Trouble(
        "topic too long", "OPPORTUNITY", SALES, "opportunity", "name", catalogue.LONG_TOPIC,
        "The description of an opportunity takes 100 characters in Business Central.",
        "E-TRUNCATED", CUT,
    ),
)  # fmt: skip


def listed(world: World) -> list[dict[str, Any]]:
    """Return those of the troubles whose record is there, with its id."""
    tables = {BUSINESS_CENTRAL: schema.business_central()[0], DATAVERSE: schema.dataverse()}
    found = []
    for trouble in TROUBLES:
        table = tables[trouble.system][trouble.table]
        where = f'"{trouble.column}" = ?'
        rows = world.store.select(trouble.system, table, [table.key], where, [trouble.key])
        found += [asdict(trouble) | {"id": row[table.key]} for row in rows]
    return found
