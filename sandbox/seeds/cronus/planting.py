"""Puts CRONUS into either system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox import identities
from sandbox.business_central import base
from sandbox.business_central.planting import plant as plant_bc
from sandbox.dataverse.planting import plant as plant_sales
from sandbox.dataverse.security import privilege_id, privilege_name
from sandbox.seeds.cronus import (
    catalogue,
    codes,
    documents,
    goods,
    odd,
    odd_goods,
    partners,
    sales,
    sales_documents,
)
from sandbox.seeds.cronus.fixed import OPENING, identity
from sandbox.store import BUSINESS_CENTRAL, Row

if TYPE_CHECKING:
    from sandbox.business_central.service import BusinessCentral
    from sandbox.dataverse.service import Dataverse

SELLER_ROLE = identity("role", "Salesperson")
SELLER_VERBS = ("Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign", "Share")


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody that CRONUS deals with, as Business Central has them."""

    customers: list[Row]
    vendors: list[Row]
    companies: list[Row]  # of all customers, then of all vendors
    people: list[Row]

    @property
    def partners(self) -> list[Row]:
        return self.customers + self.vendors


def cast(scale: float) -> Cast:
    """Return the partners and their people, who all work for companies that are fine."""
    customers = [*partners.customers(scale), *odd.customers()]
    vendors = [*partners.vendors(scale), *odd.vendors()]
    companies = partners.companies([*customers, *vendors])
    troubled = {row["number"] for row in (*odd.customers(), *odd.vendors())}
    staffed = [
        company
        for partner, company in zip([*customers, *vendors], companies, strict=True)
        if partner["blocked"] == " " and partner["number"] not in troubled
    ]
    first = int(companies[-1]["number"].removeprefix("CT")) + 1
    people = partners.people(staffed, first, scale)
    partners.introduce([*customers, *vendors], companies, people)
    return Cast(customers, vendors, companies, people)


def business_central(environment: BusinessCentral, scale: float) -> None:
    """Fill Business Central, whose company and setup are there already."""
    for table, rows in business_central_rows(scale).items():
        plant_bc(environment, table, rows, at=OPENING)
    setup = environment.tables["salesReceivablesSetup"]
    values = {"writeInProductNumber": goods.WRITE_IN}
    environment.store.update(BUSINESS_CENTRAL, setup, base.derived("salesReceivablesSetup"), values)


def business_central_rows(scale: float = 1) -> dict[str, list[Row]]:
    """Return the rows of each table."""
    who = cast(scale)
    usable = tuple(row["number"] for row in partners.vendors(scale) if row["blocked"] == " ")
    items = goods.items(scale, usable)
    all_items = [*items, *odd_goods.items()]
    resources = [*goods.resources(), *odd_goods.resources()]
    price_lists, price_lines = goods.price_lists(items)
    odd_people = odd.people(who.companies[0])
    invoices, lines = documents.invoices(partners.customers(scale), items, scale)
    entries, details = documents.ledger(invoices)
    return {
        "salespeoplePurchasers": [*codes.salespeople(), *odd.salespeople()],
        "currencies": [*codes.currencies(), *odd.currencies()],
        "currencyExchangeRates": [*codes.exchange_rates(), *odd.exchange_rates()],
        "paymentTerms": [*codes.payment_terms(), *odd.payment_terms()],
        "shipmentMethods": codes.shipment_methods(),
        "shippingAgents": codes.shipping_agents(),
        "unitsOfMeasure": codes.units(),
        "customerStatistics": documents.statistics(who.customers, invoices),
        "customers": who.customers,
        "vendors": who.vendors,
        "contacts": [
            *who.companies,
            odd.idle_company(),
            *odd_people,
            *who.people,
        ],
        "contactBusinessRelations": partners.relations(who.partners, who.companies),
        "items": all_items,
        "itemUnitsOfMeasure": [*goods.item_units(items), *odd_goods.units()],
        "resources": resources,
        "resourceUnitsOfMeasure": goods.resource_units(resources),
        "unitGroups": goods.unit_groups(all_items, resources),
        "customerPriceGroups": [*goods.price_groups(), *odd_goods.price_groups()],
        "salesPrices": [*goods.sales_prices(items), *odd_goods.prices()],
        "priceLists": price_lists,
        "priceListLines": price_lines,
        "opportunities": [
            *documents.opportunities(who.people, scale),
            *odd_goods.opportunities(odd_people[1], who.people[0]),
        ],
        "postedSalesInvoices": invoices,
        "postedSalesInvoiceLines": lines,
        "customerLedgerEntries": entries,
        "detailedCustomerLedgerEntries": details,
    }


def dataverse(environment: Dataverse, scale: float) -> None:
    """Fill Sales, which has its base rows already."""
    _customize(environment)
    for table, rows in dataverse_rows(scale).items():
        plant_sales(environment, table, rows, at=OPENING)
    _give_roles(environment)


def dataverse_rows(scale: float = 1) -> dict[str, list[Row]]:
    """Return the rows of each table; those that nobody owns belong to Jim Olive."""
    who = cast(scale)
    accounts = sales.accounts(who.customers, who.vendors, scale)
    contacts = sales.contacts(accounts, who.companies, who.people)
    buyers = [row for row in accounts if row["customertypecode"] == sales.CUSTOMER]
    orders, order_lines = sales_documents.orders(buyers, scale)
    quotes, quote_lines = sales_documents.quotes(buyers[3:], scale)
    jim = {"ownerid": sales.owner_of("JO"), "ownerid__t": "systemuser"}
    return {
        "systemuser": [*sales.users(), *odd.users()],
        "transactioncurrency": [sales.euro(), odd.franc()],
        "account": [*accounts, *(jim | row for row in odd.accounts())],
        "contact": [*contacts, *(jim | row for row in odd.contacts(accounts[0]))],
        "pricelevel": [sales_documents.price_list()],
        "uomschedule": catalogue.unit_groups(),
        "uom": catalogue.units(),
        "product": catalogue.products(),
        "productpricelevel": catalogue.prices(),
        "opportunity": catalogue.opportunities(buyers),
        "salesorder": orders,
        "salesorderdetail": order_lines,
        "quote": quotes,
        "quotedetail": quote_lines,
    }


def _customize(environment: Dataverse) -> None:
    """Add what an administrator of Sales added: a key for accounts, and payment terms again."""
    model = environment.model
    account = model.tables["account"]
    value, label = sales.TWIN_OPTION
    model.set_option(account, account.columns["paymenttermscode"], value, label)
    model.publish()
    model.add_key(account, dict(sales.ACCOUNT_KEY))


def _give_roles(environment: Dataverse) -> None:
    """Let the sellers work with what sellers work with."""
    role = {
        "roleid": SELLER_ROLE,
        "name": "Salesperson",
        "businessunitid": identities.BUSINESS_UNIT_ID,
        "organizationid": identities.ORGANIZATION_ID,
        "parentrootroleid": SELLER_ROLE,
        "ismanaged": 1,
    }
    plant_sales(environment, "role", [role], at=OPENING)
    names = [
        privilege_name(verb, name)
        for name, table in environment.model.tables.items()
        for verb in SELLER_VERBS
        if table.extra.get("role") == "mapping" and (verb == "Read" or name != "systemuser")
    ]
    grants: list[dict[str, Any]] = [
        {
            "roleprivilegeid": identity("roleprivileges", name),
            "roleid": SELLER_ROLE,
            "privilegeid": privilege_id(name),
            "privilegedepthmask": 8,
        }
        for name in names
    ]
    plant_sales(environment, "roleprivileges", grants, at=OPENING)
    assigned = [
        {
            "systemuserroleid": identity("systemuserroles", user["systemuserid"]),
            "systemuserid": user["systemuserid"],
            "roleid": SELLER_ROLE,
        }
        for user in (*sales.users(), *odd.users())
    ]
    plant_sales(environment, "systemuserroles", assigned, at=OPENING)


def people(environment: Dataverse) -> None:
    """Give the salespeople users in a Sales that holds nothing else: people come before records."""
    plant_sales(environment, "systemuser", sales.users(), at=OPENING)
