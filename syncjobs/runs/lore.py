"""The facts that single tables need, gathered a page at a time (E-3.90 and following)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from connections.local_currency import exchange_rates
from connections.systems import Condition, Lookup, Operator, Record, Selection, Side
from mappings import couplings
from syncjobs.engine.entities.account import CUSTOMER, INACTIVE, VENDOR
from syncjobs.engine.entities.contact import PARENT_COLUMN
from syncjobs.runs.context import Context
from syncjobs.runs.page import Page, texts
from syncjobs.runs.price_lore import lists_of_page, prices_of_page
from syncjobs.runs.product_lore import products_from_sales, products_to_sales
from syncjobs.runs.unit_lore import groups_of_page, owned_units

PARENTS = {"CUSTOMER": "Customer", "VENDOR": "Vendor"}  # mapping -> Link to Table
PARENT_TABLES = {"CUSTOMER": "customers", "VENDOR": "vendors"}
RELATIONSHIP_TYPES = {CUSTOMER.relationship_type, VENDOR.relationship_type}
SALESPERSON_CODE = re.compile(r"^SP NO\. (\d{5})$")


def lore_of(page: Page) -> dict[str, Any]:
    """Return the members of Facts that this pair of tables needs for this page."""
    gather = _BY_SOURCE.get(page.mapping.source_table)
    return gather(page) if gather else {}


def _of_contacts(page: Page) -> dict[str, Any]:
    return {"accounts": _accounts(page.context, page.sources, "companyNumber")}


def _of_opportunities(page: Page) -> dict[str, Any]:
    return {
        "accounts": _accounts(page.context, page.sources, "contactCompanyNumber"),
        "contact_types": _contact_types(page.context, page.sources),
    }


def _of_currencies(page: Page) -> dict[str, Any]:
    context, world = page.context, page.context.world()
    rates = exchange_rates(
        context.business_central,
        world.local_currency_code,
        world.base_currency_code,
        context.clock().date(),
    )
    return {"exchange_rates": rates}


def _accounts(context: Context, records: Sequence[Record], column: str) -> dict[str, Lookup | None]:
    """Return, for each company no., the account of its customer or else vendor (E-3.90)."""
    numbers = texts(records, column)
    relations = _relations(context, "contactNumber", numbers)
    accounts: dict[str, Lookup | None] = {}
    for mapping_name, link_to_table in PARENTS.items():
        of_table = [r for r in relations if r.values["linkToTable"] == link_to_table]
        partners = _partners(context, mapping_name, texts(of_table, "number"))
        for relation in of_table:
            company_no = str(relation.values["contactNumber"])
            account = partners.get(str(relation.values["number"]))
            if accounts.get(company_no) is None:
                accounts[company_no] = Lookup("account", account) if account else None
    return accounts


def _partners(context: Context, mapping_name: str, numbers: Collection[str]) -> dict[str, UUID]:
    """Return the accounts of customers or vendors by their numbers of now.

    A coupling knows the number of when it was last synchronized: another may bear it since.
    """
    if not numbers:
        return {}
    selection = Selection(PARENT_TABLES[mapping_name], ("number",))
    rows = context.business_central.find(selection, "number", numbers)
    found = couplings.coupled(
        context.company, mapping_name, couplings.BUSINESS_CENTRAL, [row.id for row in rows]
    )
    return {str(row.values["number"]): found[row.id] for row in rows if row.id in found}


def _contact_types(context: Context, opportunities: Sequence[Record]) -> dict[str, str]:
    """Return what the contacts of opportunities are, which matters under Team only (E-3.18)."""
    numbers = texts(opportunities, "contactNumber")
    if context.owned_by_person or not numbers:
        return {}
    selection = Selection("contacts", ("number", "type"))
    rows = context.business_central.find(selection, "number", numbers)
    return {str(row.values["number"]): str(row.values["type"]) for row in rows}


def _of_people(page: Page) -> dict[str, Any]:
    """Return, for each parent account, the company contact of its customer or else vendor."""
    context, parents = page.context, _parents(page.sources)
    found: dict[UUID, tuple[str, str]] = {}
    uncoupled = set(parents)
    for mapping_name, link_to_table in PARENTS.items():
        partners = couplings.coupled(context.company, mapping_name, couplings.DATAVERSE, uncoupled)
        found |= _company_contacts(context, mapping_name, link_to_table, partners)
        uncoupled -= set(partners)
    return {"company_contacts": found, "left_out_parents": _left_out(context, uncoupled)}


def _left_out(context: Context, accounts: Collection[UUID]) -> frozenset[UUID]:
    """Return the accounts that neither CUSTOMER nor VENDOR would carry over (E-3.90)."""
    if not accounts:
        return frozenset()
    rows = context.dataverse.get("account", list(accounts), ("customertypecode", "statecode"))
    return frozenset(
        row.id
        for row in rows.values()
        if row.values.get("customertypecode") not in RELATIONSHIP_TYPES
        or row.values.get("statecode") == INACTIVE
    )


def _parents(contacts: Sequence[Record]) -> set[UUID]:
    values = (contact.values.get(PARENT_COLUMN) for contact in contacts)
    return {value.id for value in values if isinstance(value, Lookup) and value.table == "account"}


def uncoupled_parents(context: Context, contacts: Sequence[Record]) -> set[UUID]:
    """Return the parent accounts that are neither a customer nor a vendor yet (E-3.90, E-3.99)."""
    remaining = _parents(contacts)
    for mapping_name in PARENTS:
        remaining -= set(
            couplings.coupled(context.company, mapping_name, couplings.DATAVERSE, remaining)
        )
    return remaining


def _company_contacts(
    context: Context, mapping_name: str, link_to_table: str, partners: Mapping[UUID, UUID]
) -> dict[UUID, tuple[str, str]]:
    """Return Company No. and Company Name for accounts coupled under a mapping."""
    if not partners:
        return {}
    system, table = context.business_central, PARENT_TABLES[mapping_name]
    companies = system.get(table, list(partners.values()), ("number", "displayName"))
    numbers = {str(row.values["number"]): row for row in companies.values()}
    relations = {
        str(relation.values["number"]): str(relation.values["contactNumber"])
        for relation in _relations(context, "number", numbers)
        if relation.values["linkToTable"] == link_to_table
    }
    result = {}
    for account_id, company_id in partners.items():
        row = companies.get(company_id)
        if row is not None and str(row.values["number"]) in relations:
            name = str(row.values["displayName"])
            result[account_id] = (relations[str(row.values["number"])], name)
    return result


def _relations(context: Context, column: str, values: Collection[str]) -> list[Record]:
    if not values:
        return []
    selection = Selection("contactBusinessRelations", ("contactNumber", "linkToTable", "number"))
    return context.system(Side.BUSINESS_CENTRAL).find(selection, column, values)


def _of_users(page: Page) -> dict[str, Any]:
    return {"codes": _codes(page.context, page.strangers)}


def _codes(context: Context, users: Sequence[Record]) -> dict[UUID, str]:
    """Number new salespeople on from the highest code of the series (E-3.94)."""
    if not users:
        return {}
    selection = Selection(
        "salespeoplePurchasers",
        ("code",),
        (Condition("code", Operator.STARTS_WITH, ("SP NO. ",)),),
    )
    taken = [0]
    for page in context.business_central.read(selection):
        matches = (SALESPERSON_CODE.match(str(row.values["code"])) for row in page)
        taken += [int(found[1]) for found in matches if found]
    ordered = sorted(users, key=lambda user: (user.modified_at, user.id))
    return {
        user.id: f"SP NO. {number:05}" for number, user in enumerate(ordered, start=max(taken) + 1)
    }


_BY_SOURCE: Mapping[str, Callable[[Page], dict[str, Any]]] = {
    "contact": _of_people,
    "contacts": _of_contacts,
    "currencies": _of_currencies,
    "customerPriceGroups": lists_of_page,
    "itemUnitsOfMeasure": owned_units,
    "items": products_to_sales,
    "opportunities": _of_opportunities,
    "priceListLines": prices_of_page,
    "priceLists": lists_of_page,
    "product": products_from_sales,
    "resourceUnitsOfMeasure": owned_units,
    "resources": products_to_sales,
    "salesPrices": prices_of_page,
    "systemuser": _of_users,
    "unitGroups": groups_of_page,
    "unitsOfMeasure": groups_of_page,
}
