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
    "itemUnitsOfMeasure": ("itemNumber", "code", "quantityPerUnitOfMeasure"),
    "resourceUnitsOfMeasure": ("resourceNumber", "code", "quantityPerUnitOfMeasure"),
    "salesPrices": (
        "itemNumber",
        "salesType",
        "salesCode",
        "currencyCode",
        "unitOfMeasureCode",
        "minimumQuantity",
        "startingDate",
        "unitPrice",
    ),
    "priceLists": ("code", "description", "currencyCode", "status", "startingDate", "endingDate"),
    "priceListLines": ("priceListCode", "lineNumber", "assetType", "assetNumber", "unitPrice"),
    "opportunities": ("number", "description", "contactNumber", "status", "estimatedValue"),
    "product": ("productnumber", "name", "price", "defaultuomid", "producttypecode", "statecode"),
    "uomschedule": ("name", "baseuomname", "statecode"),
    "uom": ("name", "uomscheduleid", "quantity", "isschedulebaseuom"),
    "pricelevel": ("name", "transactioncurrencyid", "begindate", "enddate", "statecode"),
    "productpricelevel": ("productnumber", "productid", "pricelevelid", "uomid", "amount"),
    "opportunity": ("name", "customerid", "estimatedvalue", "estimatedclosedate", "statecode"),
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
    "items": ("blocked", "unitCost", "vendorNumber"),
    "resources": ("blocked", "unitCost"),
    "opportunities": ("contactCompanyNumber", "salespersonCode", "estimatedClosingDate"),
    "product": ("defaultuomscheduleid", "quantitydecimal", "currentcost", "pricelevelid"),
    "productpricelevel": ("pricingmethodcode", "uomscheduleid"),
    "opportunity": ("parentaccountid", "parentcontactid", "ownerid", "transactioncurrencyid"),
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
