"""The least that each mapped table of Dataverse takes, with the rows it leans on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from mappings.defaults import mappings
from tests.running_sandbox import Caller

Body = dict[str, Any]
ENTITY_SETS = {
    "account": "accounts",
    "contact": "contacts",
    "invoice": "invoices",
    "invoicedetail": "invoicedetails",
    "opportunity": "opportunities",
    "pricelevel": "pricelevels",
    "product": "products",
    "productpricelevel": "productpricelevels",
    "salesorder": "salesorders",
    "salesorderdetail": "salesorderdetails",
    "systemuser": "systemusers",
    "transactioncurrency": "transactioncurrencies",
    "uom": "uoms",
    "uomschedule": "uomschedules",
}
MAPPED = tuple(sorted({mapping.integration_table for mapping in mappings()}))
_numbers = count(1)


def create(caller: Caller, table: str, **changed: Any) -> str:
    """Create a row with the least it needs and return its id."""
    answer = caller.post(ENTITY_SETS[table], {**least(caller, table), **changed})
    assert answer.status_code == 204, answer.text
    return answer.headers["OData-EntityId"][-37:-1]


def least(caller: Caller, table: str) -> Body:
    """Return the least body of a new row; the rows it points to are made."""
    return BODIES[table](caller, f"{next(_numbers):05}")


def _account(_: Caller, number: str) -> Body:
    return {"name": f"Account {number}"}


def _contact(_: Caller, number: str) -> Body:
    return {"lastname": f"Contact {number}"}


def _currency(caller: Caller, _: str) -> Body:
    taken = {row["isocurrencycode"] for row in caller.get("transactioncurrencies").json()["value"]}
    letters = (f"X{a}{b}" for a in "ABCDEFGHIJKLM" for b in "ABCDEFGHIJKLM")
    return {
        "isocurrencycode": next(code for code in letters if code not in taken),
        "currencyname": "Crown",
        "currencysymbol": "kr",
        "currencyprecision": 2,
        "exchangerate": 7.5,
    }


def _price_list(_: Caller, number: str) -> Body:
    return {"name": f"Prices {number}"}


def _unit_group(_: Caller, number: str) -> Body:
    return {"name": f"Units {number}", "baseuomname": "Piece"}


def _unit(caller: Caller, number: str) -> Body:
    group = create(caller, "uomschedule")
    return {
        "name": f"Box {number}",
        "quantity": 12,
        "uomscheduleid@odata.bind": f"/uomschedules({group})",
        "baseuom@odata.bind": f"/uoms({base_unit(caller, group)})",
    }


def base_unit(caller: Caller, group: str) -> str:
    """Return the base unit that came with a unit group."""
    query = (
        f"uoms?$select=uomid&$filter=_uomscheduleid_value eq {group} and isschedulebaseuom eq true"
    )
    [unit] = caller.get(query).json()["value"]
    return str(unit["uomid"])


def _product(caller: Caller, number: str) -> Body:
    group = create(caller, "uomschedule")
    return {
        "name": f"Product {number}",
        "productnumber": f"P{number}",
        "quantitydecimal": 2,
        "defaultuomscheduleid@odata.bind": f"/uomschedules({group})",
        "defaultuomid@odata.bind": f"/uoms({base_unit(caller, group)})",
    }


def _price(caller: Caller, _: str) -> Body:
    product = create(caller, "product")
    found = caller.get(f"products({product})?$select=_defaultuomid_value").json()
    return {
        "pricelevelid@odata.bind": f"/pricelevels({create(caller, 'pricelevel')})",
        "productid@odata.bind": f"/products({product})",
        "uomid@odata.bind": f"/uoms({found['_defaultuomid_value']})",
        "amount": 10,
    }


def _opportunity(_: Caller, number: str) -> Body:
    return {"name": f"Opportunity {number}"}


def _document(caller: Caller, number: str) -> Body:
    return {
        "name": f"Document {number}",
        "customerid_account@odata.bind": f"/accounts({create(caller, 'account')})",
        "pricelevelid@odata.bind": f"/pricelevels({create(caller, 'pricelevel')})",
    }


def _line(table: str) -> Callable[[Caller, str], Body]:
    def body(caller: Caller, number: str) -> Body:
        return {
            f"{table}id@odata.bind": f"/{ENTITY_SETS[table]}({create(caller, table)})",
            "isproductoverridden": True,
            "productdescription": f"Line {number}",
            "quantity": 1,
            "priceperunit": 5,
        }

    return body


def _user(caller: Caller, number: str) -> Body:
    unit = caller.get("WhoAmI").json()["BusinessUnitId"]
    return {
        "firstname": "Kim",
        "lastname": f"User {number}",
        "internalemailaddress": f"user{number}@cronus.example",
        "domainname": f"user{number}@cronus.example",
        "businessunitid@odata.bind": f"/businessunits({unit})",
    }


BODIES: dict[str, Callable[[Caller, str], Body]] = {
    "account": _account,
    "contact": _contact,
    "invoice": _document,
    "invoicedetail": _line("invoice"),
    "opportunity": _opportunity,
    "pricelevel": _price_list,
    "product": _product,
    "productpricelevel": _price,
    "salesorder": _document,
    "salesorderdetail": _line("salesorder"),
    "systemuser": _user,
    "transactioncurrency": _currency,
    "uom": _unit,
    "uomschedule": _unit_group,
}
