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
# What a form shows at once, filled or not, beside the columns of the list.
_ADDRESS = ("addressLine1", "addressLine2", "postalCode", "city", "country", "phoneNumber")
USUAL: Mapping[str, tuple[str, ...]] = {
    "customers": (*_ADDRESS, "paymentTermsCode", "shipmentMethodCode", "creditLimit"),
    "vendors": (*_ADDRESS, "paymentTermsCode", "shipmentMethodCode"),
    "contacts": ("firstName", "surname", "companyNumber", *_ADDRESS),
    "currencyExchangeRates": (
        "startingDate",
        "exchangeRateAmount",
        "relationalExchangeRateAmount",
    ),
    "account": (
        "telephone1",
        "websiteurl",
        "address1_line1",
        "address1_postalcode",
        "address1_country",
        "paymenttermscode",
        "transactioncurrencyid",
    ),
    "contact": ("firstname", "lastname", "mobilephone"),
}
# What Business Central posts and counts by itself; nobody edits it by hand.
POSTED = frozenset(
    {
        "companies",
        "customerLedgerEntries",
        "customerStatistics",
        "detailedCustomerLedgerEntries",
        "itemLedgerEntries",
        "postedSalesInvoiceLines",
        "postedSalesInvoices",
        "salesOrderArchiveLines",
        "salesOrderArchives",
        "salesShipments",
        "unitGroups",
    }
)
SALES_CAPTIONS = {
    "businessunit": "Business Unit",
    "pricelevel": "Price List",
    "productpricelevel": "Price List Item",
    "quotedetail": "Quote Product",
    "invoicedetail": "Invoice Product",
    "salesorder": "Order",
    "salesorderdetail": "Order Product",
    "systemuser": "User",
    "transactioncurrency": "Currency",
    "uom": "Unit",
    "uomschedule": "Unit Group",
}
