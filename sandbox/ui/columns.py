"""Which columns lists and forms show first, and what tables are called."""

from __future__ import annotations

from collections.abc import Mapping

HEADLINES: Mapping[str, tuple[str, ...]] = {
    "customers": (
        "number",
        "displayName",
        "city",
        "email",
        "salespersonCode",
        "currencyCode",
        "blocked",
    ),
    "vendors": ("number", "displayName", "city", "email", "purchaserCode", "currencyCode"),
    "contacts": ("number", "displayName", "type", "companyName", "email", "phoneNumber"),
    "items": ("number", "displayName", "baseUnitOfMeasureCode", "unitPrice", "inventory"),
    "account": (
        "name",
        "customertypecode",
        "address1_city",
        "emailaddress1",
        "ownerid",
        "statecode",
    ),
    "contact": ("fullname", "parentcustomerid", "emailaddress1", "telephone1", "ownerid"),
    "systemuser": ("fullname", "internalemailaddress", "islicensed", "isdisabled", "applicationid"),
    "transactioncurrency": ("isocurrencycode", "currencyname", "currencysymbol", "exchangerate"),
    "salesorder": ("ordernumber", "name", "customerid", "totalamount", "statecode"),
    "quote": ("quotenumber", "name", "customerid", "totalamount", "statecode"),
    "contactBusinessRelations": ("contactNumber", "linkToTable", "number"),
}
